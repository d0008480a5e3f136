//! A play as it runs: its scope, its handlers, what its hosts have done.

use std::{
    collections::{HashMap, HashSet},
    sync::{
        Arc, Mutex, PoisonError, RwLock,
        atomic::{AtomicBool, Ordering},
    },
};

use rustible_playbook::{Frame, Play, Task};
use rustible_protocol::{
    Dict, Value,
    event::{Event, PlayInfo, TaskInfo, TaskResult},
};
use rustible_template::{Rendered, Templar};
use rustible_vars::{PlayScope, TaskScope};
use tokio::sync::Semaphore;

use crate::{keyword::text_of, run::Runner, tags::Selection, task, vars_files::VarsFiles};

/// A play that runs.
pub(crate) struct PlayRun {
    pub(crate) play: Arc<Play>,
    pub(crate) info: Arc<PlayInfo>,
    pub(crate) scope: Arc<PlayScope>,
    pub(crate) selection: Selection,
    pub(crate) files: VarsFiles,
    /// Handlers as they are now: dynamic includes of roles add to them.
    pub(crate) handlers: RwLock<Arc<Vec<Arc<Task>>>>,
    /// Roles that are done, by host and identity.
    pub(crate) done_roles: Mutex<HashSet<(Arc<str>, String)>>,
    /// Roles of which a task has run, by host and identity.
    pub(crate) begun_roles: Mutex<HashSet<(Arc<str>, String)>>,
    /// `throttle` by task.
    throttles: Mutex<HashMap<String, Arc<Semaphore>>>,
    /// `meta: end_play`.
    pub(crate) ended: AtomicBool,
    pub(crate) force_handlers: bool,
}

impl PlayRun {
    /// What templates see on a host, in a frame.
    pub(crate) fn scope(&self, host: Option<&Arc<str>>, frame: Option<&Arc<Frame>>) -> TaskScope {
        let files = self.files.of(&self.scope, host, frame);
        TaskScope::new(&self.scope, host, frame, files.as_ref())
    }

    pub(crate) fn templar(
        &self,
        runner: &Arc<Runner>,
        host: Option<&Arc<str>>,
        frame: Option<&Arc<Frame>>,
    ) -> Templar {
        task::templar(runner, &self.scope(host, frame))
    }

