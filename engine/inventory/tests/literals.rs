//! Values of INI inventories are what Python makes of them. `RUSTIBLE_LITERAL_CASES` names another file of cases.

use std::{path::Path, sync::Arc};

use rustible_inventory::{Inventory, Settings};
use rustible_protocol::{Value, json};

fn list(items: Vec<Value>) -> Value {
    Value::from(items)
}

fn shown(value: &Value, key: bool) -> Value {
    match value {
        Value::Str(text) => list(vec!["s".into(), text.into(), (text.is_trusted() && !key).into()]),
        Value::List(items) => {
            list(vec!["l".into(), list(items.iter().map(|item| shown(item, false)).collect())])
        }
        Value::Dict(dict) => {
            let entries = dict.iter().map(|(key, value)| list(vec![shown(key, true), shown(value, false)]));
            list(vec!["d".into(), list(entries.collect())])
        }
        other => list(vec!["v".into(), other.clone()]),
    }
}

#[test]
fn every_value_is_read_as_python_reads_it() {
    let file = std::env::var("RUSTIBLE_LITERAL_CASES")
        .unwrap_or_else(|_| concat!(env!("CARGO_MANIFEST_DIR"), "/tests/data/literals.jsonl").into());
    let cases: Vec<Value> =
        std::fs::read_to_string(file).unwrap().lines().map(|line| json::read(line).unwrap()).collect();
    let text = |case: &Value| case.get("text").unwrap().as_str().unwrap().to_string();
    let lines = cases.iter().enumerate().map(|(i, case)| format!("v{i} = {}\n", text(case)));
    let folder = std::env::temp_dir().join(format!("rustible-literals-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let path = folder.join("hosts");
    std::fs::write(&path, format!("[g]\nh\n[g:vars]\n{}", lines.collect::<String>())).unwrap();
    let decrypt = Arc::new(|_: &Path, bytes: &[u8]| Ok(bytes.to_vec()));
    let inventory =
        Inventory::load(&[path.to_string_lossy().into()], Settings::default(), decrypt, None).unwrap();
    std::fs::remove_dir_all(&folder).unwrap();
    let vars = inventory.host_vars("h").unwrap();
    let mut different = Vec::new();
    for (i, case) in cases.iter().enumerate() {
        let (seen, wanted) = (shown(vars.get(&format!("v{i}")).unwrap(), false), case.get("value").unwrap());
        if json::dumps(&seen) != json::dumps(wanted) {
            different.push(format!("{:?}\n  wanted {wanted:?}\n  seen   {seen:?}", text(case)));
        }
    }
    let shown = &different[..different.len().min(25)];
    assert!(different.is_empty(), "{} of {} differ:\n{}", different.len(), cases.len(), shown.join("\n"));
}
