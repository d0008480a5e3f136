//! Action groups: `action_groups` of a collection's `meta/runtime.yml` and of an installed ansible-core.

use std::{
    collections::{BTreeSet, HashMap},
    sync::Arc,
};

use rustible_protocol::Value;

use crate::{
    collections::Full,
    tree::{BUILTIN, Tree, lock},
};

/// The full names of a group's actions, or nothing where there is no such group.
pub(crate) type Group = Option<Arc<BTreeSet<String>>>;

/// The groups that were looked for, by full name.
pub(crate) type Groups = HashMap<String, Group>;

impl Tree {
    /// The actions of a group by its full name, with those of the groups that it extends; a short name is ansible-core's.
    pub fn group(&self, name: &str) -> Option<Arc<BTreeSet<String>>> {
        let name = if name.contains('.') { name.to_string() } else { format!("{BUILTIN}.{name}") };
        if let Some(known) = lock(&self.groups).get(&name) {
            return known.clone();
        }
        let mut actions = BTreeSet::new();
        let found = self.extend(&name, &mut BTreeSet::new(), &mut actions);
        let group = found.then(|| Arc::new(actions));
        lock(&self.groups).insert(name, group.clone());
        group
    }

    /// Add a group's actions, unless it was seen; whether there is such a group.
    fn extend(&self, name: &str, seen: &mut BTreeSet<String>, actions: &mut BTreeSet<String>) -> bool {
        if !seen.insert(name.to_string()) {
            return true;
        }
        let Some((collection, entries)) = self.entries(name) else { return false };
        let full = |name: &str| match name.matches('.').count() {
            0 | 1 => format!("{collection}.{name}"),
            _ => name.to_string(),
        };
        for entry in &entries {
            let Value::Dict(metadata) = entry else {
                actions.extend(entry.as_str().map(full));
                continue;
            };
            let extended = metadata.get("metadata").and_then(|metadata| metadata.get("extend_group"));
            let names = match extended {
                Some(Value::List(names)) => names.to_vec(),
                Some(name) => vec![name.clone()],
                None => Vec::new(),
            };
            for name in names.iter().filter_map(Value::as_str) {
                self.extend(&full(name), seen, actions);
            }
        }
        true
    }

    /// The collection of a group and what its table says of it.
    fn entries(&self, name: &str) -> Option<(String, Vec<Value>)> {
        let full = Full::of(name)?;
        let table = if full.collection == BUILTIN {
            self.core()?.package.join("config/ansible_builtin_runtime.yml")
        } else {
            self.collection(full.collection)?.join("meta/runtime.yml")
        };
        let entries =
            lock(&self.routes).file(&table).get("action_groups")?.get(full.name)?.as_list()?.to_vec();
        Some((full.collection.to_string(), entries))
    }
}
