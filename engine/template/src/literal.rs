//! String and number literals as Python reads them, from the template's own characters.

use num_bigint::BigInt;
use rustible_protocol::Value;

/// One or more adjacent string literals. `verbatim`: backslashes mean themselves.
pub(crate) fn strings(source: &str, verbatim: bool) -> Option<String> {
    let mut out = String::new();
    let mut rest = source.trim();
    while !rest.is_empty() {
        let quote = rest.chars().next().filter(|c| matches!(c, '\'' | '"'))?;
        let mut end = None;
        let mut skip = false;
        for (i, c) in rest.char_indices().skip(1) {
            if skip {
                skip = false;
            } else if c == '\\' {
                skip = true;
            } else if c == quote {
                end = Some(i);
                break;
            }
        }
        let inner = &rest[1..end?];
        if verbatim {
            out.push_str(inner);
        } else {
            out.push_str(&unescape(inner));
        }
        rest = rest[end? + 1..].trim_start();
    }
    Some(out)
}

/// Python's `unicode-escape`: unknown escapes stay as they are.
pub(crate) fn unescape(text: &str) -> String {
    if !text.contains('\\') {
        return text.to_string();
    }
    let mut out = String::new();
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        if c != '\\' {
            out.push(c);
            continue;
        }
        let Some(next) = chars.next() else {
            out.push('\\');
            break;
        };
        let simple = match next {
            'n' => '\n',
            't' => '\t',
            'r' => '\r',
            'a' => '\u{7}',
            'b' => '\u{8}',
            'f' => '\u{c}',
            'v' => '\u{b}',
            '\\' | '\'' | '"' => next,
            '\n' => continue,
            '0'..='7' => {
                let mut value = next.to_digit(8).unwrap_or(0);
                for _ in 0..2 {
                    let Some(digit) = chars.peek().and_then(|c| c.to_digit(8)) else { break };
                    value = value * 8 + digit;
                    chars.next();
                }
                char::from_u32(value).unwrap_or(char::REPLACEMENT_CHARACTER)
            }
            'x' | 'u' | 'U' => {
                let count = match next {
                    'x' => 2,
                    'u' => 4,
                    _ => 8,
                };
                let digits: String = chars.clone().take(count).collect();
                match u32::from_str_radix(&digits, 16)
                    .ok()
                    .filter(|_| digits.len() == count)
                    .and_then(char::from_u32)
                {
                    Some(c) => {
                        chars.nth(count - 1);
                        c
                    }
                    None => {
                        out.push('\\');
                        next
                    }
                }
            }
            other => {
                out.push('\\');
                other
            }
        };
        out.push(simple);
    }
    out
}

/// A number literal, of any size and base.
pub(crate) fn number(source: &str) -> Option<Value> {
    let text: String = source.chars().filter(|c| *c != '_').collect();
    let lower = text.to_ascii_lowercase();
    for (prefix, radix) in [("0x", 16), ("0o", 8), ("0b", 2)] {
        if let Some(digits) = lower.strip_prefix(prefix) {
            return BigInt::parse_bytes(digits.as_bytes(), radix).map(Value::big);
        }
    }
    if !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit()) {
        return text.parse::<BigInt>().ok().map(Value::big);
    }
    text.starts_with(|c: char| c.is_ascii_digit()).then(|| text.parse().ok().map(Value::Float)).flatten()
}
