//! Collections on the controller: their folders and the plugins in them.

use std::path::{Path, PathBuf};

use crate::folders;

/// A plugin's full name in its parts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Full<'a> {
    /// `namespace.collection`.
    pub(crate) collection: &'a str,
    /// The rest, with dots where it lies in folders.
    pub(crate) name: &'a str,
}

impl<'a> Full<'a> {
    /// The parts of `namespace.collection.name`.
    pub(crate) fn of(name: &'a str) -> Option<Self> {
        let first = name.find('.')?;
        let second = first + 1 + name[first + 1..].find('.')?;
        let (collection, rest) = (&name[..second], &name[second + 1..]);
        (!rest.is_empty() && first > 0 && second > first + 1).then_some(Self { collection, name: rest })
    }
}

/// The folder of a collection, in the first of the roots that has it.
pub(crate) fn folder(roots: &[PathBuf], collection: &str) -> Option<PathBuf> {
    let (namespace, name) = collection.split_once('.')?;
    roots
        .iter()
        .map(|root| match root.file_name() {
            // A configured path may name the inner folder itself.
            Some(file) if file == "ansible_collections" => root.clone(),
            _ => root.join("ansible_collections"),
        })
        .map(|root| root.join(namespace).join(name))
        .find(|folder| folder.is_dir())
}

/// The file of a collection's module.
pub(crate) fn module(collection: &Path, name: &str) -> Option<PathBuf> {
    let mut folder = collection.join("plugins/modules");
    let mut parts: Vec<&str> = name.split('.').collect();
    let last = parts.pop()?;
    folder.extend(parts);
    folders::plugin(&folder, last).or_else(|| folders::module(&folder, last))
}

/// The file of a collection's action plugin.
pub(crate) fn action(collection: &Path, name: &str) -> Option<PathBuf> {
    let mut folder = collection.join("plugins/action");
    let mut parts: Vec<&str> = name.split('.').collect();
    let last = parts.pop()?;
    folder.extend(parts);
    folders::plugin(&folder, last)
}

/// What Python calls a file of a collection.
pub(crate) fn python_name(collection: &Path, name: &str, file: &Path) -> Option<String> {
    let inner = file.strip_prefix(collection).ok()?.with_extension("");
    let parts: Option<Vec<&str>> = inner.iter().map(|part| part.to_str()).collect();
    Some(format!("ansible_collections.{name}.{}", parts?.join(".")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_full_name_has_three_parts_or_more() {
        assert_eq!(Full::of("a.b.c.d"), Some(Full { collection: "a.b", name: "c.d" }));
        assert_eq!((Full::of("a.b"), Full::of("c"), Full::of("a..c")), (None, None, None));
    }
}
