//! Plugins for inventories and for variables that are not rustible's own, as whoever runs them offers them.

use std::{fmt::Debug, path::Path};

use rustible_protocol::{Dict, Value};
use rustible_source::Diagnostic;

/// When plugins are asked for variables.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Stage {
    /// Once the sources were read; what they give becomes part of the inventory.
    Inventory,
    /// When a task needs the variables of a host.
    #[default]
    Task,
    /// Both, where an inventory is only shown.
    All,
}

impl Stage {
    /// Its name in options.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Inventory => "inventory",
            Self::Task => "task",
            Self::All => "all",
        }
    }
}

/// A plugin for variables.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum VarsPlugin {
    /// The files in `group_vars` and `host_vars`.
    Files,
    /// One that is not rustible's own, by its name.
    Other(String),
}

/// What became of a source.
#[derive(Debug)]
pub struct Parsed {
    /// What the plugin is called in messages.
    pub name: String,
    /// All groups and hosts as they are now, in the form of [`crate::Inventory::state`].
    pub state: Value,
    /// What the plugin could not do.
    pub failure: Option<Diagnostic>,
}

/// Runs such plugins.
pub trait Outer: Debug + Send + Sync {
    /// A number that changes when there may be other plugins than before.
    fn generation(&self) -> usize;

    /// Whether there is an inventory plugin of that name. `native`: rustible has one, before which only those come that
    /// lie beside a playbook or in a configured folder.
    fn has_inventory(&self, name: &str, native: bool) -> bool;

    /// Let the inventory plugin read a source on top of what is known; `None` when the source is not for it.
    ///
    /// # Errors
    /// When the plugin cannot be run at all.
    fn inventory(&self, name: &str, source: &str, state: Value) -> Result<Option<Parsed>, Diagnostic>;

    /// The plugins for variables, in their order.
    ///
    /// # Errors
    /// When one that was asked for cannot be loaded.
    fn vars_plugins(&self) -> Result<Vec<VarsPlugin>, Diagnostic>;

    /// Whether files with variables are read at that stage.
    fn reads_files(&self, stage: Stage) -> bool;

    /// What a plugin says of these groups and hosts (see [`crate::Inventory::entity`]) with a folder; nothing at a stage
    /// that is not for it.
    ///
    /// # Errors
    /// What the plugin raised.
    fn vars(&self, plugin: &str, folder: &Path, of: &[Value], stage: Stage) -> Result<Dict, Diagnostic>;
}
