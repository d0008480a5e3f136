//! What a template sees: the layers of a host, a play and a task, highest first.
//!
//! From the strongest: loop variables, magic variables, extra vars, parameters of includes and roles, `set_fact` and
//! `register`, `include_vars`, vars of tasks and blocks, vars of the task's role, vars of the play's roles, `vars_files`,
//! vars of the play, facts, host and group variables, defaults of the task's role, defaults of the play's roles.

use std::{
    collections::HashSet,
    path::PathBuf,
    sync::{Arc, PoisonError, RwLock},
};

use rustible_inventory::{Inventory, combine};
use rustible_playbook::{Frame, FrameKind, Play, Role};
use rustible_protocol::{Dict, Text, Value};
use rustible_template::{HostVars, Outgoing, Scope};

use crate::{
    hosts::Hosts,
    magic::{Magic, NAMES, RunFacts, VarsRoot},
    store::{HostStore, Store},
};

/// What all tasks of a play (or of the run, between plays) share.
#[derive(Debug, Clone)]
pub struct PlayScope {
    /// The whole run.
    pub run: Arc<RunFacts>,
    /// `--extra-vars`.
    pub extra: Dict,
    /// What is known of hosts.
    pub store: Arc<Store>,
    /// The inventory; tasks may add to it.
    pub inventory: Arc<RwLock<Inventory>>,
    /// The play; `None` between plays.
    pub play: Option<Arc<Play>>,
    /// Its name as shown.
    pub name: Option<Value>,
    /// All hosts that its pattern and the limit leave.
    pub hosts_all: Hosts,
    /// The hosts of this batch.
    pub batch: Hosts,
    /// Hosts that failed or were not reached.
    pub removed: Arc<RwLock<HashSet<Arc<str>>>>,
    /// Answers to `vars_prompt`.
    pub answers: Dict,
    /// Roles whose variables all tasks see; dynamic includes with `public` add to them.
    pub roles: Arc<RwLock<Vec<Arc<Role>>>>,
    /// `hash_behaviour = merge`: mappings of the same name in several layers are one.
    pub merge_hashes: bool,
}

impl PlayScope {
    /// The inventory as it is now.
    pub fn inventory(&self) -> std::sync::RwLockReadGuard<'_, Inventory> {
        self.inventory.read().unwrap_or_else(PoisonError::into_inner)
    }
    fn public_roles(&self) -> Vec<Arc<Role>> {
        let mut all = self.roles.read().unwrap_or_else(PoisonError::into_inner).clone();
        if all.is_empty()
            && let Some(play) = &self.play
        {
            all.clone_from(&play.roles);
        }
        all
    }
}

/// What one task sees on one host.
#[derive(Debug, Clone)]
pub struct TaskScope {
    pub(crate) play: Arc<PlayScope>,
    pub(crate) host: Option<Arc<str>>,
    /// For a delegate: the host that `inventory_hostname` names.
    pub(crate) shown_host: Option<Arc<str>>,
    pub(crate) frame: Option<Arc<Frame>>,
    /// Loop variables and what the task has learnt so far.
    locals: Dict,
    /// Highest first.
    layers: Vec<Dict>,
    store: Arc<HostStore>,
    /// How many layers are above the host's facts.
    above_facts: usize,
    with_hostvars: bool,
    /// The host that the task is delegated to.
    delegated: Option<Arc<str>>,
}

impl TaskScope {
    /// The scope of a task on a host. `files` are the host's `vars_files`.
    #[must_use]
    pub fn new(
        play: &Arc<PlayScope>,
        host: Option<&Arc<str>>,
        frame: Option<&Arc<Frame>>,
        files: Option<&Dict>,
    ) -> Self {
        let store = host.map(|host| play.store.of(host)).unwrap_or_default();
        let mut scope = Self {
            play: play.clone(),
            host: host.cloned(),
            shown_host: None,
            frame: frame.cloned(),
            locals: Dict::new(),
            layers: Vec::with_capacity(24),
            store,
            above_facts: 0,
            with_hostvars: true,
            delegated: None,
        };
        scope.fill(files);
        scope
    }

    fn push(&mut self, layer: &Dict) {
        if !layer.is_empty() {
            self.layers.push(layer.clone());
        }
    }

