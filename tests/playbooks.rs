//! Whole playbooks: what rustible prints and how it ends, against what the reference printed (`oracle/record-playbooks`).

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    reason = "a test that cannot go on has failed"
)]

use std::{
    path::{Path, PathBuf},
    process::Command,
};

use fancy_regex::Regex;

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("playbooks")
}

/// The program under test, built now unless the whole workspace was (`tests/run` says so).
fn program() -> PathBuf {
    if std::env::var_os("RUSTIBLE_TESTS_BUILT").is_none() {
        let output = Command::new(env!("CARGO"))
            .args(["build", "--quiet", "--locked", "-p", "rustible"])
            .current_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join(".."))
            .output()
            .expect("cargo runs");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    }
    let test = std::env::current_exe().expect("a test has a path");
    let target = test.ancestors().nth(2).expect("target/PROFILE/deps/test");
    target.join("rustible")
}

/// What differs between two runs of the same thing: times and names of jobs.
fn settled(text: &str) -> String {
    let rules = [
        (r#""(start|end)": "[^"]*""#, r#""$1": "TIME""#),
        (r#""delta": "[^"]*""#, r#""delta": "TIME""#),
        (r"jid=\S+", "jid=JOB"),
    ];
    rules.iter().fold(text.to_string(), |text, (pattern, replacement)| {
        Regex::new(pattern).expect("a pattern").replace_all(&text, *replacement).into_owned()
    })
}

#[test]
fn playbooks_print_and_end_as_under_the_reference() {
    let program = program();
    let mut bad = Vec::new();
    let mut count = 0;
    let mut folders: Vec<PathBuf> =
        std::fs::read_dir(folder()).expect("the folder is there").map(|e| e.unwrap().path()).collect();
    folders.sort();
    for dir in folders {
        let name = dir.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let read = |file: &str| std::fs::read_to_string(dir.join(file));
        let (Ok(expected), Ok(status)) = (read("stdout"), read("status")) else {
            bad.push(format!("{name}: nothing was recorded for it"));
            continue;
        };
        let mut command = Command::new(&program);
        command
            .env_clear()
            .env("HOME", std::env::var("HOME").unwrap_or_default())
            .env("PATH", "/usr/bin:/bin");
        command.envs([
            ("ANSIBLE_NOCOLOR", "1"),
            ("ANSIBLE_LOCALHOST_WARNING", "0"),
            ("ANSIBLE_FORKS", "1"),
            ("LANG", "C.UTF-8"),
        ]);
        if dir.join("hosts").exists() {
            command.args(["-i", "hosts"]);
        }
        if let Ok(more) = read("args") {
            command.args(more.split_whitespace());
        }
        let output = command.arg("play.yml").current_dir(&dir).output().expect("rustible runs");
        let here = dir.canonicalize().unwrap().display().to_string();
        let printed = settled(&String::from_utf8_lossy(&output.stdout).replace(&here, "@here@"));
        let expected = settled(&expected);
        count += 1;
        if output.status.code() != status.trim().parse().ok() {
            bad.push(format!("{name}: ended with {:?} instead of {}", output.status.code(), status.trim()));
        }
        if printed != expected {
            let lines = expected.lines().zip(printed.lines()).position(|(a, b)| a != b);
            let at = lines.unwrap_or_else(|| expected.lines().count().min(printed.lines().count()));
            let show = |text: &str| {
                text.lines().skip(at.saturating_sub(2)).take(5).collect::<Vec<_>>().join("\n    ")
            };
            bad.push(format!(
                "{name}, line {}:\n  reference:\n    {}\n  rustible:\n    {}\n  stderr: {}",
                at + 1,
                show(&expected),
                show(&printed),
                String::from_utf8_lossy(&output.stderr).lines().take(5).collect::<Vec<_>>().join("\n    ")
            ));
        }
    }
    println!("{count} playbooks");
    assert!(bad.is_empty(), "{}", bad.join("\n\n"));
    assert!(count > 5);
}
