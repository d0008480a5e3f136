//! Host patterns for templates.

use std::sync::{Arc, PoisonError, RwLock};

use rustible_inventory::Inventory;
use rustible_template::Patterns;

/// The hosts of the inventory as it is when it is asked.
pub(crate) struct Hosts(pub(crate) Arc<RwLock<Inventory>>);

impl Patterns for Hosts {
    fn hosts(&self, pattern: &str) -> Result<Vec<String>, String> {
        let inventory = self.0.read().unwrap_or_else(PoisonError::into_inner);
        let found = inventory.select_unlimited(&[pattern.to_string()]).map_err(|error| error.summary())?;
        Ok(found.hosts.iter().map(ToString::to_string).collect())
    }
}
