//! Results: put together, censored, shown.

use std::{sync::Arc, time::SystemTime};

use rustible_protocol::{
    Dict, Value,
    event::{Status, TaskInfo, TaskResult},
    json,
};
use rustible_source::Diagnostic;

use super::{Finished, Job, attempts::Attempt, item::Ready, settle};
use crate::{action::Effect, keyword::Keywords};

/// Why a task failed whose `failed_when` says so.
pub(super) const FAILED_WHEN: &str = "A 'failed_when' expression evaluated to 'True'.";

/// What stands in place of a result that may not be shown.
const CENSORED: &str =
    "the output has been hidden due to the fact that 'no_log: true' was specified for this result";

/// What a result has in place of a trace of the program's own calls.
pub(super) const NO_TRACEBACK: &str = "(traceback unavailable)";

/// A task that failed before it had a result of its own.
pub(super) fn broken(job: &Job, error: Diagnostic) -> Finished {
    unlooped(job, error.context("Task failed", job.task.origin.as_ref()))
}

/// A task whose loop could not be begun.
pub(super) fn unlooped(job: &Job, error: Diagnostic) -> Finished {
    let mut result = Dict::new();
    result.insert("changed", false);
    result.insert("failed", true);
    result.insert("exception", NO_TRACEBACK);
    result.insert("msg", error.summary());
    let templar = job.templar(&job.scope());
    let keywords = Keywords { frame: job.frame(), templar: &templar };
    let ignored = keywords.flag("ignore_errors").ok().flatten().unwrap_or(false);
    // What cannot be told may be a secret.
    let no_log = settle::no_log(&keywords, &job.runner.options).unwrap_or(true);
    Finished {
        status: Some(Status::Failed { ignored }),
        result,
        error: Some(error),
        no_log,
        ..Finished::default()
    }
}

/// The end of the attempts.
pub(super) fn finish(job: &Job, ready: &Ready, attempt: Attempt) -> Finished {
    let settled = &ready.settled;
    let mut finished = Finished {
        no_log: settled.no_log || attempt.flag("_ansible_no_log"),
        effects: attempt.effects,
        result: attempt.result,
        ..Finished::default()
    };
    if attempt.unreachable {
        finished.status = Some(Status::Unreachable { ignored: settled.ignore_unreachable });
        finished.result.insert("unreachable", true);
        finished.result.insert("exception", NO_TRACEBACK);
        // The advice stands under the place.
        finished.error = attempt.error.map(|error| Diagnostic {
            help: error.help.clone(),
            ..Diagnostic::new(format!("Task failed: {}", error.summary())).at(job.task.origin.as_ref())
        });
        return finished;
    }
    let flag = |name: &str| finished.result.get(name).is_some_and(Value::truthy);
    let status = if flag("failed") {
        Status::Failed { ignored: settled.ignore_errors }
    } else if flag("skipped") {
        Status::Skipped
    } else {
        Status::Ok
    };
    if !finished.result.contains_key("changed") {
        finished.result.insert("changed", false);
    }
    // What `set_fact` and `include_vars` show as facts are variables; they say themselves what becomes of them.
    let sets_variables = |effect: &Effect| matches!(effect, Effect::Set(..) | Effect::Include(_));
    if let Some(Value::Dict(facts)) = finished.result.get("ansible_facts")
        && !finished.effects.iter().any(sets_variables)
    {
        finished.facts = facts.clone();
    }
    if let Some(facts) = attempt.facts {
        finished.facts = facts;
    }
    finished.error = attempt.error.map(|mut error| {
        error.message = match (error.message.is_empty(), error.cause.is_some()) {
            (true, _) => "Task failed".into(),
            (false, true) => format!("Task failed: {}", error.message.trim_end_matches('.')),
            (false, false) => format!("Task failed: {}", error.message),
        };
        error.at(job.task.origin.as_ref())
    });
    if let Some(error) = &finished.error {
        let trace = finished.result.get("exception").and_then(Value::as_str).unwrap_or_default();
        if trace.is_empty() || !traces(job) {
            finished.result.insert("exception", NO_TRACEBACK);
        }
        if !finished.result.get("msg").is_some_and(Value::truthy) {
            finished.result.insert("msg", error.summary());
        }
    }
    if matches!(status, Status::Ok) && finished.changed() {
        finished.notify.clone_from(&settled.notify);
    }
    finished.status = Some(status);
    finished
}