    pub(crate) fn handlers(&self) -> Arc<Vec<Arc<Task>>> {
        self.handlers.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    pub(crate) fn add_handlers(&self, more: Vec<Arc<Task>>) {
        if more.is_empty() {
            return;
        }
        let mut handlers = self.handlers.write().unwrap_or_else(PoisonError::into_inner);
        let mut all = (**handlers).clone();
        all.extend(more);
        *handlers = Arc::new(all);
    }

    pub(crate) fn throttle(&self, task: &Task, limit: usize) -> Arc<Semaphore> {
        let mut throttles = self.throttles.lock().unwrap_or_else(PoisonError::into_inner);
        throttles.entry(task.uuid.clone()).or_insert_with(|| Arc::new(Semaphore::new(limit))).clone()
    }

    pub(crate) fn end(&self) {
        self.ended.store(true, Ordering::Relaxed);
    }

    pub(crate) fn has_ended(&self) -> bool {
        self.ended.load(Ordering::Relaxed)
    }

    /// Tell what a task did on a host, and before that what it changed.
    pub(crate) fn tell(runner: &Runner, result: TaskResult, differs: bool) {
        let result = Box::new(result);
        if differs {
            runner.emitter.emit(&Event::Diff(result.clone()));
        }
        runner.emitter.emit(&Event::Result(result));
    }

    /// A task for callbacks, its name rendered as that host sees it.
    pub(crate) fn info(&self, runner: &Arc<Runner>, task: &Task, host: Option<&Arc<str>>) -> Arc<TaskInfo> {
        let templar = self.templar(runner, host, Some(&task.frame));
        let name = match task.name() {
            None => None,
            Some(name) => {
                let (rendered, notes) = templar.replacing(name);
                notes.iter().for_each(|note| runner.emitter.warn(note.render()));
                rendered.value().map(|value| text_of(&value))
            }
        };
        let role = task.role().map(|role| role.name.clone());
        let name = name.filter(|n| !n.is_empty());
        let nameless = name.is_none();
        let shown = name.unwrap_or_else(|| unnamed(task));
        // An `include_role` stands for the role that it brings in, not for the one that it is in.
        let around = role.as_ref().filter(|_| !matches!(task.kind, rustible_playbook::Kind::IncludeRole));
        let shown = match around {
            Some(role) if !shown.starts_with(&format!("{role} : ")) => format!("{role} : {shown}"),
            _ => shown,
        };
        let flag = |keyword: &str| {
            let value = task.frame.get(keyword).and_then(|written| templar.render(written).ok());
            match value {
                Some(Rendered::Value(value)) => crate::keyword::to_bool(&value),
                _ => None,
            }
        };
        let resolved = match &task.kind {
            rustible_playbook::Kind::Action(name) => name.clone(),
            rustible_playbook::Kind::IncludeTasks => "ansible.builtin.include_tasks".into(),
            rustible_playbook::Kind::IncludeRole => "ansible.builtin.include_role".into(),
            rustible_playbook::Kind::Meta(_) | rustible_playbook::Kind::RoleComplete => {
                "ansible.builtin.meta".into()
            }
            rustible_playbook::Kind::Templated | rustible_playbook::Kind::Unsupported(_) => {
                task.action.to_string()
            }
        };
        let no_log = task.frame.get("no_log").is_some_and(|_| flag("no_log").unwrap_or(true));
        let tags =
            crate::tags::tags_of(task, &templar).map(|tags| tags.into_iter().collect()).unwrap_or_default();
        Arc::new(TaskInfo {
            uuid: task.uuid.clone(),
            play: self.info.uuid.clone(),
            name: shown,
            unnamed: nameless,
            action: task.action.to_string(),
            resolved,
            args: if no_log { Dict::new() } else { task.args.named.clone() },
            path: task.origin.as_ref().map(|o| format!("{}:{}", o.file, o.line)).unwrap_or_default(),
            role,
            collection: task.role().and_then(|role| role.collection.clone()),
            no_log,
            handler: task.handler,
            looped: task.looped.is_some(),
            event_loop: task.looped.as_ref().and_then(|looped| looped.with.clone()),
            check: flag("check_mode").unwrap_or(runner.options.check),
            tags,
        })
    }
}

/// What is the same for all batches of a play.
pub(crate) struct Setup {
    pub(crate) play: Arc<Play>,
    pub(crate) info: Arc<PlayInfo>,
    pub(crate) scope: Arc<PlayScope>,
    pub(crate) files: VarsFiles,
    pub(crate) force_handlers: bool,
    pub(crate) selection: Selection,
}

impl From<Setup> for PlayRun {
    fn from(setup: Setup) -> Self {
        Self {
            handlers: RwLock::new(Arc::new(setup.play.handlers.clone())),
            play: setup.play,
            info: setup.info,
            scope: setup.scope,
            selection: setup.selection,
            files: setup.files,
            done_roles: Mutex::default(),
            begun_roles: Mutex::default(),
            throttles: Mutex::default(),
            ended: AtomicBool::new(false),
            force_handlers: setup.force_handlers,
        }
    }
}

/// A value as a list of texts.
pub(crate) fn texts(value: &Value) -> Vec<String> {
    match value {
        Value::List(list) => list.iter().map(text_of).collect(),
        Value::Null => Vec::new(),
        other => vec![text_of(other)],
    }
}

/// How a task without a name is called: by its action, an include by its role as well.
pub(crate) fn unnamed(task: &Task) -> String {
    let role = task.args.named.get("name").or_else(|| task.args.named.get("role"));
    match role.filter(|_| matches!(task.kind, rustible_playbook::Kind::IncludeRole)) {
        Some(role) => format!("{} : {}", task.action, text_of(role)),
        None => task.action.to_string(),
    }
}
