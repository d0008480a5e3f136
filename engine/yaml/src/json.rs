//! JSON in the place of YAML: read by JSON's rules, with positions borrowed from the YAML reading of the same text.

use std::sync::Arc;

use rustible_protocol::{Dict, List, Origin, Text, Value};

/// The data of a text that is one JSON object, list or string; `None` when it is none.
pub(crate) fn read(text: &str) -> Option<Value> {
    text.trim_start().starts_with(['{', '[', '"']).then(|| rustible_protocol::json::read(text).ok()).flatten()
}

/// The data as the author's own: trusted, with the positions that `places` (the same data read as YAML) has.
pub(crate) fn place(data: Value, places: &Value, file: &Arc<str>) -> Value {
    let origin = || places.origin().cloned().or_else(|| Some(Origin::new(file, 0, 0)));
    match data {
        Value::Str(text) => Value::Str(Text::trusted(text.shared().clone(), origin())),
        Value::List(list) => {
            let none = List::default();
            let written = places.as_list().unwrap_or(&none);
            let at = |i: usize| written.get(i).unwrap_or(&Value::Null);
            let items = list.iter().enumerate().map(|(i, item)| place(item.clone(), at(i), file));
            Value::List(items.collect::<List>().with_origin(origin()))
        }
        Value::Dict(dict) => {
            if let Some(special) = special(&dict, origin()) {
                return special;
            }
            let none = Dict::default();
            let written = places.as_dict().unwrap_or(&none);
            let entries = dict.iter().map(|(key, value)| {
                let (name, at) = key
                    .as_str()
                    .and_then(|k| written.get_key_value(k))
                    .unwrap_or((&Value::Null, &Value::Null));
                (place(key.clone(), name, file), place(value.clone(), at, file))
            });
            Value::Dict(entries.collect::<Dict>().with_origin(origin()))
        }
        other => other,
    }
}

/// What the reference writes into JSON for encrypted and for untrusted text.
fn special(dict: &Dict, origin: Option<Arc<Origin>>) -> Option<Value> {
    if let Some(envelope) = dict.get("__ansible_vault").and_then(Value::as_text) {
        return Some(Value::Vaulted(Text::trusted(envelope.shared().clone(), origin)));
    }
    let text = dict.get("__ansible_unsafe").and_then(Value::as_text)?;
    Some(Value::Str(Text::untrusted(text.shared().clone()).with_origin(origin)))
}
