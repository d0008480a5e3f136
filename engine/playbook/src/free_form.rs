//! `key=value` text: how it is cut at blanks outside quotes and templates, and what is left as free form.

use std::sync::Arc;

use rustible_protocol::{Dict, Origin, Text, Value};
use rustible_source::Diagnostic;

/// Words of a text, cut at blanks that are in neither quotes nor a template; quotes stay in the words. Line breaks
/// become part of the following word's start, so that joining with blanks gives back the lines.
///
/// # Errors
/// When quotes or template braces are not closed.
pub fn split_args(text: &str, origin: Option<&Arc<Origin>>) -> Result<Vec<String>, Diagnostic> {
    let mut words: Vec<String> = Vec::new();
    let mut word = String::new();
    let mut quote: Option<char> = None;
    let mut depth = 0usize;
    let mut goes_on = false;
    let chars: Vec<char> = text.chars().collect();
    let mut i = 0;
    while i < chars.len() {
        let c = chars[i];
        let next = chars.get(i + 1).copied();
        match (c, next) {
            ('\\', Some(following)) if quote.is_some() || matches!(following, '\'' | '"' | '\\') => {
                word.push(c);
                word.push(following);
                i += 2;
                continue;
            }
            ('{', Some(kind @ ('{' | '%' | '#')))
                if quote.is_none() || depth > 0 || closes(&chars[i + 2..], kind) =>
            {
                depth += 1;
                word.push(c);
                word.push(chars[i + 1]);
                i += 2;
                continue;
            }
            ('}' | '%' | '#', Some('}')) if depth > 0 => {
                depth -= 1;
                word.push(c);
                word.push('}');
                i += 2;
                continue;
            }
            ('\'' | '"', _) if depth == 0 => {
                if quote == Some(c) {
                    quote = None;
                } else if quote.is_none() {
                    quote = Some(c);
                }
                word.push(c);
            }
            (' ' | '\n', _) if quote.is_none() && depth == 0 => {
                goes_on = blank(c, goes_on, &mut words, &mut word);
            }
            _ => word.push(c),
        }
        i += 1;
    }
    flush(&mut words, &mut word);
    if quote.is_some() || depth > 0 {
        return Err(Diagnostic::parse(
            format!("failed at splitting arguments, either an unbalanced jinja2 block or quotes: {text}"),
            origin,
        ));
    }
    Ok(words)
}

/// Whether a template that begins inside quotes is one: its end is there as well.
fn closes(rest: &[char], kind: char) -> bool {
    let end = if kind == '{' { '}' } else { kind };
    rest.windows(2).any(|pair| pair == [end, '}'])
}

/// A blank or the end of a line behind a word. A backslash alone takes the end of its line away: whether the line has
/// one is told and returned.
fn blank(c: char, goes_on: bool, words: &mut Vec<String>, word: &mut String) -> bool {
    let backslash = word == "\\";
    // Further blanks stay with the word before, so that joining gives the text back.
    if c == ' ' && word.is_empty() {
        match words.last_mut() {
            Some(last) => last.push(' '),
            None => words.push(String::new()),
        }
    }
    if backslash {
        word.clear();
    }
    flush(words, word);
    let goes_on = goes_on || backslash;
    if c == '\n' && !goes_on {
        word.push('\n');
    }
    c == ' ' && goes_on
}

fn flush(words: &mut Vec<String>, word: &mut String) {
    if !word.is_empty() {
        words.push(std::mem::take(word));
    }
}

/// The arguments in a text: `k=v` words by name, the others together as `_raw_params`. With `raw` only the words that
/// free-form commands know (`chdir=`, `creates=` ...) are taken out, the rest stays as it is.
///
/// # Errors
/// When the text cannot be split.
pub fn parse_kv(text: &Text, raw: bool) -> Result<Dict, Diagnostic> {
    const RAW_OPTIONS: [&str; 8] = [
        "creates",
        "removes",
        "chdir",
        "executable",
        "warn",
        "stdin",
        "stdin_add_newline",
        "strip_empty_ends",
    ];
    let mut options = Dict::new();
    let mut free: Vec<String> = Vec::new();
    for word in split_args(text, text.origin())? {
        let Some(at) = assignment(&word) else {
            match (raw, word.trim().is_empty()) {
                (true, _) => free.push(word),
                (false, true) => {}
                (false, false) => free.push(unescape(&word)),
            }
            continue;
        };
        let (key, value) = (word[..at].trim(), &word[at + 1..]);
        if raw && !RAW_OPTIONS.contains(&key) {
            free.push(word);
        } else {
            let value = unquote(escapes(value).trim()).to_string();
            options.insert(Value::Str(piece(text, key)), Value::Str(piece(text, &value)));
        }
    }
    // The end of a line goes with the option that stood there.
    if let Some(first) = free.first_mut() {
        *first = first.trim_start_matches('\n').to_string();
    }
    if !free.is_empty() {
        options.insert(Value::str("_raw_params"), Value::Str(piece(text, &join(&free))));
    }
    Ok(options)
}

