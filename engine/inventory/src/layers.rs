//! The variables of a host, layer by layer, lowest precedence first.

use std::{
    collections::HashMap,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError},
};

use rustible_protocol::{Dict, Value};
use rustible_source::Diagnostic;

use crate::{
    group_vars::combine,
    model::{GroupId, Inventory},
    outer::{Stage, VarsPlugin},
};

/// Where variables of a host come from, in ascending precedence.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Layer {
    /// The group `all` in the inventory sources.
    InventoryAll,
    /// The host's other groups in the inventory sources: by depth, priority and name.
    InventoryGroups,
    /// `group_vars/all` beside the inventory sources.
    FilesAllInventory,
    /// `group_vars/all` beside the playbook.
    FilesAllPlay,
    /// `group_vars/<group>` beside the inventory sources.
    FilesGroupsInventory,
    /// `group_vars/<group>` beside the playbook.
    FilesGroupsPlay,
    /// The host in the inventory sources.
    InventoryHost,
    /// `host_vars/<host>` beside the inventory sources.
    FilesHostInventory,
    /// `host_vars/<host>` beside the playbook.
    FilesHostPlay,
}

impl Layer {
    /// The layers of groups in their usual order.
    pub const OF_GROUPS: [Self; 6] = [
        Self::InventoryAll,
        Self::InventoryGroups,
        Self::FilesAllInventory,
        Self::FilesAllPlay,
        Self::FilesGroupsInventory,
        Self::FilesGroupsPlay,
    ];

    /// The layer that `VARIABLE_PRECEDENCE` calls so.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Some(match name {
            "all_inventory" => Self::InventoryAll,
            "groups_inventory" => Self::InventoryGroups,
            "all_plugins_inventory" => Self::FilesAllInventory,
            "all_plugins_play" => Self::FilesAllPlay,
            "groups_plugins_inventory" => Self::FilesGroupsInventory,
            "groups_plugins_play" => Self::FilesGroupsPlay,
            _ => return None,
        })
    }
}

/// The folders are those of plays where they are not the playbook's own.
type Key = (Layer, Vec<GroupId>, Stage, Vec<PathBuf>);

