//! Shell words, as `ansible_ssh_common_args` and command lines need them.

/// A text as one word of a POSIX shell.
pub(crate) fn quote(text: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "_-./:=@%+,".contains(c);
    if !text.is_empty() && text.chars().all(plain) {
        return text.to_string();
    }
    format!("'{}'", text.replace('\'', r"'\''"))
}

/// The words of a shell-like text: blanks part, quotes and backslashes keep.
///
/// # Errors
/// When a quote does not end.
pub(crate) fn split(text: &str) -> Result<Vec<String>, String> {
    let mut words = Vec::new();
    let mut word: Option<String> = None;
    let mut chars = text.chars();
    while let Some(c) = chars.next() {
        match c {
            c if c.is_whitespace() => words.extend(word.take()),
            '\'' => {
                let word = word.get_or_insert_default();
                loop {
                    match chars.next() {
                        Some('\'') => break,
                        Some(c) => word.push(c),
                        None => return Err("No closing quotation".to_string()),
                    }
                }
            }
            '"' => quoted(&mut chars, word.get_or_insert_default())?,
            '\\' => word.get_or_insert_default().extend(chars.next()),
            c => word.get_or_insert_default().push(c),
        }
    }
    words.extend(word);
    Ok(words)
}

fn quoted(chars: &mut std::str::Chars<'_>, word: &mut String) -> Result<(), String> {
    loop {
        match chars.next() {
            Some('"') => return Ok(()),
            Some('\\') => match chars.next() {
                Some(c @ ('"' | '\\')) => word.push(c),
                Some(c) => word.extend(['\\', c]),
                None => return Err("No escaped character".to_string()),
            },
            Some(c) => word.push(c),
            None => return Err("No closing quotation".to_string()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_split_as_a_shell_splits_them_and_quoting_is_the_way_back() {
        let words = split(r#"-o ProxyCommand="ssh -W %h:%p \"a b\"" -i 'x y' a\ b"#).unwrap();
        assert_eq!(words, ["-o", r#"ProxyCommand=ssh -W %h:%p "a b""#, "-i", "x y", "a b"]);
        for text in ["", "a b", "it's", "$HOME", "plain"] {
            assert_eq!(split(&quote(text)).unwrap(), [text]);
        }
        assert!(split("'open").is_err());
    }
}
