//! Samples to change: the files of the project's own tests.

use std::{
    fs,
    path::{Path, PathBuf},
};

/// Longer files are no samples, in bytes.
const LONGEST: u64 = 6 << 10;
/// More samples give nothing new.
const MOST: usize = 600;

/// The files below a folder of the project whose names end so.
#[must_use]
pub fn samples(folder: &str, endings: &[&str]) -> Vec<Vec<u8>> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").join(folder);
    let mut files = Vec::new();
    collect(&root, endings, &mut files);
    files.sort();
    let every = files.len().div_ceil(MOST).max(1);
    files.iter().step_by(every).filter_map(|file| fs::read(file).ok()).collect()
}

/// Samples from texts.
#[must_use]
pub fn texts(all: &[&str]) -> Vec<Vec<u8>> {
    all.iter().map(|text| text.as_bytes().to_vec()).collect()
}

fn collect(folder: &Path, endings: &[&str], files: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        let path = entry.path();
        let Ok(kind) = entry.file_type() else { continue };
        if kind.is_dir() {
            collect(&path, endings, files);
        } else if kind.is_file()
            && endings.iter().any(|end| path.to_string_lossy().ends_with(end))
            && entry.metadata().is_ok_and(|meta| meta.len() <= LONGEST)
        {
            files.push(path);
        }
    }
}
