//! A folder for each run, as job runners keep it: command, text, status, events, and a stream of our own.

use std::{
    collections::HashMap,
    fs::{self, File, OpenOptions},
    io::{self, Write},
    os::unix::fs::{DirBuilderExt, OpenOptionsExt},
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError},
};

use rustible_protocol::{
    Dict, Value,
    event::{Callback, Event, Status, TaskInfo, TaskResult},
    json::{self, Style},
};

use crate::redact::Redactor;

/// How a run ended, for the `status` file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// It runs.
    Running,
    /// Status 0.
    Successful,
    /// Any other status.
    Failed,
    /// Interrupted.
    Canceled,
}

/// Writes the folder. Clones share it.
#[derive(Clone)]
pub struct Artifacts(Arc<Mutex<Inner>>);

struct Inner {
    folder: PathBuf,
    ident: String,
    stream: File,
    text: File,
    redactor: Redactor,
    counter: u64,
    lines: u64,
    printed: String,
    playbook: Dict,
    play: Dict,
    /// How often an identifier was used: a second batch begins the same play and task again.
    used: HashMap<String, u32>,
}

impl Artifacts {
    /// Begin a folder for this run below `base`; `command` is what was asked, as it may be shown.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn begin(base: &Path, ident: &str, command: &[String], redactor: Redactor) -> io::Result<Self> {
        let folder = base.join(ident);
        fs::DirBuilder::new().recursive(true).mode(0o700).create(folder.join("job_events"))?;
        let mut described = Dict::new();
        described.insert(
            "command",
            command.iter().map(|word| Value::from(redactor.mask(word).as_ref())).collect::<Vec<_>>(),
        );
        described.insert("cwd", std::env::current_dir().unwrap_or_default().display().to_string());
        save(&folder.join("command"), &json::dumps(&Value::Dict(described)))?;
        let stream = private(&folder.join("rustible.jsonl"))?;
        let text = private(&folder.join("stdout"))?;
        drop(private(&folder.join("stderr"))?);
        let artifacts = Self(Arc::new(Mutex::new(Inner {
            folder,
            ident: ident.to_string(),
            stream,
            text,
            redactor,
            counter: 0,
            lines: 0,
            printed: String::new(),
            playbook: Dict::new(),
            play: Dict::new(),
            used: HashMap::new(),
        })));
        artifacts.status(Outcome::Running)?;
        Ok(artifacts)
    }

    fn inner(&self) -> std::sync::MutexGuard<'_, Inner> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A stream that keeps what is printed, for the display to write to beside the terminal.
    #[must_use]
    pub fn tee(&self, to: Box<dyn Write + Send>) -> Box<dyn Write + Send> {
        Box::new(Tee { artifacts: self.clone(), to })
    }

    fn status(&self, outcome: Outcome) -> io::Result<()> {
        let word = match outcome {
            Outcome::Running => "running",
            Outcome::Successful => "successful",
            Outcome::Failed => "failed",
            Outcome::Canceled => "canceled",
        };
        save(&self.inner().folder.join("status"), word)
    }

    /// The run ended with that status.
    ///
    /// # Errors
    /// When the files cannot be written.
    pub fn end(&self, rc: i32, canceled: bool) -> io::Result<()> {
        save(&self.inner().folder.join("rc"), &rc.to_string())?;
        self.status(match (canceled, rc) {
            (true, _) => Outcome::Canceled,
            (false, 0) => Outcome::Successful,
            _ => Outcome::Failed,
        })
    }
}

/// What is printed goes to the terminal and into the run's text.
struct Tee {
    artifacts: Artifacts,
    to: Box<dyn Write + Send>,
}

impl Write for Tee {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let count = self.to.write(bytes)?;
        let mut inner = self.artifacts.inner();
        inner.text.write_all(&bytes[..count])?;
        inner.printed.push_str(&String::from_utf8_lossy(&bytes[..count]));
        Ok(count)
    }
    fn flush(&mut self) -> io::Result<()> {
        self.to.flush()
    }
}

fn private(path: &Path) -> io::Result<File> {
    OpenOptions::new().create(true).write(true).truncate(true).mode(0o600).open(path)
}

/// Write a file in one step: a reader sees all of it or nothing.
fn save(path: &Path, text: &str) -> io::Result<()> {
    let mut temporary = path.as_os_str().to_os_string();
    temporary.push(".tmp");
    let temporary = PathBuf::from(temporary);
    private(&temporary)?.write_all(text.as_bytes())?;
    fs::rename(temporary, path)
}

/// An identifier in the usual form; `counter` makes it unique in the run.
fn random(counter: u64) -> String {
    let number = u128::from(counter) | u128::from(std::process::id()) << 64;
    let text = format!("{number:032x}");
    format!("{}-{}-4000-8000-{}", &text[..8], &text[12..16], &text[20..])
}

impl Inner {
    /// The identifier, with a number behind it from the second time on.
    fn unused(&mut self, uuid: &str) -> String {
        let count = self.used.entry(uuid.to_string()).or_default();
        *count += 1;
        if *count == 1 { uuid.to_string() } else { format!("{uuid}_{count}") }
    }

