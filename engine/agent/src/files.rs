//! Files for the controller's own work: read as they are, written whole or not at all.

use std::{
    fs::{self, File, OpenOptions},
    hash::{BuildHasher, RandomState},
    io::{self, Read, Write},
    os::unix::fs::OpenOptionsExt,
    path::{Path, PathBuf},
    sync::mpsc::Receiver,
};

use rustible_protocol::{
    Blob, Cancel,
    frame::{CHUNK, Message},
};

use crate::link::Link;

/// Send a file piece by piece, an empty piece at its end.
pub(crate) fn send(link: &Link, exchange: u32, path: &str, cancel: &Cancel) -> io::Result<()> {
    let mut file = File::open(expand(path))?;
    if file.metadata()?.is_dir() {
        return Err(io::Error::from(io::ErrorKind::IsADirectory));
    }
    loop {
        let mut piece = Vec::with_capacity(CHUNK);
        (&mut file).take(CHUNK as u64).read_to_end(&mut piece)?;
        let last = piece.is_empty();
        link.send(exchange, &Message::Data(Blob(piece)))?;
        if last || cancel.is_cancelled() {
            return Ok(());
        }
    }
}

/// Receive a file: mode 0600, in place at once when all of it has come.
pub(crate) fn receive(path: &str, inbox: &Receiver<Message>) -> io::Result<()> {
    let path = expand(path);
    whole(&path, |file| {
        loop {
            match inbox.recv() {
                Ok(Message::Data(Blob(bytes))) if bytes.is_empty() => return Ok(()),
                Ok(Message::Data(Blob(bytes))) => file.write_all(&bytes)?,
                Ok(Message::Error(text)) => return Err(io::Error::other(text)),
                _ => return Err(io::Error::new(io::ErrorKind::ConnectionAborted, "the transfer was ended")),
            }
        }
    })
}

/// Write a file with mode 0600 beside its place, then put it there; the old content stays when that fails.
pub(crate) fn whole(path: &Path, fill: impl FnOnce(&mut File) -> io::Result<()>) -> io::Result<()> {
    let nameless = || io::Error::new(io::ErrorKind::InvalidInput, "not the name of a file");
    let name = path.file_name().ok_or_else(nameless)?.to_string_lossy();
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    // Random, so that nobody can be there first; and if somebody is, `create_new` does not follow.
    let random = RandomState::new().hash_one((std::process::id(), path));
    let beside = folder.join(format!(".{name}.{random:016x}.tmp"));
    let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&beside)?;
    let written = fill(&mut file).and_then(|()| file.sync_all()).and_then(|()| fs::rename(&beside, path));
    if let Err(e) = written {
        let _ = fs::remove_file(&beside);
        return Err(e);
    }
    // Some file systems cannot sync a folder; the file itself is safe then.
    let _ = File::open(folder).and_then(|folder| folder.sync_all());
    Ok(())
}

/// A path with `~` in front put in.
pub(crate) fn expand(path: &str) -> PathBuf {
    let home = || std::env::var_os("HOME").filter(|home| !home.is_empty()).map(PathBuf::from);
    match path.strip_prefix('~') {
        Some("") => home().unwrap_or_else(|| PathBuf::from(path)),
        Some(rest) if rest.starts_with('/') => {
            home().map_or_else(|| PathBuf::from(path), |home| home.join(rest.trim_start_matches('/')))
        }
        _ => PathBuf::from(path),
    }
}
