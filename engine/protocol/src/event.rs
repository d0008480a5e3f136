//! What the executor tells callbacks. Nothing secret is in an event: results are censored before they get here.

use std::{collections::BTreeMap, sync::Arc, time::SystemTime};

use crate::value::Dict;

/// Something that happened, in the order it is to be shown.
#[derive(Debug, Clone)]
pub enum Event {
    /// A playbook begins.
    PlaybookStart(Arc<PlaybookInfo>),
    /// A play (or the next batch of a `serial` one) begins.
    PlayStart(Arc<PlayInfo>),
    /// The play's pattern matches no host.
    NoHostsMatched,
    /// Every host of the play has failed or is unreachable.
    NoHostsRemaining,
    /// A `vars_prompt` is about to be asked: `varname`, `private`, `prompt` and its other keywords.
    Prompted(Dict),
    /// A task (or handler) begins.
    TaskStart(Arc<TaskInfo>),
    /// A task that stands in no file begins: only callbacks that ask for such hear of it.
    ImplicitStart(Arc<TaskInfo>),
    /// A host begins with the task.
    HostStart(Arc<TaskInfo>, Arc<str>),
    /// What a result changed, where differences are wanted; told before the result itself, which stands here whole.
    Diff(Box<TaskResult>),
    /// A host's final result of a task.
    Result(Box<TaskResult>),
    /// The result of one item of a loop.
    Item(Box<TaskResult>),
    /// A try failed and `until`/`retries` allows another.
    Retry(Box<TaskResult>),
    /// A background job was looked at and is not finished.
    AsyncPoll(Box<TaskResult>),
    /// A background job ended; failed or not stands in its result.
    AsyncEnd(Box<TaskResult>),
    /// A dynamic include is entered by these hosts.
    Included {
        /// The task that includes.
        task: Arc<TaskInfo>,
        /// The included file's path, or the role's name.
        what: String,
        /// The hosts, in order.
        hosts: Vec<Arc<str>>,
        /// The loop item's label.
        label: Option<String>,
    },
    /// A handler was notified (shown with `-vv`).
    Notified {
        /// Name of the handler.
        handler: String,
        /// The host that notified.
        host: Arc<str>,
    },
    /// `[WARNING]: text`, shown once.
    Warning(String),
    /// `[DEPRECATION WARNING]: text`, shown once.
    Deprecated(String),
    /// `[ERROR]: text` outside a task's result, rendered with its places.
    Error(String),
    /// A line for `-v` levels.
    Verbose {
        /// Shown from this number of `-v` on.
        level: u8,
        /// The host it is about.
        host: Option<Arc<str>>,
        /// The line.
        text: String,
    },
    /// The run of a playbook ended.
    Stats(Box<Stats>),
}

/// A playbook, for callbacks.
#[derive(Debug, Clone, Default)]
pub struct PlaybookInfo {
    /// Path as given on the command line.
    pub file: String,
    /// Number of its plays; none when it is in no file.
    pub plays: Option<usize>,
    /// Unique in the run.
    pub uuid: String,
}

/// A play, for callbacks.
#[derive(Debug, Clone, Default)]
pub struct PlayInfo {
    /// Unique in the run.
    pub uuid: String,
    /// Its name; the host pattern when it has none; empty when it has neither.
    pub name: String,
    /// Its `hosts` patterns.
    pub pattern: Vec<String>,
    /// Whether it runs in check mode.
    pub check: bool,
    /// `file:line`.
    pub path: String,
    /// Whether its hosts go from task to task together.
    pub lockstep: bool,
}

/// A task, for callbacks.
#[derive(Debug, Clone, Default)]
pub struct TaskInfo {
    /// Unique in the run.
    pub uuid: String,
    /// Uuid of its play.
    pub play: String,
    /// Name as shown, templated, with `role : ` in front; the action's name when it has none.
    pub name: String,
    /// Whether it has no name of its own.
    pub unnamed: bool,
    /// The action as written.
    pub action: String,
    /// The action's full name.
    pub resolved: String,
    /// Its arguments as written, for `display_args_to_stdout` and job runners; empty under `no_log`.
    pub args: Dict,
    /// `file:line`.
    pub path: String,
    /// Full name of the role it is in.
    pub role: Option<String>,
    /// The collection that role comes from.
    pub collection: Option<String>,
    /// Whether results may not be shown.
    pub no_log: bool,
    /// Whether it is a handler.
    pub handler: bool,
    /// Whether it is a loop.
    pub looped: bool,
    /// Its loop keyword without `with_` (`items`, `dict`), where it is one of these.
    pub event_loop: Option<String>,
    /// Whether the task (not only the play) is in check mode, where that differs.
    pub check: bool,
    /// Its tags.
    pub tags: Vec<String>,
}

/// How a task ended on a host.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Status {
    /// Done; `changed` stands in the result.
    Ok,
    /// Failed.
    Failed {
        /// `ignore_errors` lets the play go on.
        ignored: bool,
    },
    /// A condition was false.
    Skipped,
    /// The host could not be reached.
    Unreachable {
        /// `ignore_unreachable` lets the play go on.
        ignored: bool,
    },
}

/// A result of a task or of one of its items, ready to be shown.
#[derive(Debug, Clone)]
pub struct TaskResult {
    /// The task.
    pub task: Arc<TaskInfo>,
    /// Inventory name of the host.
    pub host: Arc<str>,
    /// `delegate_to`: the other host's name and its address.
    pub delegate: Option<(Arc<str>, String)>,
    /// How it ended.
    pub status: Status,
    /// What was returned: censored under `no_log`, secrets masked. Keys beginning with `_ansible_` are for callbacks
    /// (`_ansible_verbose_always`, `_ansible_no_log`, `_ansible_verbose_override`, `_ansible_delegated_vars`).
    pub result: Dict,
    /// For an item: its label as text.
    pub label: Option<String>,
    /// Whether the result is that of a whole loop, whose items were shown before.
    pub looped: bool,
    /// Warnings that came with it.
    pub warnings: Vec<String>,
    /// Deprecations that came with it, as they are told.
    pub deprecations: Vec<String>,
    /// `[ERROR]` text of a failure, rendered with its places, without the tag.
    pub error: Option<String>,
    /// When the host began with the task.
    pub started: SystemTime,
    /// When it ended.
    pub ended: SystemTime,
}

/// Counts of one host over a playbook's run.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct HostStats {
    /// Tasks that ended well, changed ones included.
    pub ok: u64,
    /// Tasks that changed something.
    pub changed: u64,
    /// Times it could not be reached.
    pub unreachable: u64,
    /// Tasks that failed and were neither ignored nor rescued.
    pub failed: u64,
    /// Tasks that were skipped.
    pub skipped: u64,
    /// Failures that a `rescue` took care of.
    pub rescued: u64,
    /// Failures that `ignore_errors` let pass.
    pub ignored: u64,
}

/// The recap.
#[derive(Debug, Clone, Default)]
pub struct Stats {
    /// By inventory name, sorted.
    pub hosts: BTreeMap<Arc<str>, HostStats>,
    /// `set_stats` for the whole run (under `_run`) and per host.
    pub custom: BTreeMap<String, Dict>,
}

/// Who is told. Calls come from one task at a time, in order.
pub trait Callback: Send {
    /// Take note of an event.
    fn on(&mut self, event: &Event);
}
