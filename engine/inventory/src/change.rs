//! Changes: variables, and what `add_host`, `group_by` and inventory plugins do.

use std::sync::Arc;

use rustible_protocol::{Dict, Value, repr};
use rustible_source::Diagnostic;

use crate::{
    group_vars::combine,
    model::{GroupId, HostId, Inventory},
    names,
    refresh::Addition,
};

impl Inventory {
    /// Add a host or change one, as the action `add_host` does: put it into groups (made when needed) and set
    /// variables. Whether anything changed.
    ///
    /// # Errors
    /// An empty name.
    pub fn add_host(&mut self, name: &str, groups: &[String], vars: &Dict) -> Result<bool, Diagnostic> {
        self.additions.push(Addition::Host {
            name: name.to_string(),
            groups: groups.to_vec(),
            vars: vars.clone(),
        });
        let mut changed = !self.hosts.contains_key(name);
        let all = self.ensure_group("all")?;
        let id = if changed {
            self.ensure_host(name, Some(all), None)?
        } else {
            self.ensure_host(name, None, None)?
        };
        let before = self.hosts[id].vars.clone();
        let after = combine(&before, vars, self.settings.merge_hashes);
        if before != after {
            self.hosts[id].vars = after;
            changed = true;
        }
        for group in groups {
            changed |= !self.groups.contains_key(group.as_str());
            let group = self.ensure_group(group)?;
            changed |= self.join(id, group);
        }
        if changed {
            self.reconcile()?;
        }
        Ok(changed)
    }

    /// Put a host into a group below other groups, as the action `group_by` does. Whether anything changed.
    ///
    /// # Errors
    /// An unknown host, an empty name, a circle of groups.
    pub fn add_to_group(&mut self, host: &str, group: &str, parents: &[String]) -> Result<bool, Diagnostic> {
        let (host_name, group_name, above) = (host.to_string(), group.to_string(), parents.to_vec());
        self.additions.push(Addition::Group { host: host_name, group: group_name, parents: above });
        let Some(id) = self.hosts.get_index_of(host) else {
            if self.is_implicit(host) {
                let changed = self.add_group(group, parents)?;
                let id = self.ensure_group(group)?;
                let known = self.implicit_groups.contains(&id);
                if !known {
                    self.implicit_localhost(host);
                    self.implicit_groups.push(id);
                    self.changed();
                }
                return Ok(changed || !known);
            }
            return Err(Diagnostic::new(format!("{host} cannot be matched in inventory")));
        };
        let mut changed = self.add_group(group, parents)?;
        let group = self.ensure_group(group)?;
        changed |= self.join(id, group);
        if changed {
            self.reconcile()?;
        }
        Ok(changed)
    }

    /// Make a group below other groups (made when needed). Whether anything changed.
    ///
    /// # Errors
    /// An empty name, a circle of groups.
    pub fn add_group(&mut self, name: &str, parents: &[String]) -> Result<bool, Diagnostic> {
        let mut changed = !self.groups.contains_key(name);
        let id = self.ensure_group(name)?;
        for parent in parents {
            changed |= !self.groups.contains_key(parent.as_str());
            let parent = self.ensure_group(parent)?;
            changed |= self.nest(parent, id)?;
        }
        if changed {
            self.reconcile()?;
        }
        Ok(changed)
    }

    /// Put a group or a host into a group. Whether it was not there yet.
    ///
    /// # Errors
    /// An unknown name, a circle of groups.
    pub fn add_child(&mut self, group: &str, child: &str) -> Result<bool, Diagnostic> {
        let Some(parent) = self.groups.get_index_of(group) else {
            return Err(Diagnostic::new(format!("{group} is not a known group")));
        };
        if let Some(child) = self.groups.get_index_of(child) {
            return self.nest(parent, child);
        }
        let host = self.hosts.get_index_of(child);
        host.map(|host| self.join(host, parent))
            .ok_or_else(|| Diagnostic::new(format!("{child} is not a known host nor group")))
    }