    fn fill(&mut self, files: Option<&Dict>) {
        let play = self.play.clone();
        let frame = self.frame.clone();
        let store = self.store.clone();
        self.push(&play.extra);
        if let Some(frame) = &frame {
            for around in frame.chain().filter(|f| f.kind == FrameKind::Include) {
                self.push(&around.vars);
            }
            for role in frame.roles() {
                self.push(&role.params);
                self.push(&role.use_vars);
            }
        }
        self.push(&store.set);
        self.push(&store.included);
        if let Some(frame) = &frame {
            let inner = frame.chain().filter(|f| matches!(f.kind, FrameKind::Task | FrameKind::Block));
            if play.merge_hashes {
                // Vars of a task and of the blocks around it are one layer.
                let all: Vec<_> = inner.map(|around| &around.vars).collect();
                let flat = all.iter().rev().fold(Dict::new(), |flat, vars| combine(&flat, vars, false));
                self.push(&flat);
            } else {
                inner.for_each(|around| self.push(&around.vars));
            }
            for role in frame.roles() {
                self.role_vars(role);
            }
        }
        let mut roles = play.public_roles();
        roles.retain(|role| role.public);
        for role in roles.iter().rev() {
            self.role_vars(role);
        }
        if let Some(files) = files {
            self.push(files);
        }
        self.push(&play.answers);
        if let Some(play) = &play.play {
            self.push(&play.frame.vars);
        }
        self.above_facts = self.layers.len();
        self.push(&store.injected);
        if let Some(host) = self.host.clone() {
            let layers = play.inventory().layers_in(&host, self.vars_roots().as_deref());
            self.layers.extend(layers.into_iter().rev().filter(|layer| !layer.is_empty()));
        }
        if let Some(frame) = &frame {
            for role in frame.roles() {
                self.role_defaults(role);
            }
        }
        for role in roles.iter().rev() {
            self.role_defaults(role);
        }
    }

    /// Where variable files of the task are looked for instead of beside the playbook.
    fn vars_roots(&self) -> Option<Vec<PathBuf>> {
        let root = self.play.run.vars_root;
        let frame = self.frame.as_ref().filter(|_| root != VarsRoot::Top)?;
        let mut folders: Vec<PathBuf> = frame.roles().into_iter().map(|role| role.path.clone()).collect();
        let own = frame.origin.as_ref().and_then(|o| PathBuf::from(&*o.file).parent().map(PathBuf::from));
        if let Some(own) = own.filter(|own| !folders.contains(own)) {
            folders.push(own);
        }
        if folders.is_empty() {
            return None;
        }
        if root == VarsRoot::Bottom {
            folders.truncate(1);
        }
        Some(folders)
    }

    fn role_vars(&mut self, role: &Role) {
        self.push(&role.vars);
        for dependency in role.dependencies.iter().rev() {
            self.role_vars(dependency);
        }
    }

    fn role_defaults(&mut self, role: &Role) {
        self.push(&role.defaults);
        for dependency in role.dependencies.iter().rev() {
            self.role_defaults(dependency);
        }
    }

    /// The same scope with more local variables, which win over all but magic ones.
    #[must_use]
    pub fn with(&self, locals: &Dict) -> Self {
        let mut scope = self.clone();
        scope.locals.extend(locals);
        scope
    }

    /// The variable in the highest layer that has it; where mappings are merged, with those of the layers below.
    fn layered(&self, name: &str) -> Option<Value> {
        let mut found = self.layers.iter().filter_map(|layer| layer.get(name));
        let first = found.next()?;
        let Value::Dict(highest) = first else { return Some(first.clone()) };
        if !self.play.merge_hashes {
            return Some(first.clone());
        }
        let lower = found.map_while(Value::as_dict);
        Some(Value::Dict(lower.fold(highest.clone(), |all, lower| combine(lower, &all, true))))
    }

    /// Where a task's host is reached: under the variable's other name, or by the name of the host.
    fn address(&self, other: &str) -> Option<Value> {
        let host = self.frame.as_ref().and(self.host.as_ref())?;
        let set = self.layers.iter().find_map(|layer| layer.get(other)).cloned();
        if self.play.inventory().is_implicit(host) {
            return Some(set.unwrap_or_else(|| Value::str("127.0.0.1")));
        }
        Some(set.unwrap_or_else(|| Value::str(host.clone())))
    }

    /// Loop variables and what the task has learnt so far.
    #[must_use]
    pub fn locals(&self) -> &Dict {
        &self.locals
    }

    /// Set a local variable.
    pub fn set_local(&mut self, name: impl Into<Value>, value: impl Into<Value>) {
        self.locals.insert(name, value);
    }

    /// The host that the task is delegated to, for `ansible_delegated_vars`.
    #[must_use]
    pub fn delegated_to(mut self, host: &Arc<str>) -> Self {
        self.delegated = Some(host.clone());
        self
    }

    /// For the scope of a delegate: the host that `inventory_hostname` names.
    #[must_use]
    pub fn shown_as(mut self, host: Option<&Arc<str>>) -> Self {
        self.shown_host = host.cloned();
        self
    }

    /// What is known of the host.
    #[must_use]
    pub fn store(&self) -> &HostStore {
        &self.store
    }

    /// The host.
    #[must_use]
    pub fn host(&self) -> Option<&Arc<str>> {
        self.host.as_ref()
    }

