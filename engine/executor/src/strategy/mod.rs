//! The order in which hosts get to tasks, and what is done with results.

mod apply;
mod debugger;
mod free;
mod handlers;
mod include;
mod linear;
mod meta;
mod outer;

use std::sync::Arc;

pub(crate) use meta::check as check_meta;

use indexmap::IndexMap;
use rustible_playbook::{Block, Task};
use rustible_protocol::{Dict, Value, event::TaskInfo};
use rustible_source::Diagnostic;
use rustible_template::Rendered;
use tokio::sync::OwnedSemaphorePermit;

use crate::{cursor::Cursor, play::PlayRun, run::Runner, task::Finished, task::Job};

/// The hosts of a batch and where they are.
pub(crate) type Cursors = IndexMap<Arc<str>, HostState>;

/// One host of a batch.
#[derive(Debug, Clone)]
pub(crate) struct HostState {
    pub(crate) cursor: Cursor,
    pub(crate) unreachable: bool,
    /// Names that were notified and not yet looked up, in order.
    pub(crate) notifications: Vec<String>,
}

impl HostState {
    pub(crate) fn new(root: &Arc<Block>) -> Self {
        Self { cursor: Cursor::new(root), unreachable: false, notifications: Vec::new() }
    }
    /// Whether it takes no further part.
    pub(crate) fn out(&self) -> bool {
        self.unreachable || self.cursor.failed
    }
    /// Whether it counts as failed, be it that it still does what is always done or its handlers.
    pub(crate) fn lost(&self) -> bool {
        self.unreachable || self.cursor.lost()
    }
}

/// What a strategy needs.
#[derive(Clone)]
pub(crate) struct Stage {
    pub(crate) runner: Arc<Runner>,
    pub(crate) play: Arc<PlayRun>,
    /// The strategy stops at failures.
    pub(crate) debugs: bool,
}

/// Which strategy.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Strategy {
    Linear,
    /// As `linear`, with the debugger at failures.
    Debug,
    Free,
    HostPinned,
}

impl Strategy {
    /// Whether the language itself has a strategy of that name.
    pub(crate) fn is_builtin(name: &str) -> bool {
        Self::named(name).is_ok() && !name.starts_with("mitogen_")
    }

    pub(crate) fn named(name: &str) -> Result<Self, Diagnostic> {
        match name.strip_prefix("ansible.builtin.").unwrap_or(name) {
            "linear" => Ok(Self::Linear),
            "debug" => Ok(Self::Debug),
            "free" => Ok(Self::Free),
            "host_pinned" => Ok(Self::HostPinned),
            // Mitogen's are made for speed of the reference; their order is that of the plain ones.
            "mitogen_linear" => Ok(Self::Linear),
            "mitogen_free" => Ok(Self::Free),
            "mitogen_host_pinned" => Ok(Self::HostPinned),
            other => Err(Diagnostic::parse(format!("Invalid play strategy specified: {other}"), None)
                .of_kind(rustible_source::Kind::General)),
        }
    }
}

impl Strategy {
    /// Whether all hosts do a task before any gets to the next.
    pub(crate) fn in_step(self) -> bool {
        matches!(self, Self::Linear | Self::Debug)
    }
}

impl Stage {
    /// Take the hosts through the play.
    pub(crate) async fn run(
        &self,
        strategy: Strategy,
        root: &Arc<Block>,
        cursors: &mut Cursors,
    ) -> Result<(), Diagnostic> {
        match strategy {
            Strategy::Linear | Strategy::Debug => linear::run(self, root, cursors).await,
            Strategy::Free | Strategy::HostPinned => free::run(self, strategy, cursors).await,
        }
    }

    fn job(&self, task: &Arc<Task>, info: &Arc<TaskInfo>, host: &Arc<str>) -> Job {
        Job {
            runner: self.runner.clone(),
            play: self.play.clone(),
            task: task.clone(),
            info: info.clone(),
            host: host.clone(),
            locals: Dict::new(),
            heard: crate::task::Heard::default(),
        }
    }

    /// How many hosts may do a task at once by its `throttle`; `None` for no limit.
    fn throttle(&self, task: &Task, host: &Arc<str>) -> Result<Option<usize>, Diagnostic> {
        let Some(written) = task.frame.get("throttle") else { return Ok(None) };
        let wrong = |cause: Diagnostic| {
            let at = written.origin().or(task.frame.origin.as_ref());
            cause.context("Failed to convert the throttle value to an integer", at)
        };
        let templar = self.play.templar(&self.runner, Some(host), Some(&task.frame));
        let limit = match templar.render(written).map_err(wrong)? {
            Rendered::Omit | Rendered::Value(Value::Null) => 0,
            Rendered::Value(Value::Str(text)) => text.trim().parse().map_err(|_| {
                wrong(Diagnostic::new(format!("invalid literal for int() with base 10: '{text}'")))
            })?,
            Rendered::Value(other) => other.as_int().unwrap_or(0),
        };
        Ok(usize::try_from(limit).ok().filter(|limit| *limit > 0))
    }

    /// Run a task on a host when it is its turn: so many forks, so many of a throttled task.
    async fn execute(&self, job: Job, limit: Option<usize>, fork: Option<OwnedSemaphorePermit>) -> Ended {
        let throttle = limit.map(|limit| self.play.throttle(&job.task, limit));
        let _turn = match throttle {
            Some(throttle) => throttle.acquire_owned().await.ok(),
            None => None,
        };
        let fork = match fork {
            Some(fork) => Some(fork),
            None => self.runner.forks.clone().acquire_owned().await.ok(),
        };
        Ended { finished: job.run().await, _fork: fork }
    }
}

/// A result with the fork it took: the next host begins when the result has been taken.
struct Ended {
    finished: Finished,
    _fork: Option<OwnedSemaphorePermit>,
}