/// The result of a whole loop.
pub(super) fn of_loop(job: &Job, done: Vec<Finished>) -> Finished {
    let failed = done.iter().any(Finished::failed);
    let unreachable = done.iter().any(|f| matches!(f.status, Some(Status::Unreachable { .. })));
    let skipped = done.iter().all(|f| matches!(f.status, Some(Status::Skipped)));
    let changed = done.iter().any(Finished::changed);
    let mut result = Dict::new();
    result.insert("changed", changed);
    let message = match (failed, skipped) {
        (true, _) => "One or more items failed",
        (false, true) => "All items skipped",
        (false, false) => "All items completed",
    };
    result.insert("msg", message);
    if failed {
        result.insert("failed", true);
    }
    if skipped {
        result.insert("skipped", true);
    }
    if unreachable {
        result.insert("unreachable", true);
    }
    for key in ["warnings", "deprecations"] {
        let lists = done.iter().filter_map(|f| f.result.get(key).and_then(Value::as_list));
        let all: Vec<Value> = lists.flat_map(|list| list.iter().cloned()).collect();
        if !all.is_empty() {
            result.insert(key, all);
        }
    }
    let results: Vec<Value> = done.iter().map(|f| Value::Dict(public(&f.result))).collect();
    result.insert("results", results);
    // One item whose errors are ignored is enough, even if it went well.
    let ignores =
        done.iter().any(|f| f.ignores_errors || matches!(f.status, Some(Status::Failed { ignored: true })));
    let spared = |f: &Finished| matches!(f.status, Some(Status::Unreachable { ignored: true }));
    let status = match (unreachable, failed, skipped) {
        (_, true, _) => Status::Failed { ignored: ignores },
        (true, _, _) => Status::Unreachable { ignored: done.iter().any(spared) },
        (_, _, true) => Status::Skipped,
        _ => Status::Ok,
    };
    let mut whole = Finished {
        status: Some(status),
        result,
        looped: true,
        host: job.host.clone(),
        ..Finished::default()
    };
    for finished in done {
        whole.no_log |= finished.no_log;
        whole.resolved = finished.resolved.or(whole.resolved);
        whole.delegate_facts |= finished.delegate_facts;
        whole.delegate = finished.delegate.or(whole.delegate);
        whole.effects.extend(finished.effects);
        whole.facts.extend(&finished.facts);
        whole.includes.extend(finished.includes);
        for handler in finished.notify {
            if !whole.notify.contains(&handler) {
                whole.notify.push(handler);
            }
        }
    }
    whole
}

/// A result without the keys that are for the engine.
pub(crate) fn public(result: &Dict) -> Dict {
    let engine = |key: &Value| key.as_str().is_some_and(|k| k.starts_with("_ansible_"));
    if !result.keys().any(engine) {
        return result.clone();
    }
    result.iter().filter(|(key, _)| !engine(key)).map(|(k, v)| (k.clone(), v.clone())).collect()
}

/// What every result may have, in the order that `register` keeps it; what the module returned follows.
const COMMON: [&str; 25] = [
    "changed",
    "failed",
    "unreachable",
    "skipped",
    "warnings",
    "deprecations",
    "ansible_facts",
    "async_result",
    "exception",
    "finished",
    "msg",
    "rc",
    "attempts",
    "retries",
    "diff",
    "skip_reason",
    "skipped_reason",
    "false_condition",
    "changed_when_result",
    "failed_when_result",
    "break_when_result",
    "changed_when_suppressed_exception",
    "failed_when_suppressed_exception",
    "break_when_suppressed_exception",
    "ansible_loop_var",
];

