//! What job runners are told of a task, a result and the recap.

use rustible_protocol::{
    Dict, Value,
    event::{HostStats, Stats, Status, TaskInfo, TaskResult},
};

/// A task as each event of it repeats it.
pub(crate) fn task(task: &TaskInfo) -> Dict {
    let short = task.role.as_ref().and_then(|role| task.name.strip_prefix(&format!("{role} : ")));
    // An include without a name of its own is told as its action.
    let unnamed = short.is_none() && task.name.starts_with(&format!("{} : ", task.action));
    let mut data = Dict::new();
    data.insert("task", if unnamed { &task.action } else { short.unwrap_or(&task.name) });
    data.insert("task_uuid", task.uuid.as_str());
    data.insert("task_action", task.action.as_str());
    // The module of a tree has no collection.
    let resolved = &task.resolved;
    data.insert("resolved_action", resolved.strip_prefix("ansible.legacy.").unwrap_or(resolved));
    data.insert("task_args", "");
    data.insert("task_path", task.path.as_str());
    if let Some(role) = &task.role {
        let own = task.collection.as_ref().and_then(|from| role.strip_prefix(&format!("{from}.")));
        data.insert("role", own.unwrap_or(role));
        if own.is_some() {
            data.insert("resolved_role", role.as_str());
        }
    }
    data
}

/// Whose result it is.
pub(crate) fn host(result: &TaskResult) -> Dict {
    let host = Value::str(result.host.clone());
    [("host", host.clone()), ("remote_addr", host)].into_iter().collect()
}

/// When the host began with the task and ended, and how many seconds lie between.
pub(crate) fn times(result: &TaskResult) -> Dict {
    let stamp = |time| jiff::Timestamp::try_from(time).map(|t| t.to_string()).unwrap_or_default();
    let seconds = result.ended.duration_since(result.started).unwrap_or_default().as_secs_f64();
    let mut data = Dict::new();
    data.insert("start", stamp(result.started));
    data.insert("end", stamp(result.ended));
    data.insert("duration", seconds);
    data
}

/// What came of it. Whether it failed or was skipped is said by the event.
pub(crate) fn result(result: &TaskResult) -> Dict {
    let all = &result.result;
    if let Some(censored) = all.get("censored").filter(|_| all.contains_key("_ansible_no_log")) {
        return [("censored", censored.clone())].into_iter().collect();
    }
    const INNER: [&str; 3] =
        ["_ansible_verbose_always", "_ansible_verbose_override", "_ansible_delegated_vars"];
    let kept = |key: &str| {
        !matches!(key, "failed" | "skipped") && (!key.starts_with("_ansible_") || INNER.contains(&key))
    };
    let mut told: Dict = all
        .iter()
        .filter(|(key, _)| key.as_str().is_none_or(kept))
        .map(|(key, value)| (key.clone(), value.clone()))
        .collect();
    if let Some(label) = &result.label {
        told.insert("_ansible_item_label", raw_label(all, label));
    }
    let bad = matches!(result.status, Status::Failed { .. } | Status::Unreachable { .. });
    if bad && !result.looped && !told.contains_key("exception") {
        told.insert("exception", "(traceback unavailable)");
    }
    if matches!(result.task.resolved.as_str(), "ansible.builtin.setup" | "ansible.builtin.gather_facts")
        && let Some(Value::Dict(facts)) = told.get("ansible_facts")
    {
        // The job runner has the environment itself, with what is secret taken out.
        let facts = facts.iter().filter(|(key, _)| key.as_str() != Some("ansible_env"));
        let facts: Dict = facts.map(|(key, value)| (key.clone(), value.clone())).collect();
        told.insert("ansible_facts", facts);
    }
    told
}

/// The label as it was before it became text: the item, unless the author says otherwise.
fn raw_label(result: &Dict, label: &str) -> Value {
    let name = result.get("ansible_loop_var").and_then(Value::as_str).unwrap_or("item");
    let item = result.get(name).filter(|item| rustible_protocol::repr::str(item) == label);
    item.cloned().unwrap_or_else(|| label.into())
}

/// Counts of each host, and what `set_stats` set for the run.
pub(crate) fn counts(stats: &Stats) -> Dict {
    type Count = fn(&HostStats) -> u64;
    let columns: [(&str, Count); 7] = [
        ("changed", |s| s.changed),
        ("dark", |s| s.unreachable),
        ("failures", |s| s.failed),
        ("ignored", |s| s.ignored),
        ("ok", |s| s.ok),
        ("rescued", |s| s.rescued),
        ("skipped", |s| s.skipped),
    ];
    let mut data = Dict::new();
    for (name, count) in columns {
        let hosts = stats.hosts.iter().filter(|(_, s)| count(s) > 0);
        let told: Dict = hosts.map(|(host, s)| (Value::str(host.clone()), Value::from(count(s)))).collect();
        data.insert(name, told);
    }
    let processed = stats.hosts.keys().map(|host| (Value::str(host.clone()), Value::Int(1)));
    data.insert("processed", processed.collect::<Dict>());
    data.insert("artifact_data", stats.custom.get("_run").cloned().unwrap_or_default());
    data
}
