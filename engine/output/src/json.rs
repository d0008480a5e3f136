//! `ansible.posix.json` and `ansible.posix.jsonl`: the run for other programs, as one JSON text at its end or as one line an
//! event.

use std::{collections::HashMap, sync::Arc, time::SystemTime};

use rustible_protocol::{
    Dict, Value,
    event::{Callback, Event, PlayInfo, Stats, Status, TaskInfo, TaskResult},
    json::{self, Style},
};

use crate::{
    display::{Display, Sink},
    settings::Settings,
};

/// When the text is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// One text at the end.
    Whole,
    /// A line for each event.
    Lines,
}

/// A task that has begun: once for all hosts, or with strategies that let hosts go ahead once for each.
struct Task {
    about: Dict,
    hosts: Dict,
}

/// A play that has begun.
struct Play {
    about: Dict,
    /// Hosts go from task to task together.
    lockstep: bool,
    tasks: Vec<Task>,
}

/// Collects a run, or tells of it line by line.
pub struct Json {
    form: Form,
    settings: Settings,
    display: Display,
    plays: Vec<Play>,
    /// Where a host's task is, in plays without lockstep.
    places: HashMap<(Arc<str>, String), usize>,
}

impl Json {
    /// A callback on that display.
    #[must_use]
    pub fn new(form: Form, settings: Settings, display: Display) -> Self {
        Self { form, settings, display, plays: Vec::new(), places: HashMap::new() }
    }

    fn play(&mut self, info: &PlayInfo) {
        let about = about(&info.name, &info.uuid, &info.path, SystemTime::now());
        let play = Play { about, lockstep: info.lockstep, tasks: Vec::new() };
        let shown = play.value(false);
        self.plays.push(play);
        self.line("v2_playbook_on_play_start", shown);
    }

    fn begin(&mut self, info: &TaskInfo, event: &str, at: SystemTime) -> Option<usize> {
        let task = Task { about: about(&info.name, &info.uuid, &info.path, at), hosts: Dict::new() };
        let shown = task.value();
        let play = self.plays.last_mut()?;
        play.tasks.push(task);
        let place = play.tasks.len() - 1;
        self.line(event, shown);
        Some(place)
    }

    fn lockstep(&self) -> bool {
        self.plays.last().is_some_and(|play| play.lockstep)
    }

    fn result(&mut self, result: &TaskResult) {
        let (event, flag) = match result.status {
            Status::Ok => ("v2_runner_on_ok", None),
            Status::Failed { .. } => ("v2_runner_on_failed", Some("failed")),
            Status::Skipped => ("v2_runner_on_skipped", Some("skipped")),
            Status::Unreachable { .. } => ("v2_runner_on_unreachable", None),
        };
        let mut entry = result.result.clone();
        if let Some(flag) = flag {
            entry.insert(flag, true);
        }
        entry.insert("action", result.task.action.as_str());
        let mut place = self.places.remove(&(result.host.clone(), result.task.uuid.clone()));
        if place.is_none() && !self.lockstep() {
            place = self.begin(&result.task, "v2_runner_on_start", result.started);
        }
        let Some(play) = self.plays.last_mut() else { return };
        let last = play.tasks.len().checked_sub(1);
        let Some(task) = place.or(last).and_then(|place| play.tasks.get_mut(place)) else { return };
        let ended = stamp(SystemTime::now());
        finish(&mut task.about, &ended);
        let shown = match self.form {
            Form::Whole => {
                task.hosts.insert(&*result.host, entry);
                None
            }
            Form::Lines => {
                let mut shown = task.value();
                shown.insert("hosts", [(&*result.host, Value::Dict(entry))].into_iter().collect::<Dict>());
                Some(shown)
            }
        };
        finish(&mut play.about, &ended);
        if let Some(shown) = shown {
            self.line(event, shown);
        }
    }

