//! The debugger of tasks: a prompt behind a result, at which the task can be looked at, changed and done again.

use std::sync::{Arc, PoisonError};

use rustible_playbook::Task;
use rustible_protocol::{
    Dict, Text, Value,
    event::{HostStats, Status},
};
use rustible_template::{Scope, Templar};

use super::{Cursors, Stage};
use crate::{
    debugging::{Command, Place, failed, pretty, read},
    task::{Finished, Job, censored, public},
};

/// What happens behind the prompt.
enum Next {
    /// The result counts.
    Continue,
    /// The task, perhaps changed, is done once more in its place.
    Redo(Box<Job>),
    /// The run ends.
    Quit,
}

/// How things stood before a result was taken over.
pub(super) struct Before {
    cursors: Cursors,
    stats: HostStats,
}

impl Stage {
    /// Whether the result is one that `debugger`, the strategy or the configuration asks to stop at.
    pub(super) fn stops_at(&self, job: &Job, finished: &Finished) -> bool {
        let options = &self.runner.options.debugger;
        let (failed, unreachable) = match finished.status {
            Some(Status::Failed { ignored }) => (!ignored || !options.ignore_errors, false),
            Some(Status::Unreachable { .. }) => (false, true),
            _ => (false, false),
        };
        let keyword = job.task.frame.get("debugger").and_then(|written| {
            let rendered = job.templar(&job.scope()).render(written).ok()?.value()?;
            rendered.as_str().map(ToString::to_string)
        });
        match keyword.as_deref() {
            Some("always") => true,
            Some("never") => false,
            Some("on_failed") => failed,
            Some("on_unreachable") => unreachable,
            Some("on_skipped") => matches!(finished.status, Some(Status::Skipped)),
            _ => (options.enabled || self.debugs) && (failed || unreachable),
        }
    }

    /// How things stand, for taking the next result back.
    pub(super) fn before(&self, host: &Arc<str>, cursors: &Cursors) -> Before {
        Before { cursors: cursors.clone(), stats: self.runner.emitter.counts(host) }
    }

    /// As if the result had not come.
    fn take_back(&self, host: &Arc<str>, before: Before, cursors: &mut Cursors) {
        self.runner.emitter.count(host, |stats| {
            *stats = before.stats;
            // The reference takes one of the tasks that went well back with whatever it takes back, and recaps are compared.
            stats.ok = stats.ok.saturating_sub(1);
        });
        let mut removed = self.play.scope.removed.write().unwrap_or_else(PoisonError::into_inner);
        for (host, state) in before.cursors {
            if !state.out() {
                removed.remove(&host);
            }
            cursors.insert(host, state);
        }
    }

    /// Ask; the task as it is to be done again, with its result taken back.
    pub(super) async fn again(
        &self,
        job: &Job,
        finished: &Finished,
        before: Before,
        cursors: &mut Cursors,
    ) -> Option<Job> {
        let Next::Redo(changed) = self.debug(job.clone(), finished).await else { return None };
        self.take_back(&job.host, before, cursors);
        Some(*changed)
    }

    /// Ask the person at the terminal, until they go on.
    async fn debug(&self, job: Job, finished: &Finished) -> Next {
        let shown = if finished.no_log { censored(&finished.result) } else { public(&finished.result) };
        let mut session = Session { written: job.task.args.named.clone(), shown, job };
        let prompt = format!("[{}] TASK: {} (debug)> ", session.job.host, session.job.info.name);
        let mut last = Command::Nothing;
        loop {
            let Some(line) = self.runner.asker.line(&prompt).await else { return self.quit().await };
            let command = match read(&line) {
                // An empty line does the last one again.
                Command::Nothing => last.clone(),
                command => command,
            };
            last = command.clone();
            let told = match command {
                Command::Nothing => None,
                Command::Continue => return Next::Continue,
                Command::Redo => return Next::Redo(Box::new(session.job)),
                Command::Quit => return self.quit().await,
                Command::Help(text) => Some(text),
                Command::Update => {
                    let written = session.written.clone();
                    session.change(|args| *args = written);
                    None
                }
                Command::Print(expression) => Some(session.printed(&expression)),
                Command::Set(place, expression) => session.set(place, &expression),
                Command::Remove(place) => session.remove(place),
                Command::Run(expression) => session.value(&expression).err(),
            };
            if let Some(text) = told {
                self.runner.asker.tell(&text).await;
            }
        }
    }

    async fn quit(&self) -> Next {
        self.runner.asker.tell("User interrupted execution").await;
        self.runner.quit();
        Next::Quit
    }
}

/// A task that is looked at.
struct Session {
    job: Job,
    /// The task's arguments as its author wrote them.
    written: Dict,
    shown: Dict,
}

impl Session {
    fn change(&mut self, change: impl FnOnce(&mut Dict)) {
        let mut task = Task::clone(&self.job.task);
        change(&mut task.args.named);
        self.job.task = Arc::new(task);
    }

    fn templar(&self) -> Templar {
        let mut scope = self.job.scope();
        let vars: Dict = scope
            .names()
            .into_iter()
            .filter_map(|name| scope.get(&name).map(|value| (Value::Str(name), value)))
            .collect();
        let mut task = Dict::new();
        task.insert("name", self.job.info.name.as_str());
        task.insert("action", self.job.info.resolved.as_str());
        task.insert("args", self.job.task.args.named.clone());
        let host: Dict = [("name", Value::from(&*self.job.host))].into_iter().collect();
        for (name, value) in [("task", task), ("task_vars", vars), ("host", host)] {
            scope.set_local(name, value);
        }
        scope.set_local("result", Value::Dict(self.shown.clone()).into_untrusted());
        self.job.templar(&scope)
    }

    fn value(&self, expression: &str) -> Result<Value, String> {
        let text = Text::trusted(expression, None);
        self.templar().expression(&text).map_err(|error| failed(&error.summary()))
    }

    fn printed(&self, expression: &str) -> String {
        match expression {
            "task" => format!("TASK: {}", self.job.info.name),
            "host" => self.job.host.to_string(),
            // Arguments that cannot be rendered are what one wants to see.
            "task.args" => {
                let written = Value::Dict(self.job.task.args.named.clone());
                pretty(&self.value(expression).unwrap_or(written))
            }
            _ => self.value(expression).map_or_else(|error| error, |value| pretty(&value)),
        }
    }

    fn set(&mut self, place: Place, expression: &str) -> Option<String> {
        let value = match self.value(expression) {
            Ok(value) => value,
            Err(error) => return Some(error),
        };
        match place {
            Place::Arg(name) => self.change(|args| drop(args.insert(name, value))),
            Place::Var(name) => drop(self.job.locals.insert(name, value)),
            Place::Args => match value {
                Value::Dict(dict) => self.change(|args| *args = dict),
                _ => return Some(failed("the arguments of a task are a mapping")),
            },
        }
        None
    }

    fn remove(&mut self, place: Place) -> Option<String> {
        let mut found = false;
        match &place {
            Place::Arg(name) => self.change(|args| found = args.remove(name).is_some()),
            Place::Var(name) => found = self.job.locals.remove(name).is_some(),
            Place::Args => {
                found = true;
                self.change(|args| *args = Dict::new());
            }
        }
        (!found).then(|| failed(&format!("{} is not there", place.name())))
    }
}
