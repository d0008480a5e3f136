//! `--list`, `--graph` and their variants equal what `ansible-inventory` printed for the same sources.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::{path::Path, sync::Arc};

use rustible_inventory::{Form, Inventory, Settings};
use rustible_protocol::json::{Style, write};
use rustible_yaml::emit::{Options, to_yaml};

const DATA: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/data");

/// The inventory of a recorded command line.
fn load(arguments: &str) -> Inventory {
    let words: Vec<&str> = arguments.split_whitespace().collect();
    let (mut sources, mut limit) = (Vec::new(), None);
    for pair in words.chunks(2) {
        match pair[0] {
            "-i" if pair[1].contains(',') => sources.push(pair[1].to_string()),
            "-i" => sources.push(format!("{DATA}/{}", pair[1])),
            _ => limit = Some(pair[1]),
        }
    }
    let decrypt = Arc::new(|_: &Path, bytes: &[u8]| Ok(bytes.to_vec()));
    let mut inventory = Inventory::load(&sources, Settings::default(), decrypt, None).unwrap();
    inventory.set_limit(limit).unwrap();
    inventory
}

fn shown(inventory: &Inventory, view: &str) -> String {
    let json = Style { indent: Some(4), sort_keys: true, ..Style::default() };
    let yaml = Options { default_flow_style: Some(false), ..Options::default() };
    let list = |form, export| inventory.list(form, export).unwrap();
    match view {
        "list" => write(&list(Form::Json, false), json) + "\n",
        "export" => write(&list(Form::Json, true), json) + "\n",
        "yaml" => to_yaml(&list(Form::Yaml, false), &yaml).unwrap() + "\n",
        "exportyaml" => to_yaml(&list(Form::Yaml, true), &yaml).unwrap() + "\n",
        "graph" => inventory.graph("all", false).unwrap() + "\n",
        _ => inventory.graph("all", true).unwrap() + "\n",
    }
}

#[test]
fn every_view_is_what_the_reference_shows() {
    let mut different = Vec::new();
    for case in std::fs::read_dir(format!("{DATA}/expected")).unwrap() {
        let case = case.unwrap().path();
        if case.ends_with("constructed") {
            // Needs an evaluator: see constructed.rs.
            continue;
        }
        let inventory = load(&std::fs::read_to_string(case.join("args")).unwrap());
        for view in ["list", "export", "yaml", "exportyaml", "graph", "graphvars"] {
            let Ok(wanted) = std::fs::read_to_string(case.join(view)) else { continue };
            let seen = shown(&inventory, view);
            if seen.trim_end() != wanted.trim_end() {
                let line = wanted.lines().zip(seen.lines()).find(|(a, b)| a != b);
                different.push(format!("{}/{view}: {line:?}", case.file_name().unwrap().to_string_lossy()));
            }
        }
    }
    assert!(different.is_empty(), "{} views differ:\n{}", different.len(), different.join("\n"));
}
