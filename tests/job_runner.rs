//! A real job runner starts our `ansible-playbook`; its events and what it leaves are compared with those of the reference.
//!
//! `job-runner/expected` is what `job-runner/events.py` printed for the reference, written by `oracle/record-job-runner`.

#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    reason = "a test that cannot go on has failed"
)]

use std::{fs, path::Path, process::Command};

/// The job runner.
const PACKAGES: [&str; 1] = ["ansible-runner==2.4.3"];

/// What the job runner tells when it finds `ansible-playbook` in that folder.
fn events(python: &Path, programs: &Path) -> String {
    let here = Path::new(env!("CARGO_MANIFEST_DIR")).join("job-runner");
    let mut command = Command::new(python);
    let output = command.arg(here.join("events.py")).arg(here.join("tree")).arg(programs).output();
    let output = output.expect("Python runs");
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(output.status.success(), "{text}{}", String::from_utf8_lossy(&output.stderr));
    text
}

#[test]
fn a_job_runner_sees_of_rustible_what_it_sees_of_the_reference() {
    let made = rustible_tests::environment("job-runner-2.4.3", &PACKAGES).expect("an environment");
    let Some(bin) = made else {
        println!("SKIPPED job_runner: no Python 3.12 or newer is installed");
        return;
    };
    let python = bin.join("python3");
    let record = Path::new(env!("CARGO_MANIFEST_DIR")).join("job-runner/expected");
    if let Some(reference) = std::env::var_os("RUSTIBLE_TESTS_RECORD") {
        return fs::write(record, events(&python, Path::new(&reference))).expect("a record");
    }
    let program = rustible_tests::program().expect("a program");
    let links = tempfile::tempdir().expect("a folder");
    let linked = Command::new(&program).arg("links").arg(links.path()).output().expect("it runs");
    assert!(linked.status.success(), "{}", String::from_utf8_lossy(&linked.stderr));
    let (ours, expected) = (events(&python, links.path()), fs::read_to_string(record).expect("a record"));
    let (ours, expected): (Vec<&str>, Vec<&str>) = (ours.lines().collect(), expected.lines().collect());
    let differ = ours.iter().zip(&expected).enumerate().filter(|(_, (ours, expected))| ours != expected);
    let told: Vec<String> = differ
        .take(3)
        .map(|(at, (ours, expected))| {
            format!("line {}\n  ours:      {ours}\n  reference: {expected}", at + 1)
        })
        .collect();
    assert!(
        told.is_empty() && ours.len() == expected.len(),
        "{} lines, the reference has {}\n{}",
        ours.len(),
        expected.len(),
        told.join("\n")
    );
}
