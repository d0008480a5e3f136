//! Unpack a collection's archive, every file with its checksum.

use std::{fs, os::unix::fs::PermissionsExt, path::Path};

use rustible_protocol::{Value, json};
use rustible_source::Diagnostic;

use crate::{
    archive::{self, Entry, Member, sha256, stays_inside},
    context::failed,
    paths::io,
};

/// Unpack into a new folder; when that fails nothing of it stays.
pub(crate) fn unpack(entries: &[Entry], archive: &Path, folder: &Path) -> Result<(), Diagnostic> {
    fs::create_dir_all(folder).map_err(io(folder))?;
    let outcome = Unpacked { entries, archive, folder }.all();
    if outcome.is_err() {
        let _removed = fs::remove_dir_all(folder);
        // The namespace goes as well when nothing else is in it.
        let _removed = folder.parent().map(fs::remove_dir);
    }
    outcome
}

struct Unpacked<'a> {
    entries: &'a [Entry],
    archive: &'a Path,
    folder: &'a Path,
}

impl Unpacked<'_> {
    fn all(&self) -> Result<(), Diagnostic> {
        self.file("MANIFEST.json", None)?;
        self.file("FILES.json", None)?;
        let files = self.entry("FILES.json")?;
        let files = json::read(&String::from_utf8_lossy(&files.data))
            .map_err(|error| failed(format!("FILES.json of '{}': {error}", self.archive.display())))?;
        let items = files.get("files").and_then(Value::as_list);
        for item in items.into_iter().flat_map(|items| items.iter()) {
            let text = |key: &str| item.get(key).and_then(Value::as_str);
            match text("name") {
                None | Some(".") => {}
                Some(name) if text("ftype") == Some("file") => self.file(name, text("chksum_sha256"))?,
                Some(name) => self.directory(name)?,
            }
        }
        Ok(())
    }

    fn entry(&self, name: &str) -> Result<&Entry, Diagnostic> {
        self.entries.iter().rev().find(|entry| entry.name == name).ok_or_else(|| {
            failed(format!(
                "Collection tar at '{}' does not contain the expected file '{name}'.",
                self.archive.display()
            ))
        })
    }

    /// The content behind a link in the archive, as far as it leads to a file.
    fn content(&self, entry: &Entry) -> Option<Vec<u8>> {
        let mut at = entry;
        for _ in 0..16 {
            match &at.member {
                Member::Link(target) => {
                    let path = Path::new(&at.name).parent().unwrap_or(Path::new("")).join(target);
                    let path = crate::paths::complete(&Path::new("/").join(path));
                    let name = path.strip_prefix("/").ok()?.to_string_lossy().into_owned();
                    at = self.entries.iter().rev().find(|entry| entry.name == name)?;
                }
                Member::File => return Some(at.data.clone()),
                Member::Folder | Member::Other => return None,
            }
        }
        None
    }

    fn file(&self, name: &str, expected: Option<&str>) -> Result<(), Diagnostic> {
        let entry = self.entry(name)?;
        if let Some(expected) = expected
            && self.content(entry).is_none_or(|data| sha256(&data) != expected)
        {
            return Err(failed(format!(
                "Checksum mismatch for '{name}' inside collection at '{}'",
                self.archive.display()
            )));
        }
        if !stays_inside(Path::new(name)) {
            return Err(failed(format!(
                "Cannot extract tar entry '{name}' as it will be placed outside the collection directory"
            )));
        }
        let path = self.folder.join(name);
        archive::parents(self.folder, &path)?;
        match &entry.member {
            Member::Link(target) => self.link(name, target),
            _ => archive::write(&path, &entry.data, if entry.mode & 0o100 == 0 { 0o644 } else { 0o755 }),
        }
    }

    fn link(&self, name: &str, target: &str) -> Result<(), Diagnostic> {
        let from = Path::new(name).parent().unwrap_or(Path::new(""));
        if Path::new(target).is_absolute() || !stays_inside(&from.join(target)) {
            return Err(failed(format!(
                "Cannot extract symlink '{name}' in collection: path points to location outside of collection 'b'{target}''"
            )));
        }
        archive::link(&self.folder.join(name), target)
    }

    fn directory(&self, name: &str) -> Result<(), Diagnostic> {
        let found = self.entries.iter().rev().find(|entry| entry.name == name);
        let entry = found.ok_or_else(|| failed(format!("Unable to extract '{name}' from collection")))?;
        if !stays_inside(Path::new(name)) {
            return Err(failed(format!(
                "Cannot extract tar entry '{name}' as it will be placed outside the collection directory"
            )));
        }
        let path = self.folder.join(name);
        archive::parents(self.folder, &path)?;
        if let Member::Link(target) = &entry.member {
            return self.link(name, target);
        }
        if !path.is_dir() {
            fs::create_dir(&path).map_err(io(&path))?;
            fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).map_err(io(&path))?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(name: &str, member: Member, data: &str) -> Entry {
        Entry { name: name.into(), member, mode: 0o644, data: data.into() }
    }

    fn attempt(files: &str, more: Vec<Entry>) -> (tempfile::TempDir, Result<(), Diagnostic>) {
        let root = tempfile::tempdir().unwrap();
        let mut entries =
            vec![entry("MANIFEST.json", Member::File, "{}"), entry("FILES.json", Member::File, files)];
        entries.extend(more);
        let outcome = unpack(&entries, Path::new("x.tar"), &root.path().join("a/b"));
        (root, outcome)
    }

    #[test]
    fn what_would_leave_the_collection_is_refused_and_nothing_stays() {
        let up = r#"{"files": [{"name": "../evil", "ftype": "file"}]}"#;
        let (root, outcome) = attempt(up, vec![entry("../evil", Member::File, "x")]);
        assert!(outcome.unwrap_err().summary().contains("outside the collection directory"));
        assert!(!root.path().join("a").exists());

        let link = r#"{"files": [{"name": "l", "ftype": "dir"}]}"#;
        let (_root, outcome) = attempt(link, vec![entry("l", Member::Link("../../x".into()), "")]);
        assert!(outcome.unwrap_err().summary().contains("outside of collection"));

        // Each link stays inside when `..` is taken literally, together they do not.
        let chain = r#"{"files": [{"name": "d", "ftype": "dir"}, {"name": "e", "ftype": "dir"}, {"name": "e/x", "ftype": "file"}]}"#;
        let links = vec![
            entry("d", Member::Link(".".into()), ""),
            entry("e", Member::Link("d/..".into()), ""),
            entry("e/x", Member::File, "x"),
        ];
        let (root, outcome) = attempt(chain, links);
        assert!(outcome.is_err());
        assert!(!root.path().join("a/x").exists());
    }

    #[test]
    fn a_file_that_is_not_what_the_list_says_is_refused() {
        let files = r#"{"files": [{"name": "f", "ftype": "file", "chksum_sha256": "00"}]}"#;
        let (_root, outcome) = attempt(files, vec![entry("f", Member::File, "x")]);
        assert_eq!(outcome.unwrap_err().summary(), "Checksum mismatch for 'f' inside collection at 'x.tar'");
    }
}
