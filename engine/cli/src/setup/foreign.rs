//! Settings of modules that are not rustible's own.

use std::{path::PathBuf, sync::Arc};

use rustible_executor::ForeignOptions;
use rustible_foreign::{Places, PluginFile, Tree};
use rustible_output::{Display, Settings, said};
use rustible_plugins::{Helper, PythonCallback, Say};
use rustible_protocol::{Dict, Value, event::Callback};
use rustible_source::{Diagnostic, Kind};

use crate::{
    args::Play,
    config::{Config, expand},
};

/// Settings with folders of plugins, by the plugins' kind.
const FOLDERS: [(&str, &str); 10] = [
    ("action", "DEFAULT_ACTION_PLUGIN_PATH"),
    ("cache", "DEFAULT_CACHE_PLUGIN_PATH"),
    ("connection", "DEFAULT_CONNECTION_PLUGIN_PATH"),
    ("callback", "DEFAULT_CALLBACK_PLUGIN_PATH"),
    ("filter", "DEFAULT_FILTER_PLUGIN_PATH"),
    ("inventory", "DEFAULT_INVENTORY_PLUGIN_PATH"),
    ("lookup", "DEFAULT_LOOKUP_PLUGIN_PATH"),
    ("strategy", "DEFAULT_STRATEGY_PLUGIN_PATH"),
    ("test", "DEFAULT_TEST_PLUGIN_PATH"),
    ("vars", "DEFAULT_VARS_PLUGIN_PATH"),
];

/// What runs plugins in Python.
pub(super) struct Python {
    pub(super) tree: Arc<Tree>,
    pub(super) helper: Arc<Helper>,
    say: Say,
}

impl Python {
    /// Whether the user has a callback of that name.
    pub(super) fn has_callback(&self, name: &str) -> bool {
        !self.tree.plugin_files("callback", name, false).is_empty()
    }

    /// The user's callback of that name. `enabled`: it was asked for.
    ///
    /// # Errors
    /// When it cannot be loaded.
    pub(super) fn callback(
        &self,
        name: &str,
        enabled: bool,
    ) -> Result<Option<Box<dyn Callback>>, Diagnostic> {
        let files = self.tree.plugin_files("callback", name, false);
        match files.first() {
            Some(file) => self.load(name, file, enabled),
            None => Ok(None),
        }
    }

    fn load(
        &self,
        name: &str,
        file: &PluginFile,
        enabled: bool,
    ) -> Result<Option<Box<dyn Callback>>, Diagnostic> {
        let roots = self.tree.collection_roots();
        let loaded = PythonCallback::load(&self.helper, name, file, &roots, enabled, self.say.clone());
        match loaded {
            Ok(loaded) => Ok(loaded.map(|callback| Box::new(callback) as Box<dyn Callback>)),
            Err(failed) => Err(Diagnostic::new(format!(
                "The callback plugin '{name}' failed to load: {}",
                failed.summary()
            ))),
        }
    }

    /// The callbacks that lie beside playbooks and in configured folders and need not be asked for.
    pub(super) fn callbacks_beside(&self, known: &[String]) -> Vec<Box<dyn Callback>> {
        let mut found: Vec<Box<dyn Callback>> = Vec::new();
        let mut seen: Vec<PathBuf> = Vec::new();
        for folder in self.tree.plugin_folders("callback") {
            let mut files: Vec<PathBuf> = std::fs::read_dir(&folder)
                .into_iter()
                .flatten()
                .flatten()
                .map(|entry| entry.path())
                .collect();
            files.sort();
            for path in files.into_iter().filter(|path| path.extension().is_some_and(|end| end == "py")) {
                let name = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
                let real = path.canonicalize().unwrap_or_else(|_| path.clone());
                if name == "__init__" || known.contains(&name) || seen.contains(&real) {
                    continue;
                }
                seen.push(real);
                match self.load(&name, &PluginFile { path, full: None }, false) {
                    Ok(callback) => found.extend(callback),
                    Err(error) => {
                        let said: Dict = [("text", Value::from(error.summary()))].into_iter().collect();
                        (self.say)("warning", &said);
                    }
                }
            }
        }
        found
    }
}

