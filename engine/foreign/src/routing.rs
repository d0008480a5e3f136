//! Where collections say that their plugins went: `plugin_routing` of `meta/runtime.yml`.

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

/// The routing tables that were read.
#[derive(Default)]
pub(crate) struct Routes(HashMap<std::path::PathBuf, Arc<Value>>);

impl Routes {
    /// What the table in that file says of a plugin.
    pub(crate) fn of(&mut self, file: &Path, kind: &str, name: &str) -> Option<Route> {
        let table = match self.0.get(file) {
            Some(table) => table.clone(),
            None => {
                let table = Arc::new(read(file));
                self.0.insert(file.to_path_buf(), table.clone());
                table
            }
        };
        let entry = table.get(kind)?.get(name)?;
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
    let Ok(documents) = rustible_yaml::parse_single(&name, &text) else { return Value::Null };
    documents.first().get("plugin_routing").cloned().unwrap_or(Value::Null)
}
