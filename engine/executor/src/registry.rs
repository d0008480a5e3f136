//! Which actions and modules there are: one table for loading, checking and dispatch.

use std::{collections::BTreeMap, sync::Arc};

use rustible_playbook::{Catalog, Found, redirect};
use rustible_protocol::{Spec, Text};

use crate::{action::Action, preparation::Preparation};

/// Statements of the language that look like actions.
const STATEMENTS: &[&str] = &[
    "ansible.builtin.meta",
    "ansible.builtin.include_tasks",
    "ansible.builtin.include_role",
    "ansible.builtin.import_tasks",
    "ansible.builtin.import_role",
];

/// The actions and the modules' interfaces.
#[derive(Default)]
pub struct Registry {
    actions: BTreeMap<&'static str, Arc<dyn Action>>,
    preparations: BTreeMap<&'static str, Arc<dyn Preparation>>,
    modules: BTreeMap<&'static str, &'static Spec>,
    /// Full names of modules that exist elsewhere and not here.
    elsewhere: Vec<String>,
}

impl Registry {
    /// The table of these actions and modules; `elsewhere` are full names that are known but not there.
    #[must_use]
    pub fn new(actions: Vec<Arc<dyn Action>>, modules: Vec<&'static Spec>, elsewhere: Vec<String>) -> Self {
        Self {
            actions: actions.into_iter().map(|action| (action.name(), action)).collect(),
            preparations: BTreeMap::new(),
            modules: modules.into_iter().map(|spec| (spec.name, spec)).collect(),
            elsewhere,
        }
    }

    /// The same table with these in front of their modules.
    #[must_use]
    pub fn prepared_by(mut self, preparations: Vec<Arc<dyn Preparation>>) -> Self {
        for preparation in preparations {
            for name in preparation.modules() {
                self.preparations.insert(name, Arc::clone(&preparation));
            }
        }
        self
    }

    /// What stands before the module of that full name.
    #[must_use]
    pub fn preparation(&self, name: &str) -> Option<&Arc<dyn Preparation>> {
        self.preparations.get(name)
    }

    /// The action of that full name.
    #[must_use]
    pub fn action(&self, name: &str) -> Option<&Arc<dyn Action>> {
        self.actions.get(name)
    }

    /// The interface of the module of that full name.
    #[must_use]
    pub fn module(&self, name: &str) -> Option<&'static Spec> {
        self.modules.get(name).copied()
    }

    /// The interface of an action, or else of the module, of that full name.
    #[must_use]
    pub fn spec(&self, name: &str) -> Option<&Spec> {
        self.actions.get(name).map(|action| action.spec()).or_else(|| self.module(name))
    }

    fn has(&self, name: &str) -> bool {
        self.actions.contains_key(name) || self.modules.contains_key(name) || STATEMENTS.contains(&name)
    }
}

impl Catalog for Registry {
    fn find(&self, name: &str, collections: &[&Text]) -> Found {
        let redirected = redirect(name);
        let mut candidates: Vec<String> = redirected.iter().cloned().collect();
        candidates.push(name.to_string());
        if !name.contains('.') {
            candidates.extend(collections.iter().map(|collection| format!("{collection}.{name}")));
            candidates.push(format!("ansible.builtin.{name}"));
            candidates.push(format!("community.general.{name}"));
        }
        if let Some(found) = candidates.iter().find(|name| self.has(name)) {
            return Found::Known(found.clone());
        }
        let known = |name: &&String| self.elsewhere.contains(name);
        match candidates.iter().find(known).or(redirected.as_ref()) {
            Some(full) => Found::Missing(full.clone()),
            // A name of a collection says itself where it is from.
            None if name.matches('.').count() >= 2 => Found::Missing(name.to_string()),
            None => Found::Unknown,
        }
    }

    fn names(&self) -> Vec<String> {
        let all = self.actions.keys().chain(self.modules.keys()).chain(STATEMENTS);
        all.map(|name| (*name).to_string()).collect()
    }
}
