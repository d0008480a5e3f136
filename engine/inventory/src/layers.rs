//! The variables of a host, layer by layer, lowest precedence first.

use std::{
    collections::HashMap,
    path::{Path, PathBuf},
    sync::Mutex,
};

use rustible_protocol::Dict;
use rustible_source::Diagnostic;

use crate::{
    group_vars::combine,
    model::{GroupId, Inventory},
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

type Key = (Layer, Vec<GroupId>);

/// What was read and composed: each file is read once, each set of groups is composed once.
#[derive(Debug, Default)]
pub(crate) struct LayerCache {
    composed: Mutex<HashMap<Key, Dict>>,
    files: Mutex<HashMap<(PathBuf, &'static str, String), Dict>>,
}

impl LayerCache {
    /// Forget what depends on the tree of groups and on the playbook's place.
    pub(crate) fn forget_groups(&mut self) {
        self.composed = Mutex::default();
    }
}

impl Inventory {
    /// The variables of a host in layers, lowest precedence first; layers without any variable are left out.
    /// The mappings are shared: hosts of the same groups get the same ones.
    ///
    /// # Errors
    /// A variable file that cannot be read, decrypted or understood.
    pub fn try_layers(&self, host: &str) -> Result<Vec<(Layer, Dict)>, Diagnostic> {
        let groups = self.group_ids_of(host);
        let named = |id: &GroupId| self.group_name(*id) == "all";
        let (all, groups): (Vec<GroupId>, Vec<GroupId>) = groups.into_iter().partition(named);
        let all = if all.is_empty() { self.groups.get_index_of("all").into_iter().collect() } else { all };
        let sources = self.source_dirs();
        let mut layers = vec![
            (Layer::InventoryAll, self.composed(Layer::InventoryAll, &all, &[])?),
            (Layer::InventoryGroups, self.composed(Layer::InventoryGroups, &groups, &[])?),
            (Layer::FilesAllInventory, self.composed(Layer::FilesAllInventory, &all, &sources)?),
            (Layer::FilesAllPlay, self.composed(Layer::FilesAllPlay, &all, &self.play_dirs)?),
            (Layer::FilesGroupsInventory, self.composed(Layer::FilesGroupsInventory, &groups, &sources)?),
            (Layer::FilesGroupsPlay, self.composed(Layer::FilesGroupsPlay, &groups, &self.play_dirs)?),
            (Layer::InventoryHost, self.own_vars(host)),
            (Layer::FilesHostInventory, self.host_files(host, &sources)?),
            (Layer::FilesHostPlay, self.host_files(host, &self.play_dirs)?),
        ];
        layers.retain(|(_, vars)| !vars.is_empty());
        Ok(layers)
    }

    /// As [`Self::try_layers`], without the names of the layers. Files that cannot be read were an error of
    /// [`Self::check_vars`] before; one that broke since then is a warning here.
    #[must_use]
    pub fn layers(&self, host: &str) -> Vec<Dict> {
        match self.try_layers(host) {
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
        let beside = self.composed(Layer::FilesGroupsInventory, &[id], &self.source_dirs())?;
        let play = self.composed(Layer::FilesGroupsPlay, &[id], &self.play_dirs)?;
        let merge = self.settings.merge_hashes;
        Ok(combine(&combine(&own, &beside, merge), &play, merge))
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

    fn composed(&self, layer: Layer, groups: &[GroupId], dirs: &[PathBuf]) -> Result<Dict, Diagnostic> {
        let key = (layer, groups.to_vec());
        if let Some(known) = self.cache.composed.lock().ok().and_then(|composed| composed.get(&key).cloned())
        {
            return Ok(known);
        }
        let merge = self.settings.merge_hashes;
        let mut all = Dict::new();
        if matches!(layer, Layer::InventoryAll | Layer::InventoryGroups) {
            for id in groups {
                all = combine(&all, &self.groups[*id].vars, merge);
            }
        } else {
            for dir in dirs {
                for id in groups {
                    all = combine(
                        &all,
                        &self.cached_file_vars(dir, "group_vars", self.group_name(*id))?,
                        merge,
                    );
                }
            }
        }
        if let Ok(mut composed) = self.cache.composed.lock() {
            composed.insert(key, all.clone());
        }
        Ok(all)
    }

    fn host_files(&self, host: &str, dirs: &[PathBuf]) -> Result<Dict, Diagnostic> {
        let merge = self.settings.merge_hashes;
        let read = |dir: &PathBuf| self.cached_file_vars(dir, "host_vars", host);
        dirs.iter().try_fold(Dict::new(), |all, dir| Ok(combine(&all, &read(dir)?, merge)))
    }

    fn cached_file_vars(&self, dir: &Path, kind: &'static str, name: &str) -> Result<Dict, Diagnostic> {
        let key = (dir.to_path_buf(), kind, name.to_string());
        if let Some(known) = self.cache.files.lock().ok().and_then(|files| files.get(&key).cloned()) {
            return Ok(known);
        }
        let vars = self.file_vars(dir, kind, name)?;
        if let Ok(mut files) = self.cache.files.lock() {
            files.insert(key, vars.clone());
        }
        Ok(vars)
    }
}
