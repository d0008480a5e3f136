//! `ansible-pull` over repositories made here: what is fetched, what is run, and when it does not run.

#![expect(clippy::expect_used, reason = "this whole program is tests")]

use std::{
    path::Path,
    process::{Command, Output},
};

const PLAYBOOK: &str = "- hosts: localhost
  gather_facts: false
  tasks:
    - debug: msg=\"pulled {{ wanted | default('nothing') }}\"
";

fn git(folder: &Path, words: &[&str]) -> String {
    let identity = ["-c", "user.name=a", "-c", "user.email=a@b.c"];
    let output = Command::new("git").current_dir(folder).args(identity).args(words).output().expect("git");
    assert!(output.status.success(), "{words:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8_lossy(&output.stdout).trim().to_string()
}

/// A repository with two commits, the first one with a tag.
fn repository(root: &Path) -> std::path::PathBuf {
    let folder = root.join("repository");
    std::fs::create_dir(&folder).expect("a folder");
    git(&folder, &["init", "-q", "-b", "main"]);
    for (name, message) in [("local.yml", "first"), ("site.yml", "second")] {
        std::fs::write(folder.join(name), PLAYBOOK).expect("a playbook");
        git(&folder, &["add", "."]);
        git(&folder, &["commit", "-qm", message]);
        if message == "first" {
            git(&folder, &["tag", "first"]);
        }
    }
    folder
}

fn pull(root: &Path, words: &[&str]) -> (i32, String, String) {
    let url = root.join("repository").display().to_string();
    let mut command = Command::new(env!("CARGO_BIN_EXE_rustible"));
    command.current_dir(root).args(["pull", "-U", &url, "-d", "copy"]).args(words);
    let Output { status, stdout, stderr } = command.output().expect("rustible");
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("text");
    (status.code().expect("a status"), text(stdout), text(stderr))
}

#[test]
fn a_playbook_of_the_repository_is_fetched_and_run() {
    let root = tempfile::tempdir().expect("a folder");
    let folder = repository(root.path());
    let (status, out, _) = pull(root.path(), &["-C", "first"]);
    assert_eq!(status, 0, "{out}");
    let first = git(&folder, &["rev-parse", "first"]);
    let told = format!(
        "localhost | CHANGED => {{\n    \"after\": \"{first}\",\n    \"before\": null,\n    \"changed\": true\n}}\n"
    );
    assert!(out.contains(&told), "{out}");
    assert!(out.contains("\"msg\": \"pulled nothing\""), "{out}");
    let (status, out, _) = pull(root.path(), &["-e", "wanted=all", "site.yml"]);
    assert_eq!(status, 0, "{out}");
    assert!(out.contains(&format!("\"before\": \"{first}\"")), "{out}");
    assert!(out.contains("\"msg\": \"pulled all\""), "{out}");
    let (status, out, _) = pull(root.path(), &["-o"]);
    assert_eq!(status, 0);
    assert!(out.contains("localhost | SUCCESS") && !out.contains("PLAY ["), "{out}");
    assert!(out.contains("Repository has not changed, quitting"), "{out}");
    pull(root.path(), &["--purge"]);
    assert!(!root.path().join("copy").exists(), "the working copy is removed when that is asked for");
}

#[test]
fn what_cannot_be_fetched_or_found_is_told_and_nothing_runs() {
    let root = tempfile::tempdir().expect("a folder");
    let folder = repository(root.path());
    let (status, _, err) = pull(root.path(), &["nosuch.yml"]);
    assert_eq!(status, 5);
    assert!(err.contains("nosuch.yml: File does not exist"), "{err}");
    assert!(err.contains("[ERROR]: Could not find a playbook to run."), "{err}");
    std::fs::write(root.path().join("copy/site.yml"), "[]").expect("a change");
    let (status, out, err) = pull(root.path(), &[]);
    assert_eq!(status, 2, "{out}");
    assert!(err.contains("Local modifications exist"), "{err}");
    let (status, _, err) = pull(root.path(), &["--clean"]);
    assert_eq!(status, 0, "{err}");
    std::fs::remove_dir_all(&folder).expect("removed");
    let (status, out, _) = pull(root.path(), &[]);
    assert!(status == 2 && !out.contains("PLAY ["), "{out}");
    let (status, out, _) = pull(root.path(), &["--force"]);
    assert!(status == 0 && out.contains("PLAY ["), "{out}");
    let (status, _, err) = pull(root.path(), &["--checkout=--upload-pack=false"]);
    assert_eq!(status, 5, "{err}");
}
