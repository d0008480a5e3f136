//! The program from outside: statuses, links, `.env`, and which setting wins.
#![expect(clippy::unwrap_used, reason = "a program that cannot be started fails the test")]

use std::{
    fs,
    path::Path,
    process::{Command, Output},
};

/// The program in a folder of its own, without this machine's settings.
fn rustible(folder: &Path, name: &Path, args: &[&str], env: &[(&str, &str)]) -> Output {
    let mut command = Command::new(name);
    command.current_dir(folder).args(args).env_clear().env("PATH", "/usr/bin:/bin").env("HOME", folder);
    command.envs(env.iter().copied()).output().unwrap()
}

fn run(folder: &Path, args: &[&str], env: &[(&str, &str)]) -> (i32, String, String) {
    let output = rustible(folder, Path::new(env!("CARGO_BIN_EXE_rustible")), args, env);
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    (output.status.code().unwrap(), text(&output.stdout), text(&output.stderr))
}

fn folder() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let book = "- hosts: all\n  gather_facts: false\n  connection: local\n  tasks:\n    - fail: {msg: \"{{ lookup('env', 'GREETING') }}\"}\n";
    fs::write(folder.path().join("book.yml"), book).unwrap();
    folder
}

#[test]
fn statuses_tell_usage_errors_missing_playbooks_and_bad_yaml_apart() {
    let folder = folder();
    let at = folder.path();
    fs::write(at.join("bad.yml"), "- hosts: all\n  no_such_keyword: 1\n").unwrap();
    assert_eq!(run(at, &[], &[]).0, 2);
    assert_eq!(run(at, &["--no-such-option", "book.yml"], &[]).0, 2);
    assert_eq!(run(at, &["--help"], &[]).0, 0);
    assert_eq!(run(at, &["-i", "a,", "missing.yml"], &[]).0, 1);
    assert_eq!(run(at, &["-i", "a,", "bad.yml"], &[]).0, 4);
    assert_eq!(run(at, &["-i", "a,", "-l", "b", "book.yml"], &[]).0, 1);
    assert_eq!(run(at, &["inventory", "-i", "a,"], &[]).0, 5);
}

#[test]
fn links_lead_to_the_program_under_every_name_and_leave_what_others_have() {
    let folder = folder();
    let at = folder.path();
    assert_eq!(run(at, &["links", "bin"], &[]).0, 0);
    assert_eq!(run(at, &["links", "bin"], &[]).0, 0, "a second time changes nothing");
    let version = rustible(at, &at.join("bin/ansible-playbook"), &["--version"], &[]);
    assert!(String::from_utf8_lossy(&version.stdout).starts_with("ansible-playbook [core 2.21.5]\n"));
    let made = rustible(at, &at.join("bin/ansible-galaxy"), &["init", "web"], &[]);
    assert_eq!(String::from_utf8_lossy(&made.stdout), "- Role web was created successfully\n");
    assert!(at.join("web/tasks/main.yml").is_file());
    fs::write(at.join("bin/other"), "").unwrap();
    fs::remove_file(at.join("bin/ansible")).unwrap();
    fs::write(at.join("bin/ansible"), "somebody's file").unwrap();
    assert_eq!(run(at, &["links", "bin"], &[]).0, 1, "a file of somebody else stays");
}

#[test]
fn an_environment_file_never_wins_over_what_is_set_and_can_be_left_out() {
    let folder = folder();
    let at = folder.path();
    fs::write(at.join(".env"), "export GREETING='from file' # note\n").unwrap();
    let message =
        |args: &[&str], env: &[(&str, &str)]| run(at, &[args, &["-i", "a,", "book.yml"]].concat(), env).1;
    assert!(message(&[], &[]).contains("\"msg\": \"from file\""));
    assert!(message(&[], &[("GREETING", "set")]).contains("\"msg\": \"set\""));
    assert!(!message(&["--no-env-file"], &[]).contains("from file"));
    assert_eq!(run(at, &["--env-file", "none.env", "-i", "a,", "book.yml"], &[]).0, 1);
}

#[test]
fn the_environment_wins_over_the_file_and_the_file_over_the_default() {
    let folder = folder();
    let at = folder.path();
    let hosts =
        |env: &[(&str, &str)], args: &[&str]| run(at, &[args, &["--list-hosts", "book.yml"]].concat(), env).1;
    fs::write(at.join("one.ini"), "from_file\n").unwrap();
    fs::write(at.join("ansible.cfg"), "[defaults]\ninventory = one.ini\n").unwrap();
    assert!(hosts(&[], &[]).contains("from_file"));
    assert!(hosts(&[("ANSIBLE_INVENTORY", "from_env,")], &[]).contains("from_env"));
    assert!(hosts(&[("ANSIBLE_INVENTORY", "from_env,")], &["-i", "given,"]).contains("given"));
}

#[test]
fn more_detail_begins_with_the_configuration_file_in_use() {
    let folder = folder();
    let at = folder.path();
    let first = |args: &[&str]| {
        let out = run(at, &[args, &["-i", "a,", "--list-hosts", "book.yml"]].concat(), &[]).1;
        out.lines().next().unwrap().to_string()
    };
    assert_eq!(first(&[]), "");
    assert_eq!(first(&["-v"]), "No config file found; using defaults");
    fs::write(at.join("ansible.cfg"), "[defaults]\n").unwrap();
    assert!(first(&["-v"]).ends_with("/ansible.cfg as config file"));
}
