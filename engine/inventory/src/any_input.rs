//! No text breaks the readers of inventories, of host ranges and of patterns.

use std::{path::Path, sync::Arc};

use rustible_mutator::{samples, text_inputs, texts};
use rustible_protocol::Value;

use crate::{Inventory, Settings, address, ini, pattern, split, toml, yaml};

const WORDS: &[&str] = &[
    "[",
    "]",
    "[a]",
    "[a:vars]",
    "[a:children]",
    "[a:hosts]",
    ":vars",
    ":children",
    "\n",
    " ",
    "=",
    "#",
    ";",
    "a=b",
    "a='b c'",
    "\"",
    "'",
    "h[1:9]",
    "h[01:99:7]",
    "h[a:z]",
    "[9:1]",
    "[1:99]",
    "[0:99999999999]",
    "[a:zz]",
    "[::]",
    "[fe80::1]:22",
    ":22",
    "1.2.3.4:99999",
    "hosts:\n",
    "children:\n",
    "vars:\n",
    "all:\n",
    "  ",
    "plugin: x\n",
    "[a.hosts]\n",
    "[a.vars]\nb = 1\n",
    "\"\"\"",
    "= [1, {a = 2}]",
    "{{ a }}",
    "True",
    "None",
    "(1,)",
    "{'a': 1}",
    "0x1f",
    "1e9",
    "all",
    "a:&b:!c",
    "~^h.*(",
    "h[0]",
    "h[-1:]",
    "*",
    "?",
    "!",
    "&",
    ",",
    "@/tmp/none",
];

fn inventory() -> Inventory {
    Inventory::empty(Settings::default(), Arc::new(|_: &Path, bytes: &[u8]| Ok(bytes.to_vec())))
}

/// Read it and look at what came of it.
fn check(read: impl FnOnce(&mut Inventory)) {
    let mut inventory = inventory();
    read(&mut inventory);
    drop(inventory.reconcile());
    drop(inventory.select("all:!a"));
    drop(inventory.take_warnings());
}

#[test]
fn no_text_breaks_the_readers_of_inventories() {
    let all = samples("engine/inventory/tests/data", &["ini", "yml", "yaml", "toml", "hosts"]);
    let all = [all, samples("tests", &["inventory", "hosts", "hosts.yml", "hosts.ini", ".toml"])].concat();
    text_inputs("inventories", &all, WORDS, |text| {
        let path = Path::new("input");
        if text.lines().any(is_vast) {
            return;
        }
        check(|inventory| drop(ini::read(inventory, path, text)));
        check(|inventory| drop(toml::read(inventory, path, text)));
        if let Ok(data) = rustible_yaml::load(&"input".into(), text) {
            check(|inventory| drop(yaml::read(inventory, &data)));
        }
    });
}

/// Ranges that mean as many hosts as there may be take their time: they are tried once, not a million times.
fn is_vast(text: &str) -> bool {
    let longest = text.split(|c: char| !c.is_ascii_digit()).map(str::len).max().unwrap_or(0);
    let ranges = text.matches('[').count();
    ranges > 0 && longest > 5 || ranges > 1 && longest > 2 || ranges > 2
}

#[test]
fn ranges_have_an_end() {
    for text in [
        "h[0:99999999999]",
        "h[1:999][1:999][1:999]",
        "h[0:9223372036854775807:9223372036854775807]",
        "h[5:-9223372036854775808:-9]",
    ] {
        drop(address::expand(text));
    }
}

#[test]
fn no_text_breaks_ranges_and_patterns() {
    let known = texts(&[
        "web[01:20]",
        "a:&b:!c",
        "~web\\d+",
        "[0:3]",
        "db-[a:f].example.com:2222",
        "h[1:10:3]",
        "all,!x",
        "fe80::1",
    ]);
    let mut inventory = inventory();
    drop(ini::read(&mut inventory, Path::new("input"), "[a]\nweb[01:20]\n[b]\ndb\n"));
    drop(inventory.reconcile());
    text_inputs("patterns", &known, WORDS, |text| {
        drop(split::words(text));
        address::parse(text, true);
        drop(pattern::split(text));
        pattern::subscript(text);
        drop(pattern::Matcher::new(text).map(|matcher| matcher.matches("web01")));
        drop(inventory.select(text));
        if !is_vast(text) {
            drop(address::expand(text));
        }
        drop(Value::from(text));
    });
}
