//! Looking into a running machine, as its guest agent would.

use std::io::Write;
use std::net::IpAddr;
use std::process::{Command, Stdio};

use anyhow::{Context, Result};
use serde::Deserialize;

use crate::doubles::proxmox::{Interface, Ran};

#[derive(Deserialize)]
struct Link {
    ifname: String,
    #[serde(default)]
    address: String,
    #[serde(default)]
    addr_info: Vec<Address>,
}

#[derive(Deserialize)]
struct Address {
    local: IpAddr,
    prefixlen: u8,
}

/// A command that runs inside the machine with the PID 1 `leader`.
pub fn command(leader: u32, words: &[String]) -> Command {
    let mut command = Command::new("nsenter");
    command.args([
        "--target",
        &leader.to_string(),
        "--mount",
        "--uts",
        "--ipc",
        "--net",
        "--pid",
        "--cgroup",
    ]);
    command.args(["--root", "--wd", "--"]).args(words);
    command.env_clear().env("PATH", "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin");
    command.env("HOME", "/root").env("LANG", "C.UTF-8");
    command
}

/// Runs a command with `input` on its standard input. Errors when it cannot be started.
pub(super) fn run(leader: u32, words: &[String], input: &[u8]) -> Result<Ran> {
    let mut child = command(leader, words)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .context("cannot run nsenter")?;
    if let Some(mut pipe) = child.stdin.take() {
        // A command that does not read its input is no error.
        let _unread = pipe.write_all(input);
    }
    let done = child.wait_with_output()?;
    Ok(Ran { status: done.status.code().unwrap_or(128), stdout: done.stdout, stderr: done.stderr })
}

/// The interfaces with their addresses, asked for now. `None` when the machine does not answer yet.
pub(super) fn interfaces(leader: u32) -> Option<Vec<Interface>> {
    let words = ["ip", "-json", "address"].map(str::to_owned);
    let told = run(leader, &words, b"").ok().filter(|told| told.status == 0)?;
    let links: Vec<Link> = serde_json::from_slice(&told.stdout).ok()?;
    let described = links.into_iter().map(|link| Interface {
        name: link.ifname,
        mac: link.address,
        addresses: link.addr_info.into_iter().map(|one| (one.local, one.prefixlen)).collect(),
    });
    Some(described.collect())
}
