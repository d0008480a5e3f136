//! Which plugins there are.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
    sync::Arc,
};

use rustible_foreign::Tree;
use rustible_protocol::{Dict, Value};

use super::{page::text_of, read, source::constant};

/// A plugin of a list.
pub(super) struct Listed {
    /// What it does, in a few words.
    pub(super) summary: String,
    /// Its file, where it has one.
    pub(super) path: Option<PathBuf>,
}

/// The plugins in Python by their full names: of these collections, or of all there are.
pub(super) fn foreign(tree: &Tree, kind: &str, wanted: &[String]) -> BTreeMap<String, Listed> {
    let mut found = BTreeMap::new();
    let all = wanted.is_empty();
    if all || wanted.iter().any(|name| name == "ansible.legacy") {
        let folders = if kind == "module" { tree.module_folders() } else { tree.plugin_folders(kind) };
        for folder in folders {
            walk(&folder, "", kind, &mut found);
        }
    }
    if (all || wanted.iter().any(|name| name == "ansible.builtin"))
        && let Some(folder) = tree.core_folder(kind)
    {
        walk(&folder, "ansible.builtin.", kind, &mut found);
    }
    let inner = if kind == "module" { "modules" } else { kind };
    let collections: BTreeMap<String, PathBuf> = if all {
        every(tree)
    } else {
        wanted.iter().filter_map(|name| tree.collection(name).map(|folder| (name.clone(), folder))).collect()
    };
    for (name, folder) in collections {
        walk(&folder.join("plugins").join(inner), &format!("{name}."), kind, &mut found);
    }
    found
}

/// All collections, those that come first before others of their name.
fn every(tree: &Tree) -> BTreeMap<String, PathBuf> {
    let mut found = BTreeMap::new();
    for root in tree.collection_roots().into_iter().chain(tree.package_roots()) {
        let root =
            if root.ends_with("ansible_collections") { root } else { root.join("ansible_collections") };
        for namespace in entries(&root) {
            for folder in entries(&namespace).into_iter().filter(|folder| folder.is_dir()) {
                if let (Some(space), Some(name)) = (word(&namespace), word(&folder)) {
                    found.entry(format!("{space}.{name}")).or_insert(folder);
                }
            }
        }
    }
    found
}

fn entries(folder: &Path) -> Vec<PathBuf> {
    let mut all: Vec<PathBuf> =
        std::fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path()).collect();
    all.sort();
    all
}

fn word(path: &Path) -> Option<&str> {
    path.file_stem()?.to_str().filter(|name| name.chars().all(|c| c.is_alphanumeric() || c == '_'))
}

fn walk(folder: &Path, prefix: &str, kind: &str, found: &mut BTreeMap<String, Listed>) {
    for path in entries(folder) {
        let Some(name) = word(&path).filter(|name| !name.starts_with("__")) else { continue };
        if path.is_dir() {
            let inner = if prefix.is_empty() { String::new() } else { format!("{prefix}{name}.") };
            walk(&path, &inner, kind, found);
            continue;
        }
        let end = path.extension().and_then(|end| end.to_str());
        let plugin = match end {
            Some("py") => !matches!(kind, "filter" | "test") || summary(&path).is_some(),
            Some("yml" | "yaml") => matches!(kind, "filter" | "test"),
            Some("ps1") | None => kind == "module",
            Some(_) => false,
        };
        let full = format!("{prefix}{}", name.trim_start_matches('_'));
        if plugin && !found.contains_key(&full) {
            let summary = beside(&path).unwrap_or_else(|| "UNDOCUMENTED".to_string());
            found.insert(full, Listed { summary, path: Some(path) });
        }
    }
}

fn beside(path: &Path) -> Option<String> {
    let others = ["py", "yml", "yaml"].map(|end| path.with_extension(end));
    std::iter::once(path.to_path_buf()).chain(others).find_map(|file| summary(&file))
}

/// The short description in a file, without a look at the rest of its documentation.
fn summary(path: &Path) -> Option<String> {
    let text = std::fs::read_to_string(path).ok()?;
    if path.extension().is_some_and(|end| end == "yml" || end == "yaml") {
        let written = read::written(path).ok()??;
        return written.doc.get("short_description").map(text_of);
    }
    let doc = constant(&text, "DOCUMENTATION")?;
    let mut lines = doc.lines().skip_while(|line| !line.trim_start().starts_with("short_description:"));
    let first = lines.next()?;
    let indent = first.len() - first.trim_start().len();
    let inner = |line: &&str| line.trim().is_empty() || line.len() - line.trim_start().len() > indent;
    let entry: Vec<&str> = std::iter::once(first).chain(lines.take_while(inner)).collect();
    let name: Arc<str> = path.display().to_string().into();
    rustible_yaml::load_plainly(&name, &entry.join("\n")).ok()?.get("short_description").map(text_of)
}

/// The list as it is shown.
pub(super) fn shown(all: &BTreeMap<String, Listed>, columns: usize, files: bool) -> String {
    let width = all.keys().map(|name| name.chars().count()).max().unwrap_or_default();
    let room = columns.saturating_sub(width + 5);
    let line = |(name, listed): (&String, &Listed)| {
        if files {
            let path =
                listed.path.as_ref().map_or_else(|| "None".to_string(), |path| path.display().to_string());
            return format!("{name:width$} {path}\n");
        }
        let summary = &listed.summary;
        if summary.chars().count() > room {
            let summary: String = summary.chars().take(room).collect();
            return format!("{name:width$} {summary}...\n");
        }
        format!("{name:width$} {summary:room$}\n")
    };
    all.iter().map(line).collect()
}

/// The list as JSON has it.
pub(super) fn json(all: &BTreeMap<String, Listed>, files: bool) -> Dict {
    let value = |listed: &Listed| match (&listed.path, files) {
        (Some(path), true) => Value::from(path),
        (None, true) => Value::Null,
        _ => Value::from(listed.summary.as_str()),
    };
    all.iter().map(|(name, listed)| (name.as_str(), value(listed))).collect()
}
