//! The house rules as tests: which crate may use which, how long files are, and which words hide unfinished work.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    reason = "a test that cannot go on has failed"
)]

use std::{
    collections::{BTreeMap, BTreeSet},
    path::{Path, PathBuf},
    process::Command,
};

use serde_json::Value;

/// Longest Rust file, in lines.
const LONGEST: usize = 800;
/// Largest median of Rust files, in lines.
const MEDIAN: usize = 150;
/// Largest file of the tree, in bytes; generated data and the lock file apart.
const LARGEST: u64 = 256 * 1024;

/// What each crate may use of ours. A crate that is not named here may use nothing of ours.
const EDGES: &[(&str, &[&str])] = &[
    ("rustible-protocol", &[]),
    ("rustible-source", &["protocol"]),
    ("rustible-vault", &[]),
    ("rustible-yaml", &["source", "protocol"]),
    ("rustible-template", &["protocol", "source", "vault", "yaml"]),
    ("rustible-inventory", &["yaml", "source", "protocol"]),
    ("rustible-playbook", &["yaml", "source", "protocol"]),
    ("rustible-foreign", &["yaml", "protocol"]),
    ("rustible-galaxy", &["yaml", "source", "protocol"]),
    ("rustible-plugins", &["foreign", "template", "yaml", "source", "protocol"]),
    ("rustible-vars", &["inventory", "playbook", "template", "vault", "yaml", "source", "protocol"]),
    ("rustible-connection", &["protocol"]),
    ("rustible-agent", &["protocol", "sdk"]),
    (
        "rustible-executor",
        &[
            "protocol",
            "source",
            "yaml",
            "vault",
            "inventory",
            "playbook",
            "template",
            "vars",
            "connection",
            "foreign",
            "plugins",
        ],
    ),
    (
        "rustible-actions",
        &["executor", "protocol", "source", "yaml", "playbook", "template", "vars", "connection"],
    ),
    ("rustible-output", &["protocol", "source", "yaml"]),
    ("rustible-macros", &[]),
    ("rustible-mutator", &[]),
    ("rustible-sdk", &["protocol", "macros"]),
    ("rustible-ansible-builtin", &["sdk"]),
    ("rustible-ansible-posix", &["sdk"]),
    ("rustible-community-general", &["sdk"]),
    ("rustible-community-crypto", &["sdk"]),
    ("rustible-community-proxmox", &["sdk"]),
    ("rustible-kubernetes-core", &["sdk"]),
];

/// Programs that join both halves, and tests: they may use everything.
const JOINERS: &[&str] =
    &["rustible", "rustible-agent-lean", "rustible-tests", "rustible-lab", "template-cases"];

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the folder above tests").to_path_buf()
}

