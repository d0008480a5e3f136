//! A run's events as job runners know them: names, identifiers, and what is told with each.

use std::collections::HashMap;

use rustible_protocol::{
    Dict, Value,
    event::{Event, Status, TaskInfo, TaskResult},
};

/// An event for a job runner.
pub(crate) struct JobEvent {
    /// `runner_on_ok` and so on.
    pub(crate) name: &'static str,
    /// Unique in the run.
    pub(crate) uuid: String,
    /// That of the task, play or playbook around it.
    pub(crate) parent: Option<String>,
    /// What is told.
    pub(crate) data: Dict,
}

/// What later events of a playbook repeat.
#[derive(Default)]
pub(crate) struct Jobs {
    playbook: Dict,
    play: Dict,
    counter: u64,
    /// How often an identifier was used: a second batch begins the same play and task again.
    used: HashMap<String, u32>,
}

/// An identifier in the usual form; `counter` makes it unique in the run.
fn random(counter: u64) -> String {
    let number = u128::from(counter) | u128::from(std::process::id()) << 64;
    let text = format!("{number:032x}");
    format!("{}-{}-4000-8000-{}", &text[..8], &text[12..16], &text[20..])
}

fn task_data(task: &TaskInfo) -> Dict {
    let mut data = Dict::new();
    data.insert("task", task.name.as_str());
    data.insert("task_uuid", task.uuid.as_str());
    data.insert("task_action", task.action.as_str());
    data.insert("resolved_action", task.resolved.as_str());
    data.insert("task_args", "");
    data.insert("task_path", task.path.as_str());
    if let Some(role) = &task.role {
        data.insert("role", role.as_str());
    }
    data
}

fn result_data(result: &TaskResult) -> Dict {
    let mut data = task_data(&result.task);
    data.insert("host", Value::str(result.host.clone()));
    data.insert(
        "remote_addr",
        result.delegate.as_ref().map_or_else(|| result.host.to_string(), |(_, address)| address.clone()),
    );
    let shown: Dict = result
        .result
        .iter()
        .filter(|(key, _)| !key.as_str().is_some_and(|k| k.starts_with("_ansible_") || k == "ansible_env"))
        .map(|(k, v)| (k.clone(), v.clone()))
        .collect();
    data.insert("res", shown);
    let stamp = |time| jiff::Timestamp::try_from(time).map(|t| t.to_string()).unwrap_or_default();
    data.insert("start", stamp(result.started));
    data.insert("end", stamp(result.ended));
    let duration = result.ended.duration_since(result.started).unwrap_or_default();
    data.insert("duration", duration.as_secs_f64());
    data.insert("event_loop", result.task.event_loop.clone());
    data
}

fn host_counts(stats: &rustible_protocol::event::Stats) -> Dict {
    type Count = fn(&rustible_protocol::event::HostStats) -> u64;
    let columns: [(&str, Count); 7] = [
        ("ok", |s| s.ok),
        ("changed", |s| s.changed),
        ("failures", |s| s.failed),
        ("dark", |s| s.unreachable),
        ("skipped", |s| s.skipped),
        ("rescued", |s| s.rescued),
        ("ignored", |s| s.ignored),
    ];
    let mut data = Dict::new();
    for (name, count) in columns {
        let hosts = stats.hosts.iter().filter(|(_, s)| count(s) > 0);
        data.insert(
            name,
            hosts.map(|(host, s)| (Value::str(host.clone()), Value::from(count(s)))).collect::<Dict>(),
        );
    }
    let processed = stats.hosts.keys().map(|host| (Value::str(host.clone()), Value::Int(1)));
    data.insert("processed", processed.collect::<Dict>());
    data.insert("artifact_data", stats.custom.get("_run").cloned().unwrap_or_default());
    data
}

impl Jobs {
    /// The identifier, with a number behind it from the second time on.
    fn unused(&mut self, uuid: &str) -> String {
        let count = self.used.entry(uuid.to_string()).or_default();
        *count += 1;
        if *count == 1 { uuid.to_string() } else { format!("{uuid}_{count}") }
    }

    fn add(&mut self, events: &mut Vec<JobEvent>, name: &'static str, data: Dict, uuid: Option<&str>) {
        self.counter += 1;
        let uuid = match uuid {
            Some(uuid) => self.unused(uuid),
            None => random(self.counter),
        };
        let mut all = self.playbook.clone();
        all.extend(&self.play);
        all.extend(&data);
        let parent = ["task_uuid", "play_uuid", "playbook_uuid"]
            .into_iter()
            .filter_map(|key| all.get(key).and_then(Value::as_str))
            .find(|parent| *parent != uuid && !uuid.starts_with(&format!("{parent}_")))
            .map(str::to_string);
        all.insert("uuid", uuid.as_str());
        events.push(JobEvent { name, uuid, parent, data: all });
    }

