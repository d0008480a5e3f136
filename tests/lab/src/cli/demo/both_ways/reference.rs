//! The reference, inside the controller.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Instant;

use anyhow::{Context, Result, bail};

use crate::cache::Cache;
use crate::cli::demo::python;
use crate::cli::say;
use crate::machine::{folder, guest, leader_of};
use crate::tree;

/// What is fetched; the last ones are what the roles' modules import on the controller.
const PACKAGES: &[&str] =
    &["ansible-core==2.21.5", "ansible==14.5.0", "kubernetes", "proxmoxer", "requests", "python-gitlab"];
/// The collections that the roles use.
const COLLECTIONS: &[&str] = &[
    "ansible/posix",
    "ansible/utils",
    "community/crypto",
    "community/general",
    "community/proxmox",
    "kubernetes/core",
];
/// Where it lies in the controller.
const PLACE: &str = "opt/reference";

/// In the place of the module that only rustible has: the reference can read the roles, and fails where it should run it.
const REFUSAL: &str = "#!/usr/bin/python3\nimport json\n\
print(json.dumps({'failed': True, 'msg': 'proxmox_vm is a module of rustible alone'}))\n";

/// Its packages, from the cache or fetched now (about two minutes) from the index that pip is configured with. Errors when pip is
/// missing or fails.
pub(in crate::cli::demo) fn packages(cache: &Cache) -> Result<PathBuf> {
    cache.entry("reference", &format!("{} {PACKAGES:?} {COLLECTIONS:?}", python::VERSION), |place| {
        python::packages(place, PACKAGES)?;
        let all = place.join("ansible_collections");
        let kept = place.join("kept_collections");
        for name in COLLECTIONS {
            let to = kept.join(name);
            fs::create_dir_all(to.parent().context("a collection has a namespace")?)?;
            fs::rename(all.join(name), to).with_context(|| format!("no collection {name}"))?;
        }
        fs::remove_dir_all(&all)?;
        fs::rename(&kept, &all)?;
        Ok(())
    })
}

/// Puts it into the controller. Errors when a file cannot be written.
pub(in crate::cli::demo) fn put(state: &Path, packages: &Path) -> Result<()> {
    let machine = folder(state, "controller").join("tree");
    tree::copy(packages, &machine.join(PLACE))?;
    tree::write(&machine, &format!("{PLACE}-library/proxmox_vm.py"), 0o644, REFUSAL)
}

/// What a shell does before it runs there: it has no .env, so the shell loads it, as a user's wrapper does.
pub(in crate::cli::demo) fn environment() -> String {
    format!(
        "cd /root/rustible && set -a && . ./.env && set +a && export USER=root PYTHONPATH=/{PLACE} \
ANSIBLE_LIBRARY=/{PLACE}-library REQUESTS_CA_BUNDLE=/etc/ssl/certs/ca-certificates.crt"
    )
}

/// Runs a playbook with its output in `log`. Errors with the end of the log when it fails.
pub(super) fn play(state: &Path, log: &Path, playbook: &str, options: &str) -> Result<()> {
    say(&format!("the reference: {playbook} {options} ..."));
    let leader = leader_of(state, "controller").context("the controller does not run")?;
    let line =
        format!("{} && exec python3 -m ansible playbook playbooks/{playbook} {options}", environment());
    let file = File::create(log)?;
    let begun = Instant::now();
    let mut command = guest::command(leader, &["sh".to_owned(), "-c".to_owned(), line]);
    let status = command.stdin(Stdio::null()).stdout(file.try_clone()?).stderr(file).status()?;
    say(&format!("the reference: {:.1} s", begun.elapsed().as_secs_f64()));
    if !status.success() {
        let text = fs::read_to_string(log)?;
        let lines: Vec<&str> = text.lines().collect();
        let end = lines.get(lines.len().saturating_sub(30)..).unwrap_or_default().join("\n");
        bail!("the reference ended with {status} (all of it: {}):\n{end}", log.display());
    }
    Ok(())
}
