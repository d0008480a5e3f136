//! Results as text: JSON in one line, or indented.

use rustible_protocol::{
    Dict, Value,
    event::TaskResult,
    json::{self, Style},
};

use crate::settings::{ResultFormat, Settings};

/// Whether the result is shown without `-v`.
pub(crate) fn verbose(result: &TaskResult, settings: &Settings, level: u8) -> bool {
    let flag = |key: &str| result.result.get(key).is_some_and(Value::truthy);
    (settings.verbosity >= level || flag("_ansible_verbose_always")) && !flag("_ansible_verbose_override")
}

/// What `debug` was asked to show, without what every result has.
pub(crate) fn cleaned(result: &TaskResult) -> Dict {
    const WITH_MSG: [&str; 3] = ["msg", "exception", "warnings"];
    const WITHOUT: [&str; 6] =
        ["changed", "failed", "skipped", "invocation", "skip_reason", "ansible_loop_var"];
    let all = &result.result;
    if result.task.resolved != "ansible.builtin.debug" {
        return all.clone();
    }
    let kept = |key: &str| {
        if key.starts_with("_ansible_") {
            return true;
        }
        if all.contains_key("msg") { WITH_MSG.contains(&key) } else { !WITHOUT.contains(&key) }
    };
    all.iter().filter(|(key, _)| key.as_str().is_none_or(kept)).map(|(k, v)| (k.clone(), v.clone())).collect()
}

/// The keys of a result that are shown at that number of `-v`.
pub(crate) fn printable(result: &Dict, verbosity: u8) -> Dict {
    let hidden = |key: &str| {
        key.starts_with("_ansible_")
            // A failure says so in front of its result.
            || matches!(key, "exception" | "warnings" | "deprecations" | "failed" | "skipped")
            || verbosity < 3 && matches!(key, "invocation" | "diff")
    };
    let kept = result.iter().filter(|(key, _)| !key.as_str().is_some_and(hidden));
    kept.map(|(key, value)| (key.clone(), outward(value))).collect()
}

/// The value without keys that are for the engine, at any depth.
fn outward(value: &Value) -> Value {
    match value {
        Value::Dict(dict) => {
            let inner = |key: &&Value| key.as_str().is_some_and(|key| key.starts_with("_ansible_"));
            let kept = dict.iter().filter(|(key, _)| !inner(key));
            Value::Dict(kept.map(|(key, value)| (key.clone(), outward(value))).collect())
        }
        Value::List(list) => list.iter().map(outward).collect::<Vec<_>>().into(),
        other => other.clone(),
    }
}

/// The result as text.
pub(crate) fn dump(result: &Dict, settings: &Settings) -> String {
    let always = result.get("_ansible_verbose_always").is_some_and(Value::truthy);
    let yaml = settings.format == ResultFormat::Yaml;
    let indented = settings.pretty.unwrap_or(always || yaml || settings.verbosity > 2);
    let shown = printable(result, settings.verbosity);
    let indent = indented.then_some(settings.indentation);
    if yaml {
        return yaml_block(shown, indent, settings);
    }
    json::write(&Value::Dict(shown), Style { indent, sort_keys: true, ..Style::default() })
}

/// The result as YAML under the line that tells of it.
fn yaml_block(mut shown: Dict, indent: Option<usize>, settings: &Settings) -> String {
    let lossy = settings.pretty != Some(false);
    for stream in ["stdout", "stderr"] {
        let lines = format!("{stream}_lines");
        if lossy && shown.contains_key(stream) && shown.contains_key(&lines) {
            shown.insert(lines.as_str(), "<omitted>");
        }
    }
    let text = as_yaml(&Value::Dict(shown), indent, settings);
    format!("\n{}", indented_by(&text, indent.filter(|n| *n > 0).unwrap_or(4)))
}

/// A value as YAML for people; what YAML cannot hold is written as JSON.
pub(crate) fn as_yaml(value: &Value, indent: Option<usize>, settings: &Settings) -> String {
    let lossy = settings.pretty != Some(false);
    let indent_by = indent.and_then(|n| i32::try_from(n).ok());
    rustible_yaml::emit::for_results(value, indent_by, settings.yaml_width, lossy)
        .unwrap_or_else(|_| json::write(value, Style { indent, sort_keys: true, ..Style::default() }) + "\n")
}

/// Every line that is not blank, that far to the right.
pub(crate) fn indented_by(text: &str, blanks: usize) -> String {
    let prefix = " ".repeat(blanks);
    text.split_inclusive('\n')
        .map(|line| if line.trim().is_empty() { line.to_string() } else { format!("{prefix}{line}") })
        .collect()
}
