//! An error for people: what happened, where, caused by what, and what to do about it.

use std::{
    fmt::{self, Write as _},
    io::Read as _,
    sync::Arc,
};

use rustible_protocol::Origin;
use unicode_width::UnicodeWidthStr;

use crate::files::Files;

/// What kind of error it is; the kind decides the exit status.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Kind {
    /// General error before or outside a host's execution: status 1.
    #[default]
    General,
    /// YAML, playbook or name resolution error: status 4.
    Parse,
    /// Command line that cannot be understood: status 2.
    Usage,
    /// Options that do not go together: status 5.
    Options,
    /// A defect of rustible itself: status 250.
    Internal,
}

/// An error with its place and its causes, outermost first.
#[derive(Debug, Clone, Default)]
pub struct Diagnostic {
    /// Decides the exit status.
    pub kind: Kind,
    /// What happened, without a final period when a cause follows.
    pub message: String,
    /// Where.
    pub origin: Option<Arc<Origin>>,
    /// What to do about it: a near name, the next step.
    pub help: Option<String>,
    /// Why.
    pub cause: Option<Box<Self>>,
    /// Shown in a block of its own even where the link around it is at the same place.
    pub apart: bool,
    /// Something undefined was used; what a condition may still avert.
    pub undefined: bool,
}

impl Diagnostic {
    /// A general error without a place.
    pub fn new(message: impl Into<String>) -> Self {
        Self { message: message.into(), ..Self::default() }
    }
    /// A parse error at a place.
    pub fn parse(message: impl Into<String>, origin: Option<&Arc<Origin>>) -> Self {
        Self { kind: Kind::Parse, message: message.into(), origin: origin.cloned(), ..Self::default() }
    }
    /// The same error, of that kind.
    #[must_use]
    pub fn of_kind(mut self, kind: Kind) -> Self {
        self.kind = kind;
        self
    }
    /// The same error at that place; a place already known is kept.
    #[must_use]
    pub fn at(mut self, origin: Option<&Arc<Origin>>) -> Self {
        if self.origin.is_none() {
            self.origin = origin.cloned();
        }
        self
    }
    /// The same error with advice.
    #[must_use]
    pub fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }
    /// The same error, caused by another one.
    #[must_use]
    pub fn because(mut self, cause: Self) -> Self {
        self.cause = Some(Box::new(cause));
        self
    }
    /// The same error, shown in a block of its own.
    #[must_use]
    pub fn apart(mut self) -> Self {
        self.apart = true;
        self
    }
    /// An error around this one.
    #[must_use]
    pub fn context(self, message: impl Into<String>, origin: Option<&Arc<Origin>>) -> Self {
        Self {
            kind: self.kind,
            message: message.into(),
            origin: origin.cloned(),
            help: None,
            undefined: self.undefined,
            cause: Some(Box::new(self)),
            apart: false,
        }
    }

    /// All messages of the chain in one line, `outer: inner: innermost`.
    #[must_use]
    pub fn summary(&self) -> String {
        let mut text = self.message.trim_end_matches('.').to_string();
        if let Some(cause) = &self.cause {
            let inner = cause.summary();
            if self.message.ends_with(&inner) {
                // It was told already.
                return self.message.clone();
            }
            if !text.is_empty() {
                text.push_str(": ");
            }
            text.push_str(&inner);
            return text;
        }
        self.message.clone()
    }

    /// The chain as the reference shows it: the summary, then a block for each place or advice. Links at one place are
    /// shown as one.
    #[must_use]
    pub fn render(&self) -> String {
        let mut out = self.summary();
        let groups = self.groups();
        // Advice without any place goes on in the line.
        if let [(_, shown)] = &groups[..]
            && shown.origin.is_none()
            && let Some(help) = &shown.help
        {
            return format!("{out} {help}");
        }
        let alone = groups.len() < 2;
        if !groups.is_empty() && !alone {
            out.push('\n');
        }
        for (i, (message, shown)) in groups.iter().enumerate() {
            if i > 0 {
                out.push_str("\n<<< caused by >>>\n");
            }
            out.push('\n');
            if !alone {
                let last = i + 1 == groups.len();
                // What ends with its cause is no sentence of its own.
                let told = shown.cause.as_ref().is_some_and(|cause| message.ends_with(&cause.summary()));
                let message = if last || told { message.clone() } else { sentence(message) };
                // Advice without a place goes on in the line when there is but one.
                match &shown.help {
                    Some(help)
                        if shown.origin.is_none() && !message.contains('\n') && !help.contains('\n') =>
                    {
                        let _written = writeln!(out, "{message} {help}");
                        continue;
                    }
                    _ => drop(writeln!(out, "{message}")),
                }
            }
            shown.place(&mut out);
        }
        out
    }

    /// The blocks: what each says, and the link whose place and advice it shows.
    fn groups(&self) -> Vec<(String, &Self)> {
        let mut groups: Vec<(String, &Self)> = Vec::new();
        let mut waiting: Option<String> = None;
        for link in std::iter::successors(Some(self), |d| d.cause.as_deref()) {
            let join = |before: &str| format!("{}: {}", before.trim_end_matches('.'), link.message);
            let same = groups.last().is_some_and(|(_, shown)| {
                !link.apart
                    && link.help.is_none()
                    && shown.help.is_none()
                    && (link.origin.is_none() || link.origin == shown.origin)
            });
            if same {
                if let Some((message, _)) = groups.last_mut() {
                    *message = join(message);
                }
            } else if link.origin.is_some() || link.help.is_some() || link.apart {
                let message = waiting.take().map_or_else(|| link.message.clone(), |before| join(&before));
                groups.push((message, link));
            } else {
                waiting = Some(waiting.map_or_else(|| link.message.clone(), |before| join(&before)));
            }
        }
        groups
    }

    fn place(&self, out: &mut String) {
        if let Some(origin) = &self.origin {
            let _written = writeln!(out, "Origin: {origin}");
            excerpt(out, origin);
        }
        if let Some(help) = &self.help {
            out.push('\n');
            let _written = writeln!(out, "{help}");
        }
    }
}

