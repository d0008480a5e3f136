//! `constructed` and `generator`, with an evaluator that knows names, comparisons with a text, and `{{ name }}`.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::{path::Path, sync::Arc};

use rustible_inventory::{Evaluate, Form, Inventory, Settings};
use rustible_protocol::{Dict, Text, Value, json, repr};
use rustible_source::Diagnostic;

struct Names;

impl Evaluate for Names {
    fn expression(&self, text: &Text, vars: &Dict) -> Result<Value, Diagnostic> {
        let (name, wanted) =
            text.split_once(" == ").map_or((text.as_str(), None), |(name, word)| (name, Some(word)));
        let value =
            vars.get(name).cloned().ok_or_else(|| Diagnostic::new(format!("'{name}' is undefined")))?;
        Ok(wanted.map_or(value.clone(), |word| Value::Bool(value.as_str() == Some(word.trim_matches('\'')))))
    }
    fn template(&self, text: &Text, vars: &Dict) -> Result<Value, Diagnostic> {
        let mut parts = text.split("{{ ");
        let mut out = parts.next().unwrap_or_default().to_string();
        for part in parts {
            let (name, rest) = part.split_once(" }}").unwrap();
            out.push_str(&repr::str(&self.expression(&Text::untrusted(name), vars)?));
            out.push_str(rest);
        }
        Ok(Value::Str(Text::trusted(out, None)))
    }
}

#[test]
fn hosts_are_grouped_and_generated_as_the_reference_does() {
    let data = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/data");
    let decrypt = Arc::new(|_: &Path, bytes: &[u8]| Ok(bytes.to_vec()));
    let inventory =
        Inventory::load(&[format!("{data}/constructed")], Settings::default(), decrypt, Some(&Names))
            .unwrap();
    let warnings: Vec<String> = inventory.take_warnings().iter().map(ToString::to_string).collect();
    assert!(
        warnings.iter().all(|w| w.starts_with("Found both group and host with same name")),
        "{warnings:#?}"
    );
    let recorded =
        |view: &str| std::fs::read_to_string(format!("{data}/expected/constructed/{view}")).unwrap();
    assert_eq!(inventory.graph("all", false).unwrap().trim(), recorded("graph").trim());
    let style = json::Style { indent: Some(4), sort_keys: true, ..json::Style::default() };
    for (view, export) in [("list", false), ("export", true)] {
        assert_eq!(
            json::write(&inventory.list(Form::Json, export).unwrap(), style).trim(),
            recorded(view).trim()
        );
    }
}