/// Whose variables are asked for.
#[derive(Debug, Clone, Copy)]
enum Of<'a> {
    Groups(&'a [GroupId]),
    Host(&'a str),
}

/// What a plugin was asked: its name, the folder, hosts or groups, when.
type Asked = (String, PathBuf, bool, Vec<String>, Stage);

/// What was read and composed: each file is read once, each set of groups is composed once.
#[derive(Debug, Default)]
pub(crate) struct LayerCache {
    composed: Mutex<HashMap<Key, Dict>>,
    files: Mutex<HashMap<(PathBuf, &'static str, String), Dict>>,
    folders: Mutex<HashMap<(PathBuf, &'static str), Option<PathBuf>>>,
    told: Mutex<HashMap<Asked, Dict>>,
    plugins: Mutex<Option<(usize, Arc<[VarsPlugin]>)>>,
}

impl LayerCache {
    /// Forget what depends on the tree of groups and on the playbook's place.
    pub(crate) fn forget_groups(&mut self) {
        self.composed = Mutex::default();
        self.told = Mutex::default();
    }

    /// The folder of that kind beside a source or playbook, as it was when it was first looked for.
    fn folder(
        &self,
        dir: &Path,
        kind: &'static str,
        look: impl FnOnce() -> Option<PathBuf>,
    ) -> Option<PathBuf> {
        let mut folders = self.folders.lock().unwrap_or_else(PoisonError::into_inner);
        folders.entry((dir.to_path_buf(), kind)).or_insert_with(look).clone()
    }

    fn forget_composed(&self) {
        if let Ok(mut composed) = self.composed.lock() {
            composed.clear();
        }
    }
}

/// Which plugins are asked, and when.
#[derive(Clone, Copy)]
struct Asking<'a> {
    plugins: &'a [VarsPlugin],
    stage: Stage,
}

impl Inventory {
    /// The variables of a host in layers, lowest precedence first; layers without any variable are left out.
    /// The mappings are shared: hosts of the same groups get the same ones.
    ///
    /// # Errors
    /// A variable file that cannot be read, decrypted or understood.
    pub fn try_layers(&self, host: &str) -> Result<Vec<(Layer, Dict)>, Diagnostic> {
        self.layers_at(host, self.settings.stage, None)
    }

    /// As [`Self::try_layers`], with plugins asked as at that stage, and with folders that stand for the playbook's.
    pub(crate) fn layers_at(
        &self,
        host: &str,
        stage: Stage,
        folders: Option<&[PathBuf]>,
    ) -> Result<Vec<(Layer, Dict)>, Diagnostic> {
        let play_dirs = folders.unwrap_or(&self.play_dirs);
        let plugins = self.vars_plugins()?;
        let asked = Asking { plugins: &plugins, stage };
        let groups = self.group_ids_of(host);
        let named = |id: &GroupId| self.group_name(*id) == "all";
        let (all, groups): (Vec<GroupId>, Vec<GroupId>) = groups.into_iter().partition(named);
        let all = if all.is_empty() { self.groups.get_index_of("all").into_iter().collect() } else { all };
        let sources = self.source_dirs();
        let mut layers = Vec::new();
        for layer in &self.settings.precedence {
            let of = match layer {
                Layer::InventoryAll | Layer::FilesAllInventory | Layer::FilesAllPlay => &all,
                _ => &groups,
            };
            let dirs = match layer {
                Layer::FilesAllInventory | Layer::FilesGroupsInventory => sources.as_slice(),
                Layer::FilesAllPlay | Layer::FilesGroupsPlay => play_dirs,
                _ => &[],
            };
            layers.push((*layer, self.composed(*layer, of, dirs, asked)?));
        }
        layers.extend([
            (Layer::InventoryHost, self.own_vars(host)),
            (Layer::FilesHostInventory, self.told(&sources, Of::Host(host), asked)?),
            (Layer::FilesHostPlay, self.told(play_dirs, Of::Host(host), asked)?),
        ]);
        layers.retain(|(_, vars)| !vars.is_empty());
        Ok(layers)
    }

    /// As [`Self::try_layers`], without the names of the layers. Files that cannot be read were an error of
    /// [`Self::check_vars`] before; one that broke since then is a warning here.
    #[must_use]
    pub fn layers(&self, host: &str) -> Vec<Dict> {
        self.layers_in(host, None)
    }

    /// As [`Self::layers`], with folders that stand for the playbook's.
    #[must_use]
    pub fn layers_in(&self, host: &str, folders: Option<&[PathBuf]>) -> Vec<Dict> {
        match self.layers_at(host, self.settings.stage, folders) {
            Ok(layers) => layers.into_iter().map(|(_, vars)| vars).collect(),
            Err(error) => {
                self.warn(error);
                vec![self.own_vars(host)]
            }
        }
    }

    /// Read all variable files of these hosts, so that what is wrong with them is known before they are needed.
    ///
    /// # Errors
    /// As [`Self::try_layers`].
    pub fn check_vars<'a>(&self, hosts: impl IntoIterator<Item = &'a str>) -> Result<(), Diagnostic> {
        hosts.into_iter().try_for_each(|host| self.try_layers(host).map(|_| ()))
    }

    /// All layers of a host in one mapping.
    ///
    /// # Errors
    /// As [`Self::try_layers`].
    pub fn host_vars(&self, host: &str) -> Result<Dict, Diagnostic> {
        let merge = self.settings.merge_hashes;
        Ok(self.try_layers(host)?.iter().fold(Dict::new(), |all, (_, vars)| combine(&all, vars, merge)))
    }

    /// The variables that the sources give to the host itself.
    pub(crate) fn own_vars(&self, host: &str) -> Dict {
        if let Some(host) = self.hosts.get(host) {
            return host.vars.clone();
        }
        self.implicit
            .get()
            .filter(|(name, _)| **name == *host)
            .map(|(_, vars)| vars.clone())
            .unwrap_or_default()
    }

    /// The variables of a group with those of its files, as `ansible-inventory --export` shows them.
    pub(crate) fn group_vars(&self, id: GroupId) -> Result<Dict, Diagnostic> {
        let own = self.groups[id].vars.clone();
        let plugins = self.vars_plugins()?;
        let asked = Asking { plugins: &plugins, stage: self.settings.stage };
        let beside = self.told(&self.source_dirs(), Of::Groups(&[id]), asked)?;
        let merge = self.settings.merge_hashes;
        let all = combine(&own, &beside, merge);
        if !self.settings.play_in_groups {
            return Ok(all);
        }
        let play = self.told(&self.play_dirs, Of::Groups(&[id]), asked)?;
        Ok(combine(&all, &play, merge))
    }

    /// What plugins give once the sources were read becomes part of the inventory.
    pub(crate) fn add_told(&mut self) -> Result<(), Diagnostic> {
        let plugins = self.vars_plugins()?;
        let asked = Asking { plugins: &plugins, stage: Stage::Inventory };
        if !plugins.iter().any(|plugin| *plugin != VarsPlugin::Files || self.reads_files(asked.stage)) {
            return Ok(());
        }
        let (sources, merge) = (self.source_dirs(), self.settings.merge_hashes);
        for id in 0..self.groups.len() {
            let told = self.told(&sources, Of::Groups(&[id]), asked)?;
            self.groups[id].vars = combine(&self.groups[id].vars, &told, merge);
        }
        for id in 0..self.hosts.len() {
            let Some((name, _)) = self.hosts.get_index(id) else { continue };
            let told = self.told(&sources, Of::Host(&name.clone()), asked)?;
            self.hosts[id].vars = combine(&self.hosts[id].vars, &told, merge);
        }
        self.changed();
        Ok(())
    }

    /// Ask plugins for variables anew from now on; what files hold stays.
    pub fn forget_told(&mut self) {
        let only_files = |known: &Option<(usize, Arc<[VarsPlugin]>)>| {
            known.as_ref().is_none_or(|(_, all)| **all == [VarsPlugin::Files])
        };
        if !self.cache.plugins.get_mut().is_ok_and(|known| only_files(known)) {
            self.cache.forget_groups();
        }
    }

    /// The directories beside the sources, in their order.
    fn source_dirs(&self) -> Vec<PathBuf> {
        let dir = |source: &String| {
            let path = Path::new(source);
            if source.contains(',') && !path.exists() {
                return None;
            }
            Some(if path.is_dir() { path.to_path_buf() } else { path.parent()?.to_path_buf() })
        };
        self.sources.iter().filter_map(dir).collect()
    }

    /// The plugins for variables in their order.
    fn vars_plugins(&self) -> Result<Arc<[VarsPlugin]>, Diagnostic> {
        let Some(outer) = &self.settings.outer else { return Ok(Arc::new([VarsPlugin::Files])) };
        let generation = outer.generation();
        let known = self.cache.plugins.lock().ok().and_then(|known| known.clone());
        if let Some((_, plugins)) = known.as_ref().filter(|(at, _)| *at == generation) {
            return Ok(plugins.clone());
        }
        let plugins: Arc<[VarsPlugin]> = outer.vars_plugins()?.into();
        if known.is_some_and(|(_, before)| before != plugins) {
            self.cache.forget_composed();
        }
        if let Ok(mut known) = self.cache.plugins.lock() {
            *known = Some((generation, plugins.clone()));
        }
        Ok(plugins)
    }

    fn reads_files(&self, stage: Stage) -> bool {
        self.settings.outer.as_ref().map_or(stage != Stage::Inventory, |outer| outer.reads_files(stage))
    }

    fn composed(
        &self,
        layer: Layer,
        groups: &[GroupId],
        dirs: &[PathBuf],
        asked: Asking<'_>,
    ) -> Result<Dict, Diagnostic> {
        let beside_play = matches!(layer, Layer::FilesAllPlay | Layer::FilesGroupsPlay);
        let folders = if beside_play && dirs != self.play_dirs { dirs.to_vec() } else { Vec::new() };
        let key = (layer, groups.to_vec(), asked.stage, folders);
        if let Some(known) = self.cache.composed.lock().ok().and_then(|composed| composed.get(&key).cloned())
        {
            return Ok(known);
        }
        let merge = self.settings.merge_hashes;
        let all = if matches!(layer, Layer::InventoryAll | Layer::InventoryGroups) {
            groups.iter().fold(Dict::new(), |all, id| combine(&all, &self.groups[*id].vars, merge))
        } else {
            self.told(dirs, Of::Groups(groups), asked)?
        };
        if let Ok(mut composed) = self.cache.composed.lock() {
            composed.insert(key, all.clone());
        }
        Ok(all)
    }

    /// What all plugins say with these folders.
    fn told(&self, dirs: &[PathBuf], of: Of<'_>, asked: Asking<'_>) -> Result<Dict, Diagnostic> {
        let merge = self.settings.merge_hashes;
        let mut all = Dict::new();
        for dir in dirs {
            for plugin in asked.plugins {
                match plugin {
                    VarsPlugin::Files if !self.reads_files(asked.stage) => {}
                    VarsPlugin::Files => all = self.files_of(all, dir, of)?,
                    VarsPlugin::Other(name) => {
                        all = combine(&all, &self.told_by(name, dir, of, asked.stage)?, merge);
                    }
                }
            }
        }
        Ok(all)
    }

    fn files_of(&self, all: Dict, dir: &Path, of: Of<'_>) -> Result<Dict, Diagnostic> {
        let merge = self.settings.merge_hashes;
        match of {
            Of::Host(host) => Ok(combine(&all, &self.cached_file_vars(dir, "host_vars", host)?, merge)),
            Of::Groups(groups) => groups.iter().try_fold(all, |all, id| {
                Ok(combine(&all, &self.cached_file_vars(dir, "group_vars", self.group_name(*id))?, merge))
            }),
        }
    }

    fn told_by(&self, plugin: &str, dir: &Path, of: Of<'_>, stage: Stage) -> Result<Dict, Diagnostic> {
        let Some(outer) = &self.settings.outer else { return Ok(Dict::new()) };
        let (is_host, names) = match of {
            Of::Host(host) => (true, vec![host.to_string()]),
            Of::Groups(groups) => (false, groups.iter().map(|id| self.group_name(*id).to_string()).collect()),
        };
        let key = (plugin.to_string(), dir.to_path_buf(), is_host, names, stage);
        if let Some(known) = self.cache.told.lock().ok().and_then(|told| told.get(&key).cloned()) {
            return Ok(known);
        }
        let entities: Vec<Value> = match of {
            Of::Host(host) => vec![self.entity(host, None)],
            Of::Groups(groups) => {
                groups.iter().map(|id| self.entity(self.group_name(*id), Some(*id))).collect()
            }
        };
        let vars = outer.vars(plugin, dir, &entities, stage)?;
        if let Ok(mut told) = self.cache.told.lock() {
            told.insert(key, vars.clone());
        }
        Ok(vars)
    }

    fn cached_file_vars(&self, dir: &Path, kind: &'static str, name: &str) -> Result<Dict, Diagnostic> {
        // The folder is looked for once, also one that is not there: as the reference, however many hosts there are.
        let Some(folder) = self.cache.folder(dir, kind, || self.vars_folder(dir, kind)) else {
            return Ok(Dict::new());
        };
        let key = (dir.to_path_buf(), kind, name.to_string());
        if let Some(known) = self.cache.files.lock().ok().and_then(|files| files.get(&key).cloned()) {
            return Ok(known);
        }
        let vars = self.file_vars(&folder, name)?;
        if let Ok(mut files) = self.cache.files.lock() {
            files.insert(key, vars.clone());
        }
        Ok(vars)
    }
}
