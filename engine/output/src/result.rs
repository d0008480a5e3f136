//! Results as text: JSON in one line, or indented.

use rustible_protocol::{
    Dict, Value,
    event::TaskResult,
    json::{self, Style},
};

use crate::settings::Settings;

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

/// The result as text.
pub(crate) fn dump(result: &Dict, settings: &Settings) -> String {
    let always = result.get("_ansible_verbose_always").is_some_and(Value::truthy);
    let indented = match settings.pretty {
        Some(pretty) => pretty,
        None => always || settings.verbosity > 2,
    };
    let hidden = |key: &str| {
        key.starts_with("_ansible_")
            || matches!(key, "exception" | "warnings" | "deprecations")
            || settings.verbosity < 3 && matches!(key, "invocation" | "diff")
    };
    let mut shown: Dict = result
        .iter()
        .filter(|(key, _)| !key.as_str().is_some_and(hidden))
        .map(|(key, value)| (key.clone(), value.clone()))
        .collect();
    // A failure says so in front of its result.
    shown.remove("failed");
    let indent = indented.then_some(settings.indentation);
    json::write(&Value::Dict(shown), Style { indent, sort_keys: true, ..Style::default() })
}