    /// Set a variable of a host. Nothing happens when there is no such host.
    pub fn set_host_var(&mut self, host: &str, name: &Value, value: &Value) {
        if let Some(id) = self.hosts.get_index_of(host) {
            self.set_on_host(id, name, value);
        }
    }

    pub(crate) fn set_on_host(&mut self, id: HostId, name: &Value, value: &Value) {
        self.check_variable(name);
        let merge = self.settings.merge_hashes;
        set(&mut self.hosts[id].vars, name, value, merge);
    }

    pub(crate) fn set_on_group(&mut self, id: GroupId, name: &Value, value: &Value) {
        self.check_variable(name);
        if name.as_str() != Some("ansible_group_priority") {
            let merge = self.settings.merge_hashes;
            set(&mut self.groups[id].vars, name, value, merge);
            self.changed();
            return;
        }
        let priority = match value {
            Value::Str(text) => text.trim().parse().ok(),
            Value::Float(number) => format!("{number:.0}").parse().ok(),
            Value::Bool(flag) => Some(i64::from(*flag)),
            other => other.as_int(),
        };
        if let Some(priority) = priority {
            self.groups[id].priority = priority;
        } else {
            let (shown, group) = (repr::str(value), self.group_name(id));
            let text = format!(
                "Invalid priority value '{shown}' for group '{group}'.Setting priority to default value."
            );
            let cause = if value.as_str().is_some() {
                format!("invalid literal for int() with base 10: {}", repr::repr(value))
            } else {
                let kind = value.type_name();
                format!("int() argument must be a string, a bytes-like object or a real number, not '{kind}'")
            };
            self.warn(Diagnostic::new(text).because(Diagnostic::new(cause)));
            self.groups[id].priority = 1;
        }
        self.changed();
    }

    fn check_variable(&mut self, name: &Value) {
        if name.as_str().is_some_and(names::is_variable) {
            return;
        }
        let help = "Variable names must be strings starting with a letter or underscore character, and contain only letters, numbers and underscores.";
        let name_shown = repr::repr(name);
        let text = format!(
            "Accepting inventory variable with invalid name {name_shown}. This feature will be removed from ansible-core version 2.23."
        );
        self.deprecations.push(Diagnostic::new(text).at(name.origin()).help(help));
    }

    /// Set the variables of hosts that a source names, making the hosts.
    pub(crate) fn populate(
        &mut self,
        hosts: &[String],
        vars: &Value,
        group: GroupId,
        port: Option<i64>,
    ) -> Result<(), Diagnostic> {
        let empty = Dict::new();
        let vars = match vars {
            Value::Dict(dict) => dict,
            other if !other.truthy() => &empty,
            other => {
                let text =
                    format!("Invalid data from file, expected dictionary and got:\n\n{}", repr::str(other));
                return Err(Diagnostic::new(text));
            }
        };
        for host in hosts {
            let id = self.ensure_host(host, Some(group), port)?;
            for (name, value) in vars {
                self.set_on_host(id, name, value);
            }
        }
        Ok(())
    }

    /// Where variable files beside the playbook are looked for: the playbook's directory.
    pub fn set_play_dirs(&mut self, dirs: Vec<std::path::PathBuf>) {
        if self.play_dirs != dirs {
            self.play_dirs = dirs;
            self.changed();
        }
    }

    /// The names of the hosts with these indexes.
    pub(crate) fn names(&self, ids: impl IntoIterator<Item = HostId>) -> Vec<Arc<str>> {
        ids.into_iter().filter_map(|id| self.hosts.get_index(id)).map(|(name, _)| name.clone()).collect()
    }
}

fn set(vars: &mut Dict, name: &Value, value: &Value, merge: bool) {
    let mappings = matches!((vars.get_value(name), value), (Some(Value::Dict(_)), Value::Dict(_)));
    if merge && mappings {
        *vars = combine(vars, &[(name.clone(), value.clone())].into_iter().collect(), true);
    } else {
        vars.insert(name.clone(), value.clone());
    }
}