fn metadata() -> Value {
    let output = Command::new(env!("CARGO"))
        .args(["metadata", "--no-deps", "--format-version", "1", "--offline"])
        .current_dir(root())
        .output()
        .expect("cargo metadata runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).expect("cargo metadata is JSON")
}

/// Files that git tracks or would track.
fn files() -> Vec<PathBuf> {
    let output = Command::new("git")
        .args(["ls-files", "--cached", "--others", "--exclude-standard"])
        .current_dir(root())
        .output()
        .expect("git runs");
    let text = String::from_utf8(output.stdout).expect("names are UTF-8");
    let files: Vec<PathBuf> =
        text.lines().map(|name| root().join(name)).filter(|path| path.is_file()).collect();
    assert!(files.len() > 50, "git ls-files names the tree's files");
    files
}

fn rust_files() -> Vec<(PathBuf, String)> {
    let rust = files().into_iter().filter(|path| path.extension().is_some_and(|e| e == "rs"));
    rust.map(|path| (path.clone(), std::fs::read_to_string(&path).expect("Rust files are readable")))
        .collect()
}

/// Ours that each crate uses, without development dependencies.
fn used() -> BTreeMap<String, BTreeSet<String>> {
    let metadata = metadata();
    let packages = metadata["packages"].as_array().expect("packages");
    let ours: BTreeSet<&str> = packages.iter().filter_map(|p| p["name"].as_str()).collect();
    let of = |package: &Value| {
        let dependencies = package["dependencies"].as_array().expect("dependencies");
        let plain = dependencies.iter().filter(|d| d["kind"].is_null());
        plain
            .filter_map(|d| d["name"].as_str())
            .filter(|name| ours.contains(name))
            .map(str::to_string)
            .collect()
    };
    packages.iter().map(|p| (p["name"].as_str().expect("a name").to_string(), of(p))).collect()
}

#[test]
fn crates_use_only_what_their_layer_may_use() {
    let mut bad = Vec::new();
    for (name, used) in used() {
        if JOINERS.contains(&name.as_str()) {
            continue;
        }
        let Some((_, allowed)) = EDGES.iter().find(|(of, _)| *of == name) else {
            bad.push(format!("{name} stands in no layer"));
            continue;
        };
        for other in used {
            let short = other.strip_prefix("rustible-").unwrap_or(&other);
            if !allowed.contains(&short) {
                bad.push(format!("{name} may not use {other}"));
            }
        }
    }
    assert!(bad.is_empty(), "{}", bad.join("\n"));
}

#[test]
fn every_crate_takes_lints_and_versions_from_the_workspace() {
    for (path, text) in
        files().iter().filter(|p| p.ends_with("Cargo.toml")).map(|p| (p, std::fs::read_to_string(p).unwrap()))
    {
        if text.contains("[workspace]") {
            continue;
        }
        assert!(text.contains("[lints]\nworkspace = true"), "{} has lints of its own", path.display());
        let sections = text.split("dependencies]\n").skip(1);
        let section = sections.flat_map(|part| part.lines().take_while(|line| !line.starts_with('[')));
        for line in section.filter(|line| line.contains('=') && !line.starts_with('[')) {
            let shared = line.contains("workspace = true") || line.contains("path =");
            assert!(shared, "{}: {line} names a version of its own", path.display());
        }
    }
}

#[test]
fn files_are_short_and_say_what_they_are() {
    let mut sizes = Vec::new();
    let mut bad = Vec::new();
    for (path, text) in rust_files() {
        let lines = text.lines().count();
        sizes.push(lines);
        if lines > LONGEST {
            bad.push(format!("{} has {lines} lines", path.display()));
        }
        if !text.starts_with("//!") {
            bad.push(format!("{} does not begin with //!", path.display()));
        }
    }
    sizes.sort_unstable();
    let (median, longest) = (sizes[sizes.len() / 2], sizes[sizes.len() - 1]);
    println!(
        "{} Rust files, {} lines; median {median}, longest {longest}",
        sizes.len(),
        sizes.iter().sum::<usize>()
    );
    assert!(bad.is_empty(), "{}", bad.join("\n"));
    assert!(median <= MEDIAN, "the median of Rust files is {median} lines");
}

#[test]
fn nothing_large_or_left_over_is_in_the_tree() {
    for path in files() {
        let size = path.metadata().expect("files are there").len();
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        assert!(size <= LARGEST || name == "Cargo.lock", "{} has {size} bytes", path.display());
        let left = [".rej", ".orig", ".diff", ".bak", ".tmp"].iter().any(|end| name.ends_with(end));
        assert!(!left, "{} is left over", path.display());
    }
}

#[test]
fn no_word_hides_unfinished_work() {
    // Written in two halves, so that this file does not find itself.
    let words: Vec<String> = [
        ("todo", "!("),
        ("unimpl", "emented!("),
        ("place", "holder"),
        ("in a real impl", "ementation"),
        ("for n", "ow "),
        ("simulat", "ed success"),
        ("#[ign", "ore"),
        ("allow(dead", "_code)"),
        ("FIX", "ME"),
        ("XX", "X:"),
    ]
    .iter()
    .map(|(a, b)| format!("{a}{b}"))
    .collect();
    let mut found = Vec::new();
    for (path, text) in rust_files() {
        for (number, line) in text.lines().enumerate() {
            let lower = line.to_lowercase();
            for word in words.iter().filter(|word| lower.contains(&word.to_lowercase())) {
                found.push(format!("{}:{}: {word}", path.display(), number + 1));
            }
        }
    }
    assert!(found.is_empty(), "{}", found.join("\n"));
}

#[test]
fn only_output_and_the_command_line_write_to_the_terminal() {
    let allowed = ["engine/output/", "engine/cli/", "tests/", "build.rs"];
    for (path, text) in rust_files() {
        let relative = path.strip_prefix(root()).expect("inside the tree").display().to_string();
        if allowed.iter().any(|prefix| relative.starts_with(prefix) || relative.ends_with(prefix))
            || relative.contains("/tests/")
        {
            continue;
        }
        let code = text.split("#[cfg(test)]").next().unwrap_or_default();
        for word in ["println!", "eprintln!", "print!(", "io::stdout()"] {
            let agent = relative.starts_with("engine/agent") && word == "io::stdout()";
            assert!(agent || !code.contains(word), "{relative} writes to the terminal with {word}");
        }
    }
}

#[test]
fn every_direct_dependency_has_its_reason_in_contributing() {
    let text = std::fs::read_to_string(root().join("CONTRIBUTING.md")).expect("CONTRIBUTING.md");
    let manifest = std::fs::read_to_string(root().join("Cargo.toml")).expect("Cargo.toml");
    let section = manifest.split("[workspace.dependencies]").nth(1).expect("dependencies");
    let names = section
        .lines()
        .take_while(|line| !line.starts_with('['))
        .filter_map(|line| line.split_once(" ="))
        .map(|(n, _)| n.trim());
    let missing: Vec<&str> = names
        .filter(|n| !n.starts_with('#') && !n.starts_with("rustible"))
        .filter(|n| !text.contains(&format!("| {n} |")))
        .collect();
    assert!(missing.is_empty(), "no reason is given for {}", missing.join(", "));
}
