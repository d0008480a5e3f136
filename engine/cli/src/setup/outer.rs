//! Inventory plugins and plugins for variables in Python, as the inventory asks for them.

use std::{
    path::{Path, PathBuf},
    sync::Arc,
};

use rustible_executor::FileVault;
use rustible_foreign::{PluginFile, Tree};
use rustible_inventory::{Outer, Parsed, Stage, VarsPlugin};
use rustible_plugins::{Answer, Helper};
use rustible_protocol::{Dict, Value};
use rustible_source::Diagnostic;
use rustible_template::Templar;

use super::hosts::Reading;
use crate::config::Setting;

/// The name of the plugin that reads `group_vars` and `host_vars`.
const FILES: &str = "host_group_vars";

/// When that plugin runs.
const FILES_STAGE: Setting = Setting {
    name: "stage",
    env: &["ANSIBLE_VARS_PLUGIN_STAGE"],
    ini: &[("vars_host_group_vars", "stage")],
    default: "",
};

/// Plugins in Python and what they may ask for.
pub(super) struct PythonHosts {
    tree: Arc<Tree>,
    helper: Arc<Helper>,
    templar: Templar,
    vault: Arc<FileVault>,
    /// Whether inventory plugins may take what they kept from an earlier run.
    cache: bool,
    extra_vars: Dict,
    enabled: Vec<String>,
    /// `demand` or `start`.
    when: String,
    files_stage: String,
}

impl std::fmt::Debug for PythonHosts {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("PythonHosts").finish_non_exhaustive()
    }
}

impl PythonHosts {
    pub(super) fn new(with: &Reading, templar: Templar, vault: Arc<FileVault>) -> Self {
        let config = &with.config;
        Self {
            tree: with.tree.clone(),
            helper: with.helper.clone(),
            templar,
            vault,
            cache: with.cache,
            extra_vars: with.extra_vars.clone(),
            enabled: config.list("VARIABLE_PLUGINS_ENABLED"),
            when: config.text("RUN_VARS_PLUGINS").unwrap_or_default(),
            files_stage: config.raw_of(&FILES_STAGE).map(|(value, _)| value).unwrap_or_default(),
        }
    }

    fn file(&self, kind: &str, name: &str, native: bool) -> Option<PluginFile> {
        self.tree.plugin_files(kind, name, native).into_iter().next()
    }

    /// Folders with collections, and those of playbooks and roles.
    fn places(&self) -> Value {
        let values = |paths: &[PathBuf]| Value::from(paths.iter().map(Value::from).collect::<Vec<_>>());
        vec![values(&self.tree.collection_roots()), values(&self.tree.met())].into()
    }

    /// Ask the helper, and answer what the plugin asks.
    fn call(&self, what: &str, with: &[Value]) -> Result<Value, Diagnostic> {
        let mut answer = |what: &str, with: Vec<Value>| self.answer(what, &with);
        self.helper.call(what, with, &mut answer).map_err(|failed| failed.diagnostic())
    }

    fn answer(&self, what: &str, with: &[Value]) -> Result<Value, Answer> {
        let here = std::env::current_dir().unwrap_or_default();
        match (what, with) {
            ("decrypt", [Value::Str(text), ..]) => {
                let bytes = rustible_plugins::from_base64(text).map_err(Answer::from)?;
                let plain = (self.vault)(&PathBuf::from("<a file that a plugin read>"), bytes)?;
                Ok(rustible_plugins::to_base64(&plain).into())
            }
            _ => rustible_plugins::answer(&self.templar, &here, what, with),
        }
    }
}

/// A file's path and what Python calls it.
fn place(file: &PluginFile) -> [Value; 2] {
    [Value::from(&file.path), file.full.as_deref().map(Value::str).into()]
}

/// Whether the name means the files in `group_vars` and `host_vars`.
fn is_files(name: &str) -> bool {
    name.strip_prefix("ansible.builtin.").unwrap_or(name) == FILES
}

impl Outer for PythonHosts {
    fn generation(&self) -> usize {
        self.tree.generation()
    }

    fn has_inventory(&self, name: &str, native: bool) -> bool {
        self.file("inventory", name, native).is_some()
    }

    fn inventory(&self, name: &str, source: &str, state: Value) -> Result<Option<Parsed>, Diagnostic> {
        let found = self.file("inventory", name, true).or_else(|| self.file("inventory", name, false));
        let Some(file) = found else { return Ok(None) };
        let [path, full] = place(&file);
        let (cache, extra) = (self.cache.into(), self.extra_vars.clone().into());
        let with = [name.into(), path, full, source.into(), state, cache, extra, self.places()];
        let Value::Dict(told) = self.call("inventory", &with)? else { return Ok(None) };
        let failed = told.get("failed").and_then(Value::as_list).map(|list| {
            let messages = list.iter().filter_map(Value::as_str).map(str::to_string).collect();
            rustible_plugins::Failed { messages, ..rustible_plugins::Failed::default() }.diagnostic()
        });
        Ok(Some(Parsed {
            name: told.get("name").and_then(Value::as_str).unwrap_or(name).to_string(),
            state: told.get("state").cloned().unwrap_or_default(),
            failure: failed,
        }))
    }

    fn vars_plugins(&self) -> Result<Vec<VarsPlugin>, Diagnostic> {
        let beside = self.tree.plugins_beside("vars");
        let mut names: Vec<String> = Vec::new();
        if !beside.is_empty() {
            let candidates: Vec<Value> =
                beside.into_iter().map(|(name, path)| vec![name.into(), Value::from(&path)].into()).collect();
            let told = self.call("vars_plugins", &[candidates.into(), self.places()])?;
            names.extend(told.as_list().into_iter().flatten().filter_map(Value::as_str).map(str::to_string));
        }
        for name in self.enabled.iter().filter(|name| !name.is_empty()) {
            let there = is_files(name) || self.file("vars", name, false).is_some();
            if there && !names.contains(name) {
                names.push(name.clone());
            }
        }
        let plugin = |name: String| {
            let own = is_files(&name) && self.file("vars", &name, true).is_none();
            if own { VarsPlugin::Files } else { VarsPlugin::Other(name) }
        };
        Ok(names.into_iter().map(plugin).collect())
    }

    fn reads_files(&self, stage: Stage) -> bool {
        match (self.files_stage.as_str(), self.when.as_str()) {
            ("", "start") => stage != Stage::Task,
            ("", _) => stage != Stage::Inventory,
            (allowed, _) => allowed == "all" || allowed == stage.name(),
        }
    }

    fn vars(&self, plugin: &str, folder: &Path, of: &[Value], stage: Stage) -> Result<Dict, Diagnostic> {
        let Some(file) = self.file("vars", plugin, false) else { return Ok(Dict::new()) };
        let [path, full] = place(&file);
        let (stage, when) = (stage.name().into(), self.when.as_str().into());
        let with =
            [plugin.into(), path, full, Value::from(folder), of.to_vec().into(), stage, when, self.places()];
        match self.call("vars_of", &with)? {
            Value::Dict(vars) => Ok(vars),
            _ => Ok(Dict::new()),
        }
    }
}
