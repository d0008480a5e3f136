//! Variable files: `group_vars/` and `host_vars/` beside an inventory or a playbook.

use std::path::{Path, PathBuf};

use rustible_protocol::{Dict, Value, repr};
use rustible_source::Diagnostic;

use crate::model::Inventory;

const EXTENSIONS: [&str; 4] = ["", ".yml", ".yaml", ".json"];

/// Both mappings in one, the second winning; with `merge` mappings in both are merged too.
#[must_use]
pub fn combine(first: &Dict, second: &Dict, merge: bool) -> Dict {
    if first.is_empty() {
        return second.clone();
    }
    if second.is_empty() {
        return first.clone();
    }
    let mut out = first.clone();
    for (key, value) in second {
        let merged = match (out.get_value(key), value) {
            (Some(Value::Dict(a)), Value::Dict(b)) if merge => Value::Dict(combine(a, b, true)),
            _ => value.clone(),
        };
        out.insert(key.clone(), merged);
    }
    out
}

/// The files that hold the variables of a host or group: `dir/name`, `dir/name.yml` ..., or those in the folder
/// `dir/name`, in the order they are read.
fn files(dir: &Path, name: &str) -> Vec<PathBuf> {
    let candidates = EXTENSIONS.iter().map(|extension| dir.join(format!("{name}{extension}")));
    let Some(first) = candidates.into_iter().find(|path| path.exists()) else { return Vec::new() };
    if !first.is_dir() {
        return vec![first];
    }
    let mut found = Vec::new();
    in_folder(&first, &mut found);
    found
}

fn in_folder(folder: &Path, found: &mut Vec<PathBuf>) {
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    let mut names: Vec<String> =
        entries.map(|entry| entry.file_name().to_string_lossy().into_owned()).collect();
    names.sort();
    for name in names.iter().filter(|name| !name.starts_with('.') && !name.ends_with('~')) {
        let path = folder.join(name);
        let extension = path.extension().map(|e| format!(".{}", e.to_string_lossy())).unwrap_or_default();
        if path.is_dir() && extension.is_empty() {
            in_folder(&path, found);
        } else if path.is_file() && EXTENSIONS.contains(&extension.as_str()) {
            found.push(path);
        }
    }
}

impl Inventory {
    /// The folder `base/kind`, when there is one.
    pub(crate) fn vars_folder(&self, base: &Path, kind: &str) -> Option<PathBuf> {
        let base = base.canonicalize().unwrap_or_else(|_| base.to_path_buf());
        let dir = base.join(kind);
        if !dir.is_dir() {
            if dir.exists() {
                let text = format!("Found {kind} that is not a directory, skipping: {}", dir.display());
                self.warn(Diagnostic::new(text));
            }
            return None;
        }
        Some(dir)
    }

    /// The variables that the files of a folder (`group_vars` or `host_vars`) give to a name.
    pub(crate) fn file_vars(&self, dir: &Path, name: &str) -> Result<Dict, Diagnostic> {
        if name.starts_with('/') {
            return Ok(Dict::new());
        }
        let mut all = Dict::new();
        for file in files(dir, name) {
            match self.read_data(&file)? {
                Value::Dict(vars) => all = combine(&all, &vars, self.settings.merge_hashes),
                other if !other.truthy() => {}
                other => {
                    let problem = format!(
                        "failed to combine variables, expected dicts but got a 'dict' and a '{}'",
                        other.type_name()
                    );
                    let shown = repr::class(&other);
                    let cause = Diagnostic::new(problem)
                        .at(other.origin())
                        .help(format!("The file holds a {shown}."));
                    return Err(cause.context(format!("Could not process '{}'.", file.display()), None));
                }
            }
        }
        Ok(all)
    }

    /// The data of a YAML or JSON file, decrypted when it is a vault.
    pub(crate) fn read_data(&self, path: &Path) -> Result<Value, Diagnostic> {
        let text = self.read_text(path)?;
        let documents = rustible_yaml::parse_single(&path.to_string_lossy().into(), &text)?;
        let documents = documents.under(self.settings.duplicate_keys)?;
        documents.warnings.iter().for_each(|warning| self.warn(warning.clone()));
        Ok(documents.first())
    }

    /// The text of a file, decrypted when it is a vault.
    pub(crate) fn read_text(&self, path: &Path) -> Result<String, Diagnostic> {
        let unreadable = |error: &dyn std::fmt::Display| {
            let text =
                format!("an error occurred while trying to read the file '{}': {error}", path.display());
            Diagnostic::new(text)
        };
        let mut bytes = std::fs::read(path).map_err(|error| unreadable(&error))?;
        if bytes.starts_with(b"$ANSIBLE_VAULT") {
            bytes = (self.decrypt)(path, &bytes)?;
        }
        String::from_utf8(bytes).map_err(|error| unreadable(&error))
    }
}
