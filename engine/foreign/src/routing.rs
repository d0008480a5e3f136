//! `meta/runtime.yml` of collections and the like of ansible-core; its `plugin_routing` says where plugins went.

use std::{collections::HashMap, path::Path, sync::Arc};

use rustible_protocol::Value;

/// What a routing table says of a name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Route {
    /// It is called this now.
    Redirect(String),
    /// It is gone; the reason.
    Removed(String),
}

/// The files that were read.
#[derive(Default)]
pub(crate) struct Routes(HashMap<std::path::PathBuf, Arc<Value>>);

impl Routes {
    /// All that a file says, read once; nothing where it cannot be read.
    pub(crate) fn file(&mut self, file: &Path) -> Arc<Value> {
        self.0.entry(file.to_path_buf()).or_insert_with(|| Arc::new(read(file))).clone()
    }

    /// That a plugin will go away: its entry, with `warning_text`, `removal_version` and `removal_date`.
    pub(crate) fn deprecation(&mut self, file: &Path, kind: &str, name: &str) -> Option<Value> {
        self.file(file).get("plugin_routing")?.get(kind)?.get(name)?.get("deprecation").cloned()
    }

    /// What the routing table of that file says of a plugin.
    pub(crate) fn of(&mut self, file: &Path, kind: &str, name: &str) -> Option<Route> {
        let table = self.file(file);
        let entry = table.get("plugin_routing")?.get(kind)?.get(name)?;
        if let Some(target) = entry.get("redirect").and_then(Value::as_str) {
            return Some(Route::Redirect(target.to_string()));
        }
        let text = entry.get("tombstone")?.get("warning_text").and_then(Value::as_str).unwrap_or_default();
        Some(Route::Removed(text.to_string()))
    }
}

fn read(file: &Path) -> Value {
    let Ok(text) = std::fs::read_to_string(file) else { return Value::Null };
    let name = file.display().to_string().into();
    rustible_yaml::parse_single(&name, &text).map(rustible_yaml::Documents::first).unwrap_or_default()
}
