//! Host patterns as text: splitting `a:b,c`, subscripts `g[0:2]`, shell wildcards, regular expressions.

use fancy_regex::Regex;
use rustible_source::Diagnostic;

use crate::address;

/// Single patterns of a text with several: commas part them, colons too where the text is no address.
pub(crate) fn split(text: &str) -> Vec<String> {
    let parts: Vec<&str> = if text.contains(',') {
        text.split(',').collect()
    } else if address::parse(text, true).is_some() {
        vec![text]
    } else {
        at_colons(text)
    };
    parts.into_iter().map(str::trim).filter(|part| !part.is_empty()).map(str::to_string).collect()
}

/// The pieces between colons and blanks, with whole `[...]` kept together.
fn at_colons(text: &str) -> Vec<&str> {
    let mut pieces = Vec::new();
    let (mut start, mut at) = (0, 0);
    let mut cut = |start: usize, end: usize| {
        if end > start {
            pieces.push(&text[start..end]);
        }
    };
    while let Some(c) = text[at..].chars().next() {
        let whole = (c == '[').then(|| text[at..].find(']').map(|end| end + 1)).flatten();
        if let Some(length) = whole {
            at += length;
            continue;
        }
        if c.is_whitespace() || matches!(c, ':' | '[' | ']') {
            cut(start, at);
            start = at + c.len_utf8();
        }
        at += c.len_utf8();
    }
    cut(start, text.len());
    pieces
}

/// Plain patterns first, then `&`, then `!`; `all` when there is no plain one.
pub(crate) fn ordered(patterns: Vec<String>) -> Vec<String> {
    let (mut plain, mut and, mut not) = (Vec::new(), Vec::new(), Vec::new());
    for pattern in patterns {
        match pattern.chars().next() {
            None => {}
            Some('!') => not.push(pattern),
            Some('&') => and.push(pattern),
            Some(_) => plain.push(pattern),
        }
    }
    if plain.is_empty() {
        plain.push("all".to_string());
    }
    plain.into_iter().chain(and).chain(not).collect()
}

/// What a subscript takes of the hosts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Subscript {
    One(i64),
    /// From and to, the last one included; -1 is the end.
    Range(i64, i64),
}

/// The pattern without its subscript, the subscript, and whether it was written with the old `-`.
pub(crate) fn subscript(pattern: &str) -> (&str, Option<Subscript>, bool) {
    let none = (pattern, None, false);
    if pattern.starts_with('~') {
        return none;
    }
    let Some((expression, inside)) = pattern.strip_suffix(']').and_then(|rest| rest.rsplit_once('[')) else {
        return none;
    };
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    if expression.is_empty() {
        return none;
    }
    if digits(inside.strip_prefix('-').unwrap_or(inside)) {
        return inside.parse().map_or(none, |index| (expression, Some(Subscript::One(index)), false));
    }
    let Some((from, to)) = inside.split_once([':', '-']) else { return none };
    let dashed = !inside.contains(':');
    if !digits(from) || !(to.is_empty() || digits(to)) {
        return none;
    }
    let to = if to.is_empty() { Ok(-1) } else { to.parse() };
    match (from.parse(), to) {
        (Ok(from), Ok(to)) => (expression, Some(Subscript::Range(from, to)), dashed),
        _ => none,
    }
}

/// The part of a list that a subscript means, by Python's rules of slices.
///
/// # Errors
/// An index that is not there.
pub(crate) fn apply<T: Clone>(
    items: Vec<T>,
    subscript: Option<Subscript>,
    pattern: &str,
) -> Result<Vec<T>, Diagnostic> {
    let Some(subscript) = subscript.filter(|_| !items.is_empty()) else { return Ok(items) };
    let length = i64::try_from(items.len()).unwrap_or(i64::MAX);
    let (from, to) = match subscript {
        Subscript::Range(from, to) if to != 0 => (from, if to == -1 { length } else { to.saturating_add(1) }),
        // A range to 0 is read as one index by the reference.
        Subscript::One(index) | Subscript::Range(index, _) => {
            let index = if index < 0 { index + length } else { index };
            if !(0..length).contains(&index) {
                return Err(Diagnostic::new(format!("No hosts matched the subscripted pattern '{pattern}'")));
            }
            (index, index + 1)
        }
    };
    let place = |at: i64| usize::try_from(at.clamp(0, length)).unwrap_or_default();
    Ok(items.get(place(from)..place(to)).unwrap_or_default().to_vec())
}

/// Tells whether names are meant.
pub(crate) enum Matcher {
    Exact(String),
    Pattern(Regex),
}

impl Matcher {
    /// A matcher for a regular expression (`~...`), a shell pattern or a plain name.
    ///
    /// # Errors
    /// A regular expression that is none.
    pub(crate) fn new(pattern: &str) -> Result<Self, Diagnostic> {
        let text = match pattern.strip_prefix('~') {
            Some(regex) => format!("^(?:{regex})"),
            None if !pattern.contains(['*', '?', '[']) => return Ok(Self::Exact(pattern.to_string())),
            None => shell(pattern),
        };
        let bad = |_| Diagnostic::new(format!("Invalid host list pattern: {pattern}"));
        Regex::new(&text).map(Self::Pattern).map_err(bad)
    }

    pub(crate) fn matches(&self, name: &str) -> bool {
        match self {
            Self::Exact(text) => text == name,
            Self::Pattern(regex) => regex.is_match(name).unwrap_or(false),
        }
    }
}

/// A shell pattern as a regular expression, by Python's `fnmatch`.
fn shell(pattern: &str) -> String {
    let mut out = String::from("(?s)^");
    let mut rest = pattern;
    while let Some(c) = rest.chars().next() {
        rest = &rest[c.len_utf8()..];
        match c {
            '*' => out.push_str(".*"),
            '?' => out.push('.'),
            '[' => {
                // A closing bracket right at the start belongs to the set.
                let skip = usize::from(rest.starts_with('!'));
                let from = skip + usize::from(rest[skip..].starts_with(']'));
                if let Some(end) = rest[from..].find(']').map(|end| end + from) {
                    out.push_str(&set(&rest[..end]));
                    rest = &rest[end + 1..];
                } else {
                    out.push_str("\\[");
                }
            }
            c if c.is_alphanumeric() || c == '_' => out.push(c),
            c => out.extend(['\\', c]),
        }
    }
    out.push_str("\\z");
    out
}

fn set(inside: &str) -> String {
    let (negated, items) = inside.strip_prefix('!').map_or(("", inside), |items| ("^", items));
    let escaped: String = items
        .chars()
        .flat_map(|c| matches!(c, '\\' | '[' | ']' | '^' | '&' | '~').then_some('\\').into_iter().chain([c]))
        .collect();
    format!("[{negated}{escaped}]")
}
