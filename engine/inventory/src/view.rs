//! The inventory as `ansible-inventory` shows it: `--list`, `--host`, `--graph`, as data and as text.

use std::{collections::HashSet, sync::Arc};

use rustible_protocol::{Dict, List, Text, Value, repr};
use rustible_source::{Diagnostic, Kind};

use crate::model::{GroupId, Inventory};

/// Variables that the engine makes and that are no part of an inventory.
const INTERNAL: [&str; 33] = [
    "ansible_async_path",
    "ansible_collection_name",
    "ansible_config_file",
    "ansible_dependent_role_names",
    "ansible_diff_mode",
    "ansible_facts",
    "ansible_forks",
    "ansible_inventory_sources",
    "ansible_limit",
    "ansible_play_batch",
    "ansible_play_hosts",
    "ansible_play_hosts_all",
    "ansible_play_role_names",
    "ansible_playbook_python",
    "ansible_role_name",
    "ansible_role_names",
    "ansible_run_tags",
    "ansible_skip_tags",
    "ansible_verbosity",
    "ansible_version",
    "inventory_dir",
    "inventory_file",
    "inventory_hostname",
    "inventory_hostname_short",
    "groups",
    "group_names",
    "hostvars",
    "playbook_dir",
    "play_hosts",
    "role_name",
    "role_names",
    "role_path",
    "role_uuid",
];

/// What `--list` is shown as.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// The form that inventory scripts give: groups beside each other, variables under `_meta`.
    Json,
    /// The form of a YAML inventory: groups inside each other.
    Yaml,
    /// The form of a TOML inventory: groups beside each other, hosts with their variables.
    Toml,
}

impl Inventory {
    /// The data of `--list`, the limit observed. With `export`, variables stay where they were written: those of
    /// groups at the groups.
    ///
    /// # Errors
    /// As [`Self::select`] and [`Self::try_layers`].
    pub fn list(&self, form: Form, export: bool) -> Result<Value, Diagnostic> {
        let hosts = self.select("all")?.hosts;
        let all = self.groups.get_index_of("all").unwrap_or_default();
        let mut lister = Lister {
            inventory: self,
            available: hosts.iter().cloned().collect(),
            export,
            form,
            seen_groups: HashSet::new(),
            seen_hosts: HashSet::new(),
        };
        match form {
            Form::Yaml => lister.nested(all).map(Value::Dict),
            Form::Toml => {
                let mut out = Dict::new();
                lister.flat(all, &mut out)?;
                Ok(Value::Dict(out))
            }
            Form::Json => {
                let mut out = Dict::new();
                lister.flat(all, &mut out)?;
                let mut vars = Dict::new();
                for host in &hosts {
                    let own = self.shown_vars(host, export)?;
                    if !own.is_empty() {
                        vars.insert(Value::str(host.clone()), in_json(&Value::Dict(own), true));
                    }
                }
                let meta: Dict = [("hostvars", Value::Dict(vars)), ("profile", "inventory_legacy".into())]
                    .into_iter()
                    .collect();
                out.insert("_meta", meta);
                Ok(Value::Dict(out))
            }
        }
    }

    /// The data of `--host`: the variables of the one host that the pattern means.
    ///
    /// # Errors
    /// A pattern that means no host or several; as [`Self::try_layers`].
    pub fn host_view(&self, pattern: &str, form: Form, export: bool) -> Result<Value, Diagnostic> {
        let hosts = self.select(pattern)?.hosts;
        let [host] = hosts.as_slice() else {
            let text = "You must pass a single valid host to --host parameter";
            return Err(Diagnostic::new(text).of_kind(Kind::Options));
        };
        let vars = Value::Dict(self.shown_vars(host, export)?);
        Ok(if form == Form::Json { in_json(&vars, false) } else { vars })
    }

