//! A password for the system's `ssh`: through `SSH_ASKPASS` and a named pipe in a folder of our own.
//!
//! The helper is a script that reads one line of the pipe. The password is in no file, argument or environment.

use std::{
    fs,
    io::Write,
    os::unix::fs::{OpenOptionsExt, PermissionsExt},
};

use rustix::fs::{FileType, Mode};
use tempfile::TempDir;
use tokio::process::Command;

use crate::{ConnectionError, Secret};

/// Answers that lie ready: one for each way of asking and each host on the way.
const ANSWERS: usize = 8;
/// Only questions for a password get one; a host key's confirmation or a key's passphrase do not.
const SCRIPT: &str = "#!/bin/sh\ncase $1 in *assword*) ;; *) exit 1 ;; esac\n\
                      IFS= read -r answer <\"${0%/*}/answer\" && printf '%s\\n' \"$answer\"\n";

/// Helper and pipe; gone when this is dropped.
pub(crate) struct Question {
    _folder: TempDir,
    _pipe: fs::File,
}

/// Let `ssh` get the password.
pub(crate) fn offer(ssh: &mut Command, password: &Secret) -> Result<Question, ConnectionError> {
    let failed =
        |e: std::io::Error| ConnectionError::Setup(format!("the password cannot be handed to ssh: {e}"));
    if password.reveal().contains('\n') {
        return Err(ConnectionError::Setup(
            "a password with a line break cannot be handed to ssh".to_string(),
        ));
    }
    let folder =
        tempfile::Builder::new().permissions(fs::Permissions::from_mode(0o700)).tempdir().map_err(failed)?;
    let script = folder.path().join("askpass");
    let mut file =
        fs::OpenOptions::new().write(true).create_new(true).mode(0o700).open(&script).map_err(failed)?;
    file.write_all(SCRIPT.as_bytes()).map_err(failed)?;
    drop(file);
    let pipe = folder.path().join("answer");
    let cwd = rustix::fs::CWD;
    rustix::fs::mknodat(cwd, &pipe, FileType::Fifo, Mode::RUSR | Mode::WUSR, 0)
        .map_err(|e| failed(e.into()))?;
    // Both ends at once: opening waits for nobody then, and the answers stay in the pipe.
    let mut ends = fs::OpenOptions::new().read(true).write(true).open(&pipe).map_err(failed)?;
    ends.write_all(format!("{}\n", password.reveal()).repeat(ANSWERS).as_bytes()).map_err(failed)?;
    ssh.env("SSH_ASKPASS", &script).env("SSH_ASKPASS_REQUIRE", "force");
    Ok(Question { _folder: folder, _pipe: ends })
}
