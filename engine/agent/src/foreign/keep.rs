//! Archives of Python modules stay on the target under their content's hash: each travels once.

use std::{
    fs,
    io::{Read, Write},
    path::{Path, PathBuf},
};

use rustible_protocol::hash;
use rustible_sdk::{Failure, Host, host::temp::Temp};

use crate::files;

/// Beside the agents.
const FOLDER: &str = "~/.cache/rustible/modules";

/// An archive in a file.
pub(super) enum Kept {
    /// Where every call finds it.
    Shared(PathBuf),
    /// For this call alone, where nothing can be kept.
    Own(Temp),
}

impl Kept {
    pub(super) fn path(&self) -> &Path {
        match self {
            Self::Shared(path) => path,
            Self::Own(temp) => temp.path(),
        }
    }
}

/// The archive of that hash: the one that is here, else the one of the controller.
///
/// # Errors
/// When the controller's cannot be got.
pub(super) fn archive(name: &str, host: &Host) -> Result<Kept, Failure> {
    let folder = files::expand(FOLDER);
    let path = folder.join(format!("{name}.zip"));
    let usable = crate::job::prepare(&folder).is_ok();
    if usable && fs::read(&path).is_ok_and(|bytes| hash::content(&bytes) == name) {
        return Ok(Kept::Shared(path));
    }
    let bytes = content(name, host)?;
    if usable && files::whole(&path, |file| file.write_all(&bytes)).is_ok() {
        return Ok(Kept::Shared(path));
    }
    host.temp_file(&bytes).map(Kept::Own)
}

/// A program's bytes, as the controller has them.
///
/// # Errors
/// When they cannot be got, or are others than named.
pub(super) fn content(name: &str, host: &Host) -> Result<Vec<u8>, Failure> {
    let mut bytes = Vec::new();
    host.attachment(name)?.read_to_end(&mut bytes)?;
    if hash::content(&bytes) == name {
        Ok(bytes)
    } else {
        Err(Failure::new("the module's program did not arrive as it was sent"))
    }
}
