//! `--extra-vars`: `k=v` words, YAML or JSON text, `@FILE`.

use std::{path::Path, sync::Arc};

use rustible_executor::FileVault;
use rustible_protocol::{Dict, Text, Value};
use rustible_source::Diagnostic;

/// All of them, later ones winning; with `merge` their mappings are merged.
pub(super) fn vars(given: &[String], vault: &Arc<FileVault>, merge: bool) -> Result<Dict, Diagnostic> {
    let mut all = Dict::new();
    for text in given {
        let text = text.trim();
        if text.is_empty() {
            continue;
        }
        let value = if let Some(file) = text.strip_prefix('@') {
            let path = Path::new(file);
            let bytes = std::fs::read(path).map_err(|_| {
                Diagnostic::new(format!(
                    "Unable to retrieve file contents. Could not find or access '{file}' on the Ansible Controller."
                ))
            })?;
            let text = String::from_utf8(vault(path, bytes)?)
                .map_err(|_| Diagnostic::new(format!("{file} is not UTF-8 text")))?;
            rustible_yaml::load(&file.into(), &text)?
        } else if text.starts_with(['{', '[']) {
            rustible_yaml::load(&"<extra vars>".into(), text)?
        } else {
            let text = Text::trusted(text, None);
            Value::Dict(rustible_playbook::parse_kv(&text, false)?)
        };
        match value {
            Value::Dict(vars) if !vars.contains_key("_raw_params") => {
                all = rustible_inventory::combine(&all, &vars, merge);
            }
            Value::Null => {}
            _ => {
                return Err(Diagnostic::new(format!(
                    "Invalid extra vars data supplied. '{text}' could not be made into a dictionary"
                ))
                .of_kind(rustible_source::Kind::Options));
            }
        }
    }
    Ok(all)
}