    /// What an event is to a job runner; what is printed for it belongs to the last one.
    #[expect(clippy::too_many_lines, reason = "one arm for each event")]
    pub(crate) fn events(&mut self, event: &Event) -> Vec<JobEvent> {
        let mut all = Vec::new();
        match event {
            Event::PlaybookStart(info) => {
                self.playbook = Dict::new();
                self.play = Dict::new();
                self.playbook.insert("playbook", info.file.as_str());
                self.playbook.insert("playbook_uuid", info.uuid.as_str());
                self.add(&mut all, "playbook_on_start", Dict::new(), Some(&info.uuid));
            }
            Event::PlayStart(play) => {
                self.play = Dict::new();
                self.play.insert("play", play.name.as_str());
                self.play.insert("play_uuid", play.uuid.as_str());
                self.play.insert("play_pattern", play.pattern.join(","));
                let mut data = Dict::new();
                data.insert("name", play.name.as_str());
                data.insert("pattern", play.pattern.join(","));
                self.add(&mut all, "playbook_on_play_start", data, Some(&play.uuid));
            }
            Event::NoHostsMatched => self.add(&mut all, "playbook_on_no_hosts_matched", Dict::new(), None),
            Event::NoHostsRemaining => {
                self.add(&mut all, "playbook_on_no_hosts_remaining", Dict::new(), None);
            }
            Event::TaskStart(task) => {
                let mut data = task_data(task);
                data.insert("name", task.name.as_str());
                data.insert("is_conditional", task.handler);
                self.add(&mut all, "playbook_on_task_start", data, Some(&task.uuid));
            }
            Event::HostStart(task, host) => {
                let mut data = task_data(task);
                data.insert("host", Value::str(host.clone()));
                self.add(&mut all, "runner_on_start", data, None);
            }
            Event::Result(result) => {
                if let Some(diff) = result.result.get("diff").filter(|diff| diff.truthy()) {
                    let mut data = task_data(&result.task);
                    data.insert("host", Value::str(result.host.clone()));
                    data.insert("diff", diff.clone());
                    self.add(&mut all, "runner_on_file_diff", data, None);
                }
                let mut data = result_data(result);
                let name = match result.status {
                    Status::Ok => "runner_on_ok",
                    Status::Failed { ignored } => {
                        data.insert("ignore_errors", ignored);
                        "runner_on_failed"
                    }
                    Status::Skipped => {
                        data.remove("res");
                        "runner_on_skipped"
                    }
                    Status::Unreachable { .. } => "runner_on_unreachable",
                };
                self.add(&mut all, name, data, None);
            }
            Event::Item(result) => {
                let name = match result.status {
                    Status::Ok => "runner_item_on_ok",
                    Status::Skipped => "runner_item_on_skipped",
                    Status::Failed { .. } | Status::Unreachable { .. } => "runner_item_on_failed",
                };
                self.add(&mut all, name, result_data(result), None);
            }
            Event::Retry(result) => self.add(&mut all, "runner_retry", result_data(result), None),
            Event::AsyncPoll(result) => self.add(&mut all, "runner_on_async_poll", result_data(result), None),
            Event::AsyncEnd(result) => {
                let failed = matches!(result.status, Status::Failed { .. });
                let name = if failed { "runner_on_async_failed" } else { "runner_on_async_ok" };
                self.add(&mut all, name, result_data(result), None);
            }
            Event::Included { what, .. } => {
                self.add(
                    &mut all,
                    "playbook_on_include",
                    [("included_file", what.as_str())].into_iter().collect(),
                    None,
                );
            }
            Event::Notified { handler, host } => {
                let data = [("handler", handler.as_str()), ("host", host)].into_iter().collect();
                self.add(&mut all, "playbook_on_notify", data, None);
            }
            Event::Stats(stats) => self.add(&mut all, "playbook_on_stats", host_counts(stats), None),
            Event::Warning(_) => self.add(&mut all, "warning", Dict::new(), None),
            Event::Deprecated(_) => self.add(&mut all, "deprecated", Dict::new(), None),
            Event::Error(_) => self.add(&mut all, "error", Dict::new(), None),
            Event::Prompted(_) | Event::Verbose { .. } => {}
        }
        all
    }
}
