//! The inventory itself: groups and hosts, who belongs to whom, and the order of things.

use std::{
    collections::{HashMap, HashSet},
    path::PathBuf,
    sync::{Arc, Mutex, OnceLock, PoisonError},
};

use indexmap::IndexMap;
use rustible_protocol::{Dict, Value};
use rustible_source::Diagnostic;

use crate::{
    layers::LayerCache,
    names::{self, LOCALHOST},
    refresh::Addition,
    settings::{Decrypt, Settings},
};

/// Index of a group.
pub(crate) type GroupId = usize;
/// Index of a host.
pub(crate) type HostId = usize;

#[derive(Debug, Default)]
pub(crate) struct Group {
    pub(crate) depth: usize,
    pub(crate) priority: i64,
    pub(crate) vars: Dict,
    pub(crate) hosts: Vec<HostId>,
    members: HashSet<HostId>,
    pub(crate) children: Vec<GroupId>,
    pub(crate) parents: Vec<GroupId>,
}

#[derive(Debug, Default, Clone)]
pub(crate) struct Host {
    pub(crate) vars: Dict,
    /// The groups it was put into, without their parents.
    pub(crate) groups: Vec<GroupId>,
    /// The source that named it first.
    pub(crate) source: Option<String>,
}

/// Hosts and groups with their variables; see the crate's documentation.
pub struct Inventory {
    pub(crate) settings: Settings,
    pub(crate) decrypt: Arc<Decrypt>,
    pub(crate) sources: Vec<String>,
    pub(crate) groups: IndexMap<Arc<str>, Group>,
    pub(crate) hosts: IndexMap<Arc<str>, Host>,
    /// This machine, when the sources do not name it: it comes to be when it is asked for.
    pub(crate) implicit: OnceLock<(Arc<str>, Dict)>,
    /// The groups that a task put it into.
    pub(crate) implicit_groups: Vec<GroupId>,
    /// The first name of this machine that the sources have.
    pub(crate) localhost: Option<Arc<str>>,
    pub(crate) current_source: Option<String>,
    pub(crate) limit: Option<Vec<String>>,
    pub(crate) play_dirs: Vec<PathBuf>,
    pub(crate) deprecations: Vec<Diagnostic>,
    pub(crate) notes: Vec<String>,
    pub(crate) additions: Vec<Addition>,
    pub(crate) cache: LayerCache,
    below: Mutex<HashMap<GroupId, Arc<[HostId]>>>,
    /// The variable `groups`, and whether this machine had come to be when it was made.
    shown: Mutex<Option<(bool, Dict)>>,
}

impl std::fmt::Debug for Inventory {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Inventory({} hosts, {} groups)", self.hosts.len(), self.groups.len())
    }
}

impl Inventory {
    /// One with nothing in it but the groups `all` and `ungrouped`.
    #[must_use]
    pub fn empty(settings: Settings, decrypt: Arc<Decrypt>) -> Self {
        let mut inventory = Self {
            settings,
            decrypt,
            sources: Vec::new(),
            groups: IndexMap::new(),
            hosts: IndexMap::new(),
            implicit: OnceLock::new(),
            implicit_groups: Vec::new(),
            localhost: None,
            current_source: None,
            limit: None,
            play_dirs: Vec::new(),
            deprecations: Vec::new(),
            notes: Vec::new(),
            additions: Vec::new(),
            cache: LayerCache::default(),
            below: Mutex::default(),
            shown: Mutex::default(),
        };
        let all = inventory.group_id("all");
        let ungrouped = inventory.group_id("ungrouped");
        inventory.groups[all].children.push(ungrouped);
        inventory.groups[ungrouped].parents.push(all);
        inventory.groups[ungrouped].depth = 1;
        inventory
    }

    /// Names of all hosts in the order they were first named; implicit ones are not among them.
    #[must_use]
    pub fn host_names(&self) -> Vec<Arc<str>> {
        self.hosts.keys().cloned().collect()
    }

