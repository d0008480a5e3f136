//! What the main job says when something is broken: the status of the reference, a message that names cause, place and next step,
//! and a next run that completes after the repair.

mod bench;
mod cases;

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

use super::check::{Table, Verdict, none};
use super::look::Look;
use super::{Wish, controller, play, project};
use crate::cli::{lab, say};
use crate::machine::folder;
use bench::Bench;

/// One thing that is broken.
struct Case {
    name: &'static str,
    playbook: &'static str,
    /// What else stands on the command line.
    options: &'static str,
    /// Settings of `.env` that are other ones in the broken run, or not there.
    settings: Vec<(&'static str, Option<String>)>,
    /// Breaks it, before the run or as soon as the run prints the text.
    break_it: fn(&Bench) -> Result<()>,
    when: Option<&'static str>,
    repair: fn(&Bench) -> Result<()>,
    /// Settings that the run after the repair keeps.
    kept: Vec<&'static str>,
    status: i32,
    expected: Expected,
}

/// What the broken run must print.
struct Expected {
    cause: &'static str,
    /// The host's name, and the file whose task failed.
    host: &'static str,
    file: &'static str,
    next_step: &'static str,
}

/// Runs all cases in the lab that is up, or in a fresh one with rustible built from the project (or `program`), and prints the
/// table. Gives 1 when a row says no. Errors when the main job does not even complete before anything is broken.
pub(in crate::cli) fn run(state: &Path, program: Option<PathBuf>) -> Result<u8> {
    let fresh = lab::alive(state).is_none();
    if fresh {
        lab::up(state)?;
    }
    let there = folder(state, "controller").join("tree/usr/local/bin/rustible").exists();
    if program.is_some() || !there {
        let program = program.map_or_else(project::build, Ok)?;
        controller::fill(state, &program, &Wish::default())?;
    }
    let mut table = Table::default();
    rows(&mut table, state)?;
    table.print();
    Ok(u8::from(table.has_no()))
}

/// The rows of all cases. Errors when the main job does not complete before anything is broken.
pub(super) fn rows(table: &mut Table, state: &Path) -> Result<()> {
    let logs = state.join("failures");
    fs::create_dir_all(&logs)?;
    play(state, &logs.join("before.log"), "setup_cluster.yaml")?;
    let bench = Bench::new(Look::new(state))?;
    for (number, case) in cases::all(&bench)?.iter().enumerate() {
        say(&format!("broken: {} ...", case.name));
        let log = logs.join(format!("{}-broken.log", number + 1));
        table.look("failures", case.name, broken(&bench, case, &log));
        let repaired = repaired(&bench, case, &logs.join(format!("{}-repaired.log", number + 1)));
        table.look("failures", "... and the run after the repair completes", repaired.map(|()| Verdict::Yes));
    }
    Ok(())
}

/// The broken run: what of it is not as it should be.
fn broken(bench: &Bench, case: &Case, log: &Path) -> Result<Verdict> {
    bench.settings(&case.settings)?;
    let secrets = bench.secrets()?;
    if case.when.is_none() {
        (case.break_it)(bench).context("cannot break it")?;
    }
    // With all that can be told: a secret must not show even then.
    let line = format!("{} {} -vvv --diff", case.playbook, case.options);
    let status = std::thread::scope(|scope| {
        let breaking =
            case.when.map(|text| scope.spawn(move || bench.when_printed(log, text, case.break_it)));
        let status = controller::rustible(&bench.look.state, log, &line)?;
        bench.ended();
        if let Some(breaking) = breaking {
            breaking.join().map_err(|_| anyhow::anyhow!("the thread that breaks it died"))??;
        }
        anyhow::Ok(status)
    })?;
    let text = fs::read_to_string(log)?;
    let mut wrong = case.expected.missing_in(&text);
    if status != case.status {
        wrong.push(format!("status {status}, wanted {}", case.status));
    }
    for known in &secrets {
        wrong.extend(known.within(&text).into_iter().map(|name| format!("{name} is printed")));
    }
    if !wrong.is_empty() {
        wrong.push(format!("see {}", log.display()));
    }
    Ok(none(&wrong))
}

/// The run after the repair. Errors when it does not complete.
fn repaired(bench: &Bench, case: &Case, log: &Path) -> Result<()> {
    (case.repair)(bench).context("cannot repair it")?;
    let kept: Vec<_> = case.settings.iter().filter(|(name, _)| case.kept.contains(name)).cloned().collect();
    bench.settings(&kept)?;
    let done = play(&bench.look.state, log, case.playbook);
    bench.settings(&[])?;
    done.map(drop)
}

impl Expected {
    /// What a text does not say.
    fn missing_in(&self, text: &str) -> Vec<String> {
        let at = format!("Origin: /root/rustible/{}:", self.file);
        let fatal = ["fatal", "failed"].iter().any(|word| text.contains(&format!("{word}: [{}", self.host)));
        // The advice stands in the block of the error or in its message, not anywhere.
        let told: String = text
            .split("[ERROR]: ")
            .skip(1)
            .map(|block| block.split("\nTASK [").next().unwrap_or_default())
            .collect();
        let facts = [
            ("the cause", self.cause, told.contains(self.cause)),
            ("the host", self.host, fatal),
            ("the place", self.file, told.contains(&at)),
            ("the next step", self.next_step, told.contains(self.next_step)),
        ];
        let missing = facts.iter().filter(|(_, _, there)| !there);
        missing.map(|(what, wanted, _)| format!("{what} is not told ({wanted})")).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_without_its_next_step_is_noticed() {
        let expected = Expected { cause: "401", host: "h", file: "a.yaml", next_step: "Check" };
        let text = "TASK [x]\n[ERROR]: Task failed: 401\nOrigin: /root/rustible/a.yaml:1:3\n\nfatal: [h]: FAILED! => {}\n\nTASK [Check]\n";
        assert_eq!(expected.missing_in(text), ["the next step is not told (Check)"]);
        assert!(expected.missing_in(&text.replace("\n\nfatal", "\n\nCheck it.\n\nfatal")).is_empty());
    }
}
