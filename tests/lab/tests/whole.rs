//! The main job in a lab of this test's own, whole and broken. Minutes, root, a bridge: `tests/run` asks for it.

#![expect(clippy::expect_used, clippy::print_stderr, reason = "this whole program is tests")]

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Instant;

use rustible_lab::build::toolchain;
use rustible_lab::command::present;
use rustible_lab::network::BRIDGE;

/// A lab's folder; the lab goes down with it.
struct Lab(PathBuf);

impl Lab {
    fn program(&self, words: &[&str]) -> bool {
        let begun = Instant::now();
        let mut command = Command::new(env!("CARGO_BIN_EXE_rustible-lab"));
        let status = command.arg("--state").arg(&self.0).args(words).status().expect("the lab's program");
        eprintln!("{}: {status}, {:.0} s", words.join(" "), begun.elapsed().as_secs_f64());
        status.success()
    }
}

impl Drop for Lab {
    fn drop(&mut self) {
        self.program(&["down"]);
    }
}

/// Why no lab can be made here, if so.
fn obstacle() -> Option<String> {
    if !Command::new("id").arg("-u").output().is_ok_and(|told| told.stdout == b"0\n") {
        return Some("a lab needs root".to_owned());
    }
    if !present("apt-get") && !["systemd-nspawn", "debootstrap", "xorriso"].iter().all(|name| present(name)) {
        return Some(
            "systemd-nspawn, debootstrap and xorriso are not all installed, and apt-get is not there"
                .to_owned(),
        );
    }
    // A bridge alone is what a killed run leaves behind; a lab that is up has machines on it.
    let machines = std::fs::read_dir(format!("/sys/class/net/{BRIDGE}/brif"));
    if machines.is_ok_and(|mut ports| ports.next().is_some()) {
        return Some(format!("another lab is up on this computer (machines are on {BRIDGE})"));
    }
    toolchain().err().map(|error| format!("{error:#}"))
}

#[test]
fn the_main_job_reaches_its_end_state_and_tells_what_is_broken() {
    // Minutes and machines are not what everyone wants who runs the tests of this crate.
    if std::env::var_os("RUSTIBLE_TESTS_LAB").is_none() {
        return eprintln!(
            "SKIPPED the_main_job_reaches_its_end_state_and_tells_what_is_broken: tests/run asks for it"
        );
    }
    if let Some(why) = obstacle() {
        return eprintln!("SKIPPED the_main_job_reaches_its_end_state_and_tells_what_is_broken: {why}");
    }
    let lab_program = Path::new(env!("CARGO_BIN_EXE_rustible-lab"));
    let rustible = lab_program.with_file_name("rustible");
    assert!(rustible.exists(), "{} is built with the workspace", rustible.display());
    let lab = Lab(Path::new(env!("CARGO_TARGET_TMPDIR")).join("whole-lab"));
    lab.program(&["down"]);
    assert!(lab.program(&["demo", "--rustible", &rustible.to_string_lossy()]), "the table says no");
    assert!(lab.program(&["job-runner"]), "the table says no");
    assert!(lab.program(&["failures"]), "the table says no");
}
