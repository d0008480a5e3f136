//! The parser's complaints in Jinja2's words, where the meaning is the same.

/// Jinja2's words for a message of the parser; `text` is what stands at the place.
pub(crate) fn translate(detail: &str, text: &str) -> String {
    if detail.starts_with("unexpected end of input, expected end of variable block") {
        return "unexpected end of template, expected 'end of print statement'.".into();
    }
    if let Some(rest) = detail.strip_prefix("unexpected identifier").filter(|_| !text.is_empty()) {
        let word = text.split_whitespace().next().unwrap_or_default();
        return translate(&format!("unexpected `{word}`{rest}"), "");
    }
    if detail.starts_with("unexpected input after expression") {
        return "chunk after expression".into();
    }
    if detail == "unexpected end of block" {
        return "Expected an expression, got 'end of statement block'".into();
    }
    if detail.starts_with("unexpected end of input, expected end of block") {
        return "unexpected end of template, expected 'end of statement block'.".into();
    }
    if detail.ends_with("expected identifier or integer") {
        return "expected name or number".into();
    }
    if let Some(tag) = detail.strip_suffix("' must be placed inside a loop") {
        return format!("Encountered unknown tag {tag}'.");
    }
    if detail == "non-keyword arg after keyword arg" {
        return "invalid syntax for function call expression".into();
    }
    if detail == "cannot assign to reserved variable name loop" {
        return "Can't assign to special loop variable in for-loop target".into();
    }
    if let Some(found) =
        detail.strip_prefix("mismatching name on block. Got `").and_then(|d| d.split('`').next())
    {
        return format!("expected token 'end of statement block', got '{found}'");
    }
    if let Some(rest) = detail.strip_prefix("unexpected ") {
        match rest.split_once(", expected ") {
            Some(("integer" | "string" | "float", "identifier")) => return "can't assign to 'const'".into(),
            Some((found, "assignment operator")) => {
                return format!("expected token 'end of statement block', got {}", token(found));
            }
            _ => {}
        }
        if let Some((found, wanted)) = rest.split_once(", expected ") {
            return format!("expected token {}, got {}", token(wanted), token(found));
        }
        if rest == "end of input" {
            return "unexpected 'end of template'".into();
        }
        return format!("unexpected {}", token(rest));
    }
    if let Some(name) = detail.strip_prefix("unknown statement ") {
        return format!("Encountered unknown tag '{}'.", name.trim());
    }
    detail.to_string()
}

fn token(text: &str) -> String {
    let inner = text.trim_matches('`');
    let name = match inner {
        "end of block" => "end of statement block",
        "end of variable block" | "end of variable" => "end of print statement",
        "end of input" => "end of template",
        "identifier" => "name",
        other => other,
    };
    format!("'{name}'")
}
