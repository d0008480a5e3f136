//! Python's regular expressions on fancy-regex: the pattern is translated, matching is ours where Python differs.

use std::{
    collections::HashMap,
    fmt::Write as _,
    sync::{Arc, LazyLock, RwLock},
};

/// A compiled Python pattern.
#[derive(Debug)]
pub struct Pattern {
    regex: fancy_regex::Regex,
}

type Cache = RwLock<HashMap<(String, bool, bool), Result<Arc<Pattern>, String>>>;
static CACHE: LazyLock<Cache> = LazyLock::new(Cache::default);

/// One match: byte positions of the groups.
#[derive(Debug, Clone)]
pub struct Match {
    /// Start and end of each group, the whole match first.
    pub groups: Vec<Option<(usize, usize)>>,
}

impl Pattern {
    /// Compile, or take from the cache.
    ///
    /// # Errors
    /// When the pattern is malformed.
    pub fn new(pattern: &str, ignorecase: bool, multiline: bool) -> Result<Arc<Self>, String> {
        let key = (pattern.to_string(), ignorecase, multiline);
        if let Some(found) = CACHE.read().ok().and_then(|c| c.get(&key).cloned()) {
            return found;
        }
        let made = Self::compile(pattern, ignorecase, multiline).map(Arc::new);
        if let Ok(mut cache) = CACHE.write() {
            if cache.len() > 2000 {
                cache.clear();
            }
            cache.insert(key, made.clone());
        }
        made
    }

    fn compile(pattern: &str, ignorecase: bool, multiline: bool) -> Result<Self, String> {
        let translated = translate(pattern, multiline)?;
        let flags = match (ignorecase, multiline) {
            (true, true) => "(?im)",
            (true, false) => "(?i)",
            (false, true) => "(?m)",
            (false, false) => "",
        };
        let regex = fancy_regex::Regex::new(&format!("{flags}{translated}"))
            .map_err(|e| crate::regex_fault::explain(pattern).unwrap_or_else(|| e.to_string()))?;
        Ok(Self { regex })
    }

    /// The first match at or after a byte position.
    #[must_use]
    pub fn search(&self, text: &str, from: usize) -> Option<Match> {
        let captures = self.regex.captures_from_pos(text, from).ok()??;
        let groups = (0..captures.len()).map(|i| captures.get(i).map(|m| (m.start(), m.end()))).collect();
        Some(Match { groups })
    }

    /// The match at the very start, as `re.match`.
    #[must_use]
    pub fn at_start(&self, text: &str) -> Option<Match> {
        self.search(text, 0).filter(|m| m.groups[0].is_some_and(|(start, _)| start == 0))
    }

    /// Number of groups, the whole match not counted.
    #[must_use]
    pub fn group_count(&self) -> usize {
        self.regex.captures_len() - 1
    }

    /// The number of a named group.
    #[must_use]
    pub fn group_number(&self, name: &str) -> Option<usize> {
        self.regex.capture_names().position(|n| n == Some(name))
    }

    /// All matches, empty ones included, as `re.finditer` finds them.
    #[must_use]
    pub fn all(&self, text: &str) -> Vec<Match> {
        let mut out: Vec<Match> = Vec::new();
        let mut from = 0;
        while from <= text.len() {
            let Some(found) = self.search(text, from) else { break };
            let Some((start, end)) = found.groups[0] else { break };
            let last = out.last().and_then(|m| m.groups[0]);
            if start == end && last.is_some_and(|(s, e)| e == start && s == start) {
                from = step(text, from);
                continue;
            }
            from = if start == end { step(text, end) } else { end };
            out.push(found);
        }
        out
    }

    /// `re.sub`: `count` 0 replaces all.
    ///
    /// # Errors
    /// When the replacement names a group that is not there.
    pub fn replace(&self, text: &str, replacement: &str, count: usize) -> Result<(String, usize), String> {
        let parts = template(replacement, self)?;
        let mut out = String::new();
        let mut at = 0;
        let mut done = 0;
        for found in self.all(text) {
            if count > 0 && done == count {
                break;
            }
            let Some((start, end)) = found.groups[0] else { continue };
            out.push_str(&text[at..start]);
            for part in &parts {
                match part {
                    Part::Text(literal) => out.push_str(literal),
                    Part::Group(n) => {
                        if let Some(Some((s, e))) = found.groups.get(*n) {
                            out.push_str(&text[*s..*e]);
                        }
                    }
                }
            }
            at = end;
            done += 1;
        }
        out.push_str(&text[at..]);
        Ok((out, done))
    }
}

