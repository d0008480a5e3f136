//! Values on their way to the helper and back: JSON, with `{"__rt": [kind, content]}` for what JSON has no form for.

use std::sync::{Arc, LazyLock};

use rustible_protocol::{Dict, Text, Value, deprecated};

const TAG: &str = "__rt";

/// The kind of what is undefined. Data may look the same; this very text is only in what [`undefined`] makes.
static UNDEFINED: LazyLock<Text> = LazyLock::new(|| Text::untrusted("undefined"));

/// A value as JSON's.
pub(crate) fn encode(value: &Value) -> Value {
    match value {
        Value::Str(text) if text.is_trusted() => tagged("trusted", Value::str(text.as_str())),
        Value::List(list) => Value::List(list.iter().map(encode).collect()),
        Value::Dict(dict) if is_undefined(dict) => value.clone(),
        Value::Dict(dict) => {
            let plain = dict.keys().all(|key| key.as_str().is_some_and(|key| key != TAG));
            if plain {
                return Value::Dict(dict.iter().map(|(key, item)| (key.clone(), encode(item))).collect());
            }
            let pairs = dict.iter().map(|(key, item)| Value::from(vec![encode(key), encode(item)]));
            tagged("map", pairs.collect::<Vec<_>>().into())
        }
        other => other.clone(),
    }
}

/// Something of a kind of its own.
pub(crate) fn tagged(kind: &str, content: Value) -> Value {
    let mut out = Dict::new();
    out.insert(TAG, vec![Value::str(kind), content]);
    Value::Dict(out)
}

/// Something undefined, for plugins that take such.
#[must_use]
pub(crate) fn undefined(message: &str) -> Value {
    let mut out = Dict::new();
    out.insert(TAG, vec![Value::Str(UNDEFINED.clone()), Value::str(message)]);
    Value::Dict(out)
}

fn is_undefined(dict: &Dict) -> bool {
    match dict.get(TAG).and_then(Value::as_list).and_then(|parts| parts.first()) {
        Some(Value::Str(kind)) => Arc::ptr_eq(kind.shared(), UNDEFINED.shared()),
        _ => false,
    }
}

/// What came, as a value: tuples and sets are lists, dates are texts.
pub(crate) fn decode(value: Value) -> Value {
    match value {
        Value::List(list) => Value::List(list.iter().cloned().map(decode).collect()),
        Value::Dict(dict) => match dict.get(TAG).and_then(Value::as_list).map(|list| &list[..]) {
            Some([Value::Str(kind), content]) => special(kind, content),
            _ => Value::Dict(dict.iter().map(|(key, item)| (key.clone(), decode(item.clone()))).collect()),
        },
        other => other,
    }
}

fn special(kind: &str, content: &Value) -> Value {
    match (kind, content) {
        ("trusted", Value::Str(text)) => Value::Str(Text::trusted(text.as_str(), None)),
        ("map", Value::List(pairs)) => {
            let pair = |pair: &Value| match pair.as_list().map(|pair| &pair[..]) {
                Some([key, item]) => Some((decode(key.clone()), decode(item.clone()))),
                _ => None,
            };
            Value::Dict(pairs.iter().filter_map(pair).collect())
        }
        ("deprecated", Value::List(parts)) => match &parts[..] {
            [Value::Dict(tag), value] => decode(value.clone()).with_deprecated(deprecated::note(tag)),
            _ => decode(content.clone()),
        },
        ("omit", _) => Value::Null,
        // It fails where it is used, not before.
        ("undefined", message) => {
            let text = format!("{{{{ undef({}) }}}}", rustible_protocol::repr::repr(message));
            Value::Str(Text::trusted(text, None))
        }
        (_, content) => decode(content.clone()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_undefined_is_told_as_such() {
        let told = |value: &Value| rustible_protocol::json::dumps(&encode(value));
        assert_eq!(told(&undefined("no x")), r#"{"__rt": ["undefined", "no x"]}"#);
        let data = tagged("undefined", Value::str("no x"));
        assert_eq!(told(&data), r#"{"__rt": ["map", [["__rt", ["undefined", "no x"]]]]}"#);
    }

    #[test]
    fn what_json_has_no_form_for_survives_the_way() {
        let mut dict = Dict::new();
        dict.insert(Value::Int(1), Value::Str(Text::trusted("{{ a }}", None)));
        let before = Value::from(vec![Value::Dict(dict)]);
        let text = rustible_protocol::json::dumps(&encode(&before));
        assert_eq!(text, r#"[{"__rt": ["map", [[1, {"__rt": ["trusted", "{{ a }}"]}]]]}]"#);
        let Ok(read) = rustible_protocol::json::read(&text) else { panic!("not JSON: {text}") };
        let after = decode(read);
        assert_eq!(after, before);
        let inner = after.as_list().and_then(|l| l[0].as_dict()).and_then(|d| d.values().next().cloned());
        assert!(inner.is_some_and(|v| v.as_text().is_some_and(Text::is_trusted)));
    }
}
