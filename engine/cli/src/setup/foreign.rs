//! Settings of modules that are not rustible's own.

use std::{path::PathBuf, sync::Arc};

use rustible_executor::ForeignOptions;
use rustible_foreign::{Places, Tree};
use rustible_output::{Display, Settings, said};
use rustible_plugins::Helper;
use rustible_source::{Diagnostic, Kind};

use crate::{
    args::Play,
    config::{Config, expand},
};

/// Settings with folders of plugins, by the plugins' kind.
const FOLDERS: [(&str, &str); 6] = [
    ("action", "DEFAULT_ACTION_PLUGIN_PATH"),
    ("callback", "DEFAULT_CALLBACK_PLUGIN_PATH"),
    ("filter", "DEFAULT_FILTER_PLUGIN_PATH"),
    ("lookup", "DEFAULT_LOOKUP_PLUGIN_PATH"),
    ("test", "DEFAULT_TEST_PLUGIN_PATH"),
    ("vars", "DEFAULT_VARS_PLUGIN_PATH"),
];

/// The process that runs plugins in Python, once one is used.
pub(super) fn helper(tree: &Arc<Tree>, settings: Settings, display: &Display) -> Arc<Helper> {
    let tree = tree.clone();
    // The small package of ours can be asked for; else it is taken where nothing else is installed.
    let own = std::env::var("RUSTIBLE_PLUGINS").is_ok_and(|which| which == "own");
    let python = move || {
        let installed = if own { None } else { tree.python() };
        installed.unwrap_or_else(|| PathBuf::from(rustible_inventory::controller_python()))
    };
    let display = display.clone();
    Helper::new(Box::new(python), own, Arc::new(move |how, what| said(&display, &settings, how, what)))
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
    })
}
