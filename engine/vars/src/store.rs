//! What a run learns about hosts: facts, registered results, `set_fact`, `include_vars`.

use std::{
    collections::HashMap,
    sync::{Arc, PoisonError, RwLock},
};

use rustible_protocol::{Dict, Value};

use crate::facts::{injected, namespaced};

/// What a run knows of one host.
#[derive(Debug, Clone, Default)]
pub struct HostStore {
    /// Facts as modules returned them (`ansible_distribution` ...).
    pub facts: Dict,
    /// The same as `ansible_facts` shows them.
    pub namespaced: Dict,
    /// The same as top-level variables.
    pub injected: Dict,
    /// `include_vars`.
    pub included: Dict,
    /// `set_fact` and `register`.
    pub set: Dict,
    /// Whether fact gathering has run.
    pub gathered: bool,
}

/// What a run knows of all hosts.
#[derive(Debug, Default)]
pub struct Store(RwLock<HashMap<Arc<str>, Arc<HostStore>>>);

impl Store {
    /// What is known of a host.
    #[must_use]
    pub fn of(&self, host: &str) -> Arc<HostStore> {
        let hosts = self.0.read().unwrap_or_else(PoisonError::into_inner);
        hosts.get(host).cloned().unwrap_or_default()
    }

    fn change(&self, host: &str, change: impl FnOnce(&mut HostStore)) {
        let mut hosts = self.0.write().unwrap_or_else(PoisonError::into_inner);
        change(Arc::make_mut(hosts.entry(host.into()).or_default()));
    }

    /// Take over facts that a module or `set_fact: cacheable` returned.
    pub fn add_facts(&self, host: &str, facts: &Dict) {
        self.change(host, |store| {
            if facts.get("module_setup").is_some() || facts.get("ansible_distribution").is_some() {
                store.gathered = true;
            }
            store.facts.extend(facts);
            store.namespaced = namespaced(&store.facts);
            store.injected = injected(&store.facts);
        });
    }

    /// Note that facts were gathered, whatever they were.
    pub fn mark_gathered(&self, host: &str) {
        self.change(host, |store| store.gathered = true);
    }

    /// Set a variable as `set_fact` and `register` do.
    pub fn set(&self, host: &str, name: &Value, value: Value) {
        self.change(host, |store| drop(store.set.insert(name.clone(), value)));
    }

    /// Set variables as `include_vars` does.
    pub fn include(&self, host: &str, vars: &Dict) {
        self.change(host, |store| store.included.extend(vars));
    }

    /// Forget the facts of a host (`meta: clear_facts`).
    pub fn clear_facts(&self, host: &str) {
        self.change(host, |store| {
            *store = HostStore { included: store.included.clone(), set: Dict::new(), ..HostStore::default() };
        });
    }
}
