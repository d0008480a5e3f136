//! What is read equals what the reference reads: values, positions, trust, warnings, errors and their advice.
//! `RUSTIBLE_YAML_CASES` names another file of cases in the same form.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::sync::Arc;

use rustible_protocol::{Value, json};
use rustible_yaml::DuplicateKeys;

fn list(items: Vec<Value>) -> Value {
    Value::from(items)
}

fn place(value: &Value) -> [Value; 2] {
    let (line, col) = value.origin().map_or((0, 0), |o| (o.line, o.col));
    [line.into(), col.into()]
}

/// Kind, position and content of a value, as the cases write it.
fn shown(value: &Value) -> Value {
    let [line, col] = place(value);
    match value {
        Value::Str(text) => list(vec!["s".into(), text.into(), line, col, text.is_trusted().into()]),
        Value::Vaulted(text) => list(vec!["vault".into(), text.into(), line, col]),
        Value::List(items) => list(vec!["l".into(), line, col, list(items.iter().map(shown).collect())]),
        Value::Dict(dict) => {
            let entries = dict.iter().map(|(k, v)| list(vec![shown(k), shown(v)])).collect();
            list(vec!["d".into(), line, col, list(entries)])
        }
        other => list(vec!["v".into(), other.clone()]),
    }
}

/// The bare data of a value as the cases write it.
fn bare(case: &Value) -> Value {
    let parts = case.as_list().unwrap();
    let items = |items: &Value| items.as_list().unwrap().iter().map(bare).collect::<Vec<_>>();
    match parts[0].as_str().unwrap() {
        "l" => items(&parts[3]).into(),
        "d" => {
            parts[3].as_list().unwrap().iter().map(|pair| Value::from(items(pair))).collect::<Vec<_>>().into()
        }
        _ => parts[1].clone(),
    }
}

fn differs(case: &Value) -> Option<String> {
    let text = case.get("text").unwrap().as_str().unwrap();
    let name: Arc<str> = "case.yml".into();
    if json::read(text).is_ok_and(|data| matches!(data, Value::Dict(_) | Value::List(_))) {
        // Positions inside of JSON are better here than the reference's.
        let (seen, wanted) = (shown(&rustible_yaml::load(&name, text).unwrap()), case.get("value").unwrap());
        return (bare(&seen) != bare(wanted))
            .then(|| format!("{text:?}\n  wanted {wanted:?}\n  seen   {seen:?}"));
    }
    let mut seen = String::new();
    match rustible_yaml::parse_single(&name, text) {
        Ok(documents) => {
            let warnings = documents.warnings.iter().map(|w| {
                let (line, col) = w.origin.as_ref().map_or((0, 0), |o| (o.line, o.col));
                list(vec![w.message.as_str().into(), line.into(), col.into()])
            });
            let warnings = json::dumps(&list(warnings.collect()));
            let value = json::dumps(&shown(&documents.first()));
            seen.push_str(&format!("{value} {warnings}"));
        }
        Err(error) => {
            let (line, col) = error.origin.as_ref().map_or((0, 0), |o| (o.line, o.col));
            seen.push_str(&format!("{} {line}:{col} {}", error.message, error.help.unwrap_or_default()));
        }
    }
    let wanted = case.get("value").map_or_else(
        || {
            let at = case.get("at").unwrap().as_list().unwrap();
            let help = case.get("help").and_then(Value::as_str).unwrap_or_default();
            format!("{} {:?}:{:?} {help}", case.get("error").unwrap().as_str().unwrap(), at[0], at[1])
        },
        |value| format!("{} {}", json::dumps(value), json::dumps(case.get("warnings").unwrap())),
    );
    (seen != wanted).then(|| format!("{text:?}\n  wanted {wanted}\n  seen   {seen}"))
}

#[test]
fn every_case_reads_as_the_reference_reads_it() {
    let file = std::env::var("RUSTIBLE_YAML_CASES")
        .unwrap_or_else(|_| concat!(env!("CARGO_MANIFEST_DIR"), "/tests/data/read.jsonl").into());
    let cases = std::fs::read_to_string(file).unwrap();
    let cases: Vec<Value> = cases.lines().map(|line| json::read(line).unwrap()).collect();
    let different: Vec<String> = cases.iter().filter_map(differs).collect();
    assert!(
        different.is_empty(),
        "{} of {} differ:\n{}",
        different.len(),
        cases.len(),
        different[..different.len().min(25)].join("\n")
    );
}

#[test]
fn a_key_given_twice_is_a_warning_an_error_or_nothing() {
    let read = || rustible_yaml::parse(&"twice.yml".into(), "a: 1\na: 2\n").unwrap();
    assert_eq!(read().under(DuplicateKeys::Warn).unwrap().warnings.len(), 1);
    assert_eq!(read().under(DuplicateKeys::Ignore).unwrap().warnings.len(), 0);
    let error = read().under(DuplicateKeys::Error).unwrap_err();
    assert_eq!(error.to_string(), "YAML parsing failed: Found duplicate mapping key 'a'.");
    assert_eq!(error.origin.unwrap().line, 2);
}

#[test]
fn several_documents_are_read_in_order() {
    let all = rustible_yaml::load_all(&"all.yml".into(), "--- 1\n--- [a]\n...\n---\n").unwrap();
    assert_eq!(all, [Value::from(1), Value::from(vec![Value::str("a")]), Value::Null]);
    assert_eq!(rustible_yaml::load_all(&"none.yml".into(), "# nothing\n").unwrap(), []);
}

#[test]
fn what_would_blow_up_is_refused_or_stays_small() {
    let name: Arc<str> = "bomb.yml".into();
    let deep = rustible_yaml::load(&name, &"[".repeat(100_000)).unwrap_err();
    assert!(deep.message.contains("Nested deeper than"), "{deep}");
    let recursive = rustible_yaml::load(&name, "&a [*a]\n").unwrap_err();
    assert!(recursive.message.contains("recursive"), "{recursive}");
    let laughs: String =
        (1..30).map(|i| format!("a{i}: &a{i} [{0}, {0}, {0}]\n", format!("*a{}", i - 1))).collect();
    assert!(
        rustible_yaml::load(&name, &format!("a0: &a0 [x]\n{laughs}")).is_ok(),
        "aliases are shared, not copied"
    );
}
