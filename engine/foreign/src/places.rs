//! Where modules and what they import may lie.

use std::{
    collections::HashMap,
    path::{Path, PathBuf},
};

/// Folders in the order in which they are searched: those of playbooks and roles first, then the configured ones.
#[derive(Debug, Clone, Default)]
pub struct Places {
    /// Folders of playbooks and roles, in the order in which they were met.
    pub(crate) met: Vec<PathBuf>,
    /// `--module-path` and then the setting `library`.
    pub modules: Vec<PathBuf>,
    /// The setting `module_utils`.
    pub module_utils: Vec<PathBuf>,
    /// Configured folders with plugins by their kind (`action`, `filter` ...).
    pub plugins: HashMap<&'static str, Vec<PathBuf>>,
    /// Folders with `ansible_collections` in them.
    pub collections: Vec<PathBuf>,
}

impl Places {
    /// Folders of that name beside what was met.
    pub(crate) fn beside<'a>(&'a self, name: &'a str) -> impl Iterator<Item = PathBuf> + 'a {
        self.met.iter().map(move |folder| folder.join(name))
    }

    /// Folders with collections: beside playbooks, then the configured ones.
    pub(crate) fn roots(&self) -> Vec<PathBuf> {
        self.beside("collections").chain(self.collections.iter().cloned()).collect()
    }

    pub(crate) fn meet(&mut self, folder: &Path) -> bool {
        let new = !self.met.iter().any(|known| known == folder);
        if new {
            self.met.push(folder.to_path_buf());
        }
        new
    }
}
