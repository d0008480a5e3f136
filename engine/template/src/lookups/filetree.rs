//! `filetree`: everything below a folder of the controller, with its attributes.

use std::{
    fs::{Metadata, read_dir, read_link, read_to_string},
    os::unix::fs::MetadataExt,
    path::{Path, PathBuf},
};

use indexmap::IndexMap;
use rustible_protocol::Value;

use super::Call;
use crate::{
    Pattern,
    filters::path::dirname,
    rt::{Res, Rt, fail},
};

pub(super) fn run(call: Call) -> Res<Vec<Rt>> {
    let exclude = call.text("exclude", "")?;
    let exclude = match exclude.as_str() {
        "" => None,
        text => Some(
            Pattern::new(text, false, false)
                .map_err(|error| fail(format!("Invalid exclude regular expression '{text}': {error}")))?,
        ),
    };
    let mut seen = Vec::new();
    let mut out = Vec::new();
    for term in call.texts()? {
        let name = &term[term.rfind('/').map_or(0, |at| at + 1)..];
        let folder = dirname(&term);
        let folder = call.ctx.env.find("files", &folder).unwrap_or_else(|| PathBuf::from(folder));
        let root = format!("{}/{name}", folder.display().to_string().trim_end_matches('/'));
        let mut found = Vec::new();
        walk(Path::new(&root), Path::new(""), exclude.as_deref(), &mut found);
        for (path, metadata) in found {
            if seen.contains(&path) {
                continue;
            }
            match described(&root, &path, &metadata) {
                Some(item) => out.push(item),
                None => call.ctx.env.warning(&rustible_source::Diagnostic::new(format!(
                    "filetree: Error file type of {} is not supported",
                    Path::new(&root).join(&path).display()
                ))),
            }
            seen.push(path);
        }
    }
    Ok(out)
}

/// What is in a folder, folders before files, then what is in these folders; links are not followed.
fn walk(root: &Path, inside: &Path, exclude: Option<&Pattern>, out: &mut Vec<(PathBuf, Metadata)>) {
    let Ok(entries) = read_dir(root.join(inside)) else { return };
    let (mut folders, mut files) = (Vec::new(), Vec::new());
    for entry in entries.flatten() {
        let name = entry.file_name();
        if exclude.is_some_and(|pattern| pattern.at_start(&name.to_string_lossy()).is_some()) {
            continue;
        }
        let path = inside.join(&name);
        let Ok(metadata) = entry.path().symlink_metadata() else { continue };
        if entry.path().is_dir() { folders.push((path, metadata)) } else { files.push((path, metadata)) }
    }
    let below: Vec<PathBuf> =
        folders.iter().filter(|(_, metadata)| metadata.is_dir()).map(|(path, _)| path.clone()).collect();
    out.extend(folders);
    out.extend(files);
    below.iter().for_each(|folder| walk(root, folder, exclude, out));
}

/// An item; nothing for what is no file, folder or link.
fn described(root: &str, path: &Path, metadata: &Metadata) -> Option<Rt> {
    let whole = Path::new(root).join(path);
    let kind = metadata.file_type();
    let mut item: IndexMap<Value, Rt> = IndexMap::new();
    let mut tell = |name: &str, value: Rt| drop(item.insert(name.into(), value));
    tell("root", Rt::str(root));
    tell("path", Rt::from(path.display().to_string()));
    if kind.is_symlink() {
        tell("state", Rt::str("link"));
        tell("src", Rt::from(read_link(&whole).unwrap_or_default().display().to_string()));
    } else if kind.is_dir() {
        tell("state", Rt::str("directory"));
    } else if kind.is_file() {
        tell("state", Rt::str("file"));
        tell("src", Rt::from(whole.display().to_string()));
    } else {
        return None;
    }
    let (uid, gid) = (i64::from(metadata.uid()), i64::from(metadata.gid()));
    tell("uid", Rt::Int(uid));
    tell("gid", Rt::Int(gid));
    tell("owner", named("/etc/passwd", uid));
    tell("group", named("/etc/group", gid));
    tell("mode", Rt::from(format!("0{:03o}", metadata.mode() & 0o7777)));
    tell("size", Rt::Int(i64::try_from(metadata.size()).unwrap_or(i64::MAX)));
    tell("mtime", Rt::Float(seconds(metadata.mtime(), metadata.mtime_nsec())));
    tell("ctime", Rt::Float(seconds(metadata.ctime(), metadata.ctime_nsec())));
    Some(Rt::dict(item))
}

/// The name of a number in a file as `/etc/passwd`; the number itself when it has none.
fn named(file: &str, number: i64) -> Rt {
    let table = read_to_string(file).unwrap_or_default();
    let wanted = number.to_string();
    let line = table.lines().find(|line| line.split(':').nth(2) == Some(wanted.as_str()));
    let name = line.and_then(|line| line.split(':').next());
    name.map_or(Rt::Int(number), Rt::str)
}

#[expect(clippy::cast_precision_loss, reason = "Python has times as floating point numbers, too")]
fn seconds(whole: i64, nanos: i64) -> f64 {
    whole as f64 + nanos as f64 * 1e-9
}
