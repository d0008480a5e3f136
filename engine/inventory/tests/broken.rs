//! Sources with something wrong in them give the warnings, and leave the hosts, that the reference gives and leaves.

use std::{path::Path, sync::Arc};

use rustible_inventory::{Inventory, Settings};
use rustible_protocol::{Value, json};

#[test]
fn every_broken_source_is_reported_as_the_reference_reports_it() {
    let data = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/data");
    let decrypt = Arc::new(|_: &Path, bytes: &[u8]| Ok(bytes.to_vec()));
    let cases = std::fs::read_to_string(format!("{data}/broken.jsonl")).unwrap();
    let mut different = Vec::new();
    for line in cases.lines() {
        let case = json::read(line).unwrap();
        let text = |name: &str| case.get(name).and_then(Value::as_str).unwrap().to_string();
        let source = format!("{data}/broken/{}", text("source"));
        let mut inventory = Inventory::load(&[source], Settings::default(), decrypt.clone(), None).unwrap();
        let mut warnings: Vec<String> = inventory.take_warnings().iter().map(ToString::to_string).collect();
        warnings.extend(inventory.take_deprecations().iter().map(|d| format!("deprecated: {}", d.message)));
        let mut warnings: Vec<String> =
            warnings.iter().map(|w| w.replace(&format!("{data}/broken/"), "@/")).collect();
        warnings.sort();
        let wanted = case.get("warnings").unwrap().as_list().unwrap().iter();
        let wanted: Vec<String> = wanted.map(|w| w.as_str().unwrap().to_string()).collect();
        let graph = inventory.graph("all", false).unwrap();
        if warnings != wanted || graph.trim() != text("graph").trim() {
            different
                .push(format!("{}\n  wanted {wanted:#?}\n  seen   {warnings:#?}\n{graph}", text("source")));
        }
    }
    assert!(different.is_empty(), "{} differ:\n{}", different.len(), different.join("\n"));
}
