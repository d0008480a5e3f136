//! Archives: read at once, and unpacked without a step outside of their folder.

use std::{
    fs,
    io::Read,
    os::unix::fs::{PermissionsExt, symlink},
    path::{Component, Path},
};

use rustible_source::Diagnostic;
use sha2::{Digest, Sha256};

use crate::{context::failed, paths::io};

/// What a member is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Member {
    /// A file.
    File,
    /// A folder.
    Folder,
    /// A symbolic link and where it leads.
    Link(String),
    /// Anything else.
    Other,
}

/// One entry of an archive.
#[derive(Debug, Clone)]
pub(crate) struct Entry {
    /// Its path, without a slash at the end.
    pub(crate) name: String,
    /// What it is.
    pub(crate) member: Member,
    /// Its mode.
    pub(crate) mode: u32,
    /// A file's content.
    pub(crate) data: Vec<u8>,
}

/// The entries of a `.tar` or `.tar.gz`; `None` when it is neither.
pub(crate) fn read(path: &Path) -> Result<Option<Vec<Entry>>, Diagnostic> {
    let bytes = fs::read(path).map_err(io(path))?;
    for (magic, name) in
        [(&b"BZh"[..], "bzip2"), (&b"\xfd7zXZ"[..], "xz"), (&b"\x28\xb5\x2f\xfd"[..], "zstd")]
    {
        if bytes.starts_with(magic) {
            let text = format!("the archive '{}' is compressed with {name}", path.display());
            return Err(failed(format!("{text}, which rustible does not read")));
        }
    }
    let bytes = if bytes.starts_with(&[0x1f, 0x8b]) {
        let mut plain = Vec::new();
        let mut decoder = flate2::read::MultiGzDecoder::new(bytes.as_slice());
        if decoder.read_to_end(&mut plain).is_err() {
            return Ok(None);
        }
        plain
    } else {
        bytes
    };
    if bytes.len() < 512 {
        return Ok(None);
    }
    Ok(entries(&bytes).ok())
}

fn entries(bytes: &[u8]) -> std::io::Result<Vec<Entry>> {
    let mut archive = tar::Archive::new(bytes);
    let mut all = Vec::new();
    for entry in archive.entries()? {
        let mut entry = entry?;
        let kind = entry.header().entry_type();
        let member = match kind {
            tar::EntryType::Regular | tar::EntryType::Continuous => Member::File,
            tar::EntryType::Directory => Member::Folder,
            tar::EntryType::Symlink => Member::Link(
                entry
                    .link_name_bytes()
                    .map(|name| String::from_utf8_lossy(&name).into_owned())
                    .unwrap_or_default(),
            ),
            _ => Member::Other,
        };
        let name = String::from_utf8_lossy(&entry.path_bytes()).trim_end_matches('/').to_string();
        let mode = entry.header().mode().unwrap_or(0o644);
        let mut data = Vec::new();
        if member == Member::File {
            entry.read_to_end(&mut data)?;
        }
        all.push(Entry { name, member, mode, data });
    }
    Ok(all)
}

/// The SHA-256 of bytes in hexadecimal digits.
pub(crate) fn sha256(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Whether a relative path stays inside when `..` is taken literally.
pub(crate) fn stays_inside(path: &Path) -> bool {
    let mut depth = 0_i32;
    for part in path.components() {
        match part {
            Component::Normal(_) => depth += 1,
            Component::ParentDir => depth -= 1,
            Component::CurDir => {}
            Component::RootDir | Component::Prefix(_) => return false,
        }
        if depth < 0 {
            return false;
        }
    }
    true
}

/// Make the folders above a path, and see that no link leads them out of the root.
pub(crate) fn parents(root: &Path, path: &Path) -> Result<(), Diagnostic> {
    let parent = path.parent().unwrap_or(root);
    fs::create_dir_all(parent).map_err(io(parent))?;
    let real = parent.canonicalize().map_err(io(parent))?;
    let real_root = root.canonicalize().map_err(io(root))?;
    if !real.starts_with(&real_root) {
        return Err(failed(format!(
            "Cannot extract tar entry '{}' as it will be placed outside of '{}'",
            path.display(),
            root.display()
        )));
    }
    Ok(())
}

/// Write a file in the place of what is there, a link included.
pub(crate) fn write(path: &Path, data: &[u8], mode: u32) -> Result<(), Diagnostic> {
    if fs::symlink_metadata(path).is_ok_and(|meta| !meta.is_dir()) {
        fs::remove_file(path).map_err(io(path))?;
    }
    fs::write(path, data).map_err(io(path))?;
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).map_err(io(path))
}

/// Make a link in the place of what is there.
pub(crate) fn link(path: &Path, target: &str) -> Result<(), Diagnostic> {
    if fs::symlink_metadata(path).is_ok_and(|meta| !meta.is_dir()) {
        fs::remove_file(path).map_err(io(path))?;
    }
    symlink(target, path).map_err(io(path))
}