/// A result as `register` keeps it.
pub(crate) fn registered(result: &Dict) -> Value {
    let mut kept = in_order(public(result));
    if let Some(Value::List(items)) = kept.get("results") {
        let order = |item: &Value| match item {
            Value::Dict(item) if item.contains_key("ansible_loop_var") => Value::Dict(in_order(item.clone())),
            other => other.clone(),
        };
        let items: Vec<Value> = items.iter().map(order).collect();
        kept.insert("results", items);
    }
    inert(&Value::Dict(kept))
}

/// The data with nothing in it that rendering would change; texts of the author that are no templates stay the author's.
fn inert(value: &Value) -> Value {
    let made = match value {
        Value::Str(text) if text.may_be_template() => Value::Str(text.clone().with_trust(false)),
        Value::List(list) => list.iter().map(inert).collect::<Vec<_>>().into(),
        Value::Dict(dict) => {
            dict.iter().map(|(key, value)| (inert(key), inert(value))).collect::<Dict>().into()
        }
        other => return other.clone(),
    };
    match value.deprecated() {
        Some(note) => made.with_deprecated(note.clone()),
        None => made,
    }
}

fn in_order(result: Dict) -> Dict {
    let mut kept = Dict::new();
    for key in COMMON {
        match result.get(key) {
            Some(value) => drop(kept.insert(key, value.clone())),
            None if matches!(key, "changed" | "failed") => drop(kept.insert(key, false)),
            None => {}
        }
        // The item stands behind the name of its variable.
        if key == "ansible_loop_var"
            && let Some(name) = result.get(key)
            && let Some(item) = result.get(&json::key_text(name))
        {
            kept.insert(json::key_text(name).as_str(), item.clone());
        }
    }
    for (key, value) in &result {
        if kept.get_value(key).is_none() {
            kept.insert(key.clone(), value.clone());
        }
    }
    kept
}

/// What may be shown of a result under `no_log`.
pub(crate) fn censored(result: &Dict) -> Dict {
    const KEPT: [&str; 6] = ["attempts", "changed", "retries", "failed", "unreachable", "skipped"];
    let mut shown = Dict::new();
    shown.insert("censored", CENSORED);
    for key in KEPT {
        if let Some(value) = result.get(key) {
            shown.insert(key, value.clone());
        }
    }
    shown
}

/// A result for the callbacks.
pub(crate) fn event(job: &Job, finished: &Finished) -> TaskResult {
    let mut result = if finished.no_log { censored(&finished.result) } else { finished.result.clone() };
    if finished.no_log {
        result.insert("_ansible_no_log", true);
    }
    for key in ["failed", "exception", "include", "include_args"] {
        if key == "failed" || key == "exception" || !finished.includes.is_empty() {
            result.remove(key);
        }
    }
    if finished.failed() {
        result.insert("failed", true);
    }
    if let Some(Value::List(items)) = result.get("results").filter(|_| finished.looped) {
        let items: Vec<Value> = items.iter().map(without_failed).collect();
        result.insert("results", items);
    }
    // Under no_log the cause may hold a secret of the arguments; that a condition of the author's was true does not.
    let plain = |error: &Diagnostic| !finished.no_log || error.summary().ends_with(FAILED_WHEN);
    let error = finished.error.as_ref().filter(|error| plain(error)).map(|error| {
        let told = error.render();
        match traced(job, finished) {
            Some(trace) => format!("{}\n\n{}", told.trim_end(), trace.trim_end()),
            None => told,
        }
    });
    let info = match &finished.resolved {
        Some(resolved) => Arc::new(TaskInfo { resolved: resolved.clone(), ..TaskInfo::clone(&job.info) }),
        None => job.info.clone(),
    };
    TaskResult {
        task: info,
        host: job.host.clone(),
        delegate: finished.delegate.clone(),
        status: finished.status.unwrap_or(Status::Ok),
        result,
        label: finished.label.clone(),
        looped: finished.looped,
        warnings: said(finished, "warnings"),
        deprecations: said(finished, "deprecations"),
        error,
        started: finished.started.unwrap_or_else(SystemTime::now),
        ended: SystemTime::now(),
    }
}

