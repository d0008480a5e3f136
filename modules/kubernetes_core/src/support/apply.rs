//! `apply` on the client's side: the last applied configuration, the wanted one and the live one make a patch.

use rustible_sdk::{Dict, List, Value, json};

use super::compare::merge_key;

/// Where the last applied configuration is kept.
pub(crate) const LAST_APPLIED: &str = "kubectl.kubernetes.io/last-applied-configuration";

/// The wanted object with itself as an annotation.
pub(crate) fn annotated(wanted: &Dict) -> Dict {
    let mut bare = wanted.clone();
    let mut metadata = bare.get("metadata").and_then(Value::as_dict).cloned().unwrap_or_default();
    let mut annotations = metadata.get("annotations").and_then(Value::as_dict).cloned().unwrap_or_default();
    if annotations.remove(LAST_APPLIED).is_some() {
        metadata.insert("annotations", annotations.clone());
        bare.insert("metadata", metadata.clone());
    }
    let style = json::Style { sort_keys: true, ascii: true, tight: true, ..json::Style::default() };
    annotations.insert(LAST_APPLIED, json::write(&Value::Dict(bare.clone()), style));
    metadata.insert("annotations", annotations);
    bare.insert("metadata", metadata);
    bare
}

/// The merge patch that brings the live object to the wanted one; empty when there is nothing to do.
pub(crate) fn patch(live: &Dict, wanted: &Dict, kind: &str) -> Dict {
    let annotations = live.get("metadata").and_then(|m| m.get("annotations"));
    let last = annotations.and_then(|a| a.get(LAST_APPLIED)).and_then(Value::as_str);
    let last = last.and_then(|text| json::read(text).ok()).and_then(|value| value.as_dict().cloned());
    let wanted_now = annotated(wanted);
    let Some(last) = last else { return wanted_now };
    let mut patch = merged(&last, wanted, live, kind);
    let note = |object: &Dict| {
        let annotations = object.get("metadata").and_then(|m| m.get("annotations"));
        annotations.and_then(|a| a.get(LAST_APPLIED)).cloned()
    };
    if !patch.is_empty() || note(&wanted_now) != note(live) {
        let mut metadata = patch.get("metadata").and_then(Value::as_dict).cloned().unwrap_or_default();
        let mut annotations =
            metadata.get("annotations").and_then(Value::as_dict).cloned().unwrap_or_default();
        annotations.insert(LAST_APPLIED, note(&wanted_now).unwrap_or_default());
        metadata.insert("annotations", annotations);
        patch.insert("metadata", metadata);
    }
    patch
}

/// Deletions (applied last, not wanted now) and differences (wanted, live otherwise).
fn merged(last: &Dict, wanted: &Dict, live: &Dict, kind: &str) -> Dict {
    let mut patch = Dict::new();
    for key in last.keys().filter(|key| wanted.get_value(key).is_none() && live.get_value(key).is_some()) {
        patch.insert(key.clone(), Value::Null);
    }
    for (key, want) in wanted {
        let have = live.get_value(key);
        match (want, have) {
            (Value::Dict(want), Some(Value::Dict(have))) => {
                let old = last.get_value(key).and_then(Value::as_dict).cloned().unwrap_or_default();
                let inner = merged(&old, want, have, kind);
                if !inner.is_empty() {
                    patch.insert(key.clone(), inner);
                }
            }
            (Value::List(want), Some(Value::List(have))) => {
                let old = last.get_value(key).and_then(Value::as_list).cloned().unwrap_or_default();
                let list = list(&old, want, have, kind, key.as_str().unwrap_or_default());
                if list != *have {
                    patch.insert(key.clone(), list);
                }
            }
            (want, Some(have)) if want == have => {}
            (Value::Null, None) => {}
            _ => {
                patch.insert(key.clone(), want.clone());
            }
        }
    }
    patch
}

/// A merge patch replaces lists: items with a key keep what the server or others added to them.
fn list(last: &List, wanted: &List, live: &List, kind: &str, field: &str) -> List {
    let Some(by) = merge_key(kind, field) else { return wanted.clone() };
    let find = |list: &List, id: &Value| {
        list.iter().find(|item| item.get(by) == Some(id)).and_then(Value::as_dict).cloned()
    };
    let mut out: Vec<Value> = Vec::new();
    for item in wanted {
        let found = item.get(by).and_then(|id| Some((item.as_dict()?, find(live, id)?, id)));
        let Some((want, have, id)) = found else {
            out.push(item.clone());
            continue;
        };
        let delta = merged(&find(last, id).unwrap_or_default(), want, &have, kind);
        out.push(Value::Dict(put(&have, &delta)));
    }
    // What others added stays; what was applied before and is not wanted goes.
    for item in live {
        let Some(id) = item.get(by) else { continue };
        let listed = |list: &List| list.iter().any(|other| other.get(by) == Some(id));
        if !listed(wanted) && !listed(last) {
            out.push(item.clone());
        }
    }
    List::from(out)
}

/// An object with a merge patch put in.
fn put(object: &Dict, patch: &Dict) -> Dict {
    let mut object = object.clone();
    for (key, value) in patch {
        match (value, object.get_value(key)) {
            (Value::Null, _) => drop(object.make_mut().shift_remove(key)),
            (Value::Dict(inner), Some(Value::Dict(old))) => {
                let new = put(old, inner);
                object.insert(key.clone(), new);
            }
            _ => drop(object.insert(key.clone(), value.clone())),
        }
    }
    object
}

#[cfg(test)]
mod tests {
    use super::*;

    fn dict_of(text: &str) -> Dict {
        json::read(text).unwrap().as_dict().unwrap().clone()
    }

    #[test]
    fn what_was_applied_and_is_no_longer_wanted_is_removed_and_foreign_fields_stay() {
        let first = dict_of(r#"{"metadata": {"name": "a"}, "data": {"x": "1", "y": "2"}}"#);
        let mut live = annotated(&first);
        live.insert("data", dict_of(r#"{"x": "1", "y": "2", "foreign": "3"}"#));
        assert!(patch(&live, &first, "ConfigMap").is_empty());
        let second = dict_of(r#"{"metadata": {"name": "a"}, "data": {"x": "5"}}"#);
        let sent = patch(&live, &second, "ConfigMap");
        assert_eq!(json::dumps(sent.get("data").unwrap()), r#"{"y": null, "x": "5"}"#);
        assert!(sent.get("metadata").is_some());
    }

    #[test]
    fn items_of_keyed_lists_are_merged() {
        let first = dict_of(r#"{"spec": {"containers": [{"name": "a", "image": "1"}, {"name": "gone"}]}}"#);
        let mut live = annotated(&first);
        live.insert(
            "spec",
            dict_of(r#"{"containers": [{"name": "a", "image": "1", "pull": "x"}, {"name": "gone"}, {"name": "sidecar"}]}"#),
        );
        let second = dict_of(r#"{"spec": {"containers": [{"name": "a", "image": "2"}]}}"#);
        let sent = patch(&live, &second, "Pod");
        assert_eq!(
            json::dumps(sent.get("spec").unwrap()),
            r#"{"containers": [{"name": "a", "image": "2", "pull": "x"}, {"name": "sidecar"}]}"#
        );
    }
}
