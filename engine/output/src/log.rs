//! `log_path`: what is shown, in a file, with its time and whose run it was.

use std::{fs::File, io::Write as _};

/// A file that grows by each text shown.
#[derive(Debug)]
pub struct Log {
    file: File,
    /// Name of the user who runs the command.
    user: String,
    /// From how many `-v` on texts are in it that are not shown.
    pub(crate) verbosity: u8,
}

impl Log {
    /// A log at the end of that file, with all that is shown and what would be at `verbosity`.
    #[must_use]
    pub fn new(file: File, user: String, verbosity: u8) -> Self {
        Self { file, user, verbosity }
    }

    /// Write a text that was shown; empty ones and colours are left out.
    pub(crate) fn write(&mut self, text: &str) {
        let text = plain(text.trim_start_matches('\n'));
        if text.is_empty() {
            return;
        }
        let level = match text.as_str() {
            t if t.starts_with("[ERROR]: ") => "ERROR",
            t if t.starts_with("[WARNING]: ") => "WARNING",
            _ => "INFO",
        };
        let now = jiff::Zoned::now().strftime("%Y-%m-%d %H:%M:%S,%3f").to_string();
        let (user, process) = (&self.user, std::process::id());
        // A full disk is no reason to stop what runs.
        let _written = writeln!(self.file, "{now} p={process} u={user} n=ansible {level}| {text}");
    }
}

/// The text without escape sequences for colours.
fn plain(text: &str) -> String {
    let mut parts = text.split("\u{1b}[");
    let mut out = parts.next().unwrap_or_default().to_string();
    for part in parts {
        let end = part.find(|c: char| !c.is_ascii_digit() && c != ';');
        out.push_str(match end {
            Some(at) if part[at..].starts_with('m') => &part[at + 1..],
            _ => part,
        });
    }
    out
}

#[cfg(test)]
mod tests {
    #[test]
    fn colours_are_left_out_and_text_is_not() {
        assert_eq!(super::plain("a\u{1b}[0;32mok=1\u{1b}[0m b"), "aok=1 b");
    }
}
