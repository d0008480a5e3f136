//! Where facts are kept between runs, as configured.

use std::{path::Path, time::Duration};

use rustible_executor::{FactCache, Keeper};
use rustible_output::Display;
use rustible_plugins::PythonCache;
use rustible_protocol::Dict;
use rustible_source::Diagnostic;

use super::foreign::Python;
use crate::config::{Config, expand};

/// A plugin of the user's own.
#[derive(Debug)]
struct Plugin(PythonCache);

impl Keeper for Plugin {
    fn wants_text(&self) -> bool {
        self.0.is_persistent()
    }

    fn get(&self, key: &str) -> Result<Option<Dict>, String> {
        self.0.get(key)
    }

    fn set(&self, key: &str, value: Dict) -> Result<(), String> {
        self.0.set(key, value)
    }

    fn delete(&self, key: &str) -> Result<(), String> {
        self.0.delete(key)
    }
}

/// The cache that a plugin in Python keeps; none when there is no such plugin, or it cannot be used.
fn of_plugin(name: &str, python: &Python, display: &Display) -> Option<FactCache> {
    let files = python.tree.plugin_files("cache", name, false);
    let Some(file) = files.first() else {
        display.warning(&format!("Unable to load the cache plugin '{name}'."));
        return None;
    };
    let (roots, met) = (python.tree.collection_roots(), python.tree.met());
    match PythonCache::load(&python.helper, name, file, &roots, &met) {
        Ok(plugin) => Some(FactCache::kept_by(Box::new(Plugin(plugin)))),
        Err(failed) => {
            display.warning(&failed.summary());
            None
        }
    }
}

/// The cache; none when facts are kept in memory only, or when the configured one cannot be used: that is a warning.
///
/// # Errors
/// When the time-out is no number.
pub(super) fn cache(
    config: &Config,
    python: &Python,
    display: &Display,
) -> Result<Option<FactCache>, Diagnostic> {
    let plugin = config.text("CACHE_PLUGIN").unwrap_or_default();
    // What cannot be used is a warning, and facts are kept in memory.
    match plugin.trim().trim_start_matches("ansible.builtin.").trim_start_matches("ansible.legacy.") {
        "" | "memory" => return Ok(None),
        "jsonfile" => {}
        _ => return Ok(of_plugin(plugin.trim(), python, display)),
    }
    let folder = expand(&config.text("CACHE_PLUGIN_CONNECTION").unwrap_or_default());
    if folder.is_empty() {
        display
            .warning(&format!("Required config '_uri' for '{}' cache plugin not provided.", plugin.trim()));
        return Ok(None);
    }
    let seconds = config.number("CACHE_PLUGIN_TIMEOUT")?.unwrap_or(86400);
    let timeout = u64::try_from(seconds).ok().filter(|seconds| *seconds > 0).map(Duration::from_secs);
    let prefix = config.text("CACHE_PLUGIN_PREFIX").unwrap_or_default();
    match FactCache::open(Path::new(&folder), &prefix, timeout) {
        Ok(cache) => Ok(Some(cache)),
        Err(text) => {
            display.warning(&format!("{text}. Facts are kept in memory."));
            Ok(None)
        }
    }
}
