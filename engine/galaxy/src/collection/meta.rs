//! What a collection says of itself: `galaxy.yml` or `MANIFEST.json`.

use std::{fs, path::Path, sync::Arc};

use rustible_protocol::{Dict, Value, json, repr};
use rustible_source::Diagnostic;

use crate::{
    archive::Entry,
    context::{Say, failed},
    paths::io,
};

const MANDATORY: [&str; 5] = ["authors", "name", "namespace", "readme", "version"];
const TEXTS: [&str; 10] = [
    "namespace",
    "name",
    "version",
    "readme",
    "description",
    "license_file",
    "repository",
    "documentation",
    "homepage",
    "issues",
];
const LISTS: [&str; 4] = ["authors", "license", "tags", "build_ignore"];

/// Of a collection.
#[derive(Debug, Clone)]
pub(crate) struct Meta(pub(crate) Dict);

impl Meta {
    /// A value as Python's `str` writes it.
    pub(crate) fn text(&self, key: &str) -> String {
        self.0.get(key).map_or_else(|| "None".into(), repr::str)
    }

    /// `namespace.name`.
    pub(crate) fn full_name(&self) -> String {
        format!("{}.{}", self.text("namespace"), self.text("name"))
    }

    /// Names of collections and ranges of versions.
    pub(crate) fn dependencies(&self) -> Vec<(String, String)> {
        let all = self.0.get("dependencies").and_then(Value::as_dict);
        all.into_iter().flatten().map(|(name, range)| (repr::str(name), repr::str(range))).collect()
    }

    /// The entry `collection_info` of `MANIFEST.json`, without the checksum of the files.
    pub(crate) fn info(&self) -> Dict {
        let mut info = Dict::new();
        let keys = [
            "namespace",
            "name",
            "version",
            "authors",
            "readme",
            "tags",
            "description",
            "license",
            "license_file",
            "dependencies",
            "repository",
            "documentation",
            "homepage",
            "issues",
        ];
        for key in keys {
            let value = self.0.get(key).cloned().unwrap_or(Value::Null);
            let value = if key == "license_file" && !value.truthy() { Value::Null } else { value };
            info.insert(key, value);
        }
        info
    }
}

/// Whether a folder holds an installed collection.
pub(crate) fn is_installed(folder: &Path) -> bool {
    folder.join("MANIFEST.json").is_file()
}

/// Whether a folder holds a collection's source.
pub(crate) fn is_source(folder: &Path) -> bool {
    folder.join("galaxy.yml").is_file()
}

/// Of a folder: `MANIFEST.json` when it is there, else `galaxy.yml`. `lenient`: what is missing is a warning.
pub(crate) fn of_folder(folder: &Path, lenient: bool, say: &dyn Say) -> Result<Meta, Diagnostic> {
    if is_installed(folder) { of_installed(folder) } else { of_source(folder, lenient, say) }
}

/// Of an installed collection.
pub(crate) fn of_installed(folder: &Path) -> Result<Meta, Diagnostic> {
    let path = folder.join("MANIFEST.json");
    let text = fs::read_to_string(&path).map_err(io(&path))?;
    let meta = of_manifest(&text)?;
    match meta.0.get("version").filter(|version| version.truthy()) {
        Some(_) => Ok(meta),
        None => Err(failed(format!(
            "Collection metadata file `MANIFEST.json` at `{}` is expected to have a valid SemVer version value but got {}",
            folder.display(),
            meta.0.get("version").map_or_else(|| "None".into(), repr::repr)
        ))),
    }
}

fn of_manifest(text: &str) -> Result<Meta, Diagnostic> {
    let invalid = || failed("Collection tar file member MANIFEST.json does not contain a valid json string.");
    let value = json::read(text).map_err(|_| invalid())?;
    let info = value.get("collection_info").and_then(Value::as_dict).ok_or_else(invalid)?;
    Ok(Meta(info.clone()))
}

/// Of an archive's entries.
pub(crate) fn of_archive(entries: &[Entry], path: &Path) -> Result<Meta, Diagnostic> {
    let Some(entry) = entries.iter().rev().find(|entry| entry.name == "MANIFEST.json") else {
        return Err(failed(format!(
            "Collection at '{}' does not contain the required file MANIFEST.json.",
            path.display()
        )));
    };
    of_manifest(&String::from_utf8_lossy(&entry.data))
}

/// Of a collection's source.
pub(crate) fn of_source(folder: &Path, lenient: bool, say: &dyn Say) -> Result<Meta, Diagnostic> {
    let path = folder.join("galaxy.yml");
    let shown = path.display().to_string();
    if !path.is_file() {
        return Err(failed(format!("The collection galaxy.yml path '{shown}' does not exist.")));
    }
    let text = fs::read_to_string(&path).map_err(io(&path))?;
    let name: Arc<str> = shown.as_str().into();
    let value = rustible_yaml::load_plainly(&name, &text).map_err(|error| {
        failed(format!(
            "Failed to parse the galaxy.yml at '{shown}' with the following error:\n{}",
            error.summary()
        ))
    })?;
    let Value::Dict(mut all) = value.into_untrusted() else {
        let text = format!("The collection galaxy.yml at '{shown}' is incorrectly formatted.");
        if lenient {
            say.warning(&text);
        }
        return Err(failed(text));
    };
    let missing: Vec<&str> = MANDATORY.into_iter().filter(|key| !all.contains_key(key)).collect();
    if !missing.is_empty() {
        let text = format!(
            "The collection galaxy.yml at '{shown}' is missing the following mandatory keys: {}",
            missing.join(", ")
        );
        if lenient {
            say.warning(&text);
        }
        return Err(failed(text));
    }
    let known = |key: &str| {
        TEXTS.contains(&key) || LISTS.contains(&key) || key == "dependencies" || key == "manifest"
    };
    let unknown: Vec<String> = all.keys().map(repr::str).filter(|key| !known(key)).collect();
    if !unknown.is_empty() {
        say.warning(&format!(
            "Found unknown keys in collection galaxy.yml at '{shown}': {}",
            unknown.join(", ")
        ));
    }
    complete(&mut all);
    Ok(Meta(all))
}

/// Defaults of what is not set.
fn complete(all: &mut Dict) {
    for key in TEXTS {
        if !all.contains_key(key) {
            all.insert(key, Value::Null);
        }
    }
    for key in LISTS {
        let value = match all.get(key) {
            None | Some(Value::Null) => Value::list(),
            Some(list @ Value::List(_)) => list.clone(),
            Some(other) => Value::from(vec![other.clone()]),
        };
        all.insert(key, value);
    }
    if !all.contains_key("dependencies") {
        all.insert("dependencies", Dict::new());
    }
    if !all.get("version").is_some_and(Value::truthy) {
        all.insert("version", "*");
    }
}
