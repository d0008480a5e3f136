//! The machines: Debian trees booted by systemd-nspawn. [`Machines`] is the Proxmox double's [`Hypervisor`].

mod cgroups;
pub mod guest;
mod hypervisor;
mod launch;

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};

use crate::internet::www;
use crate::network::{PREFIX, address, outside};
use crate::tree;

use self::launch::Running;

/// How all machines are made.
pub struct Settings {
    /// The lab's folder; machines lie in `machines/`.
    pub state: PathBuf,
    /// The tree that they are copies of.
    pub base: PathBuf,
    /// The certificate (PEM) that they trust.
    pub trust: String,
}

/// All machines of a lab, by name.
pub struct Machines {
    settings: Settings,
    running: Mutex<BTreeMap<String, Arc<Running>>>,
    names: Mutex<BTreeMap<u32, String>>,
}

/// How long a machine gets to boot or to stop.
const PATIENCE: Duration = Duration::from_secs(60);

fn held<T>(lock: &Mutex<T>) -> MutexGuard<'_, T> {
    lock.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Machines {
    /// None yet.
    pub fn new(settings: Settings) -> Self {
        Self { settings, running: Mutex::default(), names: Mutex::default() }
    }

    /// The tree of a machine.
    pub fn tree(&self, name: &str) -> PathBuf {
        folder(&self.settings.state, name).join("tree")
    }

    /// Makes a machine's tree with its address (the last number), unless it is there. `fresh` machines have the user `ubuntu`
    /// with the password `ubuntu`, as an installation leaves it. Errors when a file cannot be written.
    pub fn create(&self, name: &str, last: u8, fresh: bool) -> Result<()> {
        let place = self.tree(name);
        if place.is_dir() {
            return Ok(());
        }
        let work = place.with_extension("new");
        if work.exists() {
            fs::remove_dir_all(&work)?;
        }
        tree::copy(&self.settings.base, &work)?;
        personal(&work, name, last, &self.settings.trust)?;
        packages(&work, &self.settings.state)?;
        if fresh {
            tree::inside(&work, &["useradd", "-m", "-s", "/bin/bash", "-G", "sudo", "ubuntu"])?;
            tree::inside(&work, &["sh", "-c", "echo ubuntu:ubuntu | chpasswd"])?;
        }
        fs::rename(&work, &place).with_context(|| format!("cannot name {}", place.display()))
    }

    /// Boots a machine and waits until its PID 1 is there. Errors when it does not come up.
    pub fn boot(&self, name: &str) -> Result<()> {
        if self.leader(name).is_some() {
            return Ok(());
        }
        let running = Arc::new(Running::start(&folder(&self.settings.state, name), name)?);
        held(&self.running).insert(name.to_owned(), running);
        let end = Instant::now() + PATIENCE;
        while self.leader(name).is_none() {
            if Instant::now() > end {
                bail!(
                    "{name} does not boot: see {}",
                    folder(&self.settings.state, name).join("console").display()
                );
            }
            std::thread::sleep(Duration::from_millis(50));
        }
        Ok(())
    }

    /// Stops a machine, in order or at once, and waits for its end. Errors when it does not end.
    pub fn halt(&self, name: &str, force: bool) -> Result<()> {
        let Some(running) = held(&self.running).get(name).cloned() else { return Ok(()) };
        running.stop(force, PATIENCE)?;
        held(&self.running).remove(name);
        cgroups::remove(&folder(&self.settings.state, name))
    }

    /// The process id of a machine's PID 1 on this computer, while it runs.
    pub fn leader(&self, name: &str) -> Option<u32> {
        held(&self.running).get(name).and_then(|running| running.leader())
    }

    /// The names of the machines that run.
    pub fn running_names(&self) -> Vec<String> {
        held(&self.running).keys().cloned().collect()
    }
}

/// How the names of the control groups of this lab's machines begin.
pub fn groups(state: &Path) -> String {
    cgroups::prefix(&state.join("machines"))
}

/// The folder of a machine.
pub fn folder(state: &Path, name: &str) -> PathBuf {
    state.join("machines").join(name)
}

/// The process id of the PID 1 of a machine that another process of the lab runs.
pub fn leader_of(state: &Path, name: &str) -> Option<u32> {
    let text = fs::read_to_string(folder(state, name).join("pid")).ok()?;
    launch::leader(text.trim().parse().ok()?)
}

/// The lab's own archive beside the distribution's: what a role asks the distribution for and Debian has elsewhere or not at all.
fn packages(tree: &Path, state: &Path) -> Result<()> {
    let key = fs::read_to_string(www(state, "packages.lab.test").join("Release.key"))?;
    tree::write(tree, "etc/apt/keyrings/rustible-lab.asc", 0o644, &key)?;
    let source = "deb [signed-by=/etc/apt/keyrings/rustible-lab.asc] https://packages.lab.test/ /\n";
    tree::write(tree, "etc/apt/sources.list.d/rustible-lab.list", 0o644, source)
}

fn personal(tree: &Path, name: &str, last: u8, trust: &str) -> Result<()> {
    tree::write(tree, "etc/hostname", 0o644, &format!("{name}\n"))?;
    tree::write(
        tree,
        "etc/hosts",
        0o644,
        &format!("127.0.0.1 localhost\n127.0.1.1 {name}\n::1 localhost\n"),
    )?;
    fs::remove_file(tree.join("etc/resolv.conf"))
        .or_else(|error| if error.kind() == std::io::ErrorKind::NotFound { Ok(()) } else { Err(error) })?;
    tree::write(tree, "etc/resolv.conf", 0o644, &format!("nameserver {}\n", outside()))?;
    let network = format!(
        "[Match]\nName=host0\n\n[Network]\nAddress={}/{PREFIX}\nGateway={}\nDNS={1}\nLinkLocalAddressing=no\n",
        address(last),
        outside()
    );
    tree::write(tree, "etc/systemd/network/50-lab.network", 0o644, &network)?;
    tree::write(tree, "usr/local/share/ca-certificates/rustible-lab.crt", 0o644, trust)?;
    tree::write(tree, "etc/machine-id", 0o444, "uninitialized\n")?;
    tree::inside(tree, &["update-ca-certificates"])?;
    tree::inside(tree, &["ssh-keygen", "-A"])?;
    Ok(())
}
