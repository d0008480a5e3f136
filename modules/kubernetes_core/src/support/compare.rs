//! Objects held against each other: is everything wanted there already, and what differs.

use rustible_sdk::{Dict, List, Value};

/// By which key the items of a list are told apart, for lists that are merged and not replaced.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Merge {
    /// Lists are replaced as a whole.
    Plain,
    /// Lists of the built-in kinds are merged by their keys.
    Strategic,
}

/// The key of a list, by the name it is under and the kind it is in.
pub(crate) fn merge_key(kind: &str, field: &str) -> Option<&'static str> {
    match (kind, field) {
        (
            _,
            "containers" | "initContainers" | "ephemeralContainers" | "volumes" | "imagePullSecrets" | "env",
        ) => Some("name"),
        ("Service", "ports") => Some("port"),
        (_, "ports") => Some("containerPort"),
        (_, "volumeMounts") => Some("mountPath"),
        (_, "volumeDevices") => Some("devicePath"),
        ("ServiceAccount", "secrets") => Some("name"),
        ("ValidatingWebhookConfiguration" | "MutatingWebhookConfiguration", "webhooks") => Some("name"),
        _ => None,
    }
}

/// Whether a patch with `wanted` would leave `existing` as it is. "No" can be wrong (a server knows that `1000m` is
/// `1`), "yes" is not.
pub(crate) fn has(existing: &Dict, wanted: &Dict, kind: &str, merge: Merge) -> bool {
    wanted.iter().all(|(key, wanted)| match (existing.get_value(key), wanted) {
        (None, wanted) => wanted.is_null(),
        (Some(Value::Dict(existing)), Value::Dict(wanted)) => has(existing, wanted, kind, merge),
        (Some(Value::List(existing)), Value::List(wanted)) => {
            let by = merge_key(kind, key.as_str().unwrap_or_default()).filter(|_| merge == Merge::Strategic);
            by.map_or(existing == wanted, |by| has_items(existing, wanted, by, kind))
        }
        (Some(existing), wanted) => same(existing, wanted),
    })
}

fn has_items(existing: &List, wanted: &List, by: &str, kind: &str) -> bool {
    wanted.iter().all(|item| {
        let Some(wanted) = item.as_dict() else { return false };
        let id = wanted.get(by);
        let found = existing.iter().find(|e| id.is_some() && e.get(by) == id).and_then(Value::as_dict);
        // A list that patches another one's items can also say how (`$patch`): that is for the server.
        found.is_some_and(|found| has(found, wanted, kind, Merge::Strategic))
    })
}

/// Equal and of one type: `true` is not `1` to a server.
fn same(a: &Value, b: &Value) -> bool {
    matches!(a, Value::Bool(_)) == matches!(b, Value::Bool(_)) && a == b
}

/// Only what differs of two objects; nothing when they are the same.
pub(crate) fn differences(before: &Dict, after: &Dict) -> Option<(Dict, Dict)> {
    let (mut left, mut right) = (Dict::new(), Dict::new());
    for (key, old) in before {
        match after.get_value(key) {
            None => {
                left.insert(key.clone(), old.clone());
            }
            Some(new) if same(old, new) => {}
            Some(new) => {
                let inner = match (old, new) {
                    (Value::Dict(old), Value::Dict(new)) => {
                        differences(old, new).map(|(old, new)| (Value::Dict(old), Value::Dict(new)))
                    }
                    _ => Some((old.clone(), new.clone())),
                };
                if let Some((old, new)) = inner {
                    left.insert(key.clone(), old);
                    right.insert(key.clone(), new);
                }
            }
        }
    }
    for (key, new) in after {
        if before.get_value(key).is_none() {
            right.insert(key.clone(), new.clone());
        }
    }
    (!left.is_empty() || !right.is_empty()).then_some((left, right))
}

/// What changed of an object, the server's own bookkeeping left out.
pub(crate) fn changes(before: &Dict, after: &Dict) -> Option<(Dict, Dict)> {
    differences(&bare(before), &bare(after))
}

fn bare(object: &Dict) -> Dict {
    let mut object = object.clone();
    if let Some(Value::Dict(metadata)) = object.get("metadata").cloned() {
        let mut metadata = metadata;
        for key in ["generation", "resourceVersion", "managedFields"] {
            metadata.remove(key);
        }
        object.insert("metadata", metadata);
    }
    object
}