    fn end(&self, stats: &Stats) {
        let mut out = Dict::new();
        let hosts = stats.hosts.iter().map(|(host, counts)| {
            let counts: Dict = [
                ("ok", counts.ok),
                ("changed", counts.changed),
                ("unreachable", counts.unreachable),
                ("failures", counts.failed),
                ("skipped", counts.skipped),
                ("rescued", counts.rescued),
                ("ignored", counts.ignored),
            ]
            .into_iter()
            .map(|(name, count)| (name, Value::Int(count.cast_signed())))
            .collect();
            (&**host, Value::Dict(counts))
        });
        out.insert("stats", hosts.collect::<Dict>());
        let shown = |name: &String| self.settings.custom_stats && name != "_run";
        let custom = stats.custom.iter().filter(|(name, _)| shown(name));
        out.insert(
            "custom_stats",
            custom.map(|(name, data)| (name.as_str(), Value::Dict(data.clone()))).collect::<Dict>(),
        );
        let global = stats.custom.get("_run").filter(|_| self.settings.custom_stats).cloned();
        out.insert("global_custom_stats", global.unwrap_or_default());
        match self.form {
            Form::Whole => {
                let plays: Vec<Value> = self.plays.iter().map(|play| Value::Dict(play.value(true))).collect();
                out.insert("plays", plays);
                self.write(out);
            }
            Form::Lines => self.line("v2_playbook_on_stats", out),
        }
    }

    fn line(&self, event: &str, mut entry: Dict) {
        if self.form == Form::Lines {
            entry.insert("_event", event);
            entry.insert("_timestamp", stamp(SystemTime::now()));
            self.write(entry);
        }
    }

    fn write(&self, entry: Dict) {
        let tight = self.form == Form::Lines;
        let style = Style { indent: self.settings.json_indent, sort_keys: true, ascii: true, tight };
        self.display.line(&json::write(&Value::Dict(entry), style), None);
    }
}

impl Play {
    fn value(&self, whole: bool) -> Dict {
        let tasks: Vec<Value> = match whole {
            true => self.tasks.iter().map(|task| Value::Dict(task.value())).collect(),
            false => Vec::new(),
        };
        [("play", Value::Dict(self.about.clone())), ("tasks", tasks.into())].into_iter().collect()
    }
}

impl Task {
    fn value(&self) -> Dict {
        let about = Value::Dict(self.about.clone());
        [("task", about), ("hosts", Value::Dict(self.hosts.clone()))].into_iter().collect()
    }
}

fn about(name: &str, uuid: &str, path: &str, at: SystemTime) -> Dict {
    let duration: Dict = [("start", Value::from(stamp(at)))].into_iter().collect();
    let text = |value: &str| Value::from(value);
    [("name", text(name)), ("id", text(uuid)), ("path", text(path)), ("duration", Value::Dict(duration))]
        .into_iter()
        .collect()
}

fn finish(about: &mut Dict, stamp: &str) {
    let mut duration = about.get("duration").and_then(Value::as_dict).cloned().unwrap_or_default();
    duration.insert("end", stamp);
    about.insert("duration", duration);
}

/// A time in UTC with microseconds.
fn stamp(time: SystemTime) -> String {
    let time = jiff::Timestamp::try_from(time).unwrap_or_default();
    time.strftime("%Y-%m-%dT%H:%M:%S%.6fZ").to_string()
}

impl Callback for Json {
    fn on(&mut self, event: &Event) {
        match event {
            Event::PlayStart(info) => self.play(info),
            Event::TaskStart(info) if self.lockstep() => {
                let event = match info.handler {
                    true => "v2_playbook_on_handler_task_start",
                    false => "v2_playbook_on_task_start",
                };
                self.begin(info, event, SystemTime::now());
            }
            Event::HostStart(info, host) if !self.lockstep() => {
                if let Some(place) = self.begin(info, "v2_runner_on_start", SystemTime::now()) {
                    self.places.insert((host.clone(), info.uuid.clone()), place);
                }
            }
            Event::Result(result) => self.result(result),
            Event::Stats(stats) => self.end(stats),
            Event::Warning(text) => self.display.warning(text),
            Event::Error(text) => self.display.error(Sink::Err, text),
            _ => {}
        }
    }
}
