//! Facts under their two names: `ansible_facts.x` and the injected `ansible_x`.

use rustible_protocol::{Dict, Value};

/// Facts as `ansible_facts` shows them: without the `ansible_` in front.
#[must_use]
pub fn namespaced(facts: &Dict) -> Dict {
    let strip = |key: &Value| {
        let long = key.as_str().filter(|key| *key != "ansible_local");
        long.and_then(|key| key.strip_prefix("ansible_")).map_or_else(|| key.clone(), Value::str)
    };
    facts.iter().map(|(key, value)| (strip(key), value.clone())).collect()
}

/// Facts as top-level variables: what a target says may not change how it is reached.
#[must_use]
pub fn injected(facts: &Dict) -> Dict {
    let steering = |key: &str| {
        key == "ansible_facts"
            || key.starts_with("_ansible_")
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
