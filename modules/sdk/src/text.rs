//! Text of configuration files: lines, places in them, patterns as Python writes them.

use std::fmt;

use crate::{FromArg, Kind, Value};

/// A regular expression in Python's language.
#[derive(Debug, Clone)]
pub struct Pattern {
    regex: fancy_regex::Regex,
    source: String,
}

impl Pattern {
    /// Compile one.
    ///
    /// # Errors
    /// When it is none.
    pub fn new(source: &str) -> Result<Self, String> {
        let translated = translate(source);
        let regex = fancy_regex::Regex::new(&translated)
            .map_err(|e| format!("'{source}' is not a valid regular expression: {e}"))?;
        Ok(Self { regex, source: source.to_string() })
    }
    /// As it was written.
    #[must_use]
    pub fn source(&self) -> &str {
        &self.source
    }
    /// Whether it is found anywhere in the text (Python's `search`).
    #[must_use]
    pub fn is_match(&self, text: &str) -> bool {
        self.regex.is_match(text).unwrap_or(false)
    }
    /// Whether the text begins with it (Python's `match`).
    #[must_use]
    pub fn matches_start(&self, text: &str) -> bool {
        self.regex.find(text).ok().flatten().is_some_and(|m| m.start() == 0)
    }
    /// The template with `\1`, `\g<name>` of the first match in the text put in; `None` without a match.
    #[must_use]
    pub fn expand(&self, text: &str, template: &str) -> Option<String> {
        let captures = self.regex.captures(text).ok().flatten()?;
        Some(expand(&captures, template))
    }
    /// The text with every match replaced by the template, and how many there were (Python's `subn`).
    #[must_use]
    pub fn replace_all(&self, text: &str, template: &str) -> (String, usize) {
        let (mut out, mut last, mut count) = (String::new(), 0, 0);
        for captures in self.regex.captures_iter(text).map_while(Result::ok) {
            let Some(all) = captures.get(0) else { continue };
            out.push_str(text.get(last..all.start()).unwrap_or_default());
            out.push_str(&expand(&captures, template));
            last = all.end();
            count += 1;
        }
        out.push_str(text.get(last..).unwrap_or_default());
        (out, count)
    }
    /// The range of a named group of the first match.
    #[must_use]
    pub fn group(&self, text: &str, name: &str) -> Option<(usize, usize)> {
        let captures = self.regex.captures(text).ok().flatten()?;
        captures.name(name).map(|m| (m.start(), m.end()))
    }
    /// Text of the numbered groups of the first match, and by name.
    #[must_use]
    pub fn captures<'t>(&self, text: &'t str) -> Option<Captured<'t>> {
        let captures = self.regex.captures(text).ok().flatten()?;
        let groups: Vec<Option<&'t str>> =
            (1..captures.len()).map(|i| captures.get(i).map(|m| m.as_str())).collect();
        let names = self.regex.capture_names().flatten();
        let named =
            names.filter_map(|name| captures.name(name).map(|m| (name.to_string(), m.as_str()))).collect();
        Some(Captured { groups, named })
    }
}

/// Groups of a match.
#[derive(Debug)]
pub struct Captured<'t> {
    /// By number, from 1.
    pub groups: Vec<Option<&'t str>>,
    /// By name.
    pub named: Vec<(String, &'t str)>,
}

/// Python's `\Z` is the very end, and `$` (without `MULTILINE`) also before a final newline.
fn translate(source: &str) -> String {
    let source = source.replace("\\Z", "\\z");
    if source.starts_with("(?") && source.split(')').next().is_some_and(|flags| flags.contains('m')) {
        return source;
    }
    let (mut out, mut class, mut escaped) = (String::with_capacity(source.len()), false, false);
    for c in source.chars() {
        match c {
            '$' if !class && !escaped => out.push_str("(?=\\n?\\z)"),
            c => out.push(c),
        }
        match c {
            '[' if !escaped => class = true,
            ']' if !escaped => class = false,
            _ => {}
        }
        escaped = c == '\\' && !escaped;
    }
    out
}

/// What Python says of a template for replacements that it does not take.
///
/// # Errors
/// `bad escape \X at position N`.
pub fn check_template(template: &str) -> Result<(), String> {
    let mut chars = template.chars().enumerate();
    while let Some((at, c)) = chars.next() {
        if c != '\\' {
            continue;
        }
        match chars.next() {
            None => return Err(format!("bad escape (end of pattern) at position {at}")),
            Some((_, c)) if c.is_ascii_alphabetic() && !"abfnrtvg".contains(c) => {
                return Err(format!("bad escape \\{c} at position {at}"));
            }
            Some(_) => {}
        }
    }
    Ok(())
}

fn expand(captures: &fancy_regex::Captures<'_, str>, template: &str) -> String {
    let (mut out, mut rest) = (String::new(), template);
    while let Some(at) = rest.find('\\') {
        out.push_str(rest.get(..at).unwrap_or_default());
        let after = rest.get(at + 1..).unwrap_or_default();
        if let Some((name, tail)) = after.strip_prefix("g<").and_then(|inner| inner.split_once('>')) {
            let group = name.parse().map_or_else(|_| captures.name(name), |n: usize| captures.get(n));
            out.push_str(group.map_or("", |m| m.as_str()));
            rest = tail;
            continue;
        }
        let digits = after.bytes().take(2).take_while(u8::is_ascii_digit).count();
        if digits > 0 {
            let number = after.get(..digits).and_then(|n| n.parse().ok()).unwrap_or(0);
            out.push_str(captures.get(number).map_or("", |m| m.as_str()));
            rest = after.get(digits..).unwrap_or_default();
            continue;
        }
        let mut chars = after.chars();
        match chars.next() {
            Some('n') => out.push('\n'),
            Some('t') => out.push('\t'),
            Some('r') => out.push('\r'),
            Some('\\') => out.push('\\'),
            Some(c) => out.extend(['\\', c]),
            None => out.push('\\'),
        }
        rest = chars.as_str();
    }
    out.push_str(rest);
    out
}

impl FromArg for Pattern {
    const KIND: Kind = Kind::Str;
    fn from_arg(value: &Value) -> Result<Self, String> {
        Self::new(value.as_str().unwrap_or_default())
    }
}

/// A place in a file: its beginning, its end, or a line that matches.
#[derive(Debug, Clone)]
pub enum Anchor {
    /// `BOF`.
    Start,
    /// `EOF`.
    End,
    /// A pattern.
    At(Pattern),
}
impl FromArg for Anchor {
    const KIND: Kind = Kind::Str;
    fn from_arg(value: &Value) -> Result<Self, String> {
        match value.as_str().unwrap_or_default() {
            "BOF" => Ok(Self::Start),
            "EOF" => Ok(Self::End),
            source => Pattern::new(source).map(Self::At),
        }
    }
}

/// The lines of a text, each with its own ending.
#[derive(Debug, Clone, Default)]
pub struct Lines(pub Vec<String>);

impl Lines {
    /// The lines of a text.
    #[must_use]
    pub fn of(text: &str) -> Self {
        Self(text.split_inclusive('\n').map(str::to_string).collect())
    }
    /// A line without its ending.
    #[must_use]
    pub fn bare(&self, at: usize) -> &str {
        self.0.get(at).map_or("", |line| line.trim_end_matches(['\r', '\n']))
    }
    /// Give the last line an ending when it has none, because something comes behind it.
    pub fn finish(&mut self) {
        if let Some(last) = self.0.last_mut().filter(|last| !last.ends_with('\n')) {
            last.push('\n');
        }
    }
}
impl fmt::Display for Lines {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|line| f.write_str(line))
    }
}
