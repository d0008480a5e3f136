//! Files of plugins in Python: filters, tests, lookups, callbacks, variables, inventories, actions.

use std::path::{Path, PathBuf};

use crate::{
    collections::{Full, python_name},
    folders,
    routing::Route,
    tree::{Tree, lock},
};

/// A file that may have a plugin.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PluginFile {
    /// The file.
    pub path: PathBuf,
    /// What the module is called where it is part of a collection.
    pub full: Option<String>,
}

/// Redirections that are followed before a name is taken for one that moves in a circle.
const HOPS: usize = 10;

impl Tree {
    /// A number that changes when folders are met in which plugins may lie.
    pub fn generation(&self) -> usize {
        lock(&self.places).met.len()
    }

    /// Folders with plugins of a kind that belong to no collection.
    pub fn plugin_folders(&self, kind: &str) -> Vec<PathBuf> {
        let places = lock(&self.places);
        let beside = places.beside(&format!("{kind}_plugins")).collect::<Vec<_>>();
        let configured = places.plugins.get(kind).cloned().unwrap_or_default();
        beside.into_iter().chain(configured).filter(|folder| folder.is_dir()).map(absolute).collect()
    }

    /// Folders of playbooks and roles, in the order in which they were met.
    pub fn met(&self) -> Vec<PathBuf> {
        lock(&self.places).met.iter().cloned().map(absolute).collect()
    }

    /// Plugins of a kind that belong to no collection, by their names; of several with one name the first counts.
    pub fn plugins_beside(&self, kind: &str) -> Vec<(String, PathBuf)> {
        let mut found: Vec<(String, PathBuf)> = Vec::new();
        for folder in self.plugin_folders(kind).iter().flat_map(|folder| folders::with_inner(folder)) {
            for path in folders::python(&folder) {
                let name = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
                if !found.iter().any(|(known, _)| *known == name) {
                    found.push((name, path));
                }
            }
        }
        found
    }

    /// Folders whose `ansible_collections` Python may import from.
    pub fn collection_roots(&self) -> Vec<PathBuf> {
        let roots = lock(&self.places).roots();
        roots
            .into_iter()
            .map(absolute)
            .filter(|root| root.ends_with("ansible_collections") || root.join("ansible_collections").is_dir())
            .collect()
    }

    /// Folders of installed Python packages with `ansible_collections`, when an ansible-core is installed.
    pub fn package_roots(&self) -> Vec<PathBuf> {
        self.core().map(|core| core.collections.clone()).unwrap_or_default()
    }

    /// Files that may have the plugin of that name, best first. `native`: there is one of ours, before which only those
    /// of no collection come.
    pub fn plugin_files(&self, kind: &str, name: &str, native: bool) -> Vec<PluginFile> {
        let name = name.strip_prefix("ansible.legacy.").unwrap_or(name);
        if !name.contains('.') {
            let mut files = self.beside(kind, name);
            if files.is_empty() && !native {
                files = self.moved(kind, name);
            }
            return files;
        }
        if native || name.starts_with("ansible.builtin.") {
            return Vec::new();
        }
        self.of_collection(kind, name)
    }

    fn beside(&self, kind: &str, name: &str) -> Vec<PluginFile> {
        let folders = self.plugin_folders(kind);
        let all = folders.iter().flat_map(|folder| {
            let mut inner = folders::with_inner(folder);
            // What lies in the folder itself goes before what lies deeper.
            inner.rotate_right(1);
            inner
        });
        let files = all.flat_map(|folder| answering(&folder, kind, name));
        files.map(|path| PluginFile { path, full: None }).collect()
    }

