//! The controller as a user would have it: the program, the project's content, a key, the settings.

use std::fs::{self, File};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use anyhow::{Context, Result};

use super::project;
use crate::command::run;
use crate::machine::{folder, guest, leader_of};
use crate::network::{address, outside};
use crate::tree;

/// The last numbers of the addresses that the nodes get.
pub(super) const CONTROL: u8 = 11;
pub(super) const WORKER: u8 = 21;
/// The user that is made on every machine.
pub(super) const USER: &str = "k8s";

const PLACE: &str = "root/rustible";
const CONTENT: &[&str] = &["ansible.cfg", "inventory", "playbooks", "roles", "argocd_applications"];

/// Puts everything in place. Errors when a file cannot be written.
pub(super) fn fill(state: &Path, program: &Path) -> Result<()> {
    let tree = folder(state, "controller").join("tree");
    let target = tree.join("usr/local/bin/rustible");
    fs::copy(program, &target).with_context(|| format!("cannot copy {}", program.display()))?;
    fs::set_permissions(&target, fs::Permissions::from_mode(0o755))?;
    let place = tree.join(PLACE);
    fs::create_dir_all(&place)?;
    for name in CONTENT {
        let from = project::root().join(name);
        run("cp", &["-a", "--no-preserve=ownership", &from.to_string_lossy(), &place.to_string_lossy()])?;
    }
    let key = tree.join("root/.ssh/id_ed25519");
    if !key.exists() {
        fs::create_dir_all(tree.join("root/.ssh"))?;
        fs::set_permissions(tree.join("root/.ssh"), fs::Permissions::from_mode(0o700))?;
        run(
            "ssh-keygen",
            &["-q", "-t", "ed25519", "-N", "", "-C", "rustible-lab", "-f", &key.to_string_lossy()],
        )?;
    }
    tree::write(&tree, &format!("{PLACE}/.env"), 0o600, &settings(state)?)
}

/// Every name of `example.env` that the lab has another value for; the others keep the example's.
fn settings(state: &Path) -> Result<String> {
    let secret = |name: &str| fs::read_to_string(state.join(name)).with_context(|| format!("no {name}"));
    let lab = outside().to_string();
    let own: &[(&str, String)] = &[
        ("PROXMOX_API_HOST", "proxmox.lab.test".to_owned()),
        ("PROXMOX_API_PASSWORD", secret("proxmox-password")?),
        ("VM_GATEWAY", lab.clone()),
        ("VM_NAMESERVER", lab),
        ("K8S_CONTROL_1_IP", address(CONTROL).to_string()),
        ("K8S_NODE_1_IP", address(WORKER).to_string()),
        ("CILIUM_LOADBALANCER_IPPOOL", format!("{}-{}", address(240), address(250))),
        ("HUBBLE_HOSTNAME", "hubble.lab.test".to_owned()),
        ("REPOSITORY_SSH_URL", "git@gitlab.lab.test:homelab/cluster.git".to_owned()),
        ("REPOSITORY_TOKEN", secret("gitlab-token")?),
        ("ARGOCD_HOSTNAME", "argocd.lab.test".to_owned()),
    ];
    let example = fs::read_to_string(project::root().join("example.env")).context("no example.env")?;
    let lines = example.lines().map(|line| {
        let found = line.split_once('=').and_then(|(name, _)| own.iter().find(|(known, _)| *known == name));
        found.map_or_else(|| line.to_owned(), |(name, value)| format!("{name}={value}"))
    });
    Ok(lines.fold(String::new(), |all, line| all + &line + "\n"))
}

/// Runs a playbook with its output in `log`: the status. Errors when it cannot be started.
pub(super) fn rustible(state: &Path, log: &Path, playbook: &str) -> Result<i32> {
    let leader = leader_of(state, "controller").context("the controller does not run")?;
    let line = format!("cd /{PLACE} && USER=root exec rustible --artifacts artifacts {playbook}");
    let log = File::create(log)?;
    let mut command = guest::command(leader, &["sh".to_owned(), "-c".to_owned(), line]);
    let status = command.stdin(std::process::Stdio::null()).stdout(log.try_clone()?).stderr(log).status()?;
    Ok(status.code().unwrap_or(128))
}
