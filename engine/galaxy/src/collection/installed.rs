//! Collections that are there.

use std::{
    fs,
    path::{Path, PathBuf},
};

use super::{
    meta,
    requirement::{Kind, Wanted},
};
use crate::{context::Context, paths::with_collections};

/// A collection that is there.
#[derive(Debug, Clone)]
pub(crate) struct Installed {
    /// `namespace.name`.
    pub(crate) name: String,
    /// Its version, `*` when it does not say.
    pub(crate) version: String,
    /// Its folder.
    pub(crate) path: PathBuf,
}

impl Installed {
    /// As something to take when it is asked for.
    pub(crate) fn wanted(&self) -> Wanted {
        Wanted {
            name: Some(self.name.clone()),
            version: self.version.clone(),
            source: Some(self.path.display().to_string()),
            server: None,
            kind: Kind::Dir,
        }
    }
}

/// All in these folders; only the first of a name with `first`.
pub(crate) fn find(
    roots: &[PathBuf],
    only: Option<&str>,
    first: bool,
    context: &Context<'_>,
) -> Vec<Installed> {
    let mut found: Vec<Installed> = Vec::new();
    let mut seen: Vec<PathBuf> = Vec::new();
    for root in roots {
        let root = with_collections(root);
        if seen.contains(&root) {
            continue;
        }
        seen.push(root.clone());
        for namespace in folders(&root) {
            for path in folders(&namespace) {
                let name = name_of(&path);
                let wanted = only.is_none_or(|only| only == name);
                if wanted && !(first && found.iter().any(|other| name_of(&other.path) == name)) {
                    found.push(look(path, name, context));
                }
            }
        }
    }
    found
}

fn folders(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    entries.map(|entry| entry.path()).filter(|path| path.is_dir()).collect()
}

fn name_of(path: &Path) -> String {
    let part = |path: Option<&Path>| {
        path.and_then(Path::file_name).map(|name| name.to_string_lossy().into_owned()).unwrap_or_default()
    };
    format!("{}.{}", part(path.parent()), part(Some(path)))
}

fn look(path: PathBuf, name: String, context: &Context<'_>) -> Installed {
    let say = context.say;
    let unknown = |path: PathBuf| Installed { name: name.clone(), version: "*".into(), path };
    if !meta::is_installed(&path) && !meta::is_source(&path) {
        say.warning(&format!(
            "Collection at '{}' does not have a MANIFEST.json file, nor has it galaxy.yml: cannot detect version.",
            path.display()
        ));
        return unknown(path);
    }
    let Ok(meta) = meta::of_folder(&path, true, say) else { return unknown(path) };
    let found = Installed { name: meta.full_name(), version: meta.text("version"), path };
    if found.name != name {
        say.warning(&format!(
            "Collection at {} documents incorrect FQCN '{}'. Ignoring metadata.",
            found.path.display(),
            found.name
        ));
        return unknown(found.path);
    }
    say.verbose(
        3,
        &format!("Found installed collection {}:{} at '{}'", found.name, found.version, found.path.display()),
    );
    found
}
