//! Patterns and limits give the hosts, in the order, and the warnings that `ansible --list-hosts` gave.

use std::{path::Path, sync::Arc};

use rustible_inventory::{Inventory, Settings};
use rustible_protocol::{Value, json};

#[test]
fn every_pattern_means_what_the_reference_says() {
    let data = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/data");
    let decrypt = Arc::new(|_: &Path, bytes: &[u8]| Ok(bytes.to_vec()));
    let cases = std::fs::read_to_string(format!("{data}/patterns.jsonl")).unwrap();
    let mut different = Vec::new();
    for line in cases.lines() {
        let case = json::read(line).unwrap();
        let text = |name: &str| case.get(name).and_then(Value::as_str);
        let source = format!("{data}/{}", text("inventory").unwrap());
        let mut inventory = Inventory::load(&[source], Settings::default(), decrypt.clone(), None).unwrap();
        inventory.set_limit(text("limit")).unwrap();
        let strings = |name: &str| {
            case.get(name)
                .unwrap()
                .as_list()
                .unwrap()
                .iter()
                .map(|v| v.as_str().unwrap().to_string())
                .collect::<Vec<_>>()
        };
        let wanted =
            (strings("hosts"), strings("warnings").iter().filter(|w| w.contains("Could not match")).count());
        let seen = match inventory.select(text("pattern").unwrap()) {
            Ok(selection) => (
                selection.hosts.iter().map(ToString::to_string).collect(),
                selection.warnings.iter().filter(|w| w.message.contains("Could not match")).count(),
            ),
            Err(_) => (Vec::new(), 0),
        };
        if seen != wanted {
            different.push(format!("{line}\n  seen {seen:?}"));
        }
    }
    assert!(different.is_empty(), "{} differ:\n{}", different.len(), different.join("\n"));
}
