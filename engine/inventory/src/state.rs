//! Groups and hosts as plain data, for inventory plugins that are not rustible's own: told to them, and taken back.

use std::collections::HashMap;

use indexmap::IndexMap;
use rustible_protocol::{Dict, Value};
use rustible_source::Diagnostic;

use crate::{
    model::{GroupId, Host, Inventory},
    names::LOCALHOST,
};

/// The variables under which a host's source is known to plugins.
const SOURCE: [&str; 2] = ["inventory_file", "inventory_dir"];

impl Inventory {
    /// `groups` as `[name, variables, priority, children, hosts]`, `hosts` as `[name, variables]`, and the source that
    /// is read.
    pub(crate) fn state(&self) -> Value {
        let groups = self.groups.iter().map(|(name, group)| {
            let children = group.children.iter().map(|id| Value::from(self.group_name(*id)));
            let hosts = self.names(group.hosts.iter().copied()).into_iter().map(Value::str);
            let parts: [Value; 5] = [
                Value::str(name.clone()),
                group.vars.clone().into(),
                group.priority.into(),
                children.collect::<Vec<_>>().into(),
                hosts.collect::<Vec<_>>().into(),
            ];
            Value::from(parts.to_vec())
        });
        let hosts = self
            .hosts
            .iter()
            .map(|(name, host)| Value::from(vec![Value::str(name.clone()), with_source(host).into()]));
        let mut state = Dict::new();
        state.insert("groups", groups.collect::<Vec<_>>());
        state.insert("hosts", hosts.collect::<Vec<_>>());
        state.insert("source", self.current_source.as_deref().map(Value::str));
        state.into()
    }

    /// A group or host as plugins for variables are told of it: its kind, name and variables, and of a host its groups.
    pub(crate) fn entity(&self, name: &str, group: Option<GroupId>) -> Value {
        let mut told = Dict::new();
        told.insert("group", group.is_some());
        told.insert("name", name);
        if let Some(id) = group {
            told.insert("vars", self.groups[id].vars.clone());
            told.insert("priority", self.groups[id].priority);
            told.insert("depth", i64::try_from(self.groups[id].depth).unwrap_or_default());
            return told.into();
        }
        told.insert("vars", self.hosts.get(name).map_or_else(|| self.own_vars(name), with_source));
        let groups = self.group_ids_of(name).into_iter().map(|id| {
            let depth = i64::try_from(self.groups[id].depth).unwrap_or_default();
            Value::from(vec![self.group_name(id).into(), depth.into(), self.groups[id].priority.into()])
        });
        told.insert("groups", groups.collect::<Vec<_>>());
        told.into()
    }

    /// Take over what a plugin made of the state: as [`Self::state`], where a variable is `[name]` when it is as it
    /// was and `[name, value]` else.
    pub(crate) fn take_state(&mut self, state: &Value) -> Result<(), Diagnostic> {
        let old_groups: HashMap<String, Dict> =
            self.groups.iter().map(|(name, group)| (name.to_string(), group.vars.clone())).collect();
        let old_hosts = std::mem::take(&mut self.hosts);
        self.groups = IndexMap::new();
        let groups: Vec<Value> = list(state.get("groups"));
        for group in &groups {
            let [name, vars, priority, ..] = &list(Some(group))[..] else { return Err(strange()) };
            let name = name.as_str().ok_or_else(strange)?;
            let id = self.group_id(name);
            self.groups[id].vars = merged(vars, old_groups.get(name));
            self.groups[id].priority = priority.as_int().unwrap_or(1);
        }
        for host in &list(state.get("hosts")) {
            let [name, vars] = &list(Some(host))[..] else { return Err(strange()) };
            let name = name.as_str().ok_or_else(strange)?;
            self.take_host(name, vars, old_hosts.get(name));
        }
        for group in &groups {
            let [name, _, _, children, hosts] = &list(Some(group))[..] else { return Err(strange()) };
            let id = self.group_id(name.as_str().unwrap_or_default());
            for child in list(Some(children)) {
                let child =
                    self.groups.get_index_of(child.as_str().unwrap_or_default()).ok_or_else(strange)?;
                self.nest(id, child)?;
            }
            for host in list(Some(hosts)) {
                let host = self.hosts.get_index_of(host.as_str().unwrap_or_default()).ok_or_else(strange)?;
                self.join(host, id);
            }
        }
        self.changed();
        Ok(())
    }

    fn take_host(&mut self, name: &str, vars: &Value, old: Option<&Host>) {
        let mut vars = merged(vars, old.map(with_source).as_ref());
        let file = vars.get(SOURCE[0]).and_then(Value::as_str).map(str::to_string);
        let source = old.map_or(file, |old| old.source.clone());
        for name in SOURCE {
            vars.remove(name);
        }
        if LOCALHOST.contains(&name) && self.localhost.is_none() {
            self.localhost = Some(name.into());
        }
        self.hosts.insert(name.into(), Host { vars, source, ..Host::default() });
    }
}

/// A host's variables with those that tell its source.
fn with_source(host: &Host) -> Dict {
    let mut vars = Dict::new();
    let source = host.source.as_deref();
    let folder =
        source.map(|source| std::path::Path::new(source).parent().unwrap_or(std::path::Path::new("")));
    vars.insert(SOURCE[0], source.map(Value::str));
    vars.insert(SOURCE[1], folder.map(Value::from));
    vars.extend(&host.vars);
    vars
}

fn merged(told: &Value, old: Option<&Dict>) -> Dict {
    let mut vars = Dict::new();
    for variable in list(Some(told)) {
        match &list(Some(&variable))[..] {
            [name] => {
                if let Some(value) = old.and_then(|old| old.get_value(name)) {
                    vars.insert(name.clone(), value.clone());
                }
            }
            [name, value, ..] => drop(vars.insert(name.clone(), value.clone())),
            [] => {}
        }
    }
    vars
}

fn list(value: Option<&Value>) -> Vec<Value> {
    value.and_then(Value::as_list).map(|list| list.to_vec()).unwrap_or_default()
}

fn strange() -> Diagnostic {
    Diagnostic::new("an inventory plugin left groups and hosts that do not go together")
}
