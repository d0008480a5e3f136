//! Host patterns for templates.

use std::sync::{Arc, PoisonError, RwLock};

use rustible_inventory::Inventory;
use rustible_template::Patterns;

/// The hosts of the inventory as it is when it is asked.
pub(crate) struct Hosts(pub(crate) Arc<RwLock<Inventory>>);

impl Patterns for Hosts {
    fn hosts(&self, pattern: &str) -> Result<Vec<String>, String> {
        let inventory = self.0.read().unwrap_or_else(PoisonError::into_inner);
        // A pattern that is none, or matches nothing where that is an error, has no hosts here.
        let found = inventory.select_unlimited(&[pattern.to_string()]).unwrap_or_default();
        Ok(found.hosts.iter().map(ToString::to_string).collect())
    }
}