    /// Names of all groups in the order they were first named.
    #[must_use]
    pub fn group_names(&self) -> Vec<Arc<str>> {
        self.groups.keys().cloned().collect()
    }

    /// The host's name, when there is such a host. Names of this machine always are one: the implicit localhost.
    #[must_use]
    pub fn resolve_host(&self, name: &str) -> Option<Arc<str>> {
        if let Some((known, _)) = self.hosts.get_key_value(name) {
            return Some(known.clone());
        }
        LOCALHOST.contains(&name).then(|| self.implicit_localhost(name))
    }

    /// Whether the host is this machine without the sources saying so.
    #[must_use]
    pub fn is_implicit(&self, name: &str) -> bool {
        !self.hosts.contains_key(name) && LOCALHOST.contains(&name)
    }

    pub(crate) fn implicit_localhost(&self, name: &str) -> Arc<str> {
        if let Some(named) = &self.localhost {
            return named.clone();
        }
        let (name, _) = self.implicit.get_or_init(|| {
            let vars = [
                ("ansible_connection", Value::str("local")),
                ("ansible_python_interpreter", Value::str(crate::controller_python())),
            ];
            (name.into(), vars.into_iter().collect())
        });
        name.clone()
    }

    /// The group names and the hosts below each: the magic variable `groups`. It is made once for all hosts.
    #[must_use]
    pub fn groups_dict(&self) -> Dict {
        let implicit = self.implicit.get().is_some();
        let mut shown = self.shown.lock().unwrap_or_else(PoisonError::into_inner);
        match &*shown {
            Some((then, groups)) if *then == implicit => groups.clone(),
            _ => shown.insert((implicit, self.all_groups())).1.clone(),
        }
    }

    fn all_groups(&self) -> Dict {
        let names = |id| self.names_below(id).into_iter().map(Value::str).collect::<Vec<_>>();
        self.groups
            .keys()
            .enumerate()
            .map(|(id, name)| (Value::str(name.clone()), Value::from(names(id))))
            .collect()
    }

    /// The source that named the host first: a path, or the text of a host list.
    #[must_use]
    pub fn source_of(&self, host: &str) -> Option<PathBuf> {
        self.hosts.get(host)?.source.as_ref().map(PathBuf::from)
    }

    /// Names of the groups that the host is in, by way of other groups too; in order of precedence, lowest first.
    #[must_use]
    pub fn groups_of(&self, host: &str) -> Vec<String> {
        self.group_ids_of(host).into_iter().map(|id| self.group_name(id).to_string()).collect()
    }

    /// The hosts of a group, those of its children included.
    #[must_use]
    pub fn hosts_of(&self, group: &str) -> Vec<Arc<str>> {
        let Some(id) = self.groups.get_index_of(group) else { return Vec::new() };
        self.names_below(id)
    }

    /// Whether there is such a group.
    #[must_use]
    pub fn has_group(&self, name: &str) -> bool {
        self.groups.contains_key(name)
    }

    /// What there is to warn about since this was last asked.
    pub fn take_warnings(&self) -> Vec<Diagnostic> {
        self.settings.warnings.lock().map(|mut warnings| std::mem::take(&mut *warnings)).unwrap_or_default()
    }

    /// Uses that will not be possible in a later version (2.23), since this was last asked.
    pub fn take_deprecations(&mut self) -> Vec<Diagnostic> {
        std::mem::take(&mut self.deprecations)
    }

    /// What there is to tell of how sources were read since this was last asked, for `-vvv`.
    pub fn take_notes(&mut self) -> Vec<String> {
        std::mem::take(&mut self.notes)
    }

    pub(crate) fn warn(&self, warning: Diagnostic) {
        if let Ok(mut warnings) = self.settings.warnings.lock()
            && !warnings
                .iter()
                .any(|known| known.summary() == warning.summary() && known.origin == warning.origin)
        {
            warnings.push(warning);
        }
    }

