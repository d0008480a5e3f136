//! The list of a collection's files: `FILES.json`.

use std::{
    fs,
    path::{Path, PathBuf},
};

use fancy_regex::Regex;
use rustible_protocol::{Dict, Value, json, repr};
use rustible_source::Diagnostic;

use super::{directives, meta::Meta};
use crate::{
    archive::sha256,
    context::{Say, failed},
    paths::io,
};

/// One entry: path from the collection's folder, and the checksum of a file.
#[derive(Debug, Clone)]
pub(crate) struct Item {
    /// `.` for the folder itself.
    pub(crate) name: String,
    /// SHA-256 of a file, nothing for a folder.
    pub(crate) checksum: Option<String>,
}

/// The files of a collection's source.
pub(crate) fn files(folder: &Path, meta: &Meta, say: &dyn Say) -> Result<Vec<Item>, Diagnostic> {
    let mut items = vec![Item { name: ".".into(), checksum: None }];
    let ignored: Vec<String> = meta
        .0
        .get("build_ignore")
        .and_then(Value::as_list)
        .into_iter()
        .flat_map(|list| list.iter())
        .map(repr::str)
        .collect();
    if let Some(control) = meta.0.get("manifest") {
        if !ignored.is_empty() {
            return Err(failed("\"build_ignore\" and \"manifest\" are mutually exclusive"));
        }
        directives::files(folder, meta, control, say, &mut items)?;
        return Ok(items);
    }
    let mut patterns: Vec<String> = [
        "MANIFEST.json",
        "FILES.json",
        "galaxy.yml",
        "galaxy.yaml",
        ".git",
        "*.pyc",
        "*.retry",
        "tests/output",
    ]
    .map(String::from)
    .to_vec();
    patterns.push(format!("{}-{}-*.tar.gz", meta.text("namespace"), meta.text("name")));
    patterns.extend(ignored);
    let patterns = patterns.iter().map(|pattern| glob(pattern)).collect::<Result<Vec<_>, _>>()?;
    let walk = Walk { top: folder, patterns, say };
    walk.folder(folder, "", &mut items)?;
    Ok(items)
}

/// Python's `fnmatch` on a whole text.
pub(crate) fn glob(pattern: &str) -> Result<Regex, Diagnostic> {
    let body = directives::glob_body(pattern, ".");
    Regex::new(&format!("^(?s:{body})\\z"))
        .map_err(|error| failed(format!("the pattern '{pattern}': {error}")))
}

struct Walk<'a> {
    top: &'a Path,
    patterns: Vec<Regex>,
    say: &'a dyn Say,
}

impl Walk<'_> {
    fn folder(&self, folder: &Path, base: &str, items: &mut Vec<Item>) -> Result<(), Diagnostic> {
        const FOLDERS: [&str; 7] = ["CVS", ".bzr", ".hg", ".git", ".svn", "__pycache__", ".tox"];
        for entry in fs::read_dir(folder).map_err(io(folder))? {
            let entry = entry.map_err(io(folder))?;
            let own = entry.file_name().to_string_lossy().into_owned();
            let name = if base.is_empty() { own.clone() } else { format!("{base}/{own}") };
            let path = entry.path();
            let matched = self.patterns.iter().any(|pattern| pattern.is_match(&name).unwrap_or(false));
            let is_folder = path.is_dir();
            if matched || is_folder && FOLDERS.contains(&own.as_str()) {
                self.say.verbose(3, &format!("Skipping '{}' for collection build", path.display()));
                continue;
            }
            if !is_folder {
                items.push(file(&path, name)?);
                continue;
            }
            let link = path.is_symlink();
            if link && !leads_inside(&path, self.top) {
                self.say.warning(&format!(
                    "Skipping '{}' as it is a symbolic link to a directory outside the collection",
                    path.display()
                ));
                continue;
            }
            items.push(Item { name: name.clone(), checksum: None });
            if !link {
                self.folder(&path, &name, items)?;
            }
        }
        Ok(())
    }
}

/// Whether a link's end is in the folder.
pub(crate) fn leads_inside(path: &Path, top: &Path) -> bool {
    path.canonicalize().is_ok_and(|target| target.starts_with(top))
}

/// The entry of a file.
pub(crate) fn file(path: &PathBuf, name: String) -> Result<Item, Diagnostic> {
    let bytes = fs::read(path).map_err(io(path))?;
    Ok(Item { name, checksum: Some(sha256(&bytes)) })
}

/// The texts of `FILES.json` and `MANIFEST.json`.
pub(crate) fn texts(meta: &Meta, items: &[Item]) -> (String, String) {
    let style = json::Style { indent: Some(1), ascii: true, ..json::Style::default() };
    let entry = |item: &Item| -> Value {
        let sum = item.checksum.as_ref();
        let text = |text: Option<&str>| text.map_or(Value::Null, Value::from);
        let fields = [
            ("name", Value::from(item.name.as_str())),
            ("ftype", Value::from(if sum.is_some() { "file" } else { "dir" })),
            ("chksum_type", text(sum.map(|_| "sha256"))),
            ("chksum_sha256", text(sum.map(String::as_str))),
            ("format", Value::from(1)),
        ];
        Value::Dict(fields.into_iter().collect::<Dict>())
    };
    let all: Vec<Value> = items.iter().map(entry).collect();
    let files: Dict = [("files", Value::from(all)), ("format", Value::from(1))].into_iter().collect();
    let files = json::write(&Value::Dict(files), style);
    let of_files: Dict = [
        ("name", Value::from("FILES.json")),
        ("ftype", Value::from("file")),
        ("chksum_type", Value::from("sha256")),
        ("chksum_sha256", Value::from(sha256(files.as_bytes()))),
        ("format", Value::from(1)),
    ]
    .into_iter()
    .collect();
    let manifest: Dict = [
        ("collection_info", Value::Dict(meta.info())),
        ("file_manifest_file", Value::Dict(of_files)),
        ("format", Value::from(1)),
    ]
    .into_iter()
    .collect();
    (files, json::write(&Value::Dict(manifest), style))
}
