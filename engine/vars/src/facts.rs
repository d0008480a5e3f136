//! Facts under their two names: `ansible_facts.x` and the injected `ansible_x`.

use rustible_protocol::{Dict, Value};

/// Keys that may not be injected as top-level variables: they steer the connection.
const RESERVED: [&str; 2] = ["ansible_facts", "ansible_local"];

/// Facts as `ansible_facts` shows them: without the `ansible_` in front.
#[must_use]
pub fn namespaced(facts: &Dict) -> Dict {
    let strip = |key: &Value| match key.as_str().and_then(|k| k.strip_prefix("ansible_")) {
        Some(short) if !RESERVED.contains(&key.as_str().unwrap_or_default()) || short == "local" => {
            Value::str(short)
        }
        _ => key.clone(),
    };
    facts.iter().map(|(key, value)| (strip(key), value.clone())).collect()
}

/// Facts as top-level variables: what a target says may not change how it is reached.
#[must_use]
pub(crate) fn injected(facts: &Dict) -> Dict {
    let steering = |key: &str| {
        key == "ansible_facts"
            || ["ansible_become", "ansible_ssh_", "ansible_connection", "ansible_host", "ansible_port", "ansible_user", "ansible_password"]
                .iter()
                .any(|prefix| key == *prefix || prefix.ends_with('_') && key.starts_with(prefix))
            // `ansible_ssh_host_key_*` are facts, not settings.
            && !key.starts_with("ansible_ssh_host_key_")
            || key.starts_with("ansible_")
                && (key.ends_with("_interpreter") && key != "ansible_python_interpreter")
            || key == "rsync_path"
    };
    facts
        .iter()
        .filter(|(k, _)| !k.as_str().is_some_and(steering))
        .map(|(k, v)| (k.clone(), v.clone()))
        .collect()
}
