//! Reading the inventory, with the plugins that it may need.

use std::{path::Path, sync::Arc};

use rustible_foreign::Tree;
use rustible_inventory::{Inventory, Layer, Mismatch, Settings, Stage, Transform};
use rustible_output::{Display, Sink};
use rustible_plugins::{Helper, TemplatePlugins};
use rustible_protocol::{Dict, Text, Value};
use rustible_source::Diagnostic;
use rustible_template::{Engine, Env, Rendered, Templar};
use rustible_vault::Secrets;

use super::{Vaults, duplicate_keys, file_vault, merges, outer::PythonHosts};
use crate::config::{Config, Setting};

/// Evaluates expressions of inventory plugins.
struct Expressions {
    engine: Arc<Engine>,
    env: Env,
}

impl rustible_inventory::Evaluate for Expressions {
    fn expression(&self, text: &Text, vars: &Dict) -> Result<Value, Diagnostic> {
        Templar::new(self.engine.clone(), self.env.clone(), Arc::new(vars.clone())).expression(text)
    }
    fn template(&self, text: &Text, vars: &Dict) -> Result<Value, Diagnostic> {
        match Templar::new(self.engine.clone(), self.env.clone(), Arc::new(vars.clone())).render_text(text)? {
            Rendered::Value(value) => Ok(value),
            Rendered::Omit => Ok(Value::Null),
        }
    }
}

/// What an inventory is read with.
#[derive(Clone)]
pub(crate) struct Reading {
    pub(crate) sources: Vec<String>,
    pub(crate) config: Config,
    pub(crate) secrets: Arc<Secrets>,
    pub(crate) tree: Arc<Tree>,
    pub(crate) helper: Arc<Helper>,
    pub(crate) extra_vars: Dict,
    /// Whether plugins may take what they kept from an earlier run.
    pub(crate) cache: bool,
    /// What variables are asked for.
    pub(crate) stage: Stage,
    /// Whether variables beside the playbook count among those of groups when the inventory is shown.
    pub(crate) play_in_groups: bool,
}

/// Whether what inventory scripts say on standard error is shown.
const SCRIPT_ERRORS: Setting = Setting {
    name: "always_show_stderr",
    env: &["ANSIBLE_INVENTORY_PLUGIN_SCRIPT_STDERR"],
    ini: &[("inventory_plugin_script", "always_show_stderr")],
    default: "true",
};

fn never(config: &Config, setting: &Setting) -> bool {
    let off =
        |text: &str| matches!(text.trim().to_lowercase().as_str(), "0" | "false" | "no" | "off" | "n" | "f");
    config.raw_of(setting).is_some_and(|(value, _)| off(&value))
}

/// Read the inventory.
pub(crate) fn inventory(with: &Reading, display: &Display) -> Result<Inventory, Diagnostic> {
    let (config, secrets) = (&with.config, &with.secrets);
    let vault = file_vault(secrets);
    let here = std::env::current_dir().unwrap_or_default();
    let env = Env {
        vault: Some(Arc::new(Vaults(secrets.clone()))),
        plugins: Some(TemplatePlugins::new(with.tree.clone(), with.helper.clone(), here)),
        ..Env::default()
    };
    let engine = Engine::new();
    let templar = Templar::new(engine.clone(), env.clone(), Arc::new(Dict::new()));
    let outer = PythonHosts::new(with, templar, vault.clone());
    // What the inventory cannot open is an inventory that cannot be understood.
    let decrypt = Arc::new(move |path: &Path, bytes: &[u8]| {
        vault(path, bytes.to_vec()).map_err(|error| error.of_kind(rustible_source::Kind::Parse))
    });
    let settings = Settings { outer: Some(Arc::new(outer)), ..settings(config, with) };
    let expressions = Expressions { engine, env };
    let (warnings, said) = (settings.warnings.clone(), settings.script_errors.clone());
    let loaded = Inventory::load(&with.sources, settings, decrypt, Some(&expressions));
    for text in
        said.and_then(|said| said.lock().map(|mut all| std::mem::take(&mut *all)).ok()).into_iter().flatten()
    {
        display.error(Sink::Err, &text);
    }
    loaded.inspect_err(|_| {
        let warnings = warnings.lock().map(|mut all| std::mem::take(&mut *all)).unwrap_or_default();
        warnings.iter().for_each(|warning| display.warning(&warning.render()));
    })
}

const PRECEDENCE: &str = "VARIABLE_PRECEDENCE";

/// What is said of names in the order of variables that are none.
pub(super) fn unknown_layers(config: &Config) -> impl Iterator<Item = String> {
    let unknown = config.list(PRECEDENCE).into_iter().filter(|name| Layer::named(name).is_none());
    unknown.map(|name| format!("Ignoring unknown variable precedence entry: {name}"))
}

fn settings(config: &Config, with: &Reading) -> Settings {
    Settings {
        transform: match config.text("TRANSFORM_INVALID_GROUP_CHARS").as_deref() {
            Some("always" | "true" | "True" | "yes") => Transform::Always,
            Some("silently") => Transform::Silently,
            Some("ignore") => Transform::Ignore,
            _ => Transform::Never,
        },
        duplicate_keys: duplicate_keys(config),
        precedence: config.list(PRECEDENCE).iter().filter_map(|name| Layer::named(name)).collect(),
        merge_hashes: merges(config),
        any_unparsed_is_failed: config.flag("INVENTORY_ANY_UNPARSED_IS_FAILED"),
        unparsed_is_failed: config.flag("INVENTORY_UNPARSED_IS_FAILED"),
        unparsed_warning: config.flag("INVENTORY_UNPARSED_WARNING"),
        enabled: config.list("INVENTORY_ENABLED"),
        ignore_extensions: config.list("INVENTORY_IGNORE_EXTS"),
        ignore_patterns: config.list("INVENTORY_IGNORE_PATTERNS"),
        yaml_extensions: config.list("YAML_FILENAME_EXTENSIONS"),
        mismatch: match config.text("HOST_PATTERN_MISMATCH").as_deref() {
            Some("error") => Mismatch::Error,
            Some("ignore") => Mismatch::Ignore,
            _ => Mismatch::Warning,
        },
        script_errors: (!never(config, &SCRIPT_ERRORS)).then(Arc::default),
        stage: with.stage,
        play_in_groups: with.play_in_groups,
        extra_vars: with.extra_vars.clone(),
        ..Settings::default()
    }
}
