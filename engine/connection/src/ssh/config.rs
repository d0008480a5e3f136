//! `ssh_config`: Host, Match, Include, and whichever directive was first.

use std::{
    fs,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use super::{directives::Directives, pattern, tokens::Tokens};

/// How deep files may include one another.
const DEPTH: u8 = 16;

/// Reads files for one host.
pub(crate) struct Reader<'a> {
    /// What was said before, on command lines.
    pub(crate) directives: &'a mut Directives,
    /// The host's names and users as far as they are known; `host`, `user` and `port` follow the directives.
    pub(crate) tokens: Tokens,
}

impl Reader<'_> {
    /// Read a file when it is there.
    ///
    /// # Errors
    /// When it is there and cannot be read or understood; the text names the line.
    pub(crate) fn file(&mut self, path: &Path, system: bool) -> Result<(), String> {
        self.read(path, system, true, 0)
    }

    fn read(&mut self, path: &Path, system: bool, outer: bool, depth: u8) -> Result<(), String> {
        if depth > DEPTH {
            return Err(format!("{}: files include one another too deeply", path.display()));
        }
        let text = match fs::read(path) {
            Ok(bytes) => String::from_utf8_lossy(&bytes).into_owned(),
            Err(e)
                if matches!(
                    e.kind(),
                    std::io::ErrorKind::NotFound | std::io::ErrorKind::PermissionDenied
                ) =>
            {
                return Ok(());
            }
            Err(e) => return Err(format!("{}: {e}", path.display())),
        };
        let mut active = outer;
        for (number, line) in text.lines().enumerate() {
            let place = || format!("{} line {}", path.display(), number + 1);
            let Some((word, values)) = directive(line).map_err(|e| format!("{}: {e}", place()))? else {
                continue;
            };
            match word.to_ascii_lowercase().as_str() {
                "host" => active = outer && self.host(&values),
                "match" => {
                    active = outer && self.matches(&values).map_err(|e| format!("{}: {e}", place()))?;
                }
                "include" => {
                    for file in included(&values, system, &self.tokens.home) {
                        self.read(&file, system, active, depth + 1)?;
                    }
                }
                _ if active => self.directives.put(&word, &values),
                _ => {}
            }
        }
        Ok(())
    }

    fn host(&self, patterns: &[String]) -> bool {
        pattern::listed(patterns.iter().map(String::as_str), &self.tokens.original)
    }

    fn matches(&mut self, words: &[String]) -> Result<bool, String> {
        let mut words = words.iter();
        let mut all = true;
        while let Some(word) = words.next() {
            let (negated, name) = word.strip_prefix('!').map_or((false, word.as_str()), |name| (true, name));
            let (name, inline) =
                name.split_once('=').map_or((name, None), |(name, value)| (name, Some(value)));
            let name = name.to_ascii_lowercase();
            if name == "all" {
                all &= !negated;
                continue;
            }
            // Names are not made canonical here, so there is neither a canonical nor a final second reading.
            if matches!(name.as_str(), "canonical" | "final") {
                all &= negated;
                continue;
            }
            let value =
                inline.or_else(|| words.next().map(String::as_str)).ok_or(format!("{name} needs a value"))?;
            let fits = |text: &str| pattern::listed(value.split(','), text);
            let result = match name.as_str() {
                "host" => fits(&self.host_now()),
                "originalhost" => fits(&self.tokens.original),
                "user" => fits(&self.user_now()),
                "localuser" => fits(&self.tokens.local_user),
                // A command of a section that does not count anyway is not run.
                "exec" => all && self.succeeds(value)?,
                _ => {
                    self.directives.foreign.get_or_insert(format!("match {name}"));
                    false
                }
            };
            all &= result != negated;
        }
        Ok(all)
    }

    fn host_now(&self) -> String {
        let name = self.directives.first("hostname").unwrap_or(&self.tokens.original);
        name.replace("%h", &self.tokens.original)
    }

    fn user_now(&self) -> String {
        self.directives.first("user").unwrap_or(&self.tokens.local_user).to_string()
    }

    fn succeeds(&self, command: &str) -> Result<bool, String> {
        let port = self.directives.first("port").and_then(|port| port.parse().ok()).unwrap_or(22);
        let tokens = Tokens { host: self.host_now(), user: self.user_now(), port, ..self.tokens.clone() };
        let command = tokens.expand(command)?;
        let mut shell = Command::new("/bin/sh");
        shell.args(["-c", &command]).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        shell.status().map(|status| status.success()).map_err(|e| e.to_string())
    }
}

/// The files an Include names, in order.
fn included(values: &[String], system: bool, home: &str) -> Vec<PathBuf> {
    let base = if system { PathBuf::from("/etc/ssh") } else { Path::new(home).join(".ssh") };
    let paths = values.iter().map(|value| match value.strip_prefix("~/") {
        Some(rest) => Path::new(home).join(rest),
        None => base.join(value),
    });
    let found = paths.filter_map(|path| glob::glob(&path.to_string_lossy()).ok());
    found.flat_map(|paths| paths.filter_map(Result::ok)).collect()
}

