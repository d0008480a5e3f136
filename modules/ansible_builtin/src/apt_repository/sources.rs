//! Lines of apt's one-line list files.

/// A list file's line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Line {
    /// As it was read, its newline included.
    pub(super) raw: String,
    pub(super) enabled: bool,
    /// The source with single blanks, when the line is one.
    pub(super) source: Option<String>,
    comment: String,
}

impl Line {
    pub(super) fn read(raw: &str) -> Self {
        let line = raw.trim();
        let (enabled, line) = line.strip_prefix('#').map_or((true, line), |rest| (false, rest));
        let (line, comment) = match line.find('#') {
            Some(at) if at > 0 => {
                let (line, comment) = line.split_at(at);
                (line, comment.trim_start_matches('#').trim())
            }
            _ => (line, ""),
        };
        let words: Vec<&str> = line.split_whitespace().collect();
        let source = matches!(words.first(), Some(&("deb" | "deb-src"))).then(|| words.join(" "));
        Self { raw: raw.to_string(), enabled, source, comment: comment.to_string() }
    }

    /// A new one.
    pub(super) fn of(source: &str) -> Self {
        Self::read(&format!("{source}\n"))
    }

    /// Take the sign away that makes it a remark.
    pub(super) fn enable(&mut self) {
        if let Some(source) = self.source.as_ref().filter(|_| !self.enabled) {
            let comment =
                if self.comment.is_empty() { String::new() } else { format!(" # {}", self.comment) };
            self.raw = format!("{source}{comment}\n");
            self.enabled = true;
        }
    }
}

/// The name apt's own tools would give a list file: the address in words.
pub(super) fn file_name(source: &str) -> String {
    let mut bare = String::new();
    let mut depth = false;
    for c in source.chars() {
        match c {
            '[' => depth = true,
            ']' if depth => depth = false,
            c if !depth => bare.push(c),
            _ => {}
        }
    }
    let address = bare.split_whitespace().find(|word| !matches!(*word, "deb" | "deb-src"));
    let address = address.unwrap_or_default();
    let address = address.split_once("://").map_or(address, |(_, rest)| rest);
    let address = address.split_once('@').map_or(address, |(_, rest)| rest);
    let words = address.split(|c: char| !c.is_ascii_alphanumeric()).filter(|word| !word.is_empty());
    format!("{}.list", words.collect::<Vec<_>>().join("_"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_source_is_read_whatever_its_blanks_and_remarks() {
        let line = Line::read("#  deb   http://a/ x  main # mine\n");
        assert_eq!((line.enabled, line.source.as_deref()), (false, Some("deb http://a/ x main")));
        let mut on = line;
        on.enable();
        assert_eq!(on.raw, "deb http://a/ x main # mine\n");
        assert_eq!(Line::read("# words\n").source, None);
        assert_eq!(Line::read("deb cdrom:[x]/ a b").source.as_deref(), Some("deb cdrom:[x]/ a b"));
    }

    #[test]
    fn a_list_file_is_named_after_the_address() {
        let name = "deb [arch=amd64 signed-by=/k.gpg] https://u:p@apt.example.org/linux/ubuntu noble stable";
        assert_eq!(file_name(name), "apt_example_org_linux_ubuntu.list");
        assert_eq!(file_name("deb-src http://a.b/c-d x y"), "a_b_c_d.list");
    }
}
