//! What is written equals what PyYAML writes, byte for byte. `RUSTIBLE_EMIT_CASES` names another file of cases.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use rustible_protocol::{Dict, List, Value, json};
use rustible_yaml::emit::{Blocks, Options, Vaulted, to_nice_yaml, to_yaml};

fn decoded(case: &Value) -> Value {
    let parts = case.as_list().unwrap();
    match parts[0].as_str().unwrap() {
        "l" => Value::List(parts[1].as_list().unwrap().iter().map(decoded).collect::<List>()),
        "d" => {
            let pairs = parts[1].as_list().unwrap().iter().map(|pair| pair.as_list().unwrap());
            Value::Dict(pairs.map(|pair| (decoded(&pair[0]), decoded(&pair[1]))).collect::<Dict>())
        }
        _ => parts[1].clone(),
    }
}

fn options(case: &Value) -> Options {
    let number = |name: &str| case.get(name).and_then(Value::as_int).map(|n| i32::try_from(n).unwrap());
    let flag = |name: &str| case.get(name).and_then(Value::as_bool);
    Options {
        indent: number("indent"),
        width: number("width"),
        sort_keys: flag("sort_keys").unwrap_or(true),
        default_flow_style: flag("default_flow_style"),
        default_style: case.get("default_style").and_then(Value::as_str).and_then(|s| s.chars().next()),
        allow_unicode: flag("allow_unicode").unwrap_or(true),
        explicit_start: flag("explicit_start").unwrap_or(false),
        explicit_end: flag("explicit_end").unwrap_or(false),
        aliases: true,
        vaulted: Vaulted::Keep,
        blocks: match case.get("blocks").and_then(Value::as_str) {
            Some("lossy") => Blocks::Lossy,
            Some(_) => Blocks::Exact,
            None => Blocks::Never,
        },
        ..Options::default()
    }
}

#[test]
fn every_value_is_written_as_pyyaml_writes_it() {
    let file = std::env::var("RUSTIBLE_EMIT_CASES")
        .unwrap_or_else(|_| concat!(env!("CARGO_MANIFEST_DIR"), "/tests/data/emit.jsonl").into());
    let cases = std::fs::read_to_string(file).unwrap();
    let mut different = Vec::new();
    for line in cases.lines() {
        let case = json::read(line).unwrap();
        let wanted = case.get("text").unwrap().as_str().unwrap().to_string();
        let seen = to_yaml(&decoded(case.get("value").unwrap()), &options(case.get("options").unwrap()));
        let seen = seen.unwrap_or_else(|error| error.message);
        if seen != wanted {
            let (value, options) = (case.get("value").unwrap(), case.get("options").unwrap());
            different.push(format!("{value:?} {options:?}\n  wanted {wanted:?}\n  seen   {seen:?}"));
        }
    }
    let shown = &different[..different.len().min(20)];
    assert!(
        different.is_empty(),
        "{} of {} differ:\n{}",
        different.len(),
        cases.lines().count(),
        shown.join("\n")
    );
}

#[test]
fn the_same_collection_again_is_an_alias() {
    let shared: Value = vec![Value::from(1)].into();
    let twice: Dict = [("a", shared.clone()), ("b", shared)].into_iter().collect();
    assert_eq!(to_nice_yaml(&twice.into()).unwrap(), "a: &id001\n- 1\nb: *id001\n");
}

#[test]
fn encrypted_text_is_kept_or_redacted() {
    let vaulted =
        rustible_yaml::load(&"v.yml".into(), "a: !vault |\n  $ANSIBLE_VAULT;1.1;AES256\n  61\n").unwrap();
    assert_eq!(to_nice_yaml(&vaulted).unwrap(), "a: !vault |\n    $ANSIBLE_VAULT;1.1;AES256\n    61\n");
    let redacted = to_yaml(&vaulted, &Options { vaulted: Vaulted::Redact, ..Options::nice() }).unwrap();
    assert_eq!(redacted, "a: <redacted>\n");
}
