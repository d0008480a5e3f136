//! A command that has left the terminal of whoever started the run.

use std::{os::unix::process::CommandExt, process::Command};

/// Become that command, in a session of its own; the status of one that cannot be run.
pub(crate) fn become_command<'a>(mut words: impl Iterator<Item = &'a str>) -> i32 {
    let Some(program) = words.next() else { return 2 };
    // Where this leads a session already, there is no terminal.
    let _ = rustix::process::setsid();
    let _why = Command::new(program).args(words).exec();
    127
}