fn sentence(message: &str) -> String {
    if message.ends_with(['.', '!', '?']) { message.to_string() } else { format!("{message}.") }
}

/// The longest line of an excerpt, its number included.
const WIDTH: usize = 120;

/// What the place of an option's text begins with; its lines are not shown.
const OPTION: &str = "<CLI option";

/// What a vault begins with.
const VAULT: &[u8; 14] = b"$ANSIBLE_VAULT";

/// Two lines before, the line itself, and a mark under the column.
fn excerpt(out: &mut String, origin: &Origin) {
    if origin.line == 0 {
        if let Some(value) = &origin.value {
            let _written = writeln!(out, "\n{}", shortened(value));
        }
        return;
    }
    if encrypted(&origin.file) {
        out.push_str("\n(source not shown: content encrypted)\n");
        return;
    }
    let text = Files::global().get(&origin.file).filter(|_| !origin.file.starts_with(OPTION));
    let lines: Vec<&str> = text.as_deref().map(|t| t.lines().collect()).unwrap_or_default();
    let line = origin.line as usize;
    if line > lines.len() {
        out.push_str(missing(&origin.file));
        return;
    }
    out.push('\n');
    let width = line.to_string().len();
    let room = WIDTH - width - 1;
    let mut usable = room;
    for number in line.saturating_sub(2).max(1)..=line {
        let mut text = lines[number - 1].trim_end().replace('\t', " ");
        if text.chars().count() > room {
            usable = room - 3;
            text = text.chars().take(usable).chain("...".chars()).collect();
        }
        let row = format!("{number:>width$} {text}");
        let _written = writeln!(out, "{}", row.trim_end());
    }
    if origin.col == 0 {
        let length = lines[line - 1].trim_end().chars().count().min(room);
        let _written = writeln!(out, "{} {}", " ".repeat(width), "^".repeat(length));
        return;
    }
    if origin.col as usize > usable {
        return;
    }
    let before: String = lines[line - 1].chars().take(origin.col as usize - 1).collect();
    let indent = width + 1 + before.replace('\t', " ").width();
    let label = format!("column {}", origin.col);
    // The text goes to the left of the mark when it would leave the usual width.
    let mark = if before.chars().count() + 2 + label.len() > room && indent > label.len() + 1 {
        format!("{}{label} ^", " ".repeat(indent - label.len() - 1))
    } else {
        format!("{}^ {label}", " ".repeat(indent))
    };
    let _written = writeln!(out, "{mark}");
}

