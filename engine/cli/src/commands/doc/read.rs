//! Documentation of plugins in Python: in their source or in a file beside it, with the fragments that it refers to.

use std::{
    path::{Path, PathBuf},
    sync::Arc,
};

use rustible_foreign::{Lookup, Tree};
use rustible_plugins::{Helper, common};
use rustible_protocol::{Dict, Value};
use rustible_source::Diagnostic;

use super::{fragments, marks, source::constant};

/// Where a plugin's documentation may stand.
pub(super) struct Plugin {
    /// As the reference shows it.
    pub(super) name: String,
    /// Empty for one that belongs to no collection.
    pub(super) collection: String,
    /// The file of the plugin, or the one with its documentation.
    pub(super) path: PathBuf,
}

const CORE: &str = "ansible.builtin";
const MOVES: usize = 10;

/// The plugin of that name.
pub(super) fn find(tree: &Tree, kind: &str, name: &str) -> Option<Plugin> {
    let short = name.strip_prefix("ansible.legacy.").or_else(|| (!name.contains('.')).then_some(name));
    if let Some(short) = short
        && let Some(path) = beside(tree, kind, short)
    {
        return Some(Plugin { name: short.to_string(), collection: String::new(), path });
    }
    let mut full = short.map_or_else(|| name.to_string(), |short| format!("{CORE}.{short}"));
    for _ in 0..MOVES {
        match tree.find(&full) {
            Lookup::Moved(to) if kind == "module" => full = to,
            _ => break,
        }
    }
    let (namespace, rest) = full.split_once('.')?;
    let (collection, own) = rest.split_once('.')?;
    let collection = format!("{namespace}.{collection}");
    let folder = if collection == CORE {
        tree.core_folder(kind)?
    } else {
        let folder = if kind == "module" { "modules" } else { kind };
        tree.collection(&collection)?.join("plugins").join(folder)
    };
    let path = file(&folder, &own.replace('.', "/"))?;
    Some(Plugin { name: full, collection, path })
}

fn beside(tree: &Tree, kind: &str, name: &str) -> Option<PathBuf> {
    if kind == "module" {
        return tree.module_file(&format!("ansible.legacy.{name}"));
    }
    tree.plugin_folders(kind).iter().find_map(|folder| file(folder, name))
}

/// The file of a plugin in a folder.
pub(super) fn file(folder: &Path, name: &str) -> Option<PathBuf> {
    let ends = [".py", ".ps1", ".yml", ".yaml", ""];
    let mut files = ends.iter().map(|end| folder.join(format!("{name}{end}")));
    files.find(|path| path.is_file())
}

/// What is written of a plugin.
#[derive(Default)]
pub(super) struct Written {
    pub(super) doc: Dict,
    pub(super) examples: Value,
    pub(super) returns: Value,
    /// `ANSIBLE_METADATA`, where a source has it.
    metadata: Value,
    /// The file.
    path: PathBuf,
}

/// The documentation as it is written, without what it refers to; nothing where there is none.
///
/// # Errors
/// When it is no YAML.
pub(super) fn written(path: &Path) -> Result<Option<Written>, Diagnostic> {
    let beside = ["py", "yml", "yaml"].map(|end| path.with_extension(end));
    let mut files = std::iter::once(path.to_path_buf()).chain(beside.into_iter().filter(|file| file != path));
    let read = |file: PathBuf| {
        of_file(&file).transpose().map(|found| found.map(|found| Written { path: file, ..found }))
    };
    files.find_map(read).transpose()
}

fn of_file(path: &Path) -> Result<Option<Written>, Diagnostic> {
    // Lines of a source end as Python has it.
    let Ok(text) = std::fs::read(path).map(|bytes| String::from_utf8_lossy(&bytes).replace("\r\n", "\n"))
    else {
        return Ok(None);
    };
    let name: Arc<str> = path.display().to_string().into();
    if path.extension().is_some_and(|end| end == "yml" || end == "yaml") {
        let all = rustible_yaml::load_plainly(&name, &text)?;
        let of = |key: &str| all.get(key).cloned().unwrap_or_default();
        let doc = of("DOCUMENTATION").as_dict().cloned();
        return Ok(doc.map(|doc| Written {
            doc,
            examples: of("EXAMPLES"),
            returns: of("RETURN"),
            ..Written::default()
        }));
    }
    let Some(doc) = constant(&text, "DOCUMENTATION") else { return Ok(None) };
    let doc = rustible_yaml::load_plainly(&name, &doc)?.as_dict().cloned();
    let returns = constant(&text, "RETURN").map(|text| rustible_yaml::load_plainly(&name, &text));
    let examples = constant(&text, "EXAMPLES").map(Value::from);
    let returns = returns.transpose()?.unwrap_or_default();
    // A mapping of Python's that holds texts alone is one of YAML's as well.
    let metadata = text.split_once("\nANSIBLE_METADATA = {").and_then(|(_, rest)| rest.split_once('}'));
    let metadata = metadata.map(|(inner, _)| rustible_yaml::load_plainly(&name, &format!("{{{inner}}}")));
    let metadata = metadata.and_then(Result::ok).unwrap_or_default();
    let examples = examples.unwrap_or_default();
    Ok(doc.map(|doc| Written { doc, examples, returns, metadata, ..Written::default() }))
}

/// What documentation is read with.
pub(super) struct Reader<'a> {
    pub(super) tree: &'a Tree,
    /// Runs Python, for texts that are made when the code runs.
    pub(super) helper: &'a Arc<Helper>,
    pub(super) warn: &'a dyn Fn(&str),
}

impl Reader<'_> {
    /// A fragment's text that stands nowhere, but is made by its code.
    pub(super) fn computed(&self, file: &Path, name: &str) -> Option<String> {
        let with = [Value::from(file), Value::str(name)];
        let told = self.helper.call("fragment", &with, &mut |what, with| common(what, &with)).ok()?;
        told.as_str().map(str::to_string)
    }
}

fn whole(path: &Path) -> String {
    let path = std::path::absolute(path).unwrap_or_else(|_| path.to_path_buf());
    rustible_source::normal(&path).display().to_string()
}

/// A plugin's documentation in the form of `--json`.
///
/// # Errors
/// When there is none or it cannot be read.
pub(super) fn described(reader: &Reader<'_>, kind: &str, plugin: &Plugin) -> Result<Value, Diagnostic> {
    let found = written(&plugin.path)?;
    let mut found = found.ok_or_else(|| {
        let (name, path) = (&plugin.name, whole(&plugin.path));
        Diagnostic::new(format!("No documentation available for {kind} plugin '{name}' in '{path}'."))
    })?;
    marks::doc(&mut found.doc, &plugin.collection, kind == "module");
    marks::returns(&mut found.returns, &plugin.collection);
    let path = whole(&found.path);
    fragments::add(reader, &mut found.doc, &path, kind == "module")?;
    let mut doc = found.doc;
    doc.insert("collection", plugin.collection.as_str());
    doc.insert("filename", path);
    doc.insert("plugin_name", plugin.name.as_str());
    if kind == "module" {
        let full = if plugin.collection.is_empty() {
            format!("ansible.legacy.{}", plugin.name)
        } else {
            plugin.name.clone()
        };
        doc.insert("has_action", reader.tree.action(&full).is_some());
    }
    let mut out = Dict::new();
    out.insert("doc", doc);
    out.insert("examples", found.examples);
    out.insert("metadata", found.metadata);
    out.insert("return", found.returns);
    Ok(out.into())
}