/// Whether Python's accounts of failures are to be shown.
fn traces(job: &Job) -> bool {
    job.runner.options.foreign.traces.iter().any(|event| event == "error")
}

/// Python's account of a failure, where such are to be shown.
fn traced<'a>(job: &Job, finished: &'a Finished) -> Option<&'a str> {
    let trace = finished.result.get("exception").filter(|_| traces(job) && !finished.no_log)?;
    trace.as_str().filter(|trace| *trace != NO_TRACEBACK)
}

/// What a result says beside itself; a loop's is said with its items.
fn said(finished: &Finished, key: &str) -> Vec<String> {
    match finished.result.get(key) {
        Some(Value::List(all)) if !finished.looped => finished.told(all),
        _ => Vec::new(),
    }
}

/// The result of an item as callbacks show it in that of its loop.
fn without_failed(item: &Value) -> Value {
    match item {
        Value::Dict(item) if item.contains_key("failed") => {
            let mut shown = item.clone();
            shown.remove("failed");
            Value::Dict(shown)
        }
        other => other.clone(),
    }
}

/// A loop item as its label shows it: text as it is, the rest as Python writes it.
pub(super) fn shown(value: &Value) -> String {
    match value {
        Value::Str(text) if text.is_secret() => "********".into(),
        Value::Str(text) => text.to_string(),
        other => rustible_protocol::repr::repr(other),
    }
}

/// A failure's result as an attempt; `of_module` says who failed, the module or the action.
pub(super) fn failed(mut result: Dict, of_module: bool) -> Attempt {
    result.insert("failed", true);
    if !result.contains_key("changed") {
        result.insert("changed", false);
    }
    let message = match result.get("msg") {
        Some(Value::Str(text)) => text.to_string(),
        Some(other) => json::write(other, json::Style::default()),
        None if of_module => String::new(),
        None => {
            result.insert("msg", "Task failed: Action failed: Unknown error.");
            "Unknown error.".to_string()
        }
    };
    // A module that broke says so in the words of the error.
    if result.remove("_ansible_crashed").is_some_and(|crashed| crashed.truthy()) {
        result.remove("msg");
    }
    let events = result.remove("_ansible_rustible_events");
    let help = result.remove("_ansible_hint").as_ref().and_then(Value::as_str).map(str::to_string);
    let mut attempt = Attempt { result, of_module, ..Attempt::default() };
    if let Some(Value::Str(events)) = events {
        let error = Diagnostic::new(message).help(events.to_string());
        attempt.error = Some(error.context(attempt.kind(), None));
        return attempt;
    }
    let error = Diagnostic::new(message).context(attempt.kind(), None);
    attempt.error = Some(Diagnostic { message: error.summary(), help, ..Diagnostic::default() });
    attempt
}

/// A module's failure as an attempt. A foreign one may say more of its cause than its message does, or may have given
/// no result at all.
pub(super) fn module_failed(mut result: Dict) -> Attempt {
    let cause = result.remove("_ansible_rustible_error");
    if let Some(Value::Str(help)) = result.remove("_ansible_rustible_unread") {
        let mut attempt = failed(result, false);
        let message = attempt.result.get("msg").and_then(Value::as_str).unwrap_or_default();
        let error = Diagnostic::new(message).help(help.to_string());
        attempt.error = Some(error.context("Action failed", None));
        return attempt;
    }
    let mut attempt = failed(result, true);
    if let Some(Value::Str(cause)) = cause {
        attempt.error = Some(Diagnostic::new(format!("Module failed: {cause}")));
    }
    attempt
}

/// An unreachable host as an attempt.
pub(super) fn unreachable(message: String, help: Option<String>) -> Attempt {
    let mut result = Dict::new();
    result.insert("changed", false);
    result.insert("msg", format!("Task failed: {message}"));
    result.insert("unreachable", true);
    let error = Diagnostic { message, help, ..Diagnostic::default() };
    Attempt { result, error: Some(error), unreachable: true, ..Attempt::default() }
}
