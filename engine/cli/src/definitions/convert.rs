//! A value as the type asks that its definition names.

use std::{env, path::Path};

use rustible_protocol::{Value, repr};

use crate::config::expand;

/// The value in that type; `base`: the file it comes from, which its relative paths are relative to.
///
/// # Errors
/// What is wrong with it.
pub(super) fn convert(value: Value, kind: Option<&str>, base: Option<&Path>) -> Result<Value, String> {
    let Some(kind) = kind.filter(|_| !value.is_null()) else { return Ok(value) };
    let path = |text: &str| Value::from(resolved(text, base));
    let converted = match (kind.to_lowercase().as_str(), &value) {
        ("boolean" | "bool", _) => Some(truth(&value).into()),
        ("integer" | "int", _) => integer(&value).map(Value::from),
        ("float", Value::Float(_)) => Some(value.clone()),
        ("float", Value::Str(text)) => text.trim().parse::<f64>().ok().map(Value::from),
        ("float", _) => value.number_as_f64().map(Value::from),
        ("list", Value::List(_)) => Some(value.clone()),
        ("list", Value::Str(text)) => {
            Some(text.split(',').map(|part| Value::str(unquoted(part.trim()))).collect::<Vec<_>>().into())
        }
        ("none", Value::Str(text)) if text.as_str() == "None" => Some(Value::Null),
        ("path" | "tmppath" | "temppath" | "tmp", Value::Str(text)) => Some(path(text)),
        ("pathspec", Value::Str(text)) => Some(text.split(':').map(path).collect::<Vec<_>>().into()),
        ("pathlist", Value::Str(text)) => {
            Some(text.split(',').map(|part| path(part.trim())).collect::<Vec<_>>().into())
        }
        ("pathspec" | "pathlist", Value::List(items)) => {
            items.iter().map(|item| item.as_str().map(path)).collect::<Option<Vec<_>>>().map(Value::from)
        }
        ("dictionary" | "dict", Value::Dict(_)) => Some(value.clone()),
        ("string" | "str", Value::Str(_)) => Some(value.clone()),
        ("string" | "str", Value::Bool(_) | Value::Int(_) | Value::Float(_)) => {
            Some(Value::from(repr::str(&value)))
        }
        ("list" | "none" | "path" | "tmppath" | "temppath" | "tmp" | "pathspec" | "pathlist", _)
        | ("dictionary" | "dict" | "string" | "str", _) => None,
        _ => Some(value.clone()),
    };
    converted.ok_or_else(|| format!("Invalid value provided for '{kind}': {}", repr::repr(&value)))
}

/// Words for yes; anything else is no.
fn truth(value: &Value) -> bool {
    match value {
        Value::Str(text) => {
            matches!(text.trim().to_lowercase().as_str(), "1" | "true" | "yes" | "on" | "y" | "t" | "1.0")
        }
        other => other.number_as_f64().is_some_and(|number| (number - 1.0).abs() < f64::EPSILON),
    }
}

fn integer(value: &Value) -> Option<i64> {
    let whole = |number: f64| (number.fract() == 0.0 && number.abs() < 9e15).then_some(number as i64);
    match value {
        Value::Bool(flag) => Some(i64::from(*flag)),
        Value::Int(_) => value.as_int(),
        Value::Str(text) => {
            let text = text.trim();
            text.parse().ok().or_else(|| text.parse::<f64>().ok().and_then(whole))
        }
        other => other.number_as_f64().and_then(whole),
    }
}

/// A path that is complete: `~`, variables and `{{CWD}}` are put in.
fn resolved(text: &str, base: Option<&Path>) -> String {
    let folder = base.and_then(Path::parent).map(Path::to_path_buf);
    let folder = folder.or_else(|| env::current_dir().ok()).unwrap_or_default();
    rustible_source::normal(&folder.join(expand(text))).display().to_string()
}

/// A text without the quotes around it.
pub(super) fn unquoted(text: &str) -> &str {
    for quote in ['\'', '"'] {
        let inner = text.strip_prefix(quote).and_then(|rest| rest.strip_suffix(quote));
        if let Some(inner) = inner.filter(|inner| !inner.ends_with('\\')) {
            return inner;
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_become_what_the_type_asks_for() {
        let of = |text: &str, kind: &str| convert(Value::str(text), Some(kind), None);
        let list =
            |items: &[&str]| Value::from(items.iter().map(|item| Value::str(*item)).collect::<Vec<_>>());
        assert_eq!(of("'1', '2'", "list"), Ok(list(&["1", "2"])));
        assert_eq!(of("['1', '2']", "list"), Ok(list(&["['1'", "'2']"])));
        assert_eq!(of("Yes", "bool"), Ok(true.into()));
        assert_eq!(of("1e1", "int"), Ok(10.into()));
        assert_eq!(of("/a/../b", "path"), Ok(Value::str("/b")));
        assert_eq!(of("lola", "integer"), Err("Invalid value provided for 'integer': 'lola'".to_string()));
    }
}
