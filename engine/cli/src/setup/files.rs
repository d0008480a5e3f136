//! Where callbacks that write files put them, as the environment says it.

use std::{env, path::PathBuf};

use rustible_output::{Display, FileSettings, JunitSettings, Retry};
use rustible_protocol::event::Callback;

use crate::config::{Config, expand};

/// What writes `.retry` files, where that is asked for.
pub(super) fn retry(config: &Config, display: &Display) -> Option<Box<dyn Callback>> {
    let folder = config.paths("RETRY_FILES_SAVE_PATH").into_iter().next();
    config
        .flag("RETRY_FILES_ENABLED")
        .then(|| Box::new(Retry::new(folder, display.clone())) as Box<dyn Callback>)
}

/// Their settings.
pub(super) fn settings(config: &Config, verbosity: u8) -> FileSettings {
    let text = |name: &str| env::var(name).ok();
    let is = |name: &str, wanted: &str| text(name).is_some_and(|value| value.to_lowercase() == wanted);
    let junit = JunitSettings {
        folder: text("JUNIT_OUTPUT_DIR")
            .map_or_else(|| PathBuf::from(expand("~/.ansible.log")), PathBuf::from),
        class_by_file: is("JUNIT_TASK_CLASS", "true"),
        relative_to: text("JUNIT_TASK_RELATIVE_PATH").filter(|path| !path.is_empty()).map(PathBuf::from),
        out_of_tree: text("JUNIT_REPLACE_OUT_OF_TREE_PATH"),
        fail_on_change: is("JUNIT_FAIL_ON_CHANGE", "true"),
        fail_on_ignore: is("JUNIT_FAIL_ON_IGNORE", "true"),
        without_setup: is("JUNIT_INCLUDE_SETUP_TASKS_IN_REPORT", "false"),
        // Arguments are shown only where the reference is told so, or not told at all.
        hide_arguments: text("JUNIT_HIDE_TASK_ARGUMENTS").is_some()
            && !is("JUNIT_HIDE_TASK_ARGUMENTS", "false"),
        prefix: text("JUNIT_TEST_CASE_PREFIX").unwrap_or_default(),
        verbosity,
    };
    let tree = config.paths("TREE_DIR").into_iter().next().unwrap_or_default();
    FileSettings { tree, junit }
}