/// A Secret without what it keeps secret.
pub(crate) fn masked(object: &Dict, is_secret: bool) -> Dict {
    let mut object = object.clone();
    for part in ["data", "stringData"] {
        if let Some(Value::Dict(data)) = object.get(part).filter(|_| is_secret).cloned() {
            let hide = |value: &Value| format!("<redacted, {} bytes>", value.as_str().map_or(0, str::len));
            let hidden: Dict =
                data.iter().map(|(key, value)| (key.clone(), Value::from(hide(value)))).collect();
            object.insert(part, hidden);
        }
    }
    object
}

/// An object without the fields at some paths (`metadata.managedFields`, `spec.containers[0].env`).
pub(crate) fn without(object: &Dict, paths: &[String]) -> Dict {
    let mut value = Value::Dict(object.clone());
    for path in paths {
        let steps: Vec<&str> = path.split(['.', '[', ']']).filter(|step| !step.is_empty()).collect();
        value = drop_at(&value, &steps);
    }
    value.as_dict().cloned().unwrap_or_default()
}

fn drop_at(value: &Value, steps: &[&str]) -> Value {
    let Some((step, rest)) = steps.split_first() else { return value.clone() };
    match value {
        // Keys may have dots themselves: the longest one that is there is meant.
        Value::Dict(dict) => {
            for length in (1..=steps.len()).rev() {
                let (name, rest) = (steps.get(..length).unwrap_or_default().join("."), steps.get(length..));
                let Some(inner) = dict.get(&name) else { continue };
                let mut dict = dict.clone();
                match rest.filter(|rest| !rest.is_empty()) {
                    None => drop(dict.remove(&name)),
                    Some(rest) => drop(dict.insert(name, drop_at(inner, rest))),
                }
                return Value::Dict(dict);
            }
            value.clone()
        }
        Value::List(list) => match step.parse::<usize>() {
            Ok(at) if at < list.len() => {
                let mut list = list.clone();
                if rest.is_empty() {
                    list.make_mut().remove(at);
                } else if let Some(item) = list.make_mut().get_mut(at) {
                    *item = drop_at(item, rest);
                }
                Value::List(list)
            }
            _ => value.clone(),
        },
        _ => value.clone(),
    }
}

#[cfg(test)]
mod tests {
    use rustible_sdk::json;

    use super::*;

    fn dict(text: &str) -> Dict {
        json::read(text).unwrap().as_dict().unwrap().clone()
    }

    #[test]
    fn what_the_server_added_does_not_matter_and_what_is_missing_does() {
        let live = dict(
            r#"{"metadata": {"name": "a", "uid": "1", "labels": {"x": "1"}},
                "spec": {"containers": [{"name": "c", "image": "i", "pull": "Always"}], "rules": [{"a": 1, "b": 2}]}}"#,
        );
        let has = |text: &str, merge| has(&live, &dict(text), "Deployment", merge);
        assert!(has(r#"{"spec": {"containers": [{"name": "c", "image": "i"}]}}"#, Merge::Strategic));
        assert!(!has(r#"{"spec": {"containers": [{"name": "c", "image": "i"}]}}"#, Merge::Plain));
        assert!(!has(r#"{"spec": {"rules": [{"a": 1}]}}"#, Merge::Strategic));
        assert!(has(r#"{"metadata": {"labels": {"y": null}}}"#, Merge::Plain));
        assert!(!has(r#"{"metadata": {"labels": {"x": null}}}"#, Merge::Plain));
        assert!(!has(r#"{"spec": {"containers": [{"name": "d", "image": "i"}]}}"#, Merge::Strategic));
    }

    #[test]
    fn bookkeeping_is_no_change() {
        let before =
            dict(r#"{"metadata": {"resourceVersion": "1", "name": "a"}, "data": {"k": "v", "l": "w"}}"#);
        let same = dict(
            r#"{"metadata": {"resourceVersion": "2", "generation": 3, "name": "a"}, "data": {"k": "v", "l": "w"}}"#,
        );
        assert_eq!(changes(&before, &same), None);
        let other = dict(r#"{"metadata": {"name": "a"}, "data": {"k": "x"}}"#);
        let (left, right) = changes(&before, &other).unwrap();
        assert_eq!(json::dumps(&Value::Dict(left)), r#"{"data": {"k": "v", "l": "w"}}"#);
        assert_eq!(json::dumps(&Value::Dict(right)), r#"{"data": {"k": "x"}}"#);
    }

    #[test]
    fn hidden_fields_go_by_path() {
        let object = dict(r#"{"a": {"b.c/d": 1, "e": [1, {"f": 2}]}}"#);
        let left = without(&object, &["a.b.c/d".into(), "a.e[1].f".into(), "nope".into()]);
        assert_eq!(json::dumps(&Value::Dict(left)), r#"{"a": {"e": [1, {}]}}"#);
    }
}
