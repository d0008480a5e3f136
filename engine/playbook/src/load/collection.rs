//! Roles and playbooks of collections.

use std::path::{Path, PathBuf};

use rustible_protocol::Text;

use super::{Catalog, Loader};
use crate::frame::OWN;

const ENDINGS: [&str; 3] = ["", ".yml", ".yaml"];

/// The parts of a name between its dots, when each of them is a word and there are three or more.
fn parts(name: &str) -> Option<Vec<&str>> {
    let parts: Vec<&str> = name.split('.').collect();
    let is_word = |part: &&str| {
        !part.is_empty()
            && !part.starts_with(|c: char| c.is_ascii_digit())
            && part.chars().all(|c| c == '_' || c.is_alphanumeric())
    };
    (parts.len() > 2 && parts.iter().all(is_word)).then_some(parts)
}

/// The file of a playbook by its full name, `namespace.collection.name`; its ending may be left out.
#[must_use]
pub fn collection_playbook(catalog: &dyn Catalog, name: &str) -> Option<PathBuf> {
    let bare = ENDINGS[1..].iter().find_map(|ending| name.strip_suffix(ending)).unwrap_or(name);
    let ending = &name[bare.len()..];
    let parts = parts(bare)?;
    let (last, folders) = parts[2..].split_last()?;
    let mut folder = catalog.collection(&parts[..2].join("."))?.join("playbooks");
    folder.extend(folders);
    let endings = if ending.is_empty() { &ENDINGS[..] } else { &[ending][..] };
    endings.iter().map(|ending| folder.join(format!("{last}{ending}"))).find(|path| path.exists())
}

impl Loader {
    /// The folder of a role by its full name, or by a short one in the first of these collections that has it; and the
    /// name of the collection.
    pub(super) fn collection_role(&self, name: &str, collections: &[&Text]) -> Option<(PathBuf, String)> {
        let within = |collection: &str, inner: &[&str]| {
            let mut folder = self.catalog.collection(collection)?.join("roles");
            folder.extend(inner);
            folder.is_dir().then(|| (folder, collection.to_string()))
        };
        match parts(name) {
            Some(parts) => within(&parts[..2].join("."), &parts[2..]),
            None => collections
                .iter()
                .filter(|collection| !OWN.contains(&collection.as_str()))
                .find_map(|collection| within(collection, &[name])),
        }
    }

    /// The collection that a playbook's file is of: it must be the one that is found under its name.
    #[must_use]
    pub fn collection_of(&self, file: &Path) -> Option<String> {
        let file = std::path::absolute(file).ok()?;
        let root = file.ancestors().find(|folder| folder.ends_with("ansible_collections"))?;
        let mut inner = file.strip_prefix(root).ok()?.iter();
        let (namespace, name) = (inner.next()?.to_str()?, inner.next()?.to_str()?);
        let found = self.catalog.collection(&format!("{namespace}.{name}"))?;
        let same = found.canonicalize().ok()? == root.join(namespace).join(name).canonicalize().ok()?;
        same.then(|| format!("{namespace}.{name}"))
    }
}
