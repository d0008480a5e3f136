//! Forms of Jinja2 that the parser does not know, written in forms that it does.

use crate::{explain, options::FileOptions};

/// The source without what the parser stumbled over, in a form that means the same; nothing when that is a real error.
pub(crate) fn repaired(source: &str, fault: &minijinja::Error, file: Option<&FileOptions>) -> Option<String> {
    let range = fault.range()?;
    let detail = fault.detail()?;
    let found = source.get(range.clone())?;
    match found {
        "+" if detail == "unexpected `+`" => without_sign(source, range.start),
        "," => tuple(source, range.start, file),
        _ if detail.starts_with("unknown statement print") => print(source, range.start, file?),
        _ => None,
    }
}

/// The `+` is a sign in front of a number, which changes nothing.
fn without_sign(source: &str, at: usize) -> Option<String> {
    let behind = source.get(at + 1..)?.trim_start();
    let number =
        behind.starts_with(|c: char| c.is_alphanumeric() || matches!(c, '.' | '_' | '(' | '+' | '-'));
    number.then(|| [&source[..at], " ", &source[at + 1..]].concat())
}

/// The comma parts the items of a tuple without brackets: `{{ 1, 2 }}`, `{% set x = 1, 2 %}`, `{% for x in 1, 2 %}`.
fn tuple(source: &str, comma: usize, file: Option<&FileOptions>) -> Option<String> {
    let (start, end) = match file {
        None => (0, source.len()),
        Some(file) => {
            let before = &source[..comma];
            let printed =
                before.rfind(&file.variable.0).map(|at| (at + file.variable.0.len(), &file.variable.1));
            let block = before.rfind(&file.block.0).map(|at| (at + file.block.0.len(), &file.block.1));
            let is_block = block > printed;
            let (open, close) = if is_block { block? } else { printed? };
            let mut start = open + source[open..].len() - source[open..].trim_start_matches(['-', '+']).len();
            if is_block {
                let head = &source[start..comma];
                start += match head.split_whitespace().next()? {
                    "set" => head.find('=')? + 1,
                    "for" => head.find(" in ")? + 4,
                    _ => return None,
                };
            }
            (start, comma + unquoted(&source[comma..], close)?)
        }
    };
    let inner = source.get(start..end)?.trim_end_matches(['-', '+']);
    let end = start + inner.len();
    // A second try at the same place would never end.
    (!inner.trim_start().starts_with("(("))
        .then(|| [&source[..start], "(", inner.trim_end(), ") ", &source[end..]].concat())
}

/// `{% print x %}` is `{{ x }}`.
fn print(source: &str, at: usize, file: &FileOptions) -> Option<String> {
    let open = source.get(..at)?.rfind(&file.block.0)?;
    let word = open + source[open..].find("print")?;
    let lead = &source[open + file.block.0.len()..word];
    let end = word + unquoted(&source[word..], &file.block.1)?;
    let inner = &source[word + "print".len()..end];
    let behind = &source[end + file.block.1.len()..];
    let behind = if file.trim_blocks { behind.strip_prefix('\n').unwrap_or(behind) } else { behind };
    Some([&source[..open], &file.variable.0, lead, inner, &file.variable.1, behind].concat())
}

/// Where `wanted` stands first outside of quotes.
fn unquoted(text: &str, wanted: &str) -> Option<usize> {
    let mut at = 0;
    while let Some(c) = text[at..].chars().next() {
        if text[at..].starts_with(wanted) {
            return Some(at);
        }
        at += if matches!(c, '\'' | '"') { explain::string(&text[at..])? } else { c.len_utf8() };
    }
    None
}

/// The source with a mark in place of each backslash that begins an escape by number, of the same length.
pub(crate) fn without_escapes(source: &str) -> String {
    let mut out = String::with_capacity(source.len());
    let mut chars = source.chars().peekable();
    while let Some(c) = chars.next() {
        match (c, chars.peek()) {
            ('\\', Some('x' | 'u' | 'U' | '0'..='7')) => out.push('_'),
            ('\\', Some(_)) => {
                out.push(c);
                out.extend(chars.next());
            }
            _ => out.push(c),
        }
    }
    out
}

/// The source without comments to the end of the line: what is before them on the line, blanks aside, and its end stay.
pub(crate) fn without_line_comments(source: &str, prefix: &str, file: &FileOptions) -> String {
    let pairs = [&file.block, &file.variable, &file.comment];
    let mut out = String::with_capacity(source.len());
    let mut rest = source;
    while let Some(c) = rest.chars().next() {
        if let Some((open, close)) = pairs.iter().find(|(open, _)| rest.starts_with(open)) {
            let end = rest[open.len()..]
                .find(close.as_str())
                .map_or(rest.len(), |at| open.len() + at + close.len());
            out.push_str(&rest[..end]);
            rest = &rest[end..];
        } else if rest.starts_with(prefix) {
            out.truncate(out.trim_end_matches([' ', '\t']).len());
            rest = &rest[rest.find('\n').unwrap_or(rest.len())..];
        } else {
            out.push(c);
            rest = &rest[c.len_utf8()..];
        }
    }
    out
}
