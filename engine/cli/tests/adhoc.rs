//! Ad hoc commands, settings, documentation and vaults from outside; expectations are what the reference prints.
#![expect(clippy::unwrap_used, reason = "a program that cannot be started fails the test")]

use std::{
    fs,
    path::Path,
    process::{Command, Stdio},
};

/// The program in a folder of its own, without this machine's settings: status, output, errors.
fn run(folder: &Path, words: &[&str], env: &[(&str, &str)]) -> (i32, String, String) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_rustible"));
    command.current_dir(folder).args(words).env_clear().env("PATH", "/usr/bin:/bin").env("HOME", folder);
    let output = command.envs(env.iter().copied()).stdin(Stdio::null()).output().unwrap();
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    (output.status.code().unwrap(), text(&output.stdout), text(&output.stderr))
}

fn adhoc(folder: &Path, words: &[&str]) -> (i32, String, String) {
    run(folder, &[&["adhoc", "-i", "a,", "-c", "local"], words].concat(), &[])
}

#[test]
fn a_command_is_the_default_and_its_output_is_shown_as_it_is() {
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path();
    let (status, out, err) = adhoc(at, &["all", "-a", "echo hi"]);
    assert_eq!((status, out.as_str(), err.as_str()), (0, "a | CHANGED | rc=0 >>\nhi\n", ""));
    let (status, out, _) = adhoc(at, &["all", "-m", "shell", "-a", "exit 3"]);
    assert_eq!(status, 2);
    assert!(
        out.ends_with("\na | FAILED | rc=3 >>\nThe command exited with a non-zero return code.\n"),
        "{out}"
    );
    let (status, out, _) = adhoc(at, &["all", "-m", "ping", "-o", "-a", r#"{"data": "x y"}"#]);
    assert_eq!((status, out.as_str()), (0, "a | SUCCESS => {\"changed\": false,\"ping\": \"x y\"}\n"));
    let (_, out, _) = adhoc(at, &["all", "-m", "debug", "-a", "msg={{ inventory_hostname }}"]);
    assert_eq!(out, "a | SUCCESS => {\n    \"msg\": \"a\"\n}\n");
}

#[test]
fn patterns_that_match_nothing_warn_and_limits_that_leave_nothing_fail() {
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path();
    let warned = "[WARNING]: Could not match supplied host pattern, ignoring: b\n";
    let (status, out, err) = adhoc(at, &["b", "-m", "ping"]);
    assert_eq!((status, out.as_str()), (0, ""));
    assert_eq!(err, format!("{warned}[WARNING]: No hosts matched, nothing to do\n"));
    let left =
        "[ERROR]: Specified inventory, host pattern and/or --limit leaves us with no hosts to target.\n";
    let (status, _, err) = adhoc(at, &["all", "-l", "b", "-m", "ping"]);
    assert_eq!((status, err), (1, format!("{warned}{left}")));
    assert_eq!(adhoc(at, &["all", "-l", "!a", "-m", "ping"]).0, 1);
    assert_eq!(adhoc(at, &["all", "--list-hosts"]).1, "  hosts (1):\n    a\n");
    assert_eq!(run(at, &["adhoc", "localhost", "-m", "ping"], &[]).0, 0, "localhost needs no inventory");
}

#[test]
fn commands_without_a_command_and_statements_of_playbooks_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path();
    let (status, _, err) = adhoc(at, &["all"]);
    assert_eq!((status, err.as_str()), (5, "[ERROR]: No argument passed to command module\n"));
    assert_eq!(adhoc(at, &["all", "-m", "import_playbook", "-a", "x.yml"]).0, 5);
    assert_eq!(adhoc(at, &["all", "-m", "ping", "--task-timeout", "-1"]).0, 5);
    assert_eq!(adhoc(at, &[]).0, 2, "the pattern is missing");
}

#[test]
fn a_tree_holds_each_hosts_result() {
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path();
    assert_eq!(adhoc(at, &["all", "-m", "ping", "-t", "tree"]).0, 0);
    assert_eq!(fs::read_to_string(at.join("tree/a")).unwrap(), r#"{"changed": false, "ping": "pong"}"#);
}

#[test]
fn settings_that_are_not_there_are_refused_or_named() {
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path();
    let ping = ["adhoc", "localhost", "-m", "ping"];
    let (status, out, err) = run(at, &ping, &[("ANSIBLE_PKCS11_PROVIDER", "library")]);
    assert_eq!((status, out.as_str()), (5, ""));
    assert!(err.contains("pkcs11_provider is not supported"), "{err}");
    assert_eq!(run(at, &ping, &[("ANSIBLE_PKCS11_PROVIDER", "")]).0, 0);
    let (status, _, err) = run(at, &ping, &[("ANSIBLE_CACHE_PLUGIN", "redis")]);
    assert_eq!(status, 0);
    assert!(err.contains("Unable to load the cache plugin 'redis'"), "{err}");
    fs::create_dir(at.join("own")).unwrap();
    fs::write(at.join("own/mine.sh"), "#!/bin/sh\necho '{\"changed\": false, \"word\": \"of my own\"}'\n")
        .unwrap();
    let (status, out, err) = run(at, &["adhoc", "localhost", "-m", "mine", "-M", "own"], &[]);
    assert_eq!(status, 0, "{out}{err}");
    assert!(out.contains("of my own"), "{out}{err}");
    fs::write(at.join("p.yml"), "- hosts: localhost\n  gather_facts: false\n").unwrap();
    let (status, _, err) = run(at, &["p.yml"], &[("ANSIBLE_CALLBACKS_ENABLED", "ara")]);
    assert_eq!(status, 0);
    assert!(err.contains("Skipping callback plugin 'ara', unable to load"), "{err}");
    let (_, out, _) = run(at, &["p.yml"], &[("ANSIBLE_CALLBACKS_ENABLED", "timer")]);
    assert!(out.contains("\nPlaybook run took 0 days, 0 hours, 0 minutes, "), "{out}");
}

#[test]
fn unset_variables_of_the_inventory_are_named_once_with_their_place() {
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path();
    let hosts = "all:\n  vars:\n    ip: \"{{ lookup('env', 'THE_IP') }}\"\n  hosts:\n    a:\n    b:\n";
    fs::write(at.join("hosts.yml"), hosts).unwrap();
    let words = ["adhoc", "-i", "hosts.yml", "all", "--list-hosts"];
    let warned = "[WARNING]: THE_IP is not set; used in hosts.yml:3\n";
    assert_eq!(run(at, &words, &[]).2, warned);
    assert_eq!(run(at, &words, &[("THE_IP", "10.0.0.1")]).2, "");
}

#[test]
fn the_configuration_tells_what_was_set_and_by_whom() {
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path();
    let changed = ["config", "dump", "--only-changed"];
    let (status, out, _) = run(at, &changed, &[("ANSIBLE_FORKS", "3")]);
    let told = "CONFIG_FILE() = None\nDEFAULT_FORKS(env: ANSIBLE_FORKS) = 3\n\nGALAXY_SERVERS:\n";
    assert_eq!((status, out.as_str()), (0, told));
    assert_eq!(run(at, &["config", "view"], &[]).0, 1);
    fs::write(at.join("ansible.cfg"), "[defaults]\nforks = 7\n").unwrap();
    assert_eq!(run(at, &["config", "view"], &[]).1, "[defaults]\nforks = 7\n");
    assert!(run(at, &changed, &[]).1.contains("/ansible.cfg) = 7\n"));
    let (_, out, _) = run(at, &["config", "init", "--disabled"], &[]);
    assert!(out.contains("\n;forks=5\n"), "{out}");
}

#[test]
fn modules_are_documented_by_their_interfaces() {
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path();
    let (status, out, _) = run(at, &["doc", "-j", "ping"], &[]);
    assert_eq!(status, 0);
    assert!(
        out.contains("\"plugin_name\": \"ansible.builtin.ping\"") && out.contains("\"default\": \"pong\"")
    );
    assert!(run(at, &["doc", "-l"], &[]).1.contains("kubernetes.core.helm "));
    assert!(run(at, &["doc", "-s", "lineinfile"], &[]).1.contains("\n  lineinfile:\n"));
    assert_eq!(run(at, &["doc", "nosuch"], &[]).2, "[WARNING]: nosuch was not found\n");
    assert_eq!(run(at, &["doc", "-t", "role", "-l"], &[]).0, 5);
}

#[test]
fn vaults_are_created_edited_and_given_other_passwords() {
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path();
    fs::write(at.join("one"), "first").unwrap();
    fs::write(at.join("two"), "second").unwrap();
    let vault = |words: &[&str], editor: &str| run(at, &[&["vault"], words].concat(), &[("EDITOR", editor)]);
    let one = ["--vault-password-file", "one", "f.yml"];
    let new = [&["create", "--skip-tty-check"], &one[..]].concat();
    assert_eq!(vault(&[&["create"], &one[..]].concat(), "true").0, 1, "no terminal");
    assert_eq!(vault(&new, "sh -c 'echo hi > \"$0\"'").0, 0);
    assert_eq!(vault(&[&["view"], &one[..]].concat(), "").1, "hi\n");
    assert_eq!(vault(&new, "true").0, 1, "it is there already");
    assert_eq!(vault(&[&["edit"], &one[..]].concat(), "false").0, 1);
    assert_eq!(vault(&[&["edit"], &one[..]].concat(), "sh -c 'echo more >> \"$0\"'").0, 0);
    let (status, _, err) = vault(&[&["rekey", "--new-vault-id", "x@two"], &one[..]].concat(), "");
    assert_eq!((status, err.as_str()), (0, "Rekey successful\n"));
    assert!(fs::read_to_string(at.join("f.yml")).unwrap().starts_with("$ANSIBLE_VAULT;1.2;AES256;x\n"));
    assert_eq!(vault(&[&["view"], &one[..]].concat(), "").0, 1);
    assert_eq!(vault(&["view", "--vault-id", "x@two", "f.yml"], "").1, "hi\nmore\n");
    let (_, out, err) = vault(&["encrypt_string", "--vault-id", "one", "-n", "a", "-n", "b", "1", "2"], "");
    assert!(
        out.starts_with("a: !vault |\n          $ANSIBLE_VAULT;1.1;AES256\n")
            && out.contains("\nb: !vault |\n")
    );
    assert_eq!(err.lines().count(), 2);
}

#[test]
fn facts_outlive_a_run_in_a_cache_folder() {
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path();
    let tasks = "  gather_facts: false\n  tasks:\n";
    let keep = "    - set_fact: {kept: '{{ 6 * 7 }}', cacheable: true}\n";
    let show = "    - debug: msg=\"{{ kept | default('nothing') }} {{ ansible_facts.kept | default('nothing') }}\"\n";
    fs::write(at.join("keep.yml"), format!("- hosts: localhost\n{tasks}{keep}")).unwrap();
    fs::write(at.join("show.yml"), format!("- hosts: localhost\n{tasks}{show}")).unwrap();
    fs::write(at.join("clear.yml"), format!("- hosts: localhost\n{tasks}    - meta: clear_facts\n")).unwrap();
    let cache = [
        ("ANSIBLE_CACHE_PLUGIN", "jsonfile"),
        ("ANSIBLE_CACHE_PLUGIN_CONNECTION", "kept"),
        ("ANSIBLE_NOCOLOR", "1"),
    ];
    assert_eq!(run(at, &["keep.yml"], &cache).0, 0);
    assert!(at.join("kept/s1_localhost").exists());
    let (_, out, _) = run(at, &["show.yml"], &cache);
    assert!(out.contains("\"42 42\""), "{out}");
    assert_eq!(run(at, &["clear.yml"], &cache).0, 0);
    let (_, out, _) = run(at, &["show.yml"], &cache);
    assert!(out.contains("\"nothing nothing\""), "{out}");
    let (status, out, _) = run(at, &["show.yml"], &[("ANSIBLE_NO_LOG", "true"), ("ANSIBLE_NOCOLOR", "1")]);
    assert_eq!(status, 0);
    assert!(!out.contains("nothing nothing"), "{out}");
}