    pub(crate) fn group_name(&self, id: GroupId) -> &str {
        self.groups.get_index(id).map_or("", |(name, _)| name)
    }

    /// All groups of a host, lowest precedence first: by depth, then priority, then name.
    pub(crate) fn group_ids_of(&self, host: &str) -> Vec<GroupId> {
        let mut found: Vec<GroupId> = Vec::new();
        let implicit = || if self.is_implicit(host) { self.implicit_groups.clone() } else { Vec::new() };
        let mut waiting = self.hosts.get(host).map_or_else(implicit, |host| host.groups.clone());
        while let Some(id) = waiting.pop() {
            if !found.contains(&id) {
                found.push(id);
                waiting.extend(&self.groups[id].parents);
            }
        }
        let rank = |id: &GroupId| (self.groups[*id].depth, self.groups[*id].priority);
        found
            .sort_by(|a, b| rank(a).cmp(&rank(b)).then_with(|| self.group_name(*a).cmp(self.group_name(*b))));
        found
    }

    pub(crate) fn ancestors(&self, id: GroupId) -> HashSet<GroupId> {
        let mut found = HashSet::new();
        let mut waiting = self.groups[id].parents.clone();
        while let Some(id) = waiting.pop() {
            if found.insert(id) {
                waiting.extend(&self.groups[id].parents);
            }
        }
        found
    }

    /// The hosts of a group and of those below it, level by level.
    pub(crate) fn hosts_below(&self, id: GroupId) -> Arc<[HostId]> {
        if let Some(known) = self.below.lock().ok().and_then(|below| below.get(&id).cloned()) {
            return known;
        }
        let (mut seen, mut level, mut hosts) = (HashSet::from([id]), vec![id], Vec::new());
        let mut taken = HashSet::new();
        while !level.is_empty() {
            hosts.extend(
                level
                    .iter()
                    .flat_map(|id| &self.groups[*id].hosts)
                    .copied()
                    .filter(|host| taken.insert(*host)),
            );
            let next = level.iter().flat_map(|id| &self.groups[*id].children).copied();
            level = next.filter(|id| seen.insert(*id)).collect();
        }
        let hosts: Arc<[HostId]> = hosts.into();
        if let Ok(mut below) = self.below.lock() {
            below.insert(id, hosts.clone());
        }
        hosts
    }

    /// The names of these hosts; this machine is among them when a task put it there, but never in `all`.
    pub(crate) fn names_below(&self, id: GroupId) -> Vec<Arc<str>> {
        let mut names = self.names(self.hosts_below(id).iter().copied());
        if let Some((name, _)) = self.implicit.get()
            && self.is_implicit(name)
            && self.group_name(id) != "all"
            && self.implicit_groups.iter().any(|group| *group == id || self.ancestors(*group).contains(&id))
        {
            names.push(name.clone());
        }
        names
    }

    /// Forget what was worked out from the tree.
    pub(crate) fn changed(&mut self) {
        self.below = Mutex::default();
        self.shown = Mutex::default();
        self.cache.forget_groups();
    }

    /// The group of that name, made when there is none. The name is taken as it is.
    pub(crate) fn group_id(&mut self, name: &str) -> GroupId {
        let entry = self.groups.entry(name.into());
        let id = entry.index();
        entry.or_insert_with(|| Group { priority: 1, ..Group::default() });
        id
    }

    /// A group by its name, made when there is none; the name may be made valid. The name that it has is returned.
    pub(crate) fn ensure_group(&mut self, name: &str) -> Result<GroupId, Diagnostic> {
        if let Some(id) = self.groups.get_index_of(name) {
            return Ok(id);
        }
        if name.is_empty() {
            return Err(Diagnostic::new("Invalid empty/false group name provided: "));
        }
        let (name, warning) = names::group(name, self.settings.transform);
        if let Some(warning) = warning {
            self.warn(Diagnostic::new(warning));
        }
        self.changed();
        Ok(self.group_id(&name))
    }