    /// The text of `--graph` from a group on, with variables when they are asked for.
    ///
    /// # Errors
    /// A name that is no group; as [`Self::try_layers`].
    pub fn graph(&self, group: &str, vars: bool) -> Result<String, Diagnostic> {
        let Some(id) = self.groups.get_index_of(group) else {
            let text = "Pattern must be valid group name when using --graph";
            return Err(Diagnostic::new(text).of_kind(Kind::Options));
        };
        let mut lines = Vec::new();
        self.graph_group(id, 0, vars, &mut lines)?;
        Ok(lines.join("\n"))
    }

    fn graph_group(
        &self,
        id: GroupId,
        depth: usize,
        vars: bool,
        lines: &mut Vec<String>,
    ) -> Result<(), Diagnostic> {
        let name = self.group_name(id);
        lines.push(branch(&format!("@{name}:"), depth));
        for child in &self.groups[id].children {
            self.graph_group(*child, depth + 1, vars, lines)?;
        }
        if name != "all" {
            for host in self.names(self.groups[id].hosts.iter().copied()) {
                lines.push(branch(&host, depth + 1));
                if vars {
                    graph_vars(&self.shown_vars(&host, false)?, depth + 2, lines);
                }
            }
        }
        if vars {
            graph_vars(&self.shown_group_vars(id)?, depth + 1, lines);
        }
        Ok(())
    }

    /// The variables of a host as they are shown; with `export` only those given to the host itself.
    fn shown_vars(&self, host: &str, export: bool) -> Result<Dict, Diagnostic> {
        let mut vars = Dict::new();
        for (layer, own) in self.try_layers(host)? {
            use crate::Layer::{FilesHostInventory, FilesHostPlay, InventoryHost};
            // Hosts that were written as one range have data of their own.
            let own = if layer == InventoryHost { unshared(&own) } else { own };
            if !export || matches!(layer, InventoryHost | FilesHostInventory | FilesHostPlay) {
                vars = crate::group_vars::combine(&vars, &own, self.settings.merge_hashes);
            }
        }
        if !export {
            vars = crate::group_vars::combine(&vars, &self.settings.extra_vars, self.settings.merge_hashes);
        }
        Ok(without_internal(vars))
    }

    fn shown_group_vars(&self, id: GroupId) -> Result<Dict, Diagnostic> {
        let mut vars = self.group_vars(id)?;
        if self.groups[id].priority != 1 {
            vars.insert("ansible_group_priority", self.groups[id].priority);
        }
        Ok(without_internal(vars))
    }
}

fn unshared(dict: &Dict) -> Dict {
    fn copy(value: &Value) -> Value {
        match value {
            Value::List(items) => Value::List(items.iter().map(copy).collect()),
            Value::Dict(dict) => Value::Dict(unshared(dict)),
            other => other.clone(),
        }
    }
    dict.iter().map(|(key, value)| (key.clone(), copy(value))).collect()
}

fn without_internal(vars: Dict) -> Dict {
    // A mapping of its own, even when one layer was all there is.
    let mut vars: Dict = vars.iter().map(|(name, value)| (name.clone(), value.clone())).collect();
    for name in INTERNAL {
        vars.remove(name);
    }
    vars
}

/// Data in the form that inventory scripts give: encrypted text is marked, and text that may not be templated too where
/// `unsafes` says so.
fn in_json(value: &Value, unsafes: bool) -> Value {
    let marked = |mark: &str, text: &Text| {
        Value::Dict([(mark, Value::str(text.shared().clone()))].into_iter().collect())
    };
    match value {
        Value::Vaulted(text) => marked("__ansible_vault", text),
        Value::Str(text) if unsafes && !text.is_trusted() => marked("__ansible_unsafe", text),
        Value::List(items) => Value::List(items.iter().map(|item| in_json(item, unsafes)).collect()),
        Value::Dict(dict) => {
            Value::Dict(dict.iter().map(|(key, value)| (key.clone(), in_json(value, unsafes))).collect())
        }
        other => other.clone(),
    }
}

fn branch(text: &str, depth: usize) -> String {
    if depth == 0 { text.to_string() } else { format!("{}--{text}", "  |".repeat(depth)) }
}

