//! Bringing the lab up and taking it down.

use std::fs::{self, File};
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use tokio::signal::unix::{SignalKind, signal};

use super::{prefetch, say};
use crate::command::run;
use crate::internet::Authority;
use crate::internet::content::Versions;
use crate::internet::outside::{Outside, Plan};
use crate::machine::{Machines, Settings};
use crate::{network, tree};

const CONTROLLER: &str = "controller";
const CONTROLLER_LAST: u8 = 2;
/// How long the background process gets: it makes the packages and an ISO the first time.
const PATIENCE: Duration = Duration::from_secs(300);

/// Brings everything up and comes back when the controller runs. Errors with the end of the log when it does not.
pub(super) fn up(state: &Path) -> Result<()> {
    if alive(state).is_some() {
        say("the lab is up already");
        return Ok(());
    }
    prefetch::all()?;
    fs::create_dir_all(state).with_context(|| format!("cannot make {}", state.display()))?;
    let ready = state.join("ready");
    if ready.exists() {
        fs::remove_file(&ready)?;
    }
    let log_path = state.join("serve.log");
    let log = File::create(&log_path)?;
    let mut command = Command::new(std::env::current_exe()?);
    command.arg("--state").arg(state).arg("serve").stdin(Stdio::null());
    let mut child = command.stdout(log.try_clone()?).stderr(log).process_group(0).spawn()?;
    fs::write(state.join("serve.pid"), child.id().to_string())?;
    let end = Instant::now() + PATIENCE;
    while !ready.exists() {
        if child.try_wait()?.is_some() || Instant::now() > end {
            bail!("the lab did not come up: {}", fs::read_to_string(&log_path)?);
        }
        std::thread::sleep(Duration::from_millis(100));
    }
    say("the lab is up; look around with `rustible-lab shell`");
    Ok(())
}

/// The process id of the background process, while it runs.
pub(super) fn alive(state: &Path) -> Option<u32> {
    let id: u32 = fs::read_to_string(state.join("serve.pid")).ok()?.trim().parse().ok()?;
    let line = fs::read(format!("/proc/{id}/cmdline")).ok()?;
    String::from_utf8_lossy(&line).split('\0').any(|word| word == "serve").then_some(id)
}

/// The background process: the outside and the machines, until SIGTERM.
pub(super) fn serve(state: &Path) -> Result<()> {
    let made = prefetch::all()?;
    network::up()?;
    let machines = Arc::new(Machines::new(Settings {
        state: state.to_path_buf(),
        base: made.base.clone(),
        trust: Authority::in_folder(state)?.pem().to_owned(),
    }));
    let plan = Plan {
        address: network::outside(),
        ports: [53, 80, 443, 8006],
        state: state.to_path_buf(),
        cache: made.cache.root().to_path_buf(),
        binaries: made.binaries,
        images: made.images,
        versions: Versions::default(),
        names: [("controller.lab.test".to_owned(), network::address(CONTROLLER_LAST).into())].into(),
        proxmox_password: secret(state, "proxmox-password")?,
        bridge: "vmbr0".to_owned(),
        gitlab: ("gitlab.lab.test".to_owned(), "homelab/cluster".to_owned(), secret(state, "gitlab-token")?),
    };
    let runtime = tokio::runtime::Runtime::new()?;
    runtime.block_on(async {
        let outside = Outside::start(plan, machines.clone()).await?;
        let lab = machines.clone();
        tokio::task::spawn_blocking(move || controller(&lab)).await??;
        fs::write(state.join("ready"), "")?;
        signal(SignalKind::terminate())?.recv().await;
        let lab = machines.clone();
        tokio::task::spawn_blocking(move || stop_all(&lab)).await??;
        drop(outside);
        Ok(())
    })
}

fn controller(machines: &Machines) -> Result<()> {
    machines.create(CONTROLLER, CONTROLLER_LAST, false)?;
    machines.boot(CONTROLLER)
}

/// Ends all machines at once: their trees are removed next, so an orderly end has nothing to save.
fn stop_all(machines: &Machines) -> Result<()> {
    for name in machines.running_names() {
        machines.halt(&name, true)?;
    }
    Ok(())
}

/// A secret of this lab, made at the first call.
pub(super) fn secret(state: &Path, name: &str) -> Result<String> {
    let path = state.join(name);
    if !path.exists() {
        let word: String = (0..24).map(|_| char::from(rand::random_range(b'a'..=b'z'))).collect();
        tree::write(state, name, 0o600, &word)?;
    }
    fs::read_to_string(&path).with_context(|| format!("cannot read {}", path.display()))
}

/// Stops everything and removes the lab's folder, bridge and control groups. Errors when a process does not end.
pub(super) fn down(state: &Path) -> Result<()> {
    if let Some(process) = alive(state) {
        run("kill", &["-TERM", &process.to_string()])?;
        let end = Instant::now() + PATIENCE;
        while alive(state).is_some() {
            if Instant::now() > end {
                bail!("process {process} of the lab does not end");
            }
            std::thread::sleep(Duration::from_millis(100));
        }
    }
    network::down()?;
    if state.exists() {
        fs::remove_dir_all(state).with_context(|| format!("cannot remove {}", state.display()))?;
    }
    say("the lab is down");
    Ok(())
}
