//! What a run learns about hosts: facts, registered results, `set_fact`, `include_vars`.

use std::{
    collections::HashMap,
    sync::{Arc, PoisonError, RwLock},
};

use rustible_protocol::{Dict, Value};

use crate::{
    cache::FactCache,
    facts::{injected, namespaced},
};

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
pub struct Store {
    hosts: RwLock<HashMap<Arc<str>, Arc<HostStore>>>,
    cache: Option<FactCache>,
}

impl HostStore {
    fn learn(&mut self, facts: &Dict) {
        self.gathered |= facts.get("_ansible_facts_gathered").is_some_and(Value::truthy);
        self.facts.extend(facts);
        self.namespaced = namespaced(&self.facts);
        self.injected = injected(&self.facts);
    }
}

impl Store {
    /// A store whose facts outlive the run.
    #[must_use]
    pub fn cached(cache: FactCache) -> Self {
        Self { cache: Some(cache), ..Self::default() }
    }

    /// What is known of a host.
    #[must_use]
    pub fn of(&self, host: &str) -> Arc<HostStore> {
        let known = {
            let hosts = self.hosts.read().unwrap_or_else(PoisonError::into_inner);
            hosts.get(host).cloned()
        };
        match (known, &self.cache) {
            (Some(known), _) => known,
            (None, None) => Arc::default(),
            // Whether there is something in the cache or not is asked once.
            (None, Some(_)) => self.change(host, |_| ()),
        }
    }

    fn change(&self, host: &str, change: impl FnOnce(&mut HostStore)) -> Arc<HostStore> {
        let mut hosts = self.hosts.write().unwrap_or_else(PoisonError::into_inner);
        let store = hosts.entry(host.into()).or_insert_with(|| {
            let mut store = HostStore::default();
            if let Some(facts) = self.cache.as_ref().and_then(|cache| cache.load(host)) {
                store.learn(&facts);
            }
            Arc::new(store)
        });
        change(Arc::make_mut(store));
        store.clone()
    }

    /// What went wrong with kept facts since the last call.
    #[must_use]
    pub fn take_warnings(&self) -> Vec<String> {
        self.cache.as_ref().map(FactCache::take_warnings).unwrap_or_default()
    }

    /// Take over facts that a module or `set_fact: cacheable` returned.
    pub fn add_facts(&self, host: &str, facts: &Dict) {
        let store = self.change(host, |store| store.learn(facts));
        if let Some(cache) = &self.cache {
            cache.save(host, &store.facts);
        }
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
        if let Some(cache) = &self.cache {
            cache.delete(host);
        }
    }
}
