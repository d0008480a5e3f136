//! A run's events as job runners know them: their names and identifiers, and what each repeats of those around it.

use std::{collections::HashMap, sync::Arc};

use rustible_protocol::{
    Dict, Value,
    event::{Event, PlayInfo, PlaybookInfo, Status, TaskInfo, TaskResult},
};

use crate::told;

/// An event for a job runner.
pub(crate) struct JobEvent {
    /// `runner_on_ok` and so on.
    pub(crate) name: &'static str,
    /// Unique in the run.
    pub(crate) uuid: String,
    /// That of the task, play or playbook around it.
    pub(crate) parent: Option<String>,
    /// From which number of `-v` on a line is shown.
    pub(crate) verbosity: Option<u8>,
    /// What is told.
    pub(crate) data: Dict,
}

/// What later events of a playbook repeat.
#[derive(Default)]
pub(crate) struct Jobs {
    playbook: Dict,
    play: Dict,
    /// The task that began last.
    task: Dict,
    counter: u64,
    /// How often an identifier was used: a second batch begins the same play and task again.
    used: HashMap<String, u32>,
    /// What a play that began more than once is called by now.
    plays: HashMap<String, String>,
    /// Results of the items of loops that run.
    items: HashMap<(Arc<str>, String), Vec<Value>>,
}

/// An identifier in the usual form; `counter` makes it unique in the run.
fn random(counter: u64) -> String {
    let number = u128::from(counter) | u128::from(std::process::id()) << 64;
    let text = format!("{number:032x}");
    format!("{}-{}-4000-8000-{}", &text[..8], &text[12..16], &text[20..])
}