fn step(text: &str, at: usize) -> usize {
    at + text[at..].chars().next().map_or(1, char::len_utf8)
}

enum Part {
    Text(String),
    Group(usize),
}

/// A replacement: `\1`, `\g<1>`, `\g<name>`, and Python's escapes.
fn template(text: &str, pattern: &Pattern) -> Result<Vec<Part>, String> {
    let mut parts = Vec::new();
    let mut literal = String::new();
    let mut chars = text.chars().peekable();
    let mut position = 0;
    while let Some(c) = chars.next() {
        position += 1;
        if c != '\\' {
            literal.push(c);
            continue;
        }
        let Some(next) = chars.next() else {
            return Err(format!("bad escape (end of pattern) at position {}", position - 1));
        };
        position += 1;
        let group = match next {
            'g' if chars.peek() == Some(&'<') => {
                chars.next();
                let name: String = chars.by_ref().take_while(|c| *c != '>').collect();
                Some(match name.parse::<usize>() {
                    Ok(number) => number,
                    Err(_) => {
                        pattern.group_number(&name).ok_or_else(|| format!("unknown group name '{name}'"))?
                    }
                })
            }
            '1'..='9' => {
                let mut number = next.to_digit(10).unwrap_or(0) as usize;
                if let Some(digit) = chars.peek().and_then(|c| c.to_digit(10)) {
                    number = number * 10 + digit as usize;
                    chars.next();
                }
                Some(number)
            }
            _ => None,
        };
        match group {
            Some(number) if number > pattern.group_count() => {
                return Err(format!("invalid group reference {number} at position {}", position - 1));
            }
            Some(number) => {
                parts.push(Part::Text(std::mem::take(&mut literal)));
                parts.push(Part::Group(number));
            }
            None => match next {
                'n' => literal.push('\n'),
                't' => literal.push('\t'),
                'r' => literal.push('\r'),
                'a' => literal.push('\u{7}'),
                'f' => literal.push('\u{c}'),
                'v' => literal.push('\u{b}'),
                '0' => literal.push('\0'),
                '\\' => literal.push('\\'),
                c if c.is_ascii_alphabetic() => {
                    return Err(format!("bad escape \\{c} at position {}", position - 2));
                }
                c => {
                    literal.push('\\');
                    literal.push(c);
                }
            },
        }
    }
    parts.push(Part::Text(literal));
    Ok(parts)
}

/// Python's syntax in fancy-regex's.
fn translate(pattern: &str, multiline: bool) -> Result<String, String> {
    let chars: Vec<char> = pattern.chars().collect();
    let mut out = String::new();
    let mut at = 0;
    let mut multiline = multiline;
    while at < chars.len() {
        let c = chars[at];
        match c {
            '\\' => at = escape(&chars, at, &mut out, false)?,
            '[' => at = class(&chars, at, &mut out)?,
            '$' if !multiline => {
                out.push_str("(?=\\n?\\z)");
                at += 1;
            }
            '(' if chars.get(at + 1) == Some(&'?') => at = group(&chars, at, &mut out, &mut multiline),
            '{' => at = counted(&chars, at, &mut out),
            _ => {
                out.push(c);
                at += 1;
            }
        }
    }
    Ok(out)
}

/// `(?...`: named groups, flags, comments.
fn group(chars: &[char], at: usize, out: &mut String, multiline: &mut bool) -> usize {
    let rest: String = chars[at..].iter().take(64).collect();
    if rest.starts_with("(?#") {
        let end = chars[at..].iter().position(|c| *c == ')').unwrap_or(chars.len() - at - 1);
        return at + end + 1;
    }
    let flags: String = rest[2..].chars().take_while(|c| "aiLmsux-".contains(*c)).collect();
    let close = rest[2 + flags.len()..].chars().next();
    if !flags.is_empty() && matches!(close, Some(')' | ':')) {
        *multiline |= flags.split('-').next().is_some_and(|on| on.contains('m'));
        let kept: String = flags.chars().filter(|c| !"aLu".contains(*c)).collect();
        let close = close.unwrap_or(')');
        if kept.is_empty() {
            out.push_str(if close == ')' { "" } else { "(?:" });
        } else {
            let _written = write!(out, "(?{kept}{close}");
        }
        return at + 2 + flags.chars().count() + 1;
    }
    out.push_str("(?");
    at + 2
}

