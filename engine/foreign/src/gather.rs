//! What a Python module imports from `module_utils`, and what that imports, with the names under which it travels.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::PathBuf,
};

use crate::{
    collections,
    core::Core,
    imports::{Import, imports},
    routing::{Route, Routes},
};

/// Names of a Python module, outermost first.
pub(crate) type Parts = Vec<String>;

/// Where imported code may lie.
pub(crate) struct Sources<'a> {
    /// Folders of `ansible.module_utils`, nearest first; that of ansible-core is last.
    pub(crate) folders: Vec<PathBuf>,
    /// Folders with collections.
    pub(crate) roots: Vec<PathBuf>,
    /// The ansible-core whose modules these are.
    pub(crate) core: &'a Core,
}

/// A file of the archive.
pub(crate) struct File {
    pub(crate) path: String,
    pub(crate) content: Vec<u8>,
}

/// What starts every module, where this ansible-core has it.
const ALWAYS: &[(&str, bool)] = &[
    ("ansible.module_utils.basic", false),
    ("ansible.module_utils._internal._ansiballz._loader", true),
    ("ansible.module_utils._internal._json._profiles._module_legacy_c2m", true),
    ("ansible.module_utils._internal._json._profiles._module_legacy_m2c", true),
];

#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Entry {
    parts: Parts,
    /// The last name may be a module or something in one.
    ambiguous: bool,
    /// Something below was redirected: packages on the way to it may be missing.
    redirected: bool,
    optional: bool,
}

/// Code that was found.
struct Found {
    parts: Parts,
    content: Vec<u8>,
    package: bool,
    redirected: bool,
}

/// Everything that a module of this full Python name needs beside itself.
///
/// # Errors
/// When something that it cannot do without is nowhere.
pub(crate) fn gather(
    name: &str,
    source: &str,
    sources: &Sources<'_>,
    routes: &mut Routes,
) -> Result<Vec<File>, String> {
    let mut files: BTreeMap<Parts, File> = BTreeMap::new();
    for (path, content) in stubs(sources.core) {
        let parts = path.trim_end_matches("/__init__.py").split('/').map(str::to_string).collect();
        files.insert(parts, File { path: path.to_string(), content });
    }
    let mut waiting: BTreeSet<Entry> = wanted(name, source, false)?.collect();
    waiting.extend(ALWAYS.iter().map(|(name, optional)| Entry {
        parts: parts(name),
        ambiguous: false,
        redirected: false,
        optional: *optional,
    }));
    while let Some(entry) = waiting.pop_first() {
        if files.contains_key(&entry.parts) {
            continue;
        }
        let Some(found) = sources.locate(&entry, routes)? else {
            if entry.optional {
                continue;
            }
            let tried: Vec<String> =
                candidates(&entry).iter().map(|c| format!("'{}'", c.join("."))).collect();
            return Err(format!(
                "Could not find imported module support code for {name}. Looked for ([{}])",
                tried.join(", ")
            ));
        };
        if files.contains_key(&found.parts) {
            continue;
        }
        let text = String::from_utf8_lossy(&found.content);
        waiting.extend(wanted(&found.parts.join("."), &text, found.package)?);
        for size in 1..found.parts.len() {
            let package = found.parts[..size].to_vec();
            if !files.contains_key(&package) {
                waiting.insert(Entry {
                    parts: package,
                    ambiguous: false,
                    redirected: found.redirected,
                    optional: entry.optional,
                });
            }
        }
        let end = if found.package { "/__init__.py" } else { ".py" };
        let path = format!("{}{end}", found.parts.join("/"));
        files.insert(found.parts, File { path, content: found.content });
    }
    Ok(files.into_values().collect())
}

