//! Files of the controller as attachments of calls.

use std::{
    io::Read,
    path::{Path, PathBuf},
};

use rustible_connection::SourceFile;
use rustible_executor::{Context, Failure};
use rustible_protocol::{Attachment, Dict, Value};
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
        return Ok(bytes(name, context.runner.files.bytes(path)?));
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

/// All files and folders below a folder, relative to it, in order; symbolic links are followed when they lead to files.
pub(crate) fn tree(root: &Path) -> std::io::Result<(Vec<PathBuf>, Vec<PathBuf>)> {
    let (mut folders, mut files) = (Vec::new(), Vec::new());
    let mut waiting = vec![PathBuf::new()];
    while let Some(relative) = waiting.pop() {
        let mut entries: Vec<PathBuf> = std::fs::read_dir(root.join(&relative))?
            .map(|e| e.map(|e| relative.join(e.file_name())))
            .collect::<Result<_, _>>()?;
        entries.sort();
        for entry in entries {
            if root.join(&entry).is_dir() {
                folders.push(entry.clone());
                waiting.push(entry);
            } else {
                files.push(entry);
            }
        }
    }
    folders.sort();
    files.sort();
    Ok((folders, files))
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
