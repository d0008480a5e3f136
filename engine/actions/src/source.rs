//! Files of the controller as attachments of calls.

use std::{
    cmp::Ordering,
    io::Read,
    os::unix::fs::MetadataExt as _,
    path::{Path, PathBuf},
};

use rustible_connection::SourceFile;
use rustible_executor::{Context, Failure};
use rustible_protocol::{Attachment, Dict, Value};
use rustible_source::Diagnostic;
use sha1::{Digest, Sha1};

/// An attachment and where its content comes from.
pub(crate) type Attached = (Attachment, SourceFile);

/// A content in memory.
pub(crate) fn bytes(name: &str, content: Vec<u8>) -> Attached {
    let attachment = Attachment {
        name: name.to_string(),
        size: content.len() as u64,
        sha1: hex(&Sha1::digest(&content)),
        content: None,
    };
    (attachment, SourceFile::bytes(name, content))
}

/// A file of the controller, decrypted when it is a vault and that is wanted.
pub(crate) fn file(
    context: &Context<'_>,
    name: &str,
    path: &Path,
    decrypt: bool,
) -> Result<Attached, Failure> {
    let unreadable =
        |error: std::io::Error| Failure::msg(format!("could not read {}: {error}", path.display()));
    let mut head = [0u8; 14];
    let mut opened = std::fs::File::open(path).map_err(unreadable)?;
    let got = opened.read(&mut head).map_err(unreadable)?;
    if decrypt && head[..got].starts_with(b"$ANSIBLE_VAULT") {
        let content = context.runner.files.bytes(path).map_err(|error| {
            if !error.summary().contains("no vault secrets found") {
                return error;
            }
            let shown = path.display();
            Diagnostic::new(format!("A vault password or secret must be specified to decrypt {shown}"))
        })?;
        return Ok(bytes(name, content));
    }
    let (sha1, size) = digest(path).map_err(unreadable)?;
    let attachment = Attachment { name: name.to_string(), size, sha1, content: None };
    Ok((attachment, SourceFile::file(name, path)))
}

/// SHA-1 and size of a file.
pub(crate) fn digest(path: &Path) -> std::io::Result<(String, u64)> {
    let mut file = std::fs::File::open(path)?;
    let mut hash = Sha1::new();
    let mut buffer = vec![0; 128 * 1024];
    let mut size = 0u64;
    loop {
        let count = file.read(&mut buffer)?;
        if count == 0 {
            return Ok((hex(&hash.finalize()), size));
        }
        hash.update(&buffer[..count]);
        size += count as u64;
    }
}

/// Bytes as lower-case hexadecimal digits.
pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// What is below a folder, relative to it, in order.
#[derive(Default)]
pub(crate) struct Tree {
    pub(crate) folders: Vec<PathBuf>,
    pub(crate) files: Vec<PathBuf>,
    /// Symbolic links that stay some, and where they lead.
    pub(crate) links: Vec<(PathBuf, PathBuf)>,
}

/// Look through a folder. Links are followed when that is asked for, unless they lead nowhere or to a folder around them.
pub(crate) fn tree(root: &Path, follow: bool) -> std::io::Result<Tree> {
    let identity = |path: &Path| std::fs::metadata(path).map(|meta| (meta.dev(), meta.ino()));
    let mut found = Tree::default();
    let mut waiting = vec![(PathBuf::new(), vec![identity(root)?])];
    while let Some((relative, around)) = waiting.pop() {
        for entry in std::fs::read_dir(root.join(&relative))? {
            let entry = relative.join(entry?.file_name());
            let path = root.join(&entry);
            let link = path.is_symlink();
            let folder = path.is_dir();
            let kept = link && (!follow || !path.exists() || folder && around.contains(&identity(&path)?));
            if kept {
                found.links.push((entry, std::fs::read_link(&path)?));
            } else if folder {
                let inner = around.iter().copied().chain([identity(&path)?]).collect();
                found.folders.push(entry.clone());
                waiting.push((entry, inner));
            } else {
                found.files.push(entry);
            }
        }
    }
    found.folders.sort();
    found.files.sort_by(|a, b| outer_first(a, b));
    found.links.sort();
    Ok(found)
}

/// Files in the order of a walk: those of a folder before those of the folders in it.
fn outer_first(a: &Path, b: &Path) -> Ordering {
    let (mut ours, mut theirs) = (a.components().peekable(), b.components().peekable());
    loop {
        match (ours.next(), theirs.next()) {
            (Some(one), Some(other)) if one == other => {}
            (one, other) => {
                let deeper = ours.peek().is_some().cmp(&theirs.peek().is_some());
                return deeper.then_with(|| one.cmp(&other));
            }
        }
    }
}

/// The arguments with these left out.
pub(crate) fn without(args: &Dict, names: &[&str]) -> Dict {
    let mut left = args.clone();
    for name in names {
        left.remove(name);
    }
    left
}

/// A path's last part.
pub(crate) fn basename(path: &str) -> Value {
    Value::from(path.rsplit('/').next().unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_of_a_folder_come_before_those_of_folders_in_it() {
        let mut files = ["b/x", "z", "a/c/d", "a/e", "y"].map(PathBuf::from);
        files.sort_by(|a, b| outer_first(a, b));
        assert_eq!(files, ["y", "z", "a/e", "a/c/d", "b/x"].map(PathBuf::from));
    }
}
