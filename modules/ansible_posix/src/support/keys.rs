//! Lines of `authorized_keys`.

/// Names of keys and certificates that OpenSSH knows.
const TYPES: &[&str] = &[
    "ssh-ed25519",
    "ssh-rsa",
    "ssh-dss",
    "rsa-sha2-256",
    "rsa-sha2-512",
    "ecdsa-sha2-nistp256",
    "ecdsa-sha2-nistp384",
    "ecdsa-sha2-nistp521",
    "sk-ssh-ed25519@openssh.com",
    "sk-ecdsa-sha2-nistp256@openssh.com",
    "webauthn-sk-ecdsa-sha2-nistp256@openssh.com",
    "ssh-xmss@openssh.com",
    "ssh-ed25519-cert-v01@openssh.com",
    "ssh-rsa-cert-v01@openssh.com",
    "ssh-dss-cert-v01@openssh.com",
    "rsa-sha2-256-cert-v01@openssh.com",
    "rsa-sha2-512-cert-v01@openssh.com",
    "ecdsa-sha2-nistp256-cert-v01@openssh.com",
    "ecdsa-sha2-nistp384-cert-v01@openssh.com",
    "ecdsa-sha2-nistp521-cert-v01@openssh.com",
    "sk-ssh-ed25519-cert-v01@openssh.com",
    "sk-ecdsa-sha2-nistp256-cert-v01@openssh.com",
    "ssh-xmss-cert-v01@openssh.com",
];

/// A key: what a line of the file says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Key {
    /// Options in order; those without a value have none.
    pub(crate) options: Vec<(String, Option<String>)>,
    /// The name of its type.
    pub(crate) kind: String,
    /// The key itself; what makes two lines the same key.
    pub(crate) blob: String,
    /// Words behind it.
    pub(crate) comment: String,
}

impl Key {
    /// The key of a line, when it has one.
    pub(crate) fn of(line: &str) -> Option<Self> {
        let line = line.replace("\\#", "#");
        let mut words = line.split_whitespace();
        if line.trim_start().starts_with('#') {
            return None;
        }
        let mut options = Vec::new();
        let kind = loop {
            let word = words.next()?;
            if TYPES.contains(&word) {
                break word;
            }
            options.push(word);
        };
        let blob = words.next()?;
        Some(Self {
            options: parse_options(&options.join(" ")),
            kind: kind.to_string(),
            blob: blob.to_string(),
            comment: words.collect::<Vec<_>>().join(" "),
        })
    }

    /// The line, without its end.
    pub(crate) fn line(&self) -> String {
        let option = |(name, value): &(String, Option<String>)| match value {
            Some(value) => format!("{name}={value}"),
            None => name.clone(),
        };
        let mut options = self.options.iter().map(option).collect::<Vec<_>>().join(",");
        if !options.is_empty() {
            options.push(' ');
        }
        format!("{options}{} {} {}", self.kind, self.blob, self.comment)
    }
}

/// Options between commas; commas in quotes are part of a value.
pub(crate) fn parse_options(text: &str) -> Vec<(String, Option<String>)> {
    let (mut parts, mut part, mut quote) = (Vec::new(), String::new(), None);
    for c in text.chars() {
        match (c, quote) {
            (',', None) => parts.push(std::mem::take(&mut part)),
            (c, Some(open)) if c == open => {
                quote = None;
                part.push(c);
            }
            ('"' | '\'', None) => {
                quote = Some(c);
                part.push(c);
            }
            (c, _) => part.push(c),
        }
    }
    parts.push(part);
    let split = |part: String| match part.split_once('=') {
        Some((name, value)) => (name.to_string(), Some(value.to_string())),
        None => (part, None),
    };
    parts.into_iter().filter(|part| !part.is_empty()).map(split).collect()
}

/// What is wanted of a file: `keys` are in it (and, `exclusive`, nothing else), or are not.
pub(crate) fn rewritten(text: &str, keys: &[Key], present: bool, exclusive: bool) -> String {
    // The last line of a key is the one that counts when it is there more than once.
    let lines: Vec<(&str, Option<Key>)> = text.lines().map(|line| (line, Key::of(line))).collect();
    let last = |blob: &str| lines.iter().rev().find_map(|(_, k)| k.as_ref().filter(|k| k.blob == blob));
    let goes = |key: &Key| keys.iter().any(|k| k.blob == key.blob && (!present || last(&k.blob) != Some(k)));
    let mut out = String::new();
    for (line, key) in &lines {
        let listed = key.as_ref().is_some_and(|key| keys.iter().any(|k| k.blob == key.blob));
        if key.as_ref().is_some_and(goes) || (present && exclusive && !listed) {
            continue;
        }
        out.push_str(line);
        out.push('\n');
    }
    if present {
        let mut added: Vec<&Key> = Vec::new();
        for key in keys.iter().filter(|key| last(&key.blob) != Some(*key)) {
            added.retain(|k| k.blob != key.blob);
            added.push(key);
        }
        for key in added {
            out.push_str(&key.line());
            out.push('\n');
        }
    }
    if out.trim_end_matches('\n') == text.trim_end_matches('\n') { text.to_string() } else { out }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FILE: &str = "# c\n\nfrom=\"1,2\",no-pty ssh-rsa AAAA=   x   y\njunk\n";

    fn key(line: &str) -> Key {
        Key::of(line).unwrap()
    }

    #[test]
    fn options_keep_their_quoted_commas() {
        let key = key("from=\"1,2\",no-pty ssh-rsa AAAA= x y");
        assert_eq!(key.options, [("from".into(), Some("\"1,2\"".into())), ("no-pty".into(), None)]);
        assert_eq!(key.line(), "from=\"1,2\",no-pty ssh-rsa AAAA= x y");
        assert_eq!(Key::of("foo bar"), None);
    }

    #[test]
    fn a_key_is_added_behind_the_others_once() {
        let new = [key("ssh-ed25519 BBBB a b")];
        let once = rewritten(FILE, &new, true, false);
        assert_eq!(once, format!("{FILE}ssh-ed25519 BBBB a b\n"));
        assert_eq!(rewritten(&once, &new, true, false), once);
        assert_eq!(rewritten(&once, &new, false, false), FILE);
    }

    #[test]
    fn a_key_with_other_options_takes_the_place_of_the_old_line() {
        let new = [key("ssh-rsa AAAA= x y")];
        assert_eq!(rewritten(FILE, &new, true, false), "# c\n\njunk\nssh-rsa AAAA= x y\n");
        assert_eq!(rewritten(FILE, &new, true, true), "ssh-rsa AAAA= x y\n");
    }

    #[test]
    fn exclusive_removes_comments_as_well() {
        let new = [key("from=\"1,2\",no-pty ssh-rsa AAAA= x y")];
        assert_eq!(rewritten(FILE, &new, true, true), "from=\"1,2\",no-pty ssh-rsa AAAA=   x   y\n");
    }
}
