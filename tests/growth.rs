//! What a run costs grows with the number of hosts, not with its square: a host's task may name all hosts, the groups
//! or another host's variables without any of them being made anew.

#![allow(clippy::expect_used, clippy::print_stdout, reason = "a test that cannot go on has failed")]

use std::{fmt::Write as _, fs, path::Path, process::Command};

/// A list of hosts, and one with four times as many.
const FEW: usize = 1_000;
const MANY: usize = 4_000;

/// Four times the hosts may cost so many times the processor's time; at the square it would be sixteen times.
const MOST: f64 = 6.0;

const PLAYS: [(&str, &str); 7] = [
    ("a task", "- debug: {msg: \"{{ inventory_hostname }}\"}"),
    ("groups", "- debug: {msg: \"{{ groups['all'][0] }} {{ ansible_play_hosts | first }}\"}"),
    ("hostvars", "- debug: {msg: \"{{ hostvars['h1'].ansible_connection }}\"}"),
    ("failures", "- fail: {msg: x}\n  ignore_errors: true"),
    ("an include", "- include_tasks: more.yml"),
    ("a block", "- block: [{fail: {msg: x}}]\n  rescue: [{debug: {msg: y}}]"),
    (
        "all hosts' variables",
        "- debug: {msg: \"{{ groups['all'] | map('extract', hostvars, 'ansible_connection') | unique }}\"}\n  run_once: true",
    ),
];

/// Seconds of the processor that the play takes with so many hosts.
fn cost(program: &Path, folder: &Path, hosts: usize) -> f64 {
    let names =
        (0..hosts).fold(String::from("[all:vars]\nansible_connection=local\n[all]\n"), |mut all, host| {
            let _always_written = writeln!(all, "h{host}");
            all
        });
    fs::write(folder.join("hosts"), names).expect("an inventory");
    // The shell tells the time of the processor, whatever else the machine is at.
    let script = "TIMEFORMAT='%U %S'; time \"$1\" -i hosts play.yml > out";
    let mut command = Command::new("bash");
    let output =
        command.args(["-c", script, "bash"]).arg(program).current_dir(folder).output().expect("bash");
    let told = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success(), "{told}{}", fs::read_to_string(folder.join("out")).unwrap_or_default());
    let last = told.lines().last().unwrap_or_default();
    last.split(' ').map(|seconds| seconds.parse::<f64>().expect("seconds")).sum()
}

#[test]
fn four_times_the_hosts_cost_far_less_than_sixteen_times_the_time() {
    let program = rustible_tests::program().expect("a program");
    let folder = tempfile::tempdir().expect("a folder");
    fs::write(folder.path().join("more.yml"), "- debug: {msg: more}\n").expect("a file");
    let mut grown = Vec::new();
    for (name, task) in PLAYS {
        let play =
            format!("- hosts: all\n  gather_facts: false\n  tasks:\n  {}\n", task.replace('\n', "\n  "));
        fs::write(folder.path().join("play.yml"), play).expect("a play");
        let (few, many) = (cost(&program, folder.path(), FEW), cost(&program, folder.path(), MANY));
        println!("{name}: {few:.2} s for {FEW} hosts, {many:.2} s for {MANY}");
        if many > few * MOST {
            grown.push(name);
        }
    }
    assert!(grown.is_empty(), "grows with more than the number of hosts: {grown:?}");
}
