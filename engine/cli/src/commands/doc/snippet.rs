//! A task to copy.

use rustible_protocol::{Dict, Value};

use super::{
    markup::Look,
    page::{text_of, texts},
    wrap::fill,
};

const COLUMN: usize = 29;

/// A task with all options of a module, whose documentation is in the form of `--json`.
pub(super) fn of(name: &str, described: &Value, look: Look, columns: usize) -> String {
    let empty = Dict::new();
    let doc = described.get("doc").and_then(Value::as_dict).unwrap_or(&empty);
    let summary = doc.get("short_description").map(text_of).unwrap_or_default();
    let module = doc.get("module").map_or_else(|| name.to_string(), text_of);
    let mut out = format!("- name: {}\n  {module}:\n", look.shown(&summary));
    let options = doc.get("options").and_then(Value::as_dict).unwrap_or(&empty);
    let mut options: Vec<(&str, &Value)> =
        options.texts().map(|(name, field)| (name.as_str(), field)).collect();
    options.sort_by_key(|(name, _)| *name);
    let others = format!("{}# ", " ".repeat(COLUMN));
    for (name, field) in options {
        let text = look.shown(&texts(field.get("description")).join(" "));
        let required = if field.get("required").is_some_and(Value::truthy) { "(required) " } else { "" };
        let text = fill(&format!("{required}{text}"), columns.saturating_sub(COLUMN), "", &others);
        let key = format!("      {name}:");
        out.push_str(format!("{key:<COLUMN$}# {text}").trim_end());
        out.push('\n');
    }
    out
}
