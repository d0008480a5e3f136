//! Command lines and playbooks: what rustible prints, how it ends and which files it leaves, against what the reference did.
//!
//! A folder of `differential` is a case: `command` has the lines that a shell runs, one after the other; the other files are what
//! they work on; `expected` is the record of the reference, written by `oracle/record`. Cases that differ on purpose are listed in
//! `differential/differences`, each with its reason, and must differ.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    reason = "a test that cannot go on has failed"
)]

#[path = "differential/run.rs"]
mod run;

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
    sync::{
        Mutex,
        atomic::{AtomicUsize, Ordering},
    },
};

use run::Machine;
use rustible_tests::program;

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("differential")
}

/// The names of the cases asked for (`RUSTIBLE_TESTS_CASES`: names or beginnings with `*`), by default all.
fn names() -> Vec<String> {
    let wanted = std::env::var("RUSTIBLE_TESTS_CASES").unwrap_or_default();
    let wanted: Vec<&str> = wanted.split_whitespace().collect();
    let asked = |name: &str| {
        wanted.is_empty()
            || wanted.iter().any(|w| w.strip_suffix('*').map_or(*w == name, |start| name.starts_with(start)))
    };
    let mut names: Vec<String> = std::fs::read_dir(folder())
        .expect("the folder is there")
        .map(|entry| entry.expect("an entry"))
        .filter(|entry| entry.path().is_dir())
        .map(|entry| entry.file_name().to_string_lossy().into_owned())
        .filter(|name| asked(name))
        .collect();
    names.sort();
    names
}

/// Runs `work` for each name, as many at a time as there are processors.
fn each(names: &[String], work: impl Fn(&str) + Sync) {
    let next = AtomicUsize::new(0);
    let workers = std::thread::available_parallelism().map_or(2, usize::from);
    std::thread::scope(|scope| {
        for _ in 0..workers {
            scope.spawn(|| {
                while let Some(name) = names.get(next.fetch_add(1, Ordering::Relaxed)) {
                    work(name);
                }
            });
        }
    });
}

/// The cases that differ on purpose: `NAME: reason` a line.
fn differences() -> BTreeMap<String, String> {
    std::fs::read_to_string(folder().join("differences"))
        .expect("the list is there")
        .lines()
        .filter_map(|line| line.split_once(": "))
        .map(|(name, reason)| (name.to_string(), reason.to_string()))
        .collect()
}

/// Where two records part, with a few lines around.
fn parting(expected: &str, found: &str) -> String {
    let lines = expected.lines().zip(found.lines()).position(|(a, b)| a != b);
    let at = lines.unwrap_or_else(|| expected.lines().count().min(found.lines().count()));
    let show =
        |text: &str| text.lines().skip(at.saturating_sub(2)).take(7).collect::<Vec<_>>().join("\n    ");
    format!("line {}:\n  reference:\n    {}\n  rustible:\n    {}", at + 1, show(expected), show(found))
}

fn record(bin: &Path) {
    let machine = Machine::reference(bin);
    let names = names();
    each(&names, |name| {
        let dir = folder().join(name);
        std::fs::write(dir.join("expected"), machine.run(&dir)).expect("the record is written");
    });
    println!("{} recorded", names.len());
}

#[test]
fn commands_print_end_and_leave_what_they_do_under_the_reference() {
    if let Some(bin) = std::env::var_os("RUSTIBLE_TESTS_RECORD") {
        record(Path::new(&bin));
        return;
    }
    let machine = Machine::rustible(&program().expect("a program"));
    let wanted = differences();
    let bad = Mutex::new(BTreeMap::new());
    let names = names();
    each(&names, |name| {
        let dir = folder().join(name);
        let fault = match std::fs::read_to_string(dir.join("expected")) {
            Err(_) => Some("nothing was recorded for it".to_string()),
            Ok(expected) => {
                let found = machine.run(&dir);
                match (found == expected, wanted.contains_key(name)) {
                    (false, false) => Some(parting(&expected, &found)),
                    (true, true) => Some("it no longer differs: take it off the list".to_string()),
                    _ => None,
                }
            }
        };
        if let Some(fault) = fault {
            bad.lock().expect("no worker failed").insert(name.to_string(), fault);
        }
    });
    let bad = bad.into_inner().expect("no worker failed");
    println!("{} cases, {} differ on purpose", names.len(), wanted.len());
    let report: Vec<String> = bad.iter().map(|(name, fault)| format!("{name}, {fault}")).collect();
    assert!(bad.is_empty(), "{}\n{} of {} cases", report.join("\n\n"), bad.len(), names.len());
    assert!(!names.is_empty());
}

#[test]
fn every_difference_is_told_to_users() {
    let readme = std::fs::read_to_string(folder().join("../../README.md")).expect("the read-me is there");
    for (name, reason) in differences() {
        assert!(folder().join(&name).is_dir(), "there is no case {name}");
        assert!(readme.contains(reason.as_str()), "the read-me does not tell: {reason}");
    }
}
