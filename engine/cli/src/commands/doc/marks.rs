//! Versions in documentation and the collection whose versions they are.

use rustible_protocol::{Dict, List, Value};

fn change(dict: &mut Dict, key: &str, with: impl FnOnce(&mut Dict)) {
    if let Some(Value::Dict(inner)) = dict.get(key) {
        let mut inner = inner.clone();
        with(&mut inner);
        dict.insert(key, inner);
    }
}

fn each(dict: &mut Dict, with: impl Fn(&mut Dict)) {
    let keys: Vec<String> = dict.texts().map(|(key, _)| key.to_string()).collect();
    for key in keys {
        change(dict, &key, &with);
    }
}

fn added(dict: &mut Dict, collection: &str) {
    if dict.contains_key("version_added") && !dict.contains_key("version_added_collection") {
        dict.insert("version_added_collection", collection);
    }
}

/// Mark the versions of a plugin's documentation.
pub(super) fn doc(doc: &mut Dict, collection: &str, module: bool) {
    added(doc, collection);
    change(doc, "deprecated", |deprecated| {
        if !deprecated.contains_key("removed_from_collection") {
            deprecated.insert("removed_from_collection", collection);
        }
    });
    change(doc, "options", |all| options(all, collection, module));
    change(doc, "attributes", |all| each(all, |attribute| added(attribute, collection)));
}

fn deprecated(dict: &mut Dict, collection: &str) {
    change(dict, "deprecated", |deprecated| {
        if !deprecated.contains_key("collection_name") {
            deprecated.insert("collection_name", collection);
        }
    });
}

fn options(all: &mut Dict, collection: &str, module: bool) {
    each(all, |option| {
        added(option, collection);
        change(option, "suboptions", |inner| options(inner, collection, module));
        if module {
            return;
        }
        deprecated(option, collection);
        for key in ["cli", "env", "ini", "vars", "keyword"] {
            let Some(Value::List(places)) = option.get(key) else { continue };
            let marked = places.iter().map(|place| match place {
                Value::Dict(place) => {
                    let mut place = place.clone();
                    added(&mut place, collection);
                    deprecated(&mut place, collection);
                    Value::Dict(place)
                }
                other => other.clone(),
            });
            let marked: List = marked.collect();
            option.insert(key, Value::List(marked));
        }
    });
}

/// Mark the versions of what is returned.
pub(super) fn returns(returns: &mut Value, collection: &str) {
    if let Value::Dict(all) = returns {
        each(all, |value| {
            added(value, collection);
            if let Some(inner) = value.get("contains").cloned() {
                let mut inner = inner;
                self::returns(&mut inner, collection);
                value.insert("contains", inner);
            }
        });
    }
}
