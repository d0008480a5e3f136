//! Secrets of a call in its result.

use std::collections::BTreeSet;

use crate::{Dict, Field, Spec, Value, coerce};

/// What stands for a value that is a secret as a whole.
const WHOLE: &str = "VALUE_SPECIFIED_IN_NO_LOG_PARAMETER";
/// What stands for a secret inside a text.
const PART: &str = "********";

/// The texts that arguments declared as secrets have.
pub(crate) fn secrets(spec: &Spec, args: &Dict) -> BTreeSet<String> {
    let mut all = BTreeSet::new();
    collect(&spec.fields, args, &mut all);
    all
}

fn collect(fields: &[Field], args: &Dict, all: &mut BTreeSet<String>) {
    for field in fields {
        let names = std::iter::once(field.name).chain(field.aliases.iter().copied());
        for value in names.filter_map(|name| args.get(name)) {
            match (&field.options, value) {
                _ if field.no_log => texts(value, all),
                (Some(options), Value::Dict(dict)) => collect(options, dict, all),
                (Some(options), Value::List(items)) => {
                    items.iter().filter_map(Value::as_dict).for_each(|dict| collect(options, dict, all));
                }
                _ => {}
            }
        }
    }
}

fn texts(value: &Value, all: &mut BTreeSet<String>) {
    match value {
        Value::Str(text) if !text.is_empty() => {
            all.insert(text.to_string());
        }
        Value::Int(_) | Value::Float(_) | Value::Big(_) => {
            all.insert(rustible_protocol::repr::str(value));
        }
        Value::List(items) => items.iter().for_each(|item| texts(item, all)),
        Value::Dict(dict) => dict.values().for_each(|item| texts(item, all)),
        _ => {}
    }
}

/// `invocation`: the arguments with secrets left out.
pub(crate) fn invocation(spec: &Spec, args: &Dict) -> Dict {
    let mut shown = Dict::new();
    for (key, value) in args {
        let field = key.as_str().and_then(|key| spec.field(key));
        let secret = field.is_some_and(|f| f.no_log) && !value.is_null();
        shown.insert(key.clone(), if secret { Value::str(WHOLE) } else { value.clone() });
    }
    [("module_args", Value::Dict(shown))].into_iter().collect()
}

/// Take secrets out of a result.
pub(crate) fn mask(result: &mut Dict, secrets: &BTreeSet<String>) {
    // Words for yes and no would make a result unreadable and hide nothing.
    let secrets: Vec<&String> =
        secrets.iter().filter(|s| coerce::boolean(&Value::str(s.as_str())).is_err()).collect();
    if secrets.is_empty() {
        return;
    }
    let keys: Vec<Value> = result.keys().cloned().collect();
    for key in keys {
        if let Some(value) = result.get_value(&key).map(|value| masked(value, &secrets)) {
            result.insert(key, value);
        }
    }
}

fn masked(value: &Value, secrets: &[&String]) -> Value {
    match value {
        Value::Str(text) => {
            if secrets.iter().any(|secret| secret.as_str() == text.as_str()) {
                return Value::str(WHOLE);
            }
            let mut shown = text.to_string();
            for secret in secrets {
                shown = shown.replace(secret.as_str(), PART);
            }
            Value::str(shown)
        }
        Value::List(items) => Value::List(items.iter().map(|item| masked(item, secrets)).collect()),
        Value::Dict(dict) => Value::Dict(dict.iter().map(|(k, v)| (k.clone(), masked(v, secrets))).collect()),
        other => other.clone(),
    }
}