    /// A host by its name, made when there is none, put into the group.
    pub(crate) fn ensure_host(
        &mut self,
        name: &str,
        group: Option<GroupId>,
        port: Option<i64>,
    ) -> Result<HostId, Diagnostic> {
        if name.is_empty() {
            return Err(Diagnostic::new("Invalid empty host name provided: "));
        }
        let id = if let Some(id) = self.hosts.get_index_of(name) {
            id
        } else {
            let name: Arc<str> = name.into();
            let mut host = Host { source: self.current_source.clone(), ..Host::default() };
            if let Some(port) = port {
                host.vars.insert("ansible_port", port);
            }
            let (id, _) = self.hosts.insert_full(name.clone(), host);
            if LOCALHOST.contains(&&*name) {
                if let Some(first) = &self.localhost {
                    let text = format!(
                        "A duplicate localhost-like entry was found ({name}). First found localhost was {first}"
                    );
                    self.warn(Diagnostic::new(text));
                } else {
                    self.localhost = Some(name);
                }
            }
            id
        };
        if let Some(group) = group {
            self.join(id, group);
        }
        Ok(id)
    }

    /// Put a host into a group; whether it was not there yet.
    pub(crate) fn join(&mut self, host: HostId, group: GroupId) -> bool {
        let added = self.groups[group].members.insert(host);
        if added {
            self.groups[group].hosts.push(host);
            self.hosts[host].groups.push(group);
            self.changed();
        }
        added
    }

    pub(crate) fn leave(&mut self, host: HostId, group: GroupId) {
        if self.groups[group].members.remove(&host) {
            self.groups[group].hosts.retain(|id| *id != host);
            self.hosts[host].groups.retain(|id| *id != group);
        }
    }

    /// Put a group below another; whether it was not there yet.
    pub(crate) fn nest(&mut self, parent: GroupId, child: GroupId) -> Result<bool, Diagnostic> {
        if parent == child {
            return Err(Diagnostic::new("can't add group to itself"));
        }
        if self.groups[parent].children.contains(&child) {
            return Ok(false);
        }
        if self.ancestors(parent).contains(&child) {
            let (child, parent) = (self.group_name(child), self.group_name(parent));
            return Err(Diagnostic::new(format!(
                "Adding group '{child}' as child to '{parent}' creates a recursive dependency loop."
            )));
        }
        self.groups[parent].children.push(child);
        self.groups[child].parents.push(parent);
        self.deepen(child, self.groups[parent].depth + 1);
        self.changed();
        Ok(true)
    }

    /// Make a group and all below it at least this deep.
    fn deepen(&mut self, id: GroupId, depth: usize) {
        let mut waiting = vec![(id, depth)];
        while let Some((id, depth)) = waiting.pop() {
            if self.groups[id].depth < depth {
                self.groups[id].depth = depth;
                waiting.extend(self.groups[id].children.iter().map(|child| (*child, depth + 1)));
            }
        }
    }

    /// The rules that hold after every change of the tree: all groups are below `all`, hosts of no group are in
    /// `ungrouped`, the others are not.
    pub(crate) fn reconcile(&mut self) -> Result<(), Diagnostic> {
        self.current_source = None;
        let all = self.group_id("all");
        let ungrouped = self.group_id("ungrouped");
        for id in 0..self.groups.len() {
            if id != all && self.groups[id].parents.is_empty() {
                self.nest(all, id)?;
            }
        }
        for id in 0..self.hosts.len() {
            let elsewhere = self.hosts[id].groups.iter().any(|group| *group != all && *group != ungrouped);
            if elsewhere {
                self.leave(id, ungrouped);
            } else {
                self.join(id, ungrouped);
            }
        }
        for name in self.groups.keys() {
            if self.hosts.contains_key(name) {
                self.warn(Diagnostic::new(format!("Found both group and host with same name: {name}")));
            }
        }
        self.changed();
        Ok(())
    }
}
