//! Modules that `plugin_filters_cfg` takes away.

use std::{collections::HashSet, path::PathBuf};

use rustible_output::Display;
use rustible_protocol::{Value, repr};
use rustible_source::Diagnostic;

use crate::config::Config;

/// The short names in its `module_rejectlist`.
///
/// # Errors
/// When `stat` is among them, without which hardly a module works.
pub(super) fn modules(config: &Config, display: &Display) -> Result<HashSet<String>, Diagnostic> {
    let named = config.paths("PLUGIN_FILTERS_CFG").into_iter().next();
    let asked = named.is_some();
    let file = named.unwrap_or_else(|| PathBuf::from("/etc/ansible/plugin_filters.yml"));
    let shown = file.display().to_string();
    let Ok(text) = std::fs::read_to_string(&file) else {
        if asked {
            display.warning(&format!("The plugin filter file, {shown} does not exist. Skipping."));
        }
        return Ok(HashSet::new());
    };
    let told = |what: &str| {
        display.warning(what);
        Ok(HashSet::new())
    };
    let data = match rustible_yaml::load(&shown.as_str().into(), &text) {
        Ok(data) => data,
        Err(error) => {
            let why = error.summary();
            return told(&format!("The plugin filter file, {shown} was not parsable. Skipping: {why}"));
        }
    };
    let Some(version) = data.get("filter_version").map(repr::str) else {
        return told(&format!("The plugin filter file, {shown} was invalid. Skipping."));
    };
    if version.trim() != "1.0" {
        return told(&format!(
            "The plugin filter file, {shown} was a version not recognized by this version of Ansible. Skipping."
        ));
    }
    let Some(Value::List(names)) = data.get("module_rejectlist") else {
        return told(&format!(
            "Unable to parse the plugin filter file {shown} as module_rejectlist is not a list. Skipping."
        ));
    };
    let names: HashSet<String> = names.iter().map(repr::str).collect();
    if names.contains("stat") {
        return Err(Diagnostic::new(format!(
            "The stat module was specified in the module reject list file, {shown}, but Ansible will not function without the stat module.  Please remove stat from the reject list."
        )));
    }
    Ok(names)
}