    /// Folders where files that the task names are looked for, nearest first: those of its roles, of the files it was
    /// included by, of the playbook.
    #[must_use]
    pub fn search_path(&self) -> Vec<PathBuf> {
        let mut folders: Vec<PathBuf> = Vec::new();
        let mut add = |folder: PathBuf| {
            if !folders.contains(&folder) {
                folders.push(folder);
            }
        };
        if let Some(frame) = &self.frame {
            for role in frame.roles() {
                add(role.path.clone());
            }
            for around in frame.chain().filter(|f| f.kind == FrameKind::Include) {
                if let Some(folder) = around.folder.clone().filter(|f| !f.as_os_str().is_empty()) {
                    add(folder);
                }
            }
            if let Some(file) =
                frame.origin.as_ref().and_then(|o| PathBuf::from(&*o.file).parent().map(PathBuf::from))
            {
                add(file);
            }
        }
        if let Some(play) = &self.play.play {
            add(play.folder.clone());
        }
        add(self.play.run.playbook_dir.clone());
        folders
    }
}

impl Scope for TaskScope {
    fn get(&self, name: &str) -> Option<Value> {
        if let Some(value) = self.locals.get(name) {
            return Some(value.clone());
        }
        if let Some(value) = Magic::get(name, self) {
            return Some(value);
        }
        if let Some(value) = self.layered(name) {
            return Some(value);
        }
        match name {
            "environment" => {
                let frame = self.frame.as_ref()?;
                Some(frame.all("environment").into_iter().cloned().collect::<Vec<_>>().into())
            }
            "ansible_local" => self.store.namespaced.get("ansible_local").cloned(),
            "ansible_host" => self.address("ansible_ssh_host"),
            "ansible_ssh_host" => self.address("ansible_host"),
            _ => None,
        }
    }

    fn outgoing(&self, name: &str) -> Option<Outgoing> {
        match name {
            _ if self.locals.contains_key(name) => None,
            "play_hosts" if self.play.play.is_some() => Some(Outgoing {
                what: "The `play_hosts` magic variable is deprecated.",
                version: "2.23",
                instead: "Use `ansible_play_batch` instead.",
            }),
            "ansible_local" => None,
            _ if self.play.run.facts_by_default
                && self.store.injected.contains_key(name)
                && !self.layers.iter().take(self.above_facts).any(|layer| layer.contains_key(name))
                && Magic::get(name, self).is_none() =>
            {
                Some(Outgoing {
                    what: "INJECT_FACTS_AS_VARS default to `True` is deprecated, top-level facts will not be auto injected after the change.",
                    version: "2.24",
                    instead: "Use `ansible_facts[\"fact_name\"]` (no `ansible_` prefix) instead.",
                })
            }
            _ => None,
        }
    }

    fn names(&self) -> Vec<Text> {
        let mut seen = HashSet::new();
        let mut names = Vec::new();
        let all = std::iter::once(&self.locals)
            .chain(&self.layers)
            .flat_map(Dict::texts)
            .map(|(name, _)| name.clone());
        for name in
            all.chain(NAMES.iter().map(|n| Text::untrusted(*n)).filter(|n| Magic::get(n, self).is_some()))
        {
            if seen.insert(name.clone()) {
                names.push(name);
            }
        }
        names
    }

    fn hostvars(&self) -> Option<Arc<dyn HostVars>> {
        self.with_hostvars.then(|| Arc::new(AllHosts(self.play.clone())) as Arc<dyn HostVars>)
    }
    fn delegated(&self) -> Option<Arc<dyn HostVars>> {
        let host = self.delegated.clone()?;
        let shown = self.host.clone();
        Some(Arc::new(OneHost { host, shown, all: AllHosts(self.play.clone()) }))
    }
}

/// `ansible_delegated_vars`: the one host, which the inventory need not know.
struct OneHost {
    host: Arc<str>,
    /// The host of the task, whose name the delegate bears.
    shown: Option<Arc<str>>,
    all: AllHosts,
}

impl HostVars for OneHost {
    fn hosts(&self) -> Vec<Text> {
        vec![Text::untrusted(self.host.to_string())]
    }

    fn host(&self, name: &str) -> Option<Arc<dyn Scope>> {
        (*name == *self.host).then(|| self.all.seen(&self.host, self.shown.as_ref()))
    }
}

/// `hostvars`: every host as it looks from outside a play.
struct AllHosts(Arc<PlayScope>);

impl AllHosts {
    fn seen(&self, host: &Arc<str>, shown: Option<&Arc<str>>) -> Arc<dyn Scope> {
        // No play, no task: variables of plays and roles are not those of a host.
        let outside = PlayScope {
            play: None,
            name: None,
            answers: Dict::new(),
            roles: Arc::default(),
            ..PlayScope::clone(&self.0)
        };
        let mut scope = TaskScope::new(&Arc::new(outside), Some(host), None, None);
        scope.with_hostvars = false;
        Arc::new(scope.shown_as(shown))
    }
}

impl HostVars for AllHosts {
    fn hosts(&self) -> Vec<Text> {
        self.0.inventory().host_names().into_iter().map(Text::untrusted).collect()
    }

    fn host(&self, name: &str) -> Option<Arc<dyn Scope>> {
        let host = self.0.inventory().resolve_host(name)?;
        Some(self.seen(&host, None))
    }
}