/// A line's word and arguments; nothing for blank lines and comments.
///
/// # Errors
/// When a quote does not end.
pub(crate) fn directive(line: &str) -> Result<Option<(String, Vec<String>)>, String> {
    let line = line.trim();
    if line.is_empty() || line.starts_with('#') {
        return Ok(None);
    }
    let end = line.find(|c: char| c.is_whitespace() || c == '=').unwrap_or(line.len());
    let (word, rest) = line.split_at(end);
    let rest = rest.trim_start();
    let rest = rest.strip_prefix('=').unwrap_or(rest).trim_start();
    // These take the rest of the line as it is, for a shell.
    let whole = ["proxycommand", "localcommand", "remotecommand", "knownhostscommand"];
    if whole.contains(&word.to_ascii_lowercase().as_str()) {
        return Ok(Some((word.to_string(), vec![rest.to_string()])));
    }
    Ok(Some((word.to_string(), arguments(rest)?)))
}

fn arguments(text: &str) -> Result<Vec<String>, String> {
    let mut words = Vec::new();
    let mut rest = text.trim_start();
    while !rest.is_empty() && !rest.starts_with('#') {
        let mut word = String::new();
        let mut quote = None;
        let mut end = rest.len();
        let mut chars = rest.char_indices().peekable();
        while let Some((at, c)) = chars.next() {
            match (c, quote) {
                ('\\', _) if chars.peek().is_some_and(|(_, next)| matches!(next, '"' | '\'' | '\\')) => {
                    word.extend(chars.next().map(|(_, next)| next));
                }
                (c, Some(open)) if c == open => quote = None,
                ('"' | '\'', None) => quote = Some(c),
                (c, None) if c.is_whitespace() => {
                    end = at;
                    break;
                }
                (c, _) => word.push(c),
            }
        }
        if quote.is_some() {
            return Err("no closing quotation".to_string());
        }
        words.push(word);
        rest = rest[end..].trim_start();
    }
    Ok(words)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str, host: &str) -> Directives {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("config");
        fs::write(&path, text.replace("DIR", &dir.path().to_string_lossy())).unwrap();
        fs::write(dir.path().join("more.conf"), "User included\nHost other\nPort 99\n").unwrap();
        let mut directives = Directives::default();
        let home = dir.path().to_string_lossy().into_owned();
        let tokens = Tokens { original: host.into(), local_user: "me".into(), home, ..Tokens::default() };
        Reader { directives: &mut directives, tokens }.file(&path, false).unwrap();
        directives
    }

    #[test]
    fn the_first_word_counts_and_sections_apply_to_the_host_as_it_was_named() {
        let text =
            "Host web*\n  Port 2022\n  HostName=%h.example.org\nHost * !web9\n Port 23\n User \"a b\"\n";
        let web = read(text, "web1");
        assert_eq!((web.first("port"), web.first("user")), (Some("2022"), Some("a b")));
        let nine = read(text, "web9");
        assert_eq!((nine.first("port"), nine.first("user")), (Some("2022"), None));
        assert_eq!(read(text, "db").first("port"), Some("23"));
    }

    #[test]
    fn match_sees_the_host_name_that_will_be_connected_to() {
        let text = "HostName 10.0.0.1\nMatch host 10.* exec \"test %n = web\"\n Port 7\nMatch originalhost db user me\n Port 8\n";
        assert_eq!(read(text, "web").first("port"), Some("7"));
        assert_eq!(read(text, "db").first("port"), Some("8"));
        assert_eq!(read(text, "x").first("port"), None);
    }

    #[test]
    fn an_included_file_counts_where_it_is_included_and_only_for_its_section() {
        let text = "Host web\n Include DIR/*.conf\nHost *\n User last\n Port 1\n";
        let web = read(text, "web");
        assert_eq!((web.first("user"), web.first("port")), (Some("included"), Some("1")));
        assert_eq!(read(text, "other").first("user"), Some("last"));
        assert_eq!(read(text, "other").first("port"), Some("1"));
    }

    #[test]
    fn identity_files_are_collected_and_foreign_words_are_noticed() {
        let both = read("IdentityFile a\nIdentityFile b\nIdentityFile a\nGSSAPIAuthentication yes\n", "h");
        assert_eq!(both.all("identityfile").collect::<Vec<_>>(), ["a", "b"]);
        assert_eq!(both.foreign, None);
        assert_eq!(read("PKCS11Provider /lib/x.so\n", "h").foreign.as_deref(), Some("pkcs11provider"));
        assert_eq!(read("ForwardAgent yes\n", "h").foreign.as_deref(), Some("forwardagent"));
        assert_eq!(read("Host x\nForwardAgent yes\n", "h").foreign, None);
    }
}
