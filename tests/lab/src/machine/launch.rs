//! The process of a machine: systemd-nspawn, started again when the machine reboots.

use std::fs::{self, File};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, PoisonError};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};

use super::cgroups;
use crate::command::run;
use crate::network::BRIDGE;

/// What nspawn ends with when the machine asks for a reboot.
const REBOOT: i32 = 133;

/// Enters the groups given as arguments up to `--`, then becomes the rest.
const ENTER: &str = r#"while [ "$1" != -- ]; do echo $$ > "$1" || exit 1; shift; done; shift; exec "$@""#;

const CALLS: &str =
    "--system-call-filter=@keyring @mount @privileged bpf perf_event_open add_key keyctl request_key";

/// A machine that was started.
pub(super) struct Running {
    pid_file: PathBuf,
    process: Arc<Mutex<u32>>,
    ended: Arc<AtomicBool>,
    stopping: Arc<AtomicBool>,
}

impl Running {
    /// Starts the machine whose tree lies in `folder`. Errors when nspawn cannot be started.
    pub(super) fn start(folder: &Path, name: &str) -> Result<Self> {
        let first = spawn(folder, name)?;
        let running = Self {
            pid_file: folder.join("pid"),
            process: Arc::new(Mutex::new(first.id())),
            ended: Arc::default(),
            stopping: Arc::default(),
        };
        let (process, ended, stopping) =
            (running.process.clone(), running.ended.clone(), running.stopping.clone());
        let (folder, name) = (folder.to_path_buf(), name.to_owned());
        std::thread::spawn(move || {
            let mut child = first;
            while let Ok(status) = child.wait() {
                if status.code() != Some(REBOOT) || stopping.load(Ordering::SeqCst) {
                    break;
                }
                let Ok(next) = spawn(&folder, &name) else { break };
                *process.lock().unwrap_or_else(PoisonError::into_inner) = next.id();
                child = next;
            }
            ended.store(true, Ordering::SeqCst);
        });
        Ok(running)
    }

    /// The process id of its PID 1.
    pub(super) fn leader(&self) -> Option<u32> {
        if self.ended.load(Ordering::SeqCst) {
            return None;
        }
        leader(*self.process.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Ends it: in order by SIGTERM to nspawn, at once by SIGKILL to its PID 1. Errors when it still runs after `patience`.
    pub(super) fn stop(&self, force: bool, patience: Duration) -> Result<()> {
        self.stopping.store(true, Ordering::SeqCst);
        let process = *self.process.lock().unwrap_or_else(PoisonError::into_inner);
        let (signal, target) = match (force, self.leader()) {
            (true, Some(leader)) => ("-KILL", leader),
            _ => ("-TERM", process),
        };
        if !self.ended.load(Ordering::SeqCst) {
            run("kill", &[signal, &target.to_string()])?;
        }
        let end = Instant::now() + patience;
        while !self.ended.load(Ordering::SeqCst) {
            if Instant::now() > end {
                bail!("the machine's process {process} does not end");
            }
            std::thread::sleep(Duration::from_millis(50));
        }
        fs::remove_file(&self.pid_file).context("cannot remove the machine's pid file")
    }
}

fn spawn(folder: &Path, name: &str) -> Result<Child> {
    let console = File::options().create(true).append(true).open(folder.join("console"))?;
    let groups = cgroups::make(folder)?;
    let mut command = Command::new("sh");
    command.args(["-c", ENTER, "sh"]).args(groups).arg("--").arg("systemd-nspawn");
    command.arg("-D").arg(folder.join("tree")).arg("-M").arg(name);
    command.args(["--register=no", "--keep-unit", "--network-veth", "--capability=all", "--bind=/dev/kmsg"]);
    command.arg(format!("--network-bridge={BRIDGE}"));
    // A machine has no swap, so that `swapoff --all` in one leaves this computer's alone.
    fs::write(folder.join("swaps"), "Filename\tType\tSize\tUsed\tPriority\n")?;
    command.arg(format!("--bind-ro={}:/run/rustible-lab/swaps", folder.join("swaps").display()));
    command.args(["--bind-ro=/sys/module", "--link-journal=no", "--resolv-conf=off", "--timezone=off"]);
    command.args([CALLS, "-b"]).stdin(Stdio::null()).stdout(console.try_clone()?).stderr(console);
    let child = command.spawn().context("cannot run systemd-nspawn (package systemd-container)")?;
    // One line a boot: whether a machine was rebooted is seen here and not asked of the machine.
    writeln!(File::options().create(true).append(true).open(folder.join("boots"))?, "{}", child.id())?;
    fs::write(folder.join("pid"), child.id().to_string())?;
    Ok(child)
}

/// The PID 1 below the nspawn process `process`: the child that is the first of its own namespace.
pub(super) fn leader(process: u32) -> Option<u32> {
    let children = fs::read_to_string(format!("/proc/{process}/task/{process}/children")).ok()?;
    children.split_whitespace().filter_map(|child| child.parse().ok()).find(|child| is_first(*child))
}

fn is_first(process: u32) -> bool {
    let status = fs::read_to_string(format!("/proc/{process}/status")).unwrap_or_default();
    let ids = status.lines().find_map(|line| line.strip_prefix("NSpid:")).unwrap_or_default();
    let ids: Vec<&str> = ids.split_whitespace().collect();
    // Before the last exec it is nspawn's own child.
    ids.len() > 1 && ids.last() == Some(&"1") && status.lines().next() == Some("Name:\tsystemd")
}