fn graph_vars(vars: &Dict, depth: usize, lines: &mut Vec<String>) {
    let mut entries: Vec<(String, String)> =
        vars.iter().map(|(name, value)| (repr::str(name), repr::str(value))).collect();
    entries.sort();
    lines.extend(entries.iter().map(|(name, value)| branch(&format!("{{{name} = {value}}}"), depth)));
}

struct Lister<'a> {
    inventory: &'a Inventory,
    available: HashSet<Arc<str>>,
    export: bool,
    form: Form,
    seen_groups: HashSet<GroupId>,
    seen_hosts: HashSet<Arc<str>>,
}

impl Lister<'_> {
    fn hosts(&self, id: GroupId) -> Vec<Arc<str>> {
        let names = self.inventory.names(self.inventory.groups[id].hosts.iter().copied());
        names.into_iter().filter(|name| self.available.contains(name)).collect()
    }

    fn group_vars(&self, id: GroupId) -> Result<Dict, Diagnostic> {
        if self.export { self.inventory.shown_group_vars(id) } else { Ok(Dict::new()) }
    }

    /// Hosts with their variables, those of a host at its first place only.
    fn hosts_with_vars(&mut self, id: GroupId) -> Result<Dict, Diagnostic> {
        let mut hosts = Dict::new();
        for name in self.hosts(id) {
            let first = self.seen_hosts.insert(name.clone());
            let vars = if first { self.inventory.shown_vars(&name, self.export)? } else { Dict::new() };
            hosts.insert(Value::str(name), vars);
        }
        Ok(hosts)
    }

    /// Groups beside each other.
    fn flat(&mut self, id: GroupId, out: &mut Dict) -> Result<(), Diagnostic> {
        let inventory = self.inventory;
        let (name, is_all) = (inventory.group_name(id).to_string(), inventory.group_name(id) == "all");
        let mut own = Dict::new();
        if !is_all && self.form == Form::Json {
            own.insert("hosts", self.hosts(id).into_iter().map(Value::str).collect::<List>());
        }
        out.insert(name.as_str(), Dict::new());
        let mut children = Vec::new();
        for child in &inventory.groups[id].children {
            let child_name = inventory.group_name(*child);
            if self.form == Form::Json {
                children.push(Value::str(child_name));
                if self.seen_groups.insert(*child) {
                    self.flat(*child, out)?;
                }
            } else if child_name != "ungrouped" || !inventory.groups[*child].hosts.is_empty() {
                if !is_all {
                    children.push(Value::str(child_name));
                }
                self.flat(*child, out)?;
            }
        }
        own.insert("children", Value::from(children));
        if !is_all && self.form == Form::Toml {
            let hosts = self.hosts_with_vars(id)?;
            own.insert("hosts", hosts);
        }
        let vars = Value::Dict(self.group_vars(id)?);
        own.insert("vars", if self.form == Form::Json { in_json(&vars, true) } else { vars });
        own.make_mut().retain(|_, content| content.truthy());
        if own.is_empty() {
            out.remove(&name);
        } else {
            out.insert(name.as_str(), own);
        }
        Ok(())
    }

    /// Groups inside each other.
    fn nested(&mut self, id: GroupId) -> Result<Dict, Diagnostic> {
        let inventory = self.inventory;
        let mut children = Dict::new();
        for child in &inventory.groups[id].children {
            if self.seen_groups.contains(child) {
                children.insert(inventory.group_name(*child), Dict::new());
            } else {
                children.extend(&self.nested(*child)?);
                self.seen_groups.insert(*child);
            }
        }
        let hosts = if inventory.group_name(id) == "all" { Dict::new() } else { self.hosts_with_vars(id)? };
        let mut own: Dict =
            [("children", children), ("hosts", hosts), ("vars", self.group_vars(id)?)].into_iter().collect();
        own.make_mut().retain(|_, content| content.truthy());
        let mut out = Dict::new();
        if !own.is_empty() {
            out.insert(inventory.group_name(id), own);
        }
        Ok(out)
    }
}