    fn event(&mut self, name: &str, data: Dict, uuid: Option<&str>) {
        self.counter += 1;
        let uuid = match uuid {
            Some(uuid) => self.unused(uuid),
            None => random(self.counter),
        };
        let mut all = self.playbook.clone();
        all.extend(&self.play);
        all.extend(&data);
        let stdout = std::mem::take(&mut self.printed);
        let count = stdout.matches('\n').count() as u64;
        let mut event = Dict::new();
        event.insert("uuid", uuid.as_str());
        event.insert("counter", self.counter);
        event.insert("stdout", self.redactor.mask(stdout.trim_end_matches('\n')).as_ref());
        event.insert("start_line", self.lines);
        event.insert("end_line", self.lines + count);
        event.insert("runner_ident", self.ident.as_str());
        event.insert("event", name);
        let parent = ["task_uuid", "play_uuid", "playbook_uuid"]
            .into_iter()
            .filter_map(|key| all.get(key).and_then(Value::as_str))
            .find(|parent| *parent != uuid && !uuid.starts_with(&format!("{parent}_")))
            .map(str::to_string);
        if let Some(parent) = parent {
            event.insert("parent_uuid", parent);
        }
        all.insert("uuid", uuid.as_str());
        event.insert("pid", std::process::id());
        event.insert("created", jiff::Timestamp::now().to_string());
        event.insert("event_data", all);
        self.lines += count;
        let text = json::write(&Value::Dict(event), Style { ascii: true, ..Style::default() });
        let text = self.redactor.mask(&text).into_owned();
        let path = self.folder.join("job_events").join(format!("{}-{uuid}.json", self.counter));
        // A full disk must not end the run; what is missing is seen by its counter.
        let _saved = save(&path, &text)
            .and_then(|()| self.stream.write_all(text.as_bytes()))
            .and_then(|()| self.stream.write_all(b"\n"));
    }
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

impl Callback for Artifacts {
    /// Must be told behind the callback that prints, so that the text belongs to the event.
    #[expect(clippy::too_many_lines, reason = "one arm for each event")]
    fn on(&mut self, event: &Event) {
        let mut inner = self.inner();
        match event {
            Event::PlaybookStart(info) => {
                inner.playbook = Dict::new();
                inner.play = Dict::new();
                inner.playbook.insert("playbook", info.file.as_str());
                inner.playbook.insert("playbook_uuid", info.uuid.as_str());
                inner.event("playbook_on_start", Dict::new(), Some(&info.uuid));
            }
            Event::PlayStart(play) => {
                inner.play = Dict::new();
                inner.play.insert("play", play.name.as_str());
                inner.play.insert("play_uuid", play.uuid.as_str());
                inner.play.insert("play_pattern", play.pattern.join(","));
                let mut data = Dict::new();
                data.insert("name", play.name.as_str());
                data.insert("pattern", play.pattern.join(","));
                inner.event("playbook_on_play_start", data, Some(&play.uuid));
            }
            Event::NoHostsMatched => inner.event("playbook_on_no_hosts_matched", Dict::new(), None),
            Event::NoHostsRemaining => inner.event("playbook_on_no_hosts_remaining", Dict::new(), None),
            Event::TaskStart(task) => {
                let mut data = task_data(task);
                data.insert("name", task.name.as_str());
                data.insert("is_conditional", task.handler);
                inner.event("playbook_on_task_start", data, Some(&task.uuid));
            }
            Event::HostStart(task, host) => {
                let mut data = task_data(task);
                data.insert("host", Value::str(host.clone()));
                inner.event("runner_on_start", data, None);
            }
            Event::Result(result) => {
                if let Some(diff) = result.result.get("diff").filter(|diff| diff.truthy()) {
                    let mut data = task_data(&result.task);
                    data.insert("host", Value::str(result.host.clone()));
                    data.insert("diff", diff.clone());
                    inner.event("runner_on_file_diff", data, None);
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
                inner.event(name, data, None);
            }
            Event::Item(result) => {
                let name = match result.status {
                    Status::Ok => "runner_item_on_ok",
                    Status::Skipped => "runner_item_on_skipped",
                    Status::Failed { .. } | Status::Unreachable { .. } => "runner_item_on_failed",
                };
                inner.event(name, result_data(result), None);
            }
            Event::Retry(result) => inner.event("runner_retry", result_data(result), None),
            Event::AsyncPoll(result) => inner.event("runner_on_async_poll", result_data(result), None),
            Event::AsyncEnd(result) => {
                let failed = matches!(result.status, Status::Failed { .. });
                let name = if failed { "runner_on_async_failed" } else { "runner_on_async_ok" };
                inner.event(name, result_data(result), None);
            }
            Event::Included { what, .. } => {
                inner.event(
                    "playbook_on_include",
                    [("included_file", what.as_str())].into_iter().collect(),
                    None,
                );
            }
            Event::Notified { handler, host } => {
                let data = [("handler", handler.as_str()), ("host", host)].into_iter().collect();
                inner.event("playbook_on_notify", data, None);
            }
            Event::Stats(stats) => inner.event("playbook_on_stats", host_counts(stats), None),
            Event::Warning(_) => inner.event("warning", Dict::new(), None),
            Event::Deprecated(_) => inner.event("deprecated", Dict::new(), None),
            Event::Error(_) => inner.event("error", Dict::new(), None),
            Event::Prompted(_) | Event::Verbose { .. } => {}
        }
    }
}
