//! Halves of surrogate pairs in JSON: Python writes bytes that are no UTF-8 so, and no text can hold them.

/// The first half without its other, as Python tells of it.
pub(super) fn complaint(json: &str) -> Option<String> {
    let mut chars = json.chars().peekable();
    let mut inside = false;
    let mut position = 0_usize;
    while let Some(c) = chars.next() {
        match (c, inside) {
            ('"', _) => {
                inside = !inside;
                position = 0;
                continue;
            }
            ('\\', true) => {}
            _ => {
                position += 1;
                continue;
            }
        }
        if chars.next() != Some('u') {
            position += 1;
            continue;
        }
        let unit = |chars: &mut std::iter::Peekable<std::str::Chars<'_>>| {
            let digits: String = chars.by_ref().take(4).collect();
            u32::from_str_radix(&digits, 16).unwrap_or_default()
        };
        let code = unit(&mut chars);
        let mut rest = chars.clone();
        let paired = (0xd800..0xdc00).contains(&code)
            && rest.next() == Some('\\')
            && rest.next() == Some('u')
            && (0xdc00..0xe000).contains(&unit(&mut rest));
        if paired {
            chars = rest;
        } else if (0xd800..0xe000).contains(&code) {
            return Some(format!(
                "'utf-8' codec can't encode character '\\u{code:04x}' in position {position}: surrogates not allowed"
            ));
        }
        position += 1;
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_half_without_its_other_is_complained_of() {
        assert_eq!(complaint(r#"{"a": "\ud83d\ude00 \\udc80 \u00e9"}"#), None);
        let found = complaint(r#"{"a": "x\"\udc80"}"#).unwrap();
        assert!(found.contains(r"'\udc80' in position 2"), "{found}");
    }
}