/// `{m,n}` is a count, `{,n}` starts at 0, any other brace is itself.
fn counted(chars: &[char], at: usize, out: &mut String) -> usize {
    let end = chars[at..].iter().position(|c| *c == '}');
    if let Some(end) = end {
        let inner: String = chars[at + 1..at + end].iter().collect();
        let valid = !inner.is_empty()
            && inner != ","
            && inner.chars().all(|c| c.is_ascii_digit() || c == ',')
            && inner.matches(',').count() < 2;
        if valid {
            let lead = if inner.starts_with(',') { "0" } else { "" };
            let _written = write!(out, "{{{lead}{inner}}}");
            return at + end + 1;
        }
    }
    out.push_str("\\{");
    at + 1
}

fn escape(chars: &[char], at: usize, out: &mut String, in_class: bool) -> Result<usize, String> {
    let Some(&next) = chars.get(at + 1) else {
        return Err(format!("bad escape (end of pattern) at position {at}"));
    };
    let octal = |from: usize, max: usize| {
        chars[from..].iter().take(max).take_while(|c| ('0'..='7').contains(*c)).count()
    };
    let char_code = |out: &mut String, from: usize, count: usize| {
        let digits: String = chars[from..from + count].iter().collect();
        let code = u32::from_str_radix(&digits, 8).unwrap_or(0);
        let _written = write!(out, "\\x{{{code:x}}}");
        from + count
    };
    Ok(match next {
        'Z' if !in_class => {
            out.push_str("\\z");
            at + 2
        }
        '0' => char_code(out, at + 1, octal(at + 1, 3)),
        '1'..='3' if octal(at + 1, 3) == 3 => char_code(out, at + 1, 3),
        '1'..='7' if in_class => char_code(out, at + 1, octal(at + 1, 3)),
        'u' | 'U' => {
            let count = if next == 'u' { 4 } else { 8 };
            let digits: String = chars[at + 2..].iter().take(count).collect();
            if digits.chars().count() < count || !digits.chars().all(|c| c.is_ascii_hexdigit()) {
                return Err(format!("incomplete escape \\{next}{digits} at position {at}"));
            }
            let _written = write!(out, "\\x{{{digits}}}");
            at + 2 + count
        }
        'd' | 'D' | 'w' | 'W' | 's' | 'S' | 'n' | 't' | 'r' | 'f' | 'v' | 'a' | 'x' => {
            out.push('\\');
            out.push(next);
            at + 2
        }
        'A' | 'b' | 'B' if !in_class => {
            out.push('\\');
            out.push(next);
            at + 2
        }
        'b' => {
            out.push_str("\\x08");
            at + 2
        }
        '1'..='9' => {
            let digits = chars[at + 1..].iter().take(2).take_while(|c| c.is_ascii_digit()).count();
            let number: String = chars[at + 1..at + 1 + digits].iter().collect();
            let _written = write!(out, "(?:\\{number})");
            at + 1 + digits
        }
        c if c.is_ascii_alphabetic() => return Err(format!("bad escape \\{c} at position {at}")),
        c if c.is_alphanumeric() || c.is_whitespace() || !c.is_ascii() => {
            out.push(c);
            at + 2
        }
        // Signs that mean something only with a backslash in the other dialect.
        '<' | '>' | '`' | '\'' | '"' | '%' | '@' | ',' | ':' | ';' | '=' | '!' | '_' | '/' if !in_class => {
            out.push(next);
            at + 2
        }
        c => {
            out.push('\\');
            out.push(c);
            at + 2
        }
    })
}

/// A character class: what is special only in the other dialect is escaped.
fn class(chars: &[char], at: usize, out: &mut String) -> Result<usize, String> {
    out.push('[');
    let mut i = at + 1;
    if chars.get(i) == Some(&'^') {
        out.push('^');
        i += 1;
    }
    if chars.get(i) == Some(&']') {
        out.push_str("\\]");
        i += 1;
    }
    while let Some(&c) = chars.get(i) {
        match c {
            ']' => {
                out.push(']');
                return Ok(i + 1);
            }
            '\\' => i = escape(chars, i, out, true)?,
            '[' | '&' | '~' => {
                out.push('\\');
                out.push(c);
                i += 1;
            }
            '-' if chars.get(i + 1) == Some(&'-') => {
                out.push_str("\\-");
                i += 1;
            }
            c => {
                out.push(c);
                i += 1;
            }
        }
    }
    Err(format!("unterminated character set at position {at}"))
}

/// `re.escape`.
#[must_use]
pub(crate) fn quote(text: &str) -> String {
    let mut out = String::new();
    for c in text.chars() {
        if "()[]{}?*+-|^$\\.&~# \t\n\r\u{b}\u{c}".contains(c) {
            out.push('\\');
        }
        out.push(c);
    }
    out
}
