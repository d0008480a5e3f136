//! One over the other: over a lab that rustible built the reference changes nothing, and over a lab that the reference built
//! rustible changes nothing. Only the reference cannot make the machines: it has no `proxmox_vm`.

pub(super) mod reference;

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};

use super::check::{Table, none};
use super::{Wish, controller, play, project};
use crate::cache::Cache;
use crate::cli::{lab, say};

const PLAYBOOK: &str = "setup_cluster.yaml";

/// Runs both ways with rustible built from the project (or `program`), each in a fresh lab, and prints the tasks that changed
/// something. Gives 1 when there is one. Errors when a run fails.
pub(in crate::cli) fn run(state: &Path, program: Option<PathBuf>) -> Result<u8> {
    if lab::alive(state).is_some() {
        bail!("a lab is up already, and this needs a fresh one: take it down with `rustible-lab down`");
    }
    let program = program.map_or_else(project::build, Ok)?;
    say("the reference (from the Python index, the first time) ...");
    let reference = reference::packages(&Cache::of_user()?)?;
    let mut table = Table::default();
    let fresh = || -> Result<PathBuf> {
        lab::up(state)?;
        controller::fill(state, &program, &Wish::default())?;
        reference::put(state, &reference)?;
        let logs = state.join("both-ways");
        fs::create_dir_all(&logs)?;
        Ok(logs)
    };

    let logs = fresh()?;
    play(state, &logs.join("1-rustible.log"), PLAYBOOK)?;
    reference::play(state, &logs.join("2-reference.log"), PLAYBOOK, "--skip-tags provision")?;
    let differences = changes(&logs.join("2-reference.log"))?;
    table.look("both ways", "rustible built it: the reference changes nothing", Ok(none(&differences)));
    lab::down(state)?;

    let logs = fresh()?;
    reference::play(
        state,
        &logs.join("1-reference.log"),
        PLAYBOOK,
        "--tags localhost --skip-tags provision",
    )?;
    play(state, &logs.join("2-rustible.log"), &format!("{PLAYBOOK} --tags provision"))?;
    reference::play(state, &logs.join("3-reference.log"), PLAYBOOK, "--skip-tags provision")?;
    play(state, &logs.join("4-rustible.log"), PLAYBOOK)?;
    let differences = changes(&logs.join("4-rustible.log"))?;
    table.look("both ways", "the reference built it: rustible changes nothing", Ok(none(&differences)));
    table.print();
    Ok(u8::from(table.has_no()))
}

/// Fetches the reference into the cache. Errors when pip fails.
pub(in crate::cli) fn fetch() -> Result<()> {
    reference::packages(&Cache::of_user()?).map(drop)
}

/// The tasks that changed something, with their hosts. Errors when the log is none of a run that came to its end.
fn changes(log: &Path) -> Result<Vec<String>> {
    let text = fs::read_to_string(log)?;
    let (tasks, recap) = text.split_once("PLAY RECAP").context("the run printed no recap")?;
    let counted = recap.lines().filter(|line| line.contains("ok=") && !line.contains("changed=0 ")).count();
    let changed = changed_tasks(tasks);
    // A task that changes something without saying so would be counted all the same.
    anyhow::ensure!((counted > 0) != changed.is_empty(), "tasks and recap of {} differ", log.display());
    Ok(changed)
}

fn changed_tasks(text: &str) -> Vec<String> {
    let mut task = "";
    let mut found = Vec::new();
    for line in text.lines() {
        if let Some((_, name)) = line.split_once("TASK [").or_else(|| line.split_once("RUNNING HANDLER [")) {
            task = name.split(']').next().unwrap_or_default();
        } else if let Some(rest) = line.strip_prefix("changed: [") {
            found.push(format!("{task} on {}", rest.replacen(']', "", 1)));
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn changed_tasks_are_told_with_host_and_item() {
        let text = "\nTASK [r : Hold] ****\nok: [a] => (item=x)\nchanged: [a] => (item=y)\n\nTASK [Next] ***\nchanged: [b -> localhost]\n";
        assert_eq!(changed_tasks(text), ["r : Hold on a => (item=y)", "Next on b -> localhost"]);
    }
}
