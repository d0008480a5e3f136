//! The main job from beginning to end, and what can be seen of it from outside.

pub(super) mod both_ways;
mod check;
mod controller;
pub(super) mod failures;
pub(super) mod job_runner;
mod look;
mod project;
mod python;
mod rows;
mod secrets;
mod settings;
mod wish;

use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, anyhow, bail};

use super::{lab, prefetch, say};
use look::Look;
pub(super) use wish::Wish;

/// How often `setup_applications.yaml` runs: to warm up, and measured.
const WARM_UP: usize = 2;
const MEASURED: usize = 5;
/// What the measured runs may take.
const GOAL: Duration = Duration::from_secs(2);

/// Everything that the checks compare.
pub(super) struct Story {
    /// What was asked for.
    pub wish: Wish,
    /// What the runs printed, in their order.
    pub logs: Vec<PathBuf>,
    /// Requests that wrote at the doubles during the second run.
    pub second_writes: Vec<String>,
    /// The cluster's objects that changed during the second run.
    pub second_changes: Vec<String>,
    /// The recaps of the first and the second run.
    pub recaps: [String; 2],
    /// The recaps of the runs of `setup_applications.yaml`.
    pub applications: Vec<String>,
    /// The median of the measured runs.
    pub median: Duration,
    /// What the process lists of the machines showed during the runs.
    pub processes: secrets::Seen,
}

/// Builds rustible (or takes `program`), brings a fresh lab up, runs the main job twice and `setup_applications.yaml` seven times,
/// and prints the table. Gives 1 when a row says no. Errors when a run cannot be started or fails.
pub(super) fn run(state: &Path, program: Option<PathBuf>, wish: Wish) -> Result<u8> {
    if lab::alive(state).is_some() {
        bail!("a lab is up already, and this needs a fresh one: take it down with `rustible-lab down`");
    }
    let program = match program {
        Some(program) => program,
        None => build()?,
    };
    lab::up(state)?;
    controller::fill(state, &program, &wish)?;
    let folder = state.join("demo");
    fs::create_dir_all(&folder)?;
    let watch = secrets::Watch::start(state)?;
    let first = play(state, &folder.join("first.log"), "setup_cluster.yaml")?;
    say(&format!("setup_cluster.yaml: {:.1} s", first.1.as_secs_f64()));
    let look = Look::new(state);
    let (before, objects) = (look.writes()?, look.versions()?);
    let second = play(state, &folder.join("second.log"), "setup_cluster.yaml")?;
    say(&format!("setup_cluster.yaml again: {:.1} s", second.1.as_secs_f64()));
    let second_writes = look.writes()?.split_off(before.len());
    let after = look.versions()?;
    let second_changes = objects.symmetric_difference(&after).cloned().collect();
    let mut logs = vec![folder.join("first.log"), folder.join("second.log")];
    let (mut times, mut applications) = (Vec::new(), Vec::new());
    for number in 1..=WARM_UP + MEASURED {
        let log = folder.join(format!("applications-{number}.log"));
        let (recap, took) = play(state, &log, "setup_applications.yaml")?;
        times.push(took);
        applications.push(recap);
        logs.push(log);
    }
    let processes = watch.end()?;
    let mut measured = times.split_off(WARM_UP);
    measured.sort_unstable();
    let median = measured.get(MEASURED / 2).copied().context("no run was measured")?;
    say(&format!("setup_applications.yaml, {MEASURED} runs: median {:.0} ms", median.as_secs_f64() * 1e3));
    let recaps = [first.0, second.0];
    let story = Story { wish, logs, second_writes, second_changes, recaps, applications, median, processes };
    let mut table = rows::all(&look, &story);
    if story.wish.failures
        && let Err(error) = failures::rows(&mut table, state)
    {
        table.look("failures", "the runs before and after", Err(error));
    }
    table.print();
    let not_asked = story.wish.not_asked();
    if !not_asked.is_empty() {
        say(&format!("not asked for: {}", not_asked.join(" ")));
    }
    say(
        "The lab is still up. Look around: `rustible-lab shell` (then kubectl get pods -A); `rustible-lab down` ends it.",
    );
    Ok(u8::from(table.has_no()))
}

/// Builds rustible while the cache is filled, which takes longer and waits for the network. Errors when either fails.
fn build() -> Result<PathBuf> {
    let (made, program) = std::thread::scope(|scope| {
        let made = scope.spawn(prefetch::all);
        let program = project::build();
        (made.join(), program)
    });
    made.map_err(|_| anyhow!("the filling of the cache died"))??;
    program
}

/// One run on the controller with its output in `log`: the recap and the time. Errors with the end of the log when it fails.
fn play(state: &Path, log: &Path, playbook: &str) -> Result<(String, Duration)> {
    say(&format!("rustible {playbook} ..."));
    let start = Instant::now();
    let status = controller::rustible(state, log, playbook)?;
    let took = start.elapsed();
    let text = fs::read_to_string(log)?;
    if status != 0 {
        let lines: Vec<&str> = text.lines().collect();
        let tail = lines.iter().skip(lines.len().saturating_sub(30)).copied().collect::<Vec<_>>().join("\n");
        bail!("rustible {playbook} ended with {status} (all of it: {}):\n{tail}", log.display());
    }
    let recap = text.split_once("PLAY RECAP").map(|(_, recap)| recap.to_owned());
    Ok((recap.context("the run printed no recap")?, took))
}
