//! Integration tests of the reference's own suite that rustible passes; one that falls back fails here.
//!
//! `conformance/passing` lists them, each with how many good results it prints. The suite is fetched from the index that pip
//! is configured with and kept under the user's cache. `RUSTIBLE_TESTS_CASES` names other targets of it to be tried, and
//! `RUSTIBLE_TESTS_RECORD` has the list written anew: of these, or of those on it, those that pass soon enough stay.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    reason = "a test that cannot go on has failed"
)]

#[path = "conformance/suite.rs"]
mod suite;
#[path = "conformance/target.rs"]
mod target;

use std::{
    path::{Path, PathBuf},
    process::Command,
    sync::{
        Mutex,
        atomic::{AtomicUsize, Ordering},
    },
};

use suite::Suite;
use target::Outcome;

/// Seconds within which a target must pass to be recorded.
const SOON: f64 = 20.0;
/// How many run at a time.
const AT_A_TIME: usize = 2;

fn list() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("conformance/passing")
}

/// Names and numbers of good results of the list, or the names asked for.
fn wanted() -> Vec<(String, usize)> {
    let asked = std::env::var("RUSTIBLE_TESTS_CASES").unwrap_or_default();
    if !asked.is_empty() {
        return asked.split_whitespace().map(|name| (name.to_string(), 0)).collect();
    }
    let text = std::fs::read_to_string(list()).expect("the list is there");
    let lines = text.lines().filter(|line| !line.starts_with('#') && !line.is_empty());
    lines
        .map(|line| {
            let (name, count) = line.split_once(' ').expect("a name and a number");
            (name.to_string(), count.parse().expect("a number"))
        })
        .collect()
}

/// Why it cannot run on this computer.
fn missing() -> Option<&'static str> {
    if !rustible_tests::is_root() {
        return Some("it needs root");
    }
    let overlay = std::fs::read_to_string("/proc/filesystems").is_ok_and(|all| all.contains("overlay"));
    let tools = ["unshare", "ip", "mount"].iter().all(|name| rustible_tests::is_program(name));
    if !overlay || !tools {
        return Some("it needs overlayfs, unshare and ip");
    }
    let spaces = ["--mount", "--pid", "--ipc", "--uts", "--net", "--fork", "true"];
    let may = Command::new("unshare").args(spaces).output().is_ok_and(|output| output.status.success());
    (!may).then_some("namespaces cannot be made here")
}

fn run_all(suite: &Suite, wanted: &[(String, usize)]) -> Vec<(String, Outcome)> {
    let (next, done) = (AtomicUsize::new(0), Mutex::new(Vec::new()));
    std::thread::scope(|scope| {
        for _ in 0..AT_A_TIME {
            scope.spawn(|| {
                while let Some((name, least)) = wanted.get(next.fetch_add(1, Ordering::Relaxed)) {
                    let outcome = target::run(suite, name, least * 9 / 10);
                    done.lock().unwrap().push((name.clone(), outcome));
                }
            });
        }
    });
    let mut done = done.into_inner().unwrap();
    done.sort_by(|a, b| a.0.cmp(&b.0));
    done
}

#[test]
fn what_passed_of_the_suite_passes() {
    if let Some(reason) = missing() {
        println!("SKIPPED conformance: {reason}");
        return;
    }
    let Some(suite) = Suite::open().expect("the suite") else {
        println!("SKIPPED conformance: no Python 3.12 or newer is installed");
        return;
    };
    let done = run_all(&suite, &wanted());
    for (name, outcome) in &done {
        println!("{:5.1} s {} {name}", outcome.seconds, if outcome.passed { "pass" } else { "FAIL" });
    }
    if std::env::var_os("RUSTIBLE_TESTS_RECORD").is_some() {
        let good = done.iter().filter(|(_, outcome)| outcome.passed && outcome.seconds < SOON);
        let lines: String = good.map(|(name, outcome)| format!("{name} {}\n", outcome.good)).collect();
        let head = "# Targets of the reference's integration tests that pass, and how many good results each prints.\n";
        return std::fs::write(list(), format!("{head}{lines}")).expect("the list can be written");
    }
    let bad: Vec<String> = done
        .iter()
        .filter(|(_, outcome)| !outcome.passed)
        .map(|(name, outcome)| format!("{name}: {} good results\n{}", outcome.good, outcome.end))
        .collect();
    let seconds: f64 = done.iter().map(|(_, outcome)| outcome.seconds).sum();
    println!("{} of {} targets pass, {seconds:.0} s of work", done.len() - bad.len(), done.len());
    assert!(bad.is_empty(), "{}", bad.join("\n"));
}