    fn of_collection(&self, kind: &str, name: &str) -> Vec<PluginFile> {
        let mut name = name.to_string();
        for _ in 0..HOPS {
            let Some(full) = Full::of(&name) else { break };
            let Some(folder) = self.collection(full.collection) else { break };
            if let Some(Route::Redirect(target)) =
                lock(&self.routes).of(&folder.join("meta/runtime.yml"), kind, full.name)
            {
                name = target;
                continue;
            }
            let mut inner = folder.join("plugins").join(kind);
            let mut parts: Vec<&str> = full.name.split('.').collect();
            let last = parts.pop().unwrap_or_default();
            inner.extend(&parts);
            let file = |path: PathBuf| PluginFile {
                full: python_name(&folder, full.collection, &path),
                path: absolute(path),
            };
            let mut files = answering(&inner, kind, last);
            if files.first().is_none_or(|path| path.file_stem().is_none_or(|stem| stem != last)) {
                // What lies in none of its own may come from any of them, also under a name that is put together.
                files = if matches!(kind, "filter" | "test") { folders::python(&inner) } else { files };
            }
            return files.into_iter().map(file).collect();
        }
        Vec::new()
    }

    /// Where the collection of a plugin says that it went, at the end of all redirections.
    pub fn led(&self, kind: &str, name: &str) -> Option<String> {
        let mut led: Option<String> = None;
        for _ in 0..HOPS {
            let name = led.as_deref().unwrap_or(name);
            let Some(full) = Full::of(name).filter(|full| !full.collection.starts_with("ansible.builtin"))
            else {
                break;
            };
            let Some(folder) = self.collection(full.collection) else { break };
            match lock(&self.routes).of(&folder.join("meta/runtime.yml"), kind, full.name) {
                Some(Route::Redirect(target)) => led = Some(target),
                _ => break,
            }
        }
        led
    }

    /// What an installed ansible-core says of where a short name went.
    fn moved(&self, kind: &str, name: &str) -> Vec<PluginFile> {
        let Some(core) = self.core() else { return Vec::new() };
        let table = core.package.join("config/ansible_builtin_runtime.yml");
        let route = lock(&self.routes).of(&table, kind, name);
        match route {
            Some(Route::Redirect(target)) => self.of_collection(kind, &target),
            _ => Vec::new(),
        }
    }

    /// A plugin of the installed ansible-core itself, if there is one.
    pub fn core_plugin(&self, kind: &str, name: &str) -> Option<PluginFile> {
        let bare = name.strip_prefix("ansible.builtin.").or_else(|| name.strip_prefix("ansible.legacy."));
        let file = format!("{}.py", bare.unwrap_or(name));
        let path = self.core()?.package.join("plugins").join(kind).join(file);
        path.is_file().then_some(PluginFile { path, full: None })
    }

    /// The Python that an ansible-core is installed for, if there is one.
    pub fn python(&self) -> Option<PathBuf> {
        self.core().map(|core| core.python.clone())
    }
}

/// The folder by a path that means the same wherever it is used.
fn absolute(folder: PathBuf) -> PathBuf {
    std::path::absolute(&folder).unwrap_or(folder)
}

/// Files of a folder that may have it: for filters and tests every one in which the word stands.
fn answering(folder: &Path, kind: &str, name: &str) -> Vec<PathBuf> {
    let named = folders::plugin(folder, name);
    if !matches!(kind, "filter" | "test") {
        return named.into_iter().collect();
    }
    let others = folders::python(folder).into_iter().filter(|path| Some(path) != named.as_ref());
    let all: Vec<PathBuf> = named.iter().cloned().chain(others).collect();
    all.into_iter().filter(|path| std::fs::read(path).is_ok_and(|text| mentions(&text, name))).collect()
}

/// Whether the word stands in the text by itself.
fn mentions(text: &[u8], name: &str) -> bool {
    let word = |byte: Option<&u8>| byte.is_some_and(|b| b.is_ascii_alphanumeric() || *b == b'_');
    let name = name.as_bytes();
    !name.is_empty()
        && text.windows(name.len()).enumerate().any(|(at, part)| {
            part == name
                && !word(at.checked_sub(1).and_then(|i| text.get(i)))
                && !word(text.get(at + name.len()))
        })
}

#[cfg(test)]
mod tests {
    use super::mentions;

    #[test]
    fn a_name_is_mentioned_only_as_a_whole_word() {
        assert!(mentions(b"return {'twice': f}", "twice"));
        assert!(!mentions(b"return {'twice_over': f}", "twice"));
    }
}
