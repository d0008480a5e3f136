//! Commands inside a machine of the running lab.

use std::path::Path;

use anyhow::{Context, Result};

use crate::machine::{guest, leader_of};

/// Runs a command in a machine with this terminal and gives its status. Errors when the machine does not run.
pub(super) fn run(state: &Path, machine: &str, words: &[String]) -> Result<u8> {
    let leader = leader_of(state, machine).with_context(|| {
        format!("no machine {machine} runs in this lab: bring it up with `rustible-lab up`")
    })?;
    let mut command = guest::command(leader, words);
    if let Some(terminal) = std::env::var_os("TERM") {
        command.env("TERM", terminal);
    }
    let status = command.status().context("cannot run nsenter")?;
    Ok(status.code().and_then(|code| u8::try_from(code).ok()).unwrap_or(1))
}
