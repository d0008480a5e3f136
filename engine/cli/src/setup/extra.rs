//! `--extra-vars`: `k=v` words, YAML or JSON text, `@FILE`.

use std::{path::PathBuf, sync::Arc};

use rustible_executor::FileVault;
use rustible_protocol::{Dict, Origin, Text, Value};
use rustible_source::Diagnostic;

/// Where the variables of the command line come from.
const OPTION: &str = "<CLI option '-e'>";

/// All of them, later ones winning; with `merge` their mappings are merged.
pub(super) fn vars(given: &[String], vault: &Arc<FileVault>, merge: bool) -> Result<Dict, Diagnostic> {
    let mut all = Dict::new();
    for text in given {
        let text = text.trim();
        if text.is_empty() {
            continue;
        }
        let value = if let Some(file) = text.strip_prefix('@') {
            let path = std::path::absolute(file).unwrap_or_else(|_| PathBuf::from(file));
            let bytes = std::fs::read(&path).map_err(|error| rustible_executor::unreadable(&path, &error))?;
            let text = String::from_utf8(vault(&path, bytes)?)
                .map_err(|_| Diagnostic::new(format!("{file} is not UTF-8 text")))?;
            rustible_yaml::load(&file.into(), &text)?
        } else if text.starts_with(['/', '.']) {
            let text = format!("Please prepend extra_vars filename '{text}' with '@'");
            return Err(Diagnostic::new(text).of_kind(rustible_source::Kind::Options));
        } else if text.starts_with(['{', '[']) {
            rustible_yaml::load(&OPTION.into(), text)?
        } else {
            let text = Text::trusted(text, Some(Origin::new(&OPTION.into(), 0, 0)));
            Value::Dict(rustible_playbook::parse_kv(&text, false)?)
        };
        match value {
            Value::Dict(vars) => {
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