fn with(pairs: impl IntoIterator<Item = (&'static str, Value)>) -> Dict {
    pairs.into_iter().collect()
}

impl Jobs {
    /// Whether a playbook has begun.
    pub(crate) fn begun(&self) -> bool {
        !self.playbook.is_empty()
    }

    /// The identifier, with a number behind it from the second time on.
    fn unused(&mut self, uuid: &str) -> String {
        let count = self.used.entry(uuid.to_string()).or_default();
        *count += 1;
        if *count == 1 { uuid.to_string() } else { format!("{uuid}_{count}") }
    }

    /// An event within what has begun.
    fn add(&mut self, name: &'static str, data: Dict) -> JobEvent {
        self.counter += 1;
        let uuid = random(self.counter);
        self.add_as(name, uuid, data)
    }

    fn add_as(&self, name: &'static str, uuid: String, told: Dict) -> JobEvent {
        let mut data = self.playbook.clone();
        data.extend(&self.play);
        data.extend(&self.task);
        data.extend(&told);
        let parent = ["task_uuid", "play_uuid", "playbook_uuid"]
            .into_iter()
            .filter_map(|key| data.get(key).and_then(Value::as_str))
            .find(|parent| *parent != uuid)
            .map(str::to_string);
        data.insert("uuid", uuid.as_str());
        JobEvent { name, uuid, parent, verbosity: None, data }
    }

    fn playbook(&mut self, info: &PlaybookInfo) -> JobEvent {
        self.playbook =
            with([("playbook", info.file.as_str().into()), ("playbook_uuid", info.uuid.as_str().into())]);
        self.play = Dict::new();
        self.task = Dict::new();
        self.add_as("playbook_on_start", info.uuid.clone(), Dict::new())
    }

    fn play(&mut self, play: &PlayInfo) -> JobEvent {
        let known = self.plays.get(&play.uuid).unwrap_or(&play.uuid).clone();
        let uuid = self.unused(&known);
        self.plays.insert(play.uuid.clone(), uuid.clone());
        let (name, pattern) = (Value::str(play.name.trim()), Value::from(play.pattern.join(",")));
        self.play = with([
            ("play", name.clone()),
            ("play_uuid", uuid.as_str().into()),
            ("play_pattern", pattern.clone()),
        ]);
        self.task = Dict::new();
        self.add_as("playbook_on_play_start", uuid, with([("name", name), ("pattern", pattern)]))
    }

    fn task(&mut self, task: &TaskInfo) -> JobEvent {
        let uuid = self.unused(&task.uuid);
        self.task = told::task(task);
        let data = with([("name", task.name.as_str().into()), ("is_conditional", task.handler.into())]);
        self.add_as("playbook_on_task_start", uuid, data)
    }

    /// An event of a host at a task, which need not be the one that began last.
    fn of_host(&mut self, name: &'static str, task: &TaskInfo, told: Dict) -> JobEvent {
        let mut data = told::task(task);
        data.extend(&told);
        self.counter += 1;
        let uuid = random(self.counter);
        let around = std::mem::take(&mut self.task);
        let event = self.add_as(name, uuid, data);
        self.task = around;
        event
    }

    fn result(&mut self, result: &TaskResult) -> JobEvent {
        let items = self.items.remove(&(result.host.clone(), result.task.uuid.clone()));
        let mut res = told::result(result);
        if let Some(items) = items.filter(|_| res.contains_key("results")) {
            res.insert("results", items);
        }
        let mut data = told::host(result);
        data.extend(&told::times(result));
        let name = match result.status {
            Status::Ok => "runner_on_ok",
            Status::Failed { ignored } => {
                data.insert("ignore_errors", ignored);
                "runner_on_failed"
            }
            Status::Skipped => "runner_on_skipped",
            Status::Unreachable { .. } => "runner_on_unreachable",
        };
        if result.status != Status::Skipped {
            data.insert("res", res);
        }
        if !matches!(result.status, Status::Unreachable { .. }) {
            data.insert("event_loop", result.task.event_loop.clone());
        }
        self.of_host(name, &result.task, data)
    }

    fn item(&mut self, result: &TaskResult) -> JobEvent {
        let name = match result.status {
            Status::Ok => "runner_item_on_ok",
            Status::Skipped => "runner_item_on_skipped",
            Status::Failed { .. } | Status::Unreachable { .. } => "runner_item_on_failed",
        };
        let res = Value::Dict(told::result(result));
        let key = (result.host.clone(), result.task.uuid.clone());
        self.items.entry(key).or_default().push(res.clone());
        self.of_host(name, &result.task, with([("host", Value::str(result.host.clone())), ("res", res)]))
    }

    fn plain(&mut self, name: &'static str, result: &TaskResult) -> JobEvent {
        let res = Value::Dict(told::result(result));
        let mut data = with([("host", Value::str(result.host.clone())), ("res", res)]);
        if name != "runner_retry" {
            data.insert("jid", result.result.get("ansible_job_id").cloned());
        }
        self.of_host(name, &result.task, data)
    }

    /// To look at a job is a task of its own.
    fn poll(&mut self, result: &TaskResult) -> JobEvent {
        self.counter += 1;
        let action = "async_status".to_string();
        let resolved = format!("ansible.builtin.{action}");
        let task = TaskInfo {
            uuid: random(self.counter),
            name: action.clone(),
            action,
            resolved,
            ..TaskInfo::default()
        };
        self.plain("runner_on_async_poll", &TaskResult { task: Arc::new(task), ..result.clone() })
    }

    /// What an event is to a job runner; `None` where it is none to it.
    pub(crate) fn event(&mut self, event: &Event) -> Option<JobEvent> {
        Some(match event {
            Event::PlaybookStart(info) => self.playbook(info),
            Event::PlayStart(play) => self.play(play),
            Event::NoHostsMatched => self.add("playbook_on_no_hosts_matched", Dict::new()),
            Event::NoHostsRemaining => self.add("playbook_on_no_hosts_remaining", Dict::new()),
            Event::Prompted(asked) => self.add("playbook_on_vars_prompt", asked.clone()),
            Event::TaskStart(task) => self.task(task),
            Event::ImplicitStart(_) => return None,
            Event::HostStart(task, host) => {
                self.of_host("runner_on_start", task, with([("host", Value::str(host.clone()))]))
            }
            Event::Diff(result) => {
                let diff = result.result.get("diff").cloned().unwrap_or_default();
                let data = with([("host", Value::str(result.host.clone())), ("diff", diff)]);
                self.of_host("runner_on_file_diff", &result.task, data)
            }
            Event::Result(result) => self.result(result),
            Event::Item(result) => self.item(result),
            Event::Retry(result) => self.plain("runner_retry", result),
            Event::AsyncPoll(result) => self.poll(result),
            Event::AsyncEnd(result) if matches!(result.status, Status::Failed { .. }) => {
                self.plain("runner_on_async_failed", result)
            }
            Event::AsyncEnd(result) => self.plain("runner_on_async_ok", result),
            Event::Included { what, .. } => {
                self.add("playbook_on_include", with([("included_file", what.as_str().into())]))
            }
            Event::Notified { handler, host } => {
                let data = with([("handler", handler.as_str().into()), ("host", Value::str(host.clone()))]);
                self.add("playbook_on_notify", data)
            }
            Event::Stats(stats) => {
                self.play = Dict::new();
                self.task = Dict::new();
                self.add("playbook_on_stats", told::counts(stats))
            }
            Event::Warning(_) => self.add("warning", with([("warning", true.into())])),
            Event::Deprecated(_) => self.add("deprecated", with([("deprecated", true.into())])),
            Event::Error(_) => self.add("error", with([("error", true.into())])),
            Event::Verbose { level, host, .. } => {
                let mut data = with([("verbose", true.into())]);
                if let Some(host) = host {
                    data.insert("remote_addr", Value::str(host.clone()));
                }
                JobEvent { verbosity: Some(*level), ..self.add("verbose", data) }
            }
        })
    }
}
