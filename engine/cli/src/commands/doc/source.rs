//! Texts in the source of a plugin in Python: names at the beginning of a line to which a plain string is assigned.

/// The text that is assigned to a name last, if a plain string is.
pub(super) fn constant(source: &str, name: &str) -> Option<String> {
    let mut rest = source;
    let mut found = None;
    while !rest.is_empty() {
        let indent = rest.len() - rest.trim_start_matches([' ', '\t']).len();
        rest = &rest[indent..];
        let assigned = rest.strip_prefix(name).map(|rest| rest.trim_start_matches([' ', '\t']));
        if let Some(value) = assigned.and_then(|rest| rest.strip_prefix('=')).filter(|v| !v.starts_with('='))
            && let Some((text, behind)) = literal(value.trim_start_matches([' ', '\t']))
        {
            let next = behind.trim_start_matches([' ', '\t']);
            if next.is_empty() || next.starts_with(['\n', '\r', '#', ';']) {
                found = Some(text);
            }
            rest = behind;
        }
        rest = behind_line(rest);
    }
    found
}

/// What is behind the logical line: strings over several lines are passed over.
fn behind_line(mut rest: &str) -> &str {
    loop {
        let Some(at) = rest.find(['\n', '#', '"', '\'']) else { return "" };
        rest = &rest[at..];
        if let Some(next) = rest.strip_prefix('\n') {
            return next;
        }
        if rest.starts_with('#') {
            return rest.find('\n').map_or("", |end| &rest[end + 1..]);
        }
        rest = literal(rest).map_or(&rest[1..], |(_, behind)| behind);
    }
}

/// The string that stands first, and what is behind it.
fn literal(text: &str) -> Option<(String, &str)> {
    let prefix = text.len() - text.trim_start_matches(['r', 'R', 'u', 'U']).len();
    let raw = text[..prefix].contains(['r', 'R']);
    let text = &text[prefix..];
    let quote = ["\"\"\"", "'''", "\"", "'"].into_iter().find(|quote| text.starts_with(quote))?;
    let inner = &text[quote.len()..];
    let mut from = 0;
    loop {
        let at = from + inner[from..].find([quote.chars().next()?, '\\', '\n'])?;
        let rest = &inner[at..];
        if let Some(behind) = rest.strip_prefix(quote) {
            let content = &inner[..at];
            let content = if raw { content.to_string() } else { unescaped(content) };
            return Some((content, behind));
        }
        let escaped = rest.strip_prefix('\\').and_then(|rest| rest.chars().next());
        if rest.starts_with('\n') && quote.len() == 1 {
            return None;
        }
        from = at + 1 + escaped.map_or(0, char::len_utf8);
    }
}

fn unescaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut chars = text.chars();
    while let Some(c) = chars.next() {
        if c != '\\' {
            out.push(c);
            continue;
        }
        match chars.next() {
            Some('n') => out.push('\n'),
            Some('t') => out.push('\t'),
            Some('r') => out.push('\r'),
            Some('\n') => {}
            Some(kind @ ('x' | 'u' | 'U')) => {
                let count = match kind {
                    'x' => 2,
                    'u' => 4,
                    _ => 8,
                };
                let digits: String = chars.clone().take(count).collect();
                match u32::from_str_radix(&digits, 16).ok().and_then(char::from_u32) {
                    Some(c) => {
                        out.push(c);
                        chars.by_ref().take(count).for_each(drop);
                    }
                    None => out.extend(['\\', kind]),
                }
            }
            Some(c @ ('\\' | '\'' | '"')) => out.push(c),
            Some(c) => out.extend(['\\', c]),
            None => out.push('\\'),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn strings_that_are_assigned_are_found_and_others_are_not() {
        let source = "#!x\n'''doc\nDOCUMENTATION = 'no'\n'''\nDOCUMENTATION = r\"\"\"\na: '\\n'\n\"\"\"\nEXAMPLES = '''a\\tb\\\\'''\n\
                      RETURN = '%s' % x\nclass F:\n    FACTS = u'in'  # here\n";
        assert_eq!(constant(source, "DOCUMENTATION").as_deref(), Some("\na: '\\n'\n"));
        assert_eq!(constant(source, "EXAMPLES").as_deref(), Some("a\tb\\"));
        assert_eq!(constant(source, "RETURN"), None);
        assert_eq!(constant(source, "FACTS").as_deref(), Some("in"));
    }
}
