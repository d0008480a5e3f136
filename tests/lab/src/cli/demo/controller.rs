//! The controller as a user would have it: the program, the project's content, a key, the settings.

use std::fs::{self, File};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use anyhow::{Context, Result};

use super::wish::Wish;
use super::{project, settings};
use crate::command::run;
use crate::machine::{folder, guest, leader_of};
use crate::tree;

/// The user that is made on every machine.
pub(super) const USER: &str = "k8s";

const PLACE: &str = "root/rustible";
const CONTENT: &[&str] = &["ansible.cfg", "inventory", "playbooks", "roles", "argocd_applications"];

/// Puts everything in place. Errors when a file cannot be written.
pub(super) fn fill(state: &Path, program: &Path, wish: &Wish) -> Result<()> {
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
    if let Some(text) = settings::more_workers(wish) {
        tree::write(&tree, &format!("{PLACE}/inventory/more-workers.yaml"), 0o644, &text)?;
    }
    tree::write(&tree, &format!("{PLACE}/.env"), 0o600, &settings::environment(state, wish)?)
}

/// Runs a playbook, with its options, with its output in `log`: the status. Errors when it cannot be started.
pub(super) fn rustible(state: &Path, log: &Path, playbook: &str) -> Result<i32> {
    let leader = leader_of(state, "controller").context("the controller does not run")?;
    let line = format!("cd /{PLACE} && USER=root exec rustible --artifacts artifacts {playbook}");
    let log = File::create(log)?;
    let mut command = guest::command(leader, &["sh".to_owned(), "-c".to_owned(), line]);
    let status = command.stdin(std::process::Stdio::null()).stdout(log.try_clone()?).stderr(log).status()?;
    Ok(status.code().unwrap_or(128))
}
