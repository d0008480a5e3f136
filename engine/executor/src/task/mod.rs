//! One task on one host: loop, conditions, arguments, dispatch, attempts, result.

mod arguments;
mod attempts;
mod background;
mod conditions;
mod dispatch;
mod foreign;
mod heard;
mod item;
mod loops;
mod modules;
mod named;
mod outcome;
mod python;
mod register;
mod settle;

use std::{sync::Arc, time::SystemTime};

use rustible_playbook::{Frame, Task};
use rustible_protocol::{Dict, Text, Value, event::Status, event::TaskInfo};
use rustible_source::Diagnostic;
use rustible_template::{Env, Scope, Templar};
use rustible_vars::TaskScope;

use crate::{action::Effect, play::PlayRun, run::Runner};

pub(crate) use arguments::defaults;
pub(crate) use conditions::all_true;
pub(crate) use heard::Heard;
pub(crate) use item::Ready;
pub use named::Ended;
pub(crate) use outcome::{censored, event, public, registered};
pub(crate) use python::once_for_all;
pub use register::sub_events;
pub use settle::Settled;

/// What is needed to run a task on a host.
#[derive(Clone)]
pub(crate) struct Job {
    pub(crate) runner: Arc<Runner>,
    pub(crate) play: Arc<PlayRun>,
    pub(crate) task: Arc<Task>,
    pub(crate) info: Arc<TaskInfo>,
    pub(crate) host: Arc<str>,
    /// Variables of this job alone, set at the debugger's prompt.
    pub(crate) locals: Dict,
    /// What is warned of meanwhile.
    pub(crate) heard: Heard,
}

/// What a dynamic include asks for, for one host and item.
#[derive(Debug, Clone, Default)]
pub struct Include {
    /// Arguments, rendered.
    pub args: Dict,
    /// Loop variables, seen by what is included.
    pub vars: Dict,
    /// The item's label.
    pub label: Option<String>,
}

/// The end of a task on a host.
#[derive(Debug, Default)]
pub struct Finished {
    /// The host.
    pub host: Arc<str>,
    /// How it ended; `None` only before it has.
    pub status: Option<Status>,
    /// The whole result, uncensored.
    pub result: Dict,
    /// What went wrong, with its places.
    pub error: Option<Diagnostic>,
    /// Handlers to notify, by each changed item.
    pub notify: Vec<String>,
    /// What is to happen now that it ended well.
    pub effects: Vec<Effect>,
    /// Facts that modules returned, for this host or its delegate.
    pub facts: Dict,
    /// Dynamic includes to go into.
    pub includes: Vec<Include>,
    /// The delegate's name and address.
    pub delegate: Option<(Arc<str>, String)>,
    /// Facts belong to the delegate (`delegate_facts`).
    pub delegate_facts: bool,
    /// Warnings of the result that are told otherwise than they stand there, and how.
    pub(crate) rendered: Vec<(String, String)>,
    /// Its errors are ignored, if there are any.
    pub ignores_errors: bool,
    /// Differences are wanted.
    pub diff: bool,
    /// The result may not be shown.
    pub no_log: bool,
    /// It was a loop.
    pub looped: bool,
    /// The action's full name, where it came out of a template.
    pub resolved: Option<String>,
    /// What the expressions under `register` came to.
    pub registered: Vec<(Text, Value)>,
    /// When it began.
    pub started: Option<SystemTime>,
    /// Label of an item.
    pub label: Option<String>,
}

impl Finished {
    /// Whether it failed, ignored or not.
    #[must_use]
    pub fn failed(&self) -> bool {
        matches!(self.status, Some(Status::Failed { .. }))
    }
    /// Whether it takes the host out of the play, unless something rescues it.
    #[must_use]
    pub fn counts_as_failure(&self) -> bool {
        matches!(
            self.status,
            Some(Status::Failed { ignored: false } | Status::Unreachable { ignored: false })
        )
    }
    /// Warnings of the result as they are told.
    pub(crate) fn told(&self, warnings: &[Value]) -> Vec<String> {
        let mut rendered: Vec<&(String, String)> = self.rendered.iter().collect();
        let mut told = Vec::new();
        for warning in warnings {
            let text = rustible_template::deprecation::text(warning);
            told.push(match rendered.iter().position(|(summary, _)| *summary == text) {
                Some(at) => rendered.remove(at).1.clone(),
                None => text,
            });
        }
        told.retain(|text| !text.is_empty());
        told
    }

    /// Whether callbacks are told of differences.
    pub(crate) fn differs(&self) -> bool {
        let found = self.result.get("diff").is_some_and(|diff| !matches!(diff, Value::Null));
        self.diff && found && matches!(self.status, Some(Status::Ok))
    }
    /// Whether something was changed.
    #[must_use]
    pub fn changed(&self) -> bool {
        self.result.get("changed").is_some_and(Value::truthy)
    }
}

impl Job {
    /// What the task's templates see before a loop gives its item.
    pub(crate) fn scope(&self) -> TaskScope {
        let mut scope = self.play.scope(Some(&self.host), Some(&self.task.frame));
        for (name, value) in &self.locals {
            scope.set_local(name.clone(), value.clone());
        }
        scope
    }

    pub(crate) fn templar(&self, scope: &TaskScope) -> Templar {
        let mut env = self.heard.before(env(&self.runner, scope));
        env.action = self.task.action.as_str().into();
        Templar::new(self.runner.engine.clone(), env, Arc::new(scope.clone()))
    }

    pub(crate) fn frame(&self) -> &Arc<Frame> {
        &self.task.frame
    }

    /// Run it.
    pub(crate) async fn run(self) -> Finished {
        let started = SystemTime::now();
        let mut finished = loops::run(&self).await;
        register::settle(&self, &mut finished);
        finished.host = self.host.clone();
        finished.started = Some(started);
        finished
    }
}

/// Renders templates as a scope sees them.
pub(crate) fn templar(runner: &Arc<Runner>, scope: &TaskScope) -> Templar {
    let shown: Arc<dyn Scope> = Arc::new(scope.clone());
    Templar::new(runner.engine.clone(), env(runner, scope), shown)
}

fn env(runner: &Runner, scope: &TaskScope) -> Env {
    Env { search: scope.search_path().into(), ..runner.env.clone() }
}
