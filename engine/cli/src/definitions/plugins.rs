//! The options of plugins: of rustible's own from a table, of the user's from their documentation.

use std::{
    path::PathBuf,
    sync::{Arc, OnceLock},
};

use rustible_foreign::{PluginFile, Tree};
use rustible_plugins::{Helper, common};
use rustible_protocol::{Dict, Value};

/// The kinds of plugins that have options.
pub(crate) const KINDS: [&str; 11] = [
    "become",
    "cache",
    "callback",
    "cliconf",
    "connection",
    "httpapi",
    "inventory",
    "lookup",
    "netconf",
    "shell",
    "vars",
];

/// Where plugins are found.
#[derive(Clone)]
pub(crate) struct Plugins {
    /// The user's.
    pub(crate) tree: Arc<Tree>,
    /// What reads them.
    pub(crate) helper: Arc<Helper>,
}

fn native(kind: &str) -> Option<&'static Dict> {
    static TABLE: OnceLock<Dict> = OnceLock::new();
    TABLE.get_or_init(|| super::table(include_str!("plugins.json"))).get(kind).and_then(Value::as_dict)
}

impl Plugins {
    /// The options of a plugin by name; `None` when there is no such plugin.
    ///
    /// # Errors
    /// Why its documentation cannot be read.
    pub(crate) fn options(&self, kind: &str, name: &str) -> Result<Option<Dict>, String> {
        if let Some(file) = self.tree.plugin_files(kind, name, false).first() {
            return self.documented(kind, name, file).map(Some);
        }
        let short = name.strip_prefix("ansible.builtin.").or_else(|| name.strip_prefix("ansible.legacy."));
        let options = native(kind).and_then(|table| table.get(short.unwrap_or(name)));
        Ok(options.and_then(Value::as_dict).cloned())
    }

    fn documented(&self, kind: &str, name: &str, file: &PluginFile) -> Result<Dict, String> {
        let full = file.full.as_deref().map(Value::str).into();
        let roots: Vec<Value> = self.tree.collection_roots().iter().map(Value::from).collect();
        let with = [Value::str(kind), Value::str(name), Value::from(&file.path), full, roots.into()];
        let told = self.helper.call("options", &with, &mut |what, with| common(what, &with));
        match told {
            Ok(Value::Dict(options)) => Ok(options),
            Ok(_) => Ok(Dict::new()),
            Err(failed) => Err(failed.summary()),
        }
    }

    /// The names of all plugins of a kind: the user's, then the others.
    pub(crate) fn names(&self, kind: &str) -> Vec<String> {
        let mut names: Vec<String> = Vec::new();
        for folder in self.tree.plugin_folders(kind) {
            let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
            let mut files: Vec<PathBuf> = entries.map(|entry| entry.path()).collect();
            files.sort();
            for file in files.into_iter().filter(|file| file.extension().is_some_and(|end| end == "py")) {
                let name = file.file_stem().unwrap_or_default().to_string_lossy().into_owned();
                if name != "__init__" && !names.contains(&name) {
                    names.push(name);
                }
            }
        }
        let own = native(kind).into_iter().flat_map(Dict::keys).filter_map(Value::as_str);
        for name in own {
            if !names.iter().any(|known| known == name) {
                names.push(name.to_string());
            }
        }
        names
    }
}
