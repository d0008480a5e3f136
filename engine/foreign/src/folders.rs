//! Files of a folder by the name of the plugin they are.

use std::path::{Path, PathBuf};

/// Endings of files that are no modules.
const IGNORED: &[&str] =
    &[".pyc", ".pyo", ".swp", ".bak", "~", ".rpm", ".md", ".txt", ".rst", ".yaml", ".yml", ".ini", ".orig"];

/// The file of a folder that answers to a module's name: with the name as its whole name or up to its last dot.
pub(crate) fn module(folder: &Path, name: &str) -> Option<PathBuf> {
    let mut found: Vec<PathBuf> = std::fs::read_dir(folder)
        .ok()?
        .flatten()
        .map(|entry| entry.path())
        .filter(|path| answers(path, name) && path.is_file())
        .collect();
    found.sort();
    found.into_iter().next()
}

fn answers(path: &Path, name: &str) -> bool {
    let Some(file) = path.file_name().and_then(|file| file.to_str()) else { return false };
    if IGNORED.iter().any(|ending| file.ends_with(ending)) {
        return false;
    }
    let base = match file.rsplit_once('.') {
        Some((base, _)) if !base.is_empty() => base,
        _ => file,
    };
    file == name || base == name || base.strip_prefix('_') == Some(name)
}

/// A plugin in Python of that name.
pub(crate) fn plugin(folder: &Path, name: &str) -> Option<PathBuf> {
    let path = folder.join(format!("{name}.py"));
    path.is_file().then_some(path)
}

/// The modules of a folder, by their names' order.
pub(crate) fn python(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path());
    let mut files: Vec<PathBuf> = entries
        .filter(|path| path.extension().is_some_and(|end| end == "py"))
        .filter(|path| path.file_stem().is_some_and(|stem| stem != "__init__"))
        .collect();
    files.sort();
    files
}

/// A folder with the folders in it, two levels deep, as configured module folders are searched.
pub(crate) fn with_inner(folder: &Path) -> Vec<PathBuf> {
    let inner = |folder: &Path| -> Vec<PathBuf> {
        let Ok(entries) = std::fs::read_dir(folder) else { return Vec::new() };
        let mut folders: Vec<PathBuf> = entries.flatten().map(|e| e.path()).filter(|p| p.is_dir()).collect();
        folders.sort();
        folders
    };
    let first = inner(folder);
    let second: Vec<PathBuf> = first.iter().flat_map(|folder| inner(folder)).collect();
    first.into_iter().chain(second).chain([folder.to_path_buf()]).collect()
}
