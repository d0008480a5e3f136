//! The main job under a job runner: ansible-runner starts `ansible-playbook`, and what it sees of rustible is what it saw of the
//! reference.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Stdio;

use anyhow::{Context, Result, bail};

use super::both_ways::reference;
use super::check::{Table, Verdict};
use super::{project, python};
use crate::cache::Cache;
use crate::cli::{lab, say};
use crate::machine::{folder, guest, leader_of};
use crate::tree;

/// The job runner.
const PACKAGES: &[&str] = &["ansible-runner==2.4.3"];
/// Where it and the programs that it starts lie in the controller.
const PLACE: &str = "opt/job-runner";
/// The program that prints the events.
const EVENTS: &str = "tests/job-runner/events.py";
/// What was seen of the reference, one file a playbook.
const RECORDS: &str = "tests/lab/data/job-runner";
/// The playbooks with their options: the reference has no module that makes machines.
const RUNS: &[(&str, &str)] =
    &[("setup_cluster.yaml", "--skip-tags provision"), ("setup_applications.yaml", "")];

/// Runs the playbooks over the lab that is up and prints whether the events are those that were recorded, or records them from
/// the reference. Gives 1 when something differs. Errors when no lab is up or a run cannot be started.
pub(in crate::cli) fn run(state: &Path, record: bool) -> Result<u8> {
    if lab::alive(state).is_none() || !folder(state, "controller").join("tree/root/rustible").exists() {
        bail!("no lab with the main job is up: `rustible-lab demo` makes one");
    }
    let cache = Cache::of_user()?;
    let key = format!("{} {PACKAGES:?}", python::VERSION);
    let packages = cache.entry("job-runner", &key, |place| python::packages(place, PACKAGES))?;
    let machine = folder(state, "controller").join("tree");
    fs::create_dir_all(machine.join(PLACE))?;
    tree::copy(&packages, &machine.join(PLACE).join("packages"))?;
    fs::copy(project::root().join(EVENTS), machine.join(PLACE).join("events.py"))?;
    if record {
        reference::put(state, &reference::packages(&cache)?)?;
        let program = "#!/bin/sh\nexec python3 -m ansible playbook \"$@\"\n";
        tree::write(&machine, &format!("{PLACE}/reference/ansible-playbook"), 0o755, program)?;
    }
    let mut table = Table::default();
    for (playbook, options) in RUNS {
        let seen = events(state, record, playbook, options)?;
        let place = record_of(playbook);
        if record {
            fs::write(&place, seen)?;
            continue;
        }
        let expected = fs::read_to_string(&place).with_context(|| format!("{}", place.display()))?;
        table.look(
            "job runner",
            format!("{playbook}: the events of the reference"),
            Ok(compare(&seen, &expected)),
        );
    }
    table.print();
    Ok(u8::from(table.has_no()))
}

fn record_of(playbook: &str) -> PathBuf {
    project::root().join(RECORDS).join(playbook.replace(".yaml", ".events"))
}

/// What the job runner sees of one run, one event a line. Errors when it cannot be started or fails.
fn events(state: &Path, reference: bool, playbook: &str, options: &str) -> Result<String> {
    say(&format!("ansible-runner: {playbook} {options} ..."));
    let leader = leader_of(state, "controller").context("the controller does not run")?;
    let (before, programs) = if reference {
        (reference::environment(), "reference")
    } else {
        // The same environment as for the reference, whose packages are not there.
        let links = format!("mkdir -p /{PLACE}/rustible && rustible links /{PLACE}/rustible >/dev/null");
        (format!("cd /root/rustible && export USER=root && {links}"), "rustible")
    };
    let line = format!(
        "{before} && export PYTHONPATH=/{PLACE}/packages:$PYTHONPATH && \
exec python3 /{PLACE}/events.py --in-place /root/rustible /{PLACE}/{programs} playbooks/{playbook} {options}"
    );
    let mut command = guest::command(leader, &["sh".to_owned(), "-c".to_owned(), line]);
    let told = command.stdin(Stdio::null()).output()?;
    let text = String::from_utf8(told.stdout).context("events are text")?;
    if !told.status.success() {
        bail!("ansible-runner ended with {}:\n{text}{}", told.status, String::from_utf8_lossy(&told.stderr));
    }
    Ok(text)
}

/// Yes when all lines are the same, else no with the first that differs.
fn compare(seen: &str, expected: &str) -> Verdict {
    let (ours, theirs): (Vec<&str>, Vec<&str>) = (seen.lines().collect(), expected.lines().collect());
    let at = (0..ours.len().max(theirs.len())).find(|at| ours.get(*at) != theirs.get(*at));
    at.map_or(Verdict::Yes, |at| {
        let told = |lines: &[&str]| lines.get(at).map_or("nothing", |line| line).to_owned();
        Verdict::No(format!(
            "line {} is {}, the reference has {} ({} and {} lines)",
            at + 1,
            told(&ours),
            told(&theirs),
            ours.len(),
            theirs.len()
        ))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_missing_event_is_told_with_its_line() {
        assert!(matches!(compare("a\nb\n", "a\nb\n"), Verdict::Yes));
        let Verdict::No(told) = compare("a\n", "a\nb\n") else { panic!("they differ") };
        assert_eq!(told, "line 2 is nothing, the reference has b (1 and 2 lines)");
    }
}