/// A part of a text; where that came from no file, the part itself is what can be shown of its place.
fn piece(text: &Text, part: &str) -> Text {
    match text.origin() {
        Some(origin) if origin.line == 0 => {
            text.like(part).with_origin(Some(Origin::of_value(&origin.file, part)))
        }
        _ => text.like(part),
    }
}

/// Where the word's `=` is that makes it an assignment: not escaped and not first. As in the reference, quotes and templates
/// around it do not matter.
fn assignment(word: &str) -> Option<usize> {
    word.match_indices('=').map(|(at, _)| at).find(|&at| at > 0 && !word[..at].ends_with('\\'))
}

/// Words joined as they stood: one blank between them, none around line breaks.
fn join(words: &[String]) -> String {
    let mut out = String::new();
    for word in words {
        if !out.is_empty() && !word.starts_with('\n') && !out.ends_with('\n') {
            out.push(' ');
        }
        out.push_str(word);
    }
    out
}

/// `\n`, `\t`, `\x41`, `\u0041` ... as Python's string escapes mean them; other backslashes stay.
fn escapes(text: &str) -> String {
    if !text.contains('\\') {
        return text.to_string();
    }
    let mut out = String::new();
    let mut rest = text;
    while let Some(at) = rest.find('\\') {
        out.push_str(&rest[..at]);
        let behind = &rest[at + 1..];
        let code = |digits: usize| {
            let hex = behind.get(1..=digits)?;
            Some((char::from_u32(u32::from_str_radix(hex, 16).ok()?)?, digits + 1))
        };
        let decoded = match behind.chars().next() {
            Some('n') => Some(('\n', 1)),
            Some('t') => Some(('\t', 1)),
            Some('r') => Some(('\r', 1)),
            Some('a') => Some(('\u{7}', 1)),
            Some('b') => Some(('\u{8}', 1)),
            Some('f') => Some(('\u{c}', 1)),
            Some('v') => Some(('\u{b}', 1)),
            Some('\\') => Some(('\\', 1)),
            Some('x') => code(2),
            Some('u') => code(4),
            Some('U') => code(8),
            _ => None,
        };
        match decoded {
            Some((c, length)) => {
                out.push(c);
                rest = &behind[length..];
            }
            None => {
                out.push('\\');
                rest = behind;
            }
        }
    }
    out + rest
}

fn unescape(word: &str) -> String {
    word.replace("\\=", "=")
}

/// The text without the quotes around it.
fn unquote(text: &str) -> &str {
    let quoted = text.len() > 1
        && (text.starts_with('"') && text.ends_with('"') || text.starts_with('\'') && text.ends_with('\''))
        && !text.ends_with("\\\"");
    if quoted { &text[1..text.len() - 1] } else { text }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kv(text: &str, raw: bool) -> String {
        format!("{:?}", parse_kv(&Text::trusted(text, None), raw).unwrap())
    }

    #[test]
    fn words_are_cut_outside_quotes_and_templates() {
        assert_eq!(kv("a=1 b='x y' c={{ d | e }}", false), r#"{"a": "1", "b": "x y", "c": "{{ d | e }}"}"#);
        assert_eq!(kv("src=\"{{ a }}/b c\" dest=/x", false), r#"{"src": "{{ a }}/b c", "dest": "/x"}"#);
    }

    #[test]
    fn a_command_keeps_its_own_assignments() {
        assert_eq!(
            kv("FOO=bar ls -l chdir=/tmp a=b", true),
            r#"{"chdir": "/tmp", "_raw_params": "FOO=bar ls -l a=b"}"#
        );
        assert_eq!(kv("echo 'a  b' \"c=d\"", true), r#"{"_raw_params": "echo 'a  b' \"c=d\""}"#);
    }

    #[test]
    fn a_command_keeps_its_blanks_and_lines() {
        let script = "for x in a  b; do\n    echo \"$x\"\n  done\n\techo c";
        let given = parse_kv(&Text::trusted(script, None), true).unwrap();
        assert_eq!(given.get("_raw_params").and_then(Value::as_str), Some(script));
        let given = parse_kv(&Text::trusted("chdir=/x\ncreates=y\necho \"z\"\n", None), true).unwrap();
        assert_eq!(given.get("_raw_params").and_then(Value::as_str), Some("echo \"z\"\n"));
        let given = parse_kv(&Text::trusted("echo a \\\n\"b\nc\" \\\n| d", None), true).unwrap();
        assert_eq!(given.get("_raw_params").and_then(Value::as_str), Some("echo a \"b\nc\" | d"));
    }

    #[test]
    fn a_key_may_be_a_template() {
        assert_eq!(kv("\"{{ 'x' + i }}\"={{ j }}", false), r#"{"\"{{ 'x' + i }}\"": "{{ j }}"}"#);
        assert_eq!(kv("{{ 'x' + i }}={{ j == 1 }}", false), r#"{"{{ 'x' + i }}": "{{ j == 1 }}"}"#);
    }

    #[test]
    fn an_open_quote_is_an_error() {
        assert!(parse_kv(&Text::trusted("a='b", None), false).is_err());
    }
}
