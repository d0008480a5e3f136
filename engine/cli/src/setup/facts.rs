//! Where facts are kept between runs, as configured.

use std::{path::Path, time::Duration};

use rustible_executor::FactCache;
use rustible_output::Display;
use rustible_source::Diagnostic;

use crate::config::{Config, expand};

/// The cache; none when facts are kept in memory only, or when the configured one cannot be used: that is a warning.
///
/// # Errors
/// When the time-out is no number.
pub(super) fn cache(config: &Config, display: &Display) -> Result<Option<FactCache>, Diagnostic> {
    let plugin = config.text("CACHE_PLUGIN").unwrap_or_default();
    match plugin.trim().trim_start_matches("ansible.builtin.").trim_start_matches("ansible.legacy.") {
        "" | "memory" => return Ok(None),
        "jsonfile" => {}
        _ => {
            display
                .warning(&format!("Unable to load the cache plugin '{plugin}'. Facts are kept in memory."));
            return Ok(None);
        }
    }
    let folder = expand(&config.text("CACHE_PLUGIN_CONNECTION").unwrap_or_default());
    if folder.is_empty() {
        display.warning(
            "fact_caching = jsonfile needs a folder: set fact_caching_connection. Facts are kept in memory.",
        );
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