/// Why there are no lines: the place lies behind the file's end, the file is gone, or there never was one.
fn missing(file: &str) -> &'static str {
    if file.starts_with(OPTION) {
        return "\n(source not shown: TypeError)\n";
    }
    match std::fs::metadata(file) {
        _ if file.starts_with('<') => "",
        Ok(_) => "\n(source not shown: file truncated)\n",
        Err(error) if error.kind() == std::io::ErrorKind::PermissionDenied => {
            "\n(source not shown: PermissionError)\n"
        }
        Err(_) => "\n(source not shown: FileNotFoundError)\n",
    }
}

/// A value in one line of the usual width, cut between words.
fn shortened(value: &str) -> String {
    const MARK: &str = " [...]";
    let words: Vec<&str> = value.split_whitespace().collect();
    let whole = words.join(" ");
    if whole.chars().count() <= WIDTH {
        return whole;
    }
    let mut kept = String::new();
    for word in words {
        let length = kept.chars().count() + usize::from(!kept.is_empty()) + word.chars().count();
        if length + MARK.len() > WIDTH {
            break;
        }
        if !kept.is_empty() {
            kept.push(' ');
        }
        kept.push_str(word);
    }
    if kept.is_empty() { MARK.trim_start().to_string() } else { kept + MARK }
}

/// Whether the file is a vault: what was opened stays off the screen.
fn encrypted(file: &str) -> bool {
    let mut head = [0; VAULT.len()];
    std::fs::File::open(file).and_then(|mut file| file.read_exact(&mut head)).is_ok() && head == *VAULT
}

impl fmt::Display for Diagnostic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.summary())
    }
}
impl std::error::Error for Diagnostic {}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(name: &str, text: &str) -> Arc<str> {
        let name: Arc<str> = name.into();
        Files::global().add(&name, &text.into());
        name
    }

    #[test]
    fn one_place_is_shown_under_the_message() {
        let file = written("one.yml", "- hosts: all\n  tasks:\n    - bad: x\n");
        let error =
            Diagnostic::parse("no such module", Some(&Origin::new(&file, 3, 7))).help("Did you mean 'bat'?");
        assert_eq!(
            error.render(),
            "no such module\nOrigin: one.yml:3:7\n\n1 - hosts: all\n2   tasks:\n3     - bad: x\n        ^ column 7\n\nDid you mean 'bat'?\n"
        );
    }

    #[test]
    fn a_chain_shows_each_place_with_its_message() {
        let file = written("two.yml", "a\nb\n");
        let inner = Diagnostic::new("'x' is undefined").at(Some(&Origin::new(&file, 2, 1)));
        let error = inner.context("Task failed", Some(&Origin::new(&file, 1, 1)));
        assert_eq!(
            error.render(),
            "Task failed: 'x' is undefined\n\nTask failed.\nOrigin: two.yml:1:1\n\n1 a\n  ^ column 1\n\n<<< caused by >>>\n\n'x' is undefined\nOrigin: two.yml:2:1\n\n1 a\n2 b\n  ^ column 1\n"
        );
    }
}
