//! Callback plugins in Python, told of events in order.

use std::{path::PathBuf, sync::Arc};

use rustible_foreign::PluginFile;
use rustible_protocol::{
    Dict, Value,
    event::{Callback, Event, PlayInfo, Stats, Status, TaskInfo, TaskResult},
};

use crate::{Failed, Helper, Say, common};

/// One plugin of the user's own.
pub struct PythonCallback {
    helper: Arc<Helper>,
    number: i64,
    warn: Say,
    broken: bool,
}

impl PythonCallback {
    /// Load it; `None` when it does not want to run. `enabled`: the user asked for it by its name.
    ///
    /// # Errors
    /// Why it cannot be loaded.
    pub fn load(
        helper: &Arc<Helper>,
        name: &str,
        file: &PluginFile,
        roots: &[PathBuf],
        enabled: bool,
        warn: Say,
    ) -> Result<Option<Self>, Failed> {
        let full = file.full.as_deref().map(Value::str).into();
        let roots: Vec<Value> = roots.iter().map(Value::from).collect();
        let with = [Value::str(name), Value::from(&file.path), full, roots.into(), (!enabled).into()];
        let told = helper.call("callback", &with, &mut |what, with| common(what, &with))?;
        let Some(number) = told.get("number").and_then(Value::as_int) else { return Ok(None) };
        Ok(Some(Self { helper: helper.clone(), number, warn, broken: false }))
    }

    fn tell(&mut self, method: &str, what: Vec<(&str, Value)>, named: &[(&str, Value)]) {
        if self.broken {
            return;
        }
        let (kinds, told): (Vec<Value>, Vec<Value>) =
            what.into_iter().map(|(kind, value)| (Value::str(kind), value)).unzip();
        let named: Dict = named.iter().map(|(name, value)| (*name, value.clone())).collect();
        let with = [self.number.into(), Value::str(method), kinds.into(), told.into(), named.into()];
        if let Err(failed) = self.helper.call("event", &with, &mut |what, with| common(what, &with)) {
            self.broken = true;
            let text = format!("a callback plugin in Python is told no more: {}", failed.summary());
            let said: Dict = [("text", Value::from(text))].into_iter().collect();
            (self.warn)("warning", &said);
        }
    }
}

fn task(info: &TaskInfo) -> Value {
    let mut out = Dict::new();
    out.insert("uuid", info.uuid.as_str());
    out.insert("shown", info.name.as_str());
    let short =
        info.role.as_ref().and_then(|role| info.name.strip_prefix(&format!("{role} : ")).map(str::to_string));
    let name = short.unwrap_or_else(|| info.name.clone());
    out.insert("name", if info.unnamed { String::new() } else { name });
    out.insert("action", info.action.as_str());
    out.insert("resolved_action", info.resolved.as_str());
    out.insert("args", info.args.clone());
    out.insert("path", info.path.as_str());
    out.insert("role", info.role.as_deref().map(Value::str));
    out.insert("no_log", info.no_log);
    out.insert("event_loop", info.event_loop.as_deref().map(Value::str));
    out.insert("looped", info.looped);
    out.insert("check", info.check);
    out.insert("tags", info.tags.iter().map(Value::from).collect::<Vec<_>>());
    out.into()
}

fn play(info: &PlayInfo) -> Value {
    let mut out = Dict::new();
    out.insert("uuid", info.uuid.as_str());
    out.insert("name", info.name.as_str());
    out.insert("pattern", info.pattern.iter().map(Value::from).collect::<Vec<_>>());
    out.insert("check", info.check);
    out.insert("path", info.path.as_str());
    out.insert("strategy", if info.lockstep { "linear" } else { "free" });
    out.into()
}

fn result(told: &TaskResult) -> Value {
    let ignored =
        matches!(told.status, Status::Failed { ignored: true } | Status::Unreachable { ignored: true });
    let mut body = told.result.clone();
    match told.status {
        Status::Failed { .. } => drop(body.insert("failed", true)),
        Status::Unreachable { .. } => drop(body.insert("unreachable", true)),
        Status::Skipped => drop(body.insert("skipped", true)),
        Status::Ok => {}
    }
    if let Some(label) = &told.label {
        body.insert("_ansible_item_label", label.as_str());
    }
    let mut out = Dict::new();
    out.insert("task", task(&told.task));
    out.insert("task_name", told.task.name.as_str());
    out.insert("host", told.host.to_string());
    out.insert("result", body);
    out.insert("ignored", ignored);
    out.insert("delegate", told.delegate.as_ref().map(|(name, _)| Value::from(name.to_string())));
    out.into()
}