/// The process that runs plugins in Python, once one is used.
pub(super) fn python(tree: &Arc<Tree>, settings: Settings, display: &Display) -> Python {
    let whose = tree.clone();
    // The small package of ours can be asked for; else it is taken where nothing else is installed.
    let own = std::env::var("RUSTIBLE_PLUGINS").is_ok_and(|which| which == "own");
    let python = move || {
        let installed = if own { None } else { whose.python() };
        installed.unwrap_or_else(|| PathBuf::from(rustible_inventory::controller_python()))
    };
    let display = display.clone();
    let say: Say = Arc::new(move |how, what| said(&display, &settings, how, what));
    Python { tree: tree.clone(), helper: Helper::new(Box::new(python), own, say.clone()), say }
}

/// Where such modules come from.
pub(super) fn tree(args: &Play, config: &Config) -> Tree {
    let given = args.run.module_path.iter().flat_map(|paths| paths.split(':'));
    let mut modules: Vec<PathBuf> =
        given.filter(|path| !path.is_empty()).map(|path| PathBuf::from(expand(path))).collect();
    modules.extend(config.paths("DEFAULT_MODULE_PATH"));
    let mut places = Places::default();
    places.modules = modules;
    places.module_utils = config.paths("DEFAULT_MODULE_UTILS_PATH");
    for (kind, setting) in FOLDERS {
        places.plugins.insert(kind, config.paths(setting));
    }
    places.collections = collections_path(config);
    Tree::new(places)
}

/// Folders with collections, those of the tree first.
pub(super) fn collections_path(config: &Config) -> Vec<PathBuf> {
    let mut paths = vec![std::env::current_dir().unwrap_or_default().join("collections")];
    paths.extend(config.paths("COLLECTIONS_PATHS"));
    paths
}

/// Whether `RUSTIBLE_PREFER` asks for modules in Python where there is a native one too.
///
/// # Errors
/// When it asks for something else.
pub(super) fn preferred() -> Result<bool, Diagnostic> {
    match std::env::var("RUSTIBLE_PREFER").unwrap_or_default().as_str() {
        "" | "native" => Ok(false),
        "python" => Ok(true),
        other => Err(Diagnostic::new(format!("RUSTIBLE_PREFER must be 'native' or 'python', got '{other}'"))
            .of_kind(Kind::Options)),
    }
}

/// Settings of their runs.
///
/// # Errors
/// When a number is none.
pub(super) fn options(config: &Config) -> Result<ForeignOptions, Diagnostic> {
    let open_files = config.number("PYTHON_MODULE_RLIMIT_NOFILE")?.unwrap_or_default();
    Ok(ForeignOptions {
        python: config.text("INTERPRETER_PYTHON").unwrap_or_default().trim().to_string(),
        open_files: u64::try_from(open_files).unwrap_or_default(),
        no_target_syslog: config.flag("DEFAULT_NO_TARGET_SYSLOG"),
        syslog_facility: config.text("DEFAULT_SYSLOG_FACILITY").unwrap_or_default(),
        target_log_info: config.text("TARGET_LOG_INFO").unwrap_or_default(),
        traces: traces(&config.list("DISPLAY_TRACEBACK")),
    })
}

/// Of which events there are traces.
fn traces(chosen: &[String]) -> Vec<String> {
    let has = |name: &str| chosen.iter().any(|each| each.trim() == name);
    let always = has("always");
    let enabled = |name: &str| match name {
        _ if always => true,
        _ if has("never") => false,
        "deprecated" => has(name) || has("deprecated_value"),
        _ => has(name),
    };
    let all = ["error", "warning", "deprecated", "deprecated_value"];
    all.into_iter().filter(|name| enabled(name)).map(str::to_string).collect()
}
