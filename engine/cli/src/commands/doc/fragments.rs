//! Fragments: documentation that several plugins share.

use std::path::PathBuf;

use rustible_protocol::{Dict, Value};
use rustible_source::Diagnostic;

use super::{
    marks,
    read::{self, Reader},
    source::constant,
};

const KEY: &str = "extends_documentation_fragment";
const CORE: &str = "ansible.builtin";

/// What the documentation refers to, put into it: what it says itself goes before.
///
/// # Errors
/// When a fragment is not there.
pub(super) fn add(reader: &Reader<'_>, doc: &mut Dict, path: &str, module: bool) -> Result<(), Diagnostic> {
    let names: Vec<String> = match doc.remove(KEY) {
        Some(Value::Str(text)) => text.split(',').map(|name| name.trim().to_string()).collect(),
        Some(Value::List(names)) => names.iter().filter_map(Value::as_str).map(str::to_string).collect(),
        _ => return Ok(()),
    };
    let mut unknown = Vec::new();
    for name in names {
        match fragment(reader, &name)? {
            Some((mut fragment, collection)) => {
                marks::doc(&mut fragment, &collection, module);
                merge(doc, fragment);
            }
            None => unknown.push(name),
        }
    }
    if unknown.is_empty() {
        return Ok(());
    }
    let unknown = unknown.join(", ");
    if reader.tree.core_folder("doc_fragments").is_none() {
        (reader.warn)(&format!("{path} refers to documentation that is not installed here: {unknown}"));
        return Ok(());
    }
    Err(Diagnostic::new(format!("unknown doc_fragment(s) in file {path}: {unknown}")))
}

/// The fragment of that name and the collection that it is of.
fn fragment(reader: &Reader<'_>, name: &str) -> Result<Option<(Dict, String)>, Diagnostic> {
    let tree = reader.tree;
    let parts: Vec<&str> = name.split('.').collect();
    let (collection, own) =
        if parts.len() > 2 { (parts[..2].join("."), &parts[2..]) } else { (CORE.to_string(), &parts[..]) };
    let folder = if collection == CORE {
        tree.core_folder("doc_fragments")
    } else {
        tree.collection(&collection).map(|folder| folder.join("plugins/doc_fragments"))
    };
    let Some(folder) = folder else { return Ok(None) };
    let named = |parts: &[&str]| -> Option<PathBuf> { read::file(&folder, &parts.join("/")) };
    let (file, constant_name) = match (named(own), own.split_last()) {
        (Some(file), _) => (file, "DOCUMENTATION".to_string()),
        (None, Some((last, rest))) if !rest.is_empty() => match named(rest) {
            Some(file) => (file, last.to_uppercase()),
            None => return Ok(None),
        },
        _ => return Ok(None),
    };
    let text = std::fs::read_to_string(&file).unwrap_or_default();
    let Some(text) = constant(&text, &constant_name).or_else(|| reader.computed(&file, &constant_name))
    else {
        return Ok(None);
    };
    let read = rustible_yaml::load_plainly(&file.display().to_string().into(), &text)?;
    Ok(Some((read.as_dict().cloned().unwrap_or_default(), collection)))
}

fn merge(doc: &mut Dict, mut fragment: Dict) {
    for key in ["notes", "seealso"] {
        if let Some(Value::List(more)) = fragment.remove(key) {
            let mut all = doc.get(key).and_then(Value::as_list).map(|list| list.to_vec()).unwrap_or_default();
            all.extend(more.iter().cloned());
            doc.insert(key, all);
        }
    }
    for (key, value) in &fragment {
        let Some(name) = key.as_str() else { continue };
        match (doc.get(name), value) {
            (Some(Value::Dict(own)), Value::Dict(shared)) => {
                let merged = over(own, shared, matches!(name, "options" | "attributes"));
                doc.insert(name, merged);
            }
            (Some(Value::List(own)), Value::List(shared)) => {
                let mut all: Vec<&Value> = own.iter().chain(shared.iter()).collect();
                all.sort_by_key(|value| value.as_str());
                all.dedup();
                doc.insert(name, all.into_iter().cloned().collect::<Vec<_>>());
            }
            (None | Some(Value::Null), value) => drop(doc.insert(name, value.clone())),
            _ => {}
        }
    }
}

/// The one over the other; `inner`: their entries as well.
fn over(own: &Dict, shared: &Dict, inner: bool) -> Dict {
    let mut merged = own.clone();
    for (key, value) in shared {
        let value = match (own.get_value(key), value) {
            (Some(Value::Dict(own)), Value::Dict(shared)) if inner => over(own, shared, false).into(),
            (Some(own), _) => own.clone(),
            (None, value) => value.clone(),
        };
        merged.insert(key.clone(), value);
    }
    merged
}
