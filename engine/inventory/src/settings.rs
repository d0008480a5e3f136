//! The settings of `[inventory]` and `[defaults]` that decide how sources are read.

use std::{
    path::Path,
    sync::{Arc, Mutex},
};

use rustible_protocol::Dict;
use rustible_source::Diagnostic;
use rustible_yaml::DuplicateKeys;

use crate::{
    layers::Layer,
    outer::{Outer, Stage},
};

/// Opens a vault-encrypted file: its path and content in, the plain content out.
pub type Decrypt = dyn Fn(&Path, &[u8]) -> Result<Vec<u8>, Diagnostic> + Send + Sync;

/// What is done with group names that could not be variable names (`TRANSFORM_INVALID_GROUP_CHARS`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Transform {
    /// Kept, with one warning.
    #[default]
    Never,
    /// Replaced by underscores, with one warning.
    Always,
    /// Replaced by underscores, silently.
    Silently,
    /// Kept, silently.
    Ignore,
}

/// What a pattern that matches nothing is (`HOST_PATTERN_MISMATCH`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Mismatch {
    /// A warning.
    #[default]
    Warning,
    /// An error.
    Error,
    /// Nothing.
    Ignore,
}

/// How sources are read; the defaults are the reference's.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Inventory plugins in the order they are tried (`INVENTORY_ENABLED`).
    pub enabled: Vec<String>,
    /// Invalid group names.
    pub transform: Transform,
    /// The layers of groups that count, lowest precedence first (`VARIABLE_PRECEDENCE`).
    pub precedence: Vec<Layer>,
    /// `hash_behaviour = merge`: mappings of several layers are merged instead of replaced.
    pub merge_hashes: bool,
    /// Endings of files in a directory that are no sources.
    pub ignore_extensions: Vec<String>,
    /// Regular expressions of names in a directory that are no sources.
    pub ignore_patterns: Vec<String>,
    /// One unreadable source is an error.
    pub any_unparsed_is_failed: bool,
    /// No readable source at all is an error.
    pub unparsed_is_failed: bool,
    /// No readable source at all is a warning.
    pub unparsed_warning: bool,
    /// Patterns that match nothing.
    pub mismatch: Mismatch,
    /// Endings of YAML inventories.
    pub yaml_extensions: Vec<String>,
    /// Keys given twice in YAML sources and variable files.
    pub duplicate_keys: DuplicateKeys,
    /// Plugins that are not rustible's own.
    pub outer: Option<Arc<dyn Outer>>,
    /// What variables are asked for.
    pub stage: Stage,
    /// Whether variables beside the playbook count among those of groups when the inventory is shown.
    pub play_in_groups: bool,
    /// `--extra-vars`, for plugins that may use them.
    pub extra_vars: Dict,
    /// What inventory scripts said on standard error, where that is to be shown.
    pub script_errors: Option<Arc<Mutex<Vec<String>>>>,
    /// Where warnings are kept until they are asked for; also those of an inventory that came to nothing.
    pub warnings: Arc<Mutex<Vec<Diagnostic>>>,
}

impl Default for Settings {
    fn default() -> Self {
        let words = |text: &str| text.split(' ').map(str::to_string).collect::<Vec<_>>();
        Self {
            enabled: words("host_list script auto yaml ini toml"),
            transform: Transform::default(),
            precedence: Layer::OF_GROUPS.to_vec(),
            merge_hashes: false,
            ignore_extensions: words(".pyc .pyo .swp .bak ~ .rpm .md .txt .rst .orig .cfg .retry"),
            ignore_patterns: Vec::new(),
            any_unparsed_is_failed: false,
            unparsed_is_failed: false,
            unparsed_warning: true,
            mismatch: Mismatch::default(),
            yaml_extensions: words(".yaml .yml .json"),
            duplicate_keys: DuplicateKeys::default(),
            outer: None,
            stage: Stage::default(),
            play_in_groups: true,
            extra_vars: Dict::new(),
            script_errors: None,
            warnings: Arc::default(),
        }
    }
}