/// The outer packages: they also find what the target itself has.
fn stubs(core: &Core) -> [(&'static str, Vec<u8>); 2] {
    const EXTEND: &str = "__path__ = __import__('pkgutil').extend_path(__path__, __name__)\n";
    let outer = format!("{EXTEND}__version__ = '{}'\n__author__ = 'Ansible, Inc.'\n", core.version);
    [
        ("ansible/__init__.py", outer.into_bytes()),
        ("ansible/module_utils/__init__.py", EXTEND.as_bytes().to_vec()),
    ]
}

fn parts(name: &str) -> Parts {
    name.split('.').map(str::to_string).collect()
}

/// What a source imports that has to travel with it.
fn wanted(name: &str, source: &str, package: bool) -> Result<impl Iterator<Item = Entry>, String> {
    let mut entries = Vec::new();
    for import in imports(source) {
        let module = absolute(&import, name, package);
        let ours = |name: &str| {
            name == "ansible.module_utils"
                || name.starts_with("ansible.module_utils.")
                || (name.starts_with("ansible_collections.") && name.contains(".plugins.module_utils"))
        };
        let entry = |name: String| Entry {
            parts: parts(&name),
            ambiguous: true,
            redirected: false,
            optional: import.nested,
        };
        if !ours(&module) {
            continue;
        }
        let embeds = module == "ansible.module_utils.embed"
            || import
                .names
                .as_ref()
                .is_some_and(|n| module == "ansible.module_utils" && n.iter().any(|n| n == "embed"));
        if embeds && !name.starts_with("ansible.module_utils.") {
            return Err(format!(
                "{name} embeds files (ansible.module_utils.embed), which rustible does not support"
            ));
        }
        match &import.names {
            None if module == "ansible.module_utils" => {}
            None => entries.push(entry(module)),
            Some(names) => entries.extend(names.iter().map(|name| entry(format!("{module}.{name}")))),
        }
    }
    Ok(entries.into_iter())
}

/// The module that an import means, seen from the module of that name.
fn absolute(import: &Import, name: &str, package: bool) -> String {
    if import.level == 0 {
        return import.module.clone();
    }
    let mut parts: Vec<&str> = name.split('.').collect();
    let up = if package { import.level - 1 } else { import.level };
    parts.truncate(parts.len().saturating_sub(up));
    if !import.module.is_empty() {
        parts.push(&import.module);
    }
    parts.join(".")
}

/// The names under which an entry may be found.
fn candidates(entry: &Entry) -> Vec<Parts> {
    if entry.parts.get(2).is_some_and(|part| part == "six") && entry.parts[0] == "ansible" {
        return vec![entry.parts[..3].to_vec()];
    }
    let below = if entry.parts[0] == "ansible" { 2 } else { 5 };
    let mut candidates = vec![entry.parts.clone()];
    if entry.ambiguous && entry.parts.len() > below + 1 {
        candidates.push(entry.parts[..entry.parts.len() - 1].to_vec());
    }
    candidates
}

impl Sources<'_> {
    fn locate(&self, entry: &Entry, routes: &mut Routes) -> Result<Option<Found>, String> {
        let candidates = candidates(entry);
        let ours = entry.parts[0] == "ansible";
        for parts in &candidates {
            // Code beside the playbook comes before a redirection; a collection's redirection before its code.
            let code = || if ours { self.of_core(parts) } else { self.of_collection(parts) };
            let redirected = |routes: &mut Routes| self.redirected(parts, routes);
            let found = if ours {
                code().map_or_else(|| redirected(routes), |found| Ok(Some(found)))?
            } else {
                redirected(routes)?.or_else(code)
            };
            if found.is_some() {
                return Ok(found);
            }
        }
        let parts = candidates.into_iter().next_back().unwrap_or_default();
        Ok(entry.redirected.then(|| Found { parts, content: Vec::new(), package: true, redirected: false }))
    }

    fn of_core(&self, parts: &Parts) -> Option<Found> {
        let below = parts.get(2..).filter(|below| !below.is_empty())?;
        self.folders.iter().find_map(|folder| read(folder, below)).map(|(content, package)| Found {
            parts: parts.clone(),
            content,
            package,
            redirected: false,
        })
    }

    fn of_collection(&self, parts: &Parts) -> Option<Found> {
        let found = |content, package| Found { parts: parts.clone(), content, package, redirected: false };
        if parts.len() < 6 {
            return Some(found(Vec::new(), true));
        }
        let folder = collections::folder(&self.roots, &parts[1..3].join("."))?;
        let mut path = folder.clone();
        path.extend(&parts[3..]);
        // A folder of a collection is a package, whatever is in it.
        if path.is_dir() {
            return Some(found(std::fs::read(path.join("__init__.py")).unwrap_or_default(), true));
        }
        read(&folder, &parts[3..]).map(|(content, package)| found(content, package))
    }

    /// A name that leads elsewhere: a module that puts the other one in its place.
    fn redirected(&self, parts: &Parts, routes: &mut Routes) -> Result<Option<Found>, String> {
        let (table, below) = if parts[0] == "ansible" {
            (Some(self.core.package.join("config/ansible_builtin_runtime.yml")), 2)
        } else {
            let folder = parts.get(1..3).and_then(|names| collections::folder(&self.roots, &names.join(".")));
            (folder.map(|folder| folder.join("meta/runtime.yml")), 5)
        };
        let (Some(table), Some(below)) = (table, parts.get(below..).filter(|below| !below.is_empty())) else {
            return Ok(None);
        };
        match routes.of(&table, "module_utils", &below.join(".")) {
            None => Ok(None),
            Some(Route::Removed(why)) => {
                let why = if why.is_empty() { ".".to_string() } else { format!(" ({why})") };
                Err(format!("module_util {} has been removed{why}", parts.join(".")))
            }
            Some(Route::Redirect(target)) => {
                let target = if target.starts_with("ansible_collections.") {
                    target
                } else {
                    let Some(full) = collections::Full::of(&target) else {
                        return Err(format!("invalid redirect for {}: {target}", parts.join(".")));
                    };
                    format!("ansible_collections.{}.plugins.module_utils.{}", full.collection, full.name)
                };
                let home = target.split('.').skip(1).take(2).collect::<Vec<_>>().join(".");
                if collections::folder(&self.roots, &home).is_none() {
                    return Err(format!(
                        "error processing module_util {target} loading redirected collection {home}: unable to locate collection {home}"
                    ));
                }
                let content =
                    format!("import sys\nimport {target} as there\nsys.modules[__name__] = there\n");
                Ok(Some(Found {
                    parts: parts.clone(),
                    content: content.into_bytes(),
                    package: true,
                    redirected: true,
                }))
            }
        }
    }
}

/// A package or module below a folder.
fn read(folder: &std::path::Path, below: &[String]) -> Option<(Vec<u8>, bool)> {
    let mut path = folder.to_path_buf();
    path.extend(below);
    if let Ok(content) = std::fs::read(path.join("__init__.py")) {
        return Some((content, true));
    }
    let name = format!("{}.py", path.file_name()?.to_str()?);
    std::fs::read(path.with_file_name(name)).ok().map(|content| (content, false))
}
