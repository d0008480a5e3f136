//! Values as Python's `repr` and `str` show them in messages.

use crate::{json, value::Value};

/// `'text'`, `None`, `[1, True]`, `{'a': 1.0}`: what Python's `repr` says of a value.
#[must_use]
pub fn repr(value: &Value) -> String {
    let mut out = String::new();
    write(&mut out, value);
    out
}

/// What Python's `str` says of a value: text as it is, everything else as [`repr`].
#[must_use]
pub fn str(value: &Value) -> String {
    value.as_str().map_or_else(|| repr(value), str::to_string)
}

/// Python's name of the class of a value that was written, as messages show it.
#[must_use]
pub fn class(value: &Value) -> String {
    match value {
        Value::Null => "<class 'NoneType'>".into(),
        Value::Bool(_) => "<class 'bool'>".into(),
        Value::Vaulted(_) => "<class 'ansible.parsing.vault.EncryptedString'>".into(),
        other => {
            let name = other.type_name();
            let (first, rest) = name.split_at(1);
            format!(
                "<class 'ansible.module_utils._internal._datatag._AnsibleTagged{}{rest}'>",
                first.to_uppercase()
            )
        }
    }
}

fn write(out: &mut String, value: &Value) {
    match value {
        Value::Null => out.push_str("None"),
        Value::Bool(true) => out.push_str("True"),
        Value::Bool(false) => out.push_str("False"),
        Value::Int(number) => out.push_str(&number.to_string()),
        Value::Big(number) => out.push_str(&number.to_string()),
        Value::Float(number) if number.is_nan() => out.push_str("nan"),
        Value::Float(number) if number.is_infinite() => {
            out.push_str(["-inf", "inf"][usize::from(*number > 0.0)]);
        }
        Value::Float(number) => out.push_str(&json::float(*number)),
        Value::Str(text) | Value::Vaulted(text) => quote(out, text),
        Value::List(items) => {
            out.push('[');
            for (i, item) in items.iter().enumerate() {
                out.push_str(if i > 0 { ", " } else { "" });
                write(out, item);
            }
            out.push(']');
        }
        Value::Dict(dict) => {
            out.push('{');
            for (i, (key, value)) in dict.iter().enumerate() {
                out.push_str(if i > 0 { ", " } else { "" });
                write(out, key);
                out.push_str(": ");
                write(out, value);
            }
            out.push('}');
        }
    }
}

fn quote(out: &mut String, text: &str) {
    let mark = if text.contains('\'') && !text.contains('"') { '"' } else { '\'' };
    out.push(mark);
    for c in text.chars() {
        match c {
            '\n' => out.push_str("\\n"),
            '\t' => out.push_str("\\t"),
            '\r' => out.push_str("\\r"),
            '\\' => out.push_str("\\\\"),
            c if c == mark => out.extend(['\\', c]),
            c if c.is_control() => out.push_str(&format!("\\x{:02x}", u32::from(c))),
            c => out.push(c),
        }
    }
    out.push(mark);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::value::Dict;

    #[test]
    fn values_look_as_python_shows_them() {
        let dict: Dict = [("it's", Value::from(vec![Value::Null, Value::Float(1.0), Value::Bool(true)]))]
            .into_iter()
            .collect();
        assert_eq!(repr(&Value::Dict(dict)), "{\"it's\": [None, 1.0, True]}");
        assert_eq!(repr(&"a\n'\"".into()), "'a\\n\\'\"'");
    }
}
