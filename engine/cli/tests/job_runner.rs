//! What a job runner reads: a file for each event, its mark around the event's text, and nothing else in the text.
#![expect(clippy::unwrap_used, reason = "a program that cannot be started fails the test")]

use std::{
    fs,
    path::Path,
    process::{Command, Stdio},
};

const BOOK: &str = "- hosts: all\n  gather_facts: false\n  connection: local\n  tasks:\n    - debug: {msg: hi}\n    - fail:\n      ignore_errors: true\n";

fn run(folder: &Path, env: &[(&str, &str)]) -> String {
    fs::write(folder.join("book.yml"), BOOK).unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_rustible"));
    command.current_dir(folder).args(["-i", "a,", "book.yml"]).env_clear().env("HOME", folder);
    let output = command.envs(env.iter().copied()).stdin(Stdio::null()).output().unwrap();
    assert!(output.status.success());
    String::from_utf8(output.stdout).unwrap()
}

fn events(folder: &Path) -> Vec<String> {
    let files = fs::read_dir(folder.join("job_events")).unwrap();
    files.map(|file| fs::read_to_string(file.unwrap().path()).unwrap()).collect()
}

/// The text without marks, and how many there were.
fn read(text: &str) -> (String, usize) {
    let mut parts = text.split("\u{1b}[K");
    let mut plain = parts.next().unwrap().to_string();
    let mut marks = 0;
    while let Some(mark) = parts.next() {
        assert!(mark.ends_with('D') && !mark.contains('\n'), "no mark: {mark}");
        marks += 1;
        plain.push_str(parts.next().unwrap());
    }
    (plain, marks)
}

#[test]
fn marks_surround_the_text_of_events_and_each_event_has_its_file() {
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path();
    let data = at.join("data");
    let asked = [
        ("ANSIBLE_STDOUT_CALLBACK", "awx_display"),
        ("AWX_ISOLATED_DATA_DIR", data.to_str().unwrap()),
        ("JOB_ID", "7"),
    ];
    let (plain, marks) = read(&run(at, &asked));
    assert_eq!(plain, run(at, &[]), "the text is that of the default callback");
    let events = events(&data);
    assert_eq!(marks, events.len() * 2);
    let count = |name: &str| events.iter().filter(|e| e.contains(&format!("\"event\": \"{name}\""))).count();
    assert_eq!((count("playbook_on_start"), count("playbook_on_play_start")), (1, 1));
    assert_eq!((count("playbook_on_task_start"), count("runner_on_start")), (2, 2));
    assert_eq!((count("runner_on_ok"), count("runner_on_failed"), count("playbook_on_stats")), (1, 1, 1));
    assert!(events.iter().all(|event| event.contains("\"job_id\": 7")));
    let orphans = events.iter().filter(|event| !event.contains("\"parent_uuid\"")).count();
    assert_eq!(orphans, 1, "only the playbook has nothing around it");
}

#[test]
fn a_job_runner_may_ask_for_failures_only() {
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path();
    let data = at.join("data");
    let asked = [
        ("ANSIBLE_STDOUT_CALLBACK", "awx_display"),
        ("AWX_ISOLATED_DATA_DIR", data.to_str().unwrap()),
        ("RUNNER_ONLY_FAILED_EVENTS", "True"),
        ("ORIGINAL_STDOUT_CALLBACK", "minimal"),
    ];
    let (plain, _) = read(&run(at, &asked));
    assert!(plain.starts_with("a | SUCCESS => {"), "{plain}");
    for event in events(&data) {
        assert_eq!(event.contains("\"event_data\": {}"), !event.contains("\"runner_on_failed\""), "{event}");
    }
}