fn stats(all: &Stats) -> Value {
    let mut hosts = Dict::new();
    for (name, of) in &all.hosts {
        let mut each = Dict::new();
        for (key, count) in [
            ("ok", of.ok),
            ("failures", of.failed),
            ("unreachable", of.unreachable),
            ("changed", of.changed),
            ("skipped", of.skipped),
            ("rescued", of.rescued),
            ("ignored", of.ignored),
        ] {
            each.insert(key, count);
        }
        hosts.insert(name.to_string(), each);
    }
    let custom: Dict = all.custom.iter().map(|(name, data)| (name.as_str(), data.clone())).collect();
    let mut out = Dict::new();
    out.insert("hosts", hosts);
    out.insert("custom", custom);
    out.into()
}

/// The method for a result of a task, and of an item of a loop.
fn method(status: Status, item: bool) -> &'static str {
    match (status, item) {
        (Status::Ok, false) => "v2_runner_on_ok",
        (Status::Ok, true) => "v2_runner_item_on_ok",
        (Status::Failed { .. }, false) => "v2_runner_on_failed",
        (Status::Failed { .. } | Status::Unreachable { .. }, true) => "v2_runner_item_on_failed",
        (Status::Skipped, false) => "v2_runner_on_skipped",
        (Status::Skipped, true) => "v2_runner_item_on_skipped",
        (Status::Unreachable { .. }, false) => "v2_runner_on_unreachable",
    }
}

impl Callback for PythonCallback {
    fn on(&mut self, event: &Event) {
        let text = |text: &str| ("plain", Value::str(text));
        match event {
            Event::PlaybookStart(info) => {
                self.tell("v2_playbook_on_start", vec![("playbook", Value::str(info.file.as_str()))], &[]);
            }
            Event::PlayStart(info) => self.tell("v2_playbook_on_play_start", vec![("play", play(info))], &[]),
            Event::NoHostsMatched => self.tell("v2_playbook_on_no_hosts_matched", Vec::new(), &[]),
            Event::NoHostsRemaining => self.tell("v2_playbook_on_no_hosts_remaining", Vec::new(), &[]),
            Event::Prompted(asked) => {
                let name = asked.get("varname").and_then(Value::as_str).unwrap_or_default();
                self.tell("v2_playbook_on_vars_prompt", vec![text(name)], &[]);
            }
            Event::ImplicitStart(info) => {
                let mut told = task(info);
                if let Value::Dict(told) = &mut told {
                    told.insert("implicit", true);
                }
                let named = [("is_conditional", Value::Bool(false))];
                self.tell("v2_playbook_on_task_start", vec![("task", told)], &named);
            }
            Event::TaskStart(info) if info.handler => {
                self.tell("v2_playbook_on_handler_task_start", vec![("task", task(info))], &[]);
            }
            Event::TaskStart(info) => {
                let named = [("is_conditional", Value::Bool(false))];
                self.tell("v2_playbook_on_task_start", vec![("task", task(info))], &named);
            }
            Event::HostStart(info, host) => {
                let what = vec![("host", Value::from(host.to_string())), ("task", task(info))];
                self.tell("v2_runner_on_start", what, &[]);
            }
            Event::Diff(told) => self.tell("v2_on_file_diff", vec![("result", result(told))], &[]),
            Event::Result(told) => {
                let ignored = matches!(told.status, Status::Failed { ignored: true });
                let failed = matches!(told.status, Status::Failed { .. });
                let named = [("ignore_errors", Value::Bool(ignored))];
                let named: &[_] = if failed { &named } else { &[] };
                self.tell(method(told.status, false), vec![("result", result(told))], named);
            }
            Event::Item(told) => self.tell(method(told.status, true), vec![("result", result(told))], &[]),
            Event::Retry(told) => self.tell("v2_runner_retry", vec![("result", result(told))], &[]),
            Event::AsyncPoll(told) => {
                self.tell("v2_runner_on_async_poll", vec![("result", result(told))], &[]);
            }
            Event::AsyncEnd(told) => {
                let failed = told.result.get("failed").is_some_and(Value::truthy);
                let method = if failed { "v2_runner_on_async_failed" } else { "v2_runner_on_async_ok" };
                self.tell(method, vec![("result", result(told))], &[]);
            }
            Event::Included { task: info, what, hosts, .. } => {
                let mut told = Dict::new();
                told.insert("file", what.as_str());
                told.insert(
                    "hosts",
                    hosts.iter().map(|host| Value::from(host.to_string())).collect::<Vec<_>>(),
                );
                told.insert("task", task(info));
                self.tell("v2_playbook_on_include", vec![("included", told.into())], &[]);
            }
            Event::Notified { handler, host } => {
                let what =
                    vec![("plain", Value::str(handler.as_str())), ("host", Value::from(host.to_string()))];
                self.tell("v2_playbook_on_notify", what, &[]);
            }
            Event::Stats(all) => self.tell("v2_playbook_on_stats", vec![("stats", stats(all))], &[]),
            Event::Warning(_) | Event::Deprecated(_) | Event::Error(_) | Event::Verbose { .. } => {}
        }
    }
}
