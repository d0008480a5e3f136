//! The controller's half of tasks: what an action is, what it sees, and what it may ask for.

use std::{path::PathBuf, sync::Arc};

use async_trait::async_trait;
use rustible_connection::{SourceFile, Target};
use rustible_playbook::Task;
use rustible_protocol::{Attachment, Call, CheckMode, Dict, Reply, Spec, Text, Value};
use rustible_source::Diagnostic;
use rustible_template::{Rendered, Templar};

use crate::{module, run::Runner, task::Finished};

/// Code that runs on the controller for a task, instead of or around a module.
#[async_trait]
pub trait Action: Send + Sync {
    /// Its full name: `ansible.builtin.template`.
    fn name(&self) -> &'static str;

    /// What it accepts.
    fn spec(&self) -> &Spec;

    /// Arguments that it renders itself, or that are no templates (`assert: that`).
    fn raw_arguments(&self) -> &'static [&'static str] {
        &[]
    }

    /// Whether it runs once for all hosts (`add_host`), on the first one.
    fn once_for_all(&self) -> bool {
        false
    }

    /// Whether arguments that it does not know are refused in its own words.
    fn names_unknown_options(&self) -> bool {
        false
    }

    /// Whether the first argument that it does not know is refused at its place, in its own words.
    fn places_unknown_options(&self) -> bool {
        false
    }

    /// Whether it checks its arguments itself, so that bad ones end the task before there is a result.
    fn checks_arguments(&self) -> bool {
        false
    }

    /// Do it.
    async fn run(&self, context: &mut Context<'_>) -> Result<Dict, Failure>;
}

/// Why an action did not succeed.
#[derive(Debug)]
pub enum Failure {
    /// It failed with this result (`failed` is set by the executor, `msg` should be there).
    Result(Dict),
    /// As [`Failure::Result`], but before there was a result that `until`, `changed_when` and `failed_when` could judge.
    Raised {
        /// What is registered.
        result: Dict,
        /// What is shown.
        error: Box<Diagnostic>,
    },
    /// It failed for a reason that has a place in the playbook.
    Error(Box<Diagnostic>),
    /// The host could not be reached.
    Unreachable {
        /// Why.
        message: String,
        /// What the user can do about it.
        hint: Option<String>,
    },
}

impl Failure {
    /// Raised with a message only.
    pub fn msg(msg: impl Into<String>) -> Self {
        let msg = msg.into();
        let error = Box::new(Diagnostic::new(msg.as_str()));
        Self::Raised { result: [("msg", Value::from(msg))].into_iter().collect(), error }
    }

    /// The same as a result that the task's conditions may judge.
    #[must_use]
    pub fn judged(self) -> Self {
        match self {
            Self::Raised { result, .. } => Self::Result(result),
            Self::Error(error) => Self::Result([("msg", Value::from(error.summary()))].into_iter().collect()),
            other => other,
        }
    }

    /// An error that the action passes on as its own message, without the advice.
    #[must_use]
    pub fn relayed(self) -> Self {
        match self {
            Self::Error(error) => {
                let text = error.summary();
                let error = Box::new(Diagnostic { apart: true, ..Diagnostic::new(text.as_str()) });
                Self::Raised { result: [("msg", Value::from(text))].into_iter().collect(), error }
            }
            other => other,
        }
    }
}

impl From<Diagnostic> for Failure {
    fn from(error: Diagnostic) -> Self {
        Self::Error(Box::new(error))
    }
}

/// What an action wants to have happened once its task ended well on the host.
#[derive(Debug, Clone)]
pub enum Effect {
    /// `set_fact`: variables of the host; `cacheable` ones are facts as well.
    Set(Dict, bool),
    /// `include_vars`.
    Include(Dict),
    /// `set_stats`.
    Stats {
        /// Values by name.
        data: Dict,
        /// For each host apart.
        per_host: bool,
        /// Add to what is there.
        aggregate: bool,
    },
    /// Connections to the host must be opened anew (`reboot`, changed groups).
    Reset,
}

/// What an action sees of its task.
pub struct Context<'a> {
    /// The run.
    pub runner: &'a Arc<Runner>,
    /// Arguments: rendered but for [`Action::raw_arguments`], aliases resolved, defaults not filled in.
    pub args: Dict,
    /// The task.
    pub task: &'a Task,
    /// The arguments as written.
    pub written: &'a Dict,
    /// Renders templates as the task sees them.
    pub templar: &'a Templar,
    /// The task's name as shown.
    pub task_name: &'a str,
    /// The host the task is for.
    pub host: &'a Arc<str>,
    /// Where modules run: the host, or the one it is delegated to.
    pub target: Target,
    /// The task with its keywords settled.
    pub settled: &'a crate::task::Settled,
    /// Folders for files that the task names, nearest first.
    pub search: Vec<PathBuf>,
    /// What the action wants to have happened.
    pub effects: Vec<Effect>,
    /// Warnings for the user, part of the result.
    pub notes: Vec<Diagnostic>,
    /// The task on its host, for modules that are run by their names.
    pub(crate) job: &'a crate::task::Job,
    /// Its keywords and arguments.
    pub(crate) ready: &'a crate::task::Ready,
}

impl Context<'_> {
    /// Whether nothing may be changed.
    #[must_use]
    pub fn check(&self) -> bool {
        self.settled.check
    }

    /// Whether differences are wanted.
    #[must_use]
    pub fn diff(&self) -> bool {
        self.settled.diff
    }

    /// What `module_defaults` around the task give to another module, rendered.
    ///
    /// # Errors
    /// When a template fails.
    pub fn module_defaults(&self, module: &str) -> Result<Dict, Failure> {
        let written = crate::task::defaults(self.task, module, self.templar, self.runner.registry.foreign())?;
        Ok(match self.templar.render(&Value::Dict(written))? {
            Rendered::Value(Value::Dict(rendered)) => rendered,
            _ => Dict::new(),
        })
    }

    /// Whether there are `module_defaults` around the task at all.
    #[must_use]
    pub fn has_module_defaults(&self) -> bool {
        self.task.frame.all("module_defaults").iter().any(|value| value.truthy())
    }

    /// Run a module where the task runs.
    ///
    /// # Errors
    /// When the host cannot be reached; a failing module is a result with `failed`.
    pub async fn module(
        &self,
        name: &str,
        args: Dict,
        files: Vec<(Attachment, SourceFile)>,
    ) -> Result<Dict, Failure> {
        let target = self.target.clone();
        self.module_on(&target, name, args, files).await
    }

    /// Run a module somewhere else.
    ///
    /// # Errors
    /// As [`Context::module`].
    pub async fn module_on(
        &self,
        target: &Target,
        name: &str,
        args: Dict,
        files: Vec<(Attachment, SourceFile)>,
    ) -> Result<Dict, Failure> {
        let (attachments, files) = files.into_iter().unzip();
        let call = Call { module: name.to_string(), args, attachments, ..self.settled.call() };
        let reply: Reply = module::call(self.runner, target, call, files).await?;
        if reply.unknown_module {
            return Err(Failure::msg(format!("the module '{name}' is not available where the task runs")));
        }
        Ok(reply.result)
    }

    /// The file of the controller that a task means: as it is when absolute, else in the folders of the task with the
    /// section (`files`, `templates`) first.
    ///
    /// # Errors
    /// When it is nowhere, with the reference's message and the places tried.
    pub fn find_file(&self, section: &str, name: &str) -> Result<PathBuf, Failure> {
        let path = PathBuf::from(expand_home(name));
        if path.is_absolute() {
            return if path.exists() { Ok(path) } else { Err(missing(name, &[])) };
        }
        let sectioned = !path.starts_with(section);
        let mut tried: Vec<PathBuf> = Vec::new();
        // Besides the task's folders the playbook's is always asked, so that it is named twice for a task of its own.
        let own = if let [only] = &self.search[..] { Some(only) } else { None };
        for folder in self.search.iter().chain(own) {
            let inside = sectioned.then(|| folder.join(section).join(&path));
            for candidate in inside.into_iter().chain([folder.join(&path)]) {
                if candidate.exists() {
                    return Ok(rustible_source::normal(&candidate));
                }
                tried.push(candidate);
            }
        }
        Err(missing(name, &tried))
    }

    /// A value rendered as the task sees it; `None` when it is `omit`.
    ///
    /// # Errors
    /// When a template fails.
    pub fn render(&self, value: &Value) -> Result<Option<Value>, Failure> {
        Ok(match self.templar.render(value)? {
            Rendered::Value(value) => Some(value),
            Rendered::Omit => None,
        })
    }

    /// A variable rendered as the task sees it; `None` when there is none.
    ///
    /// # Errors
    /// When a template in it fails.
    pub fn variable(&self, name: &str) -> Result<Option<Value>, Failure> {
        self.templar.scope().get(name).map_or(Ok(None), |written| self.render(&written))
    }

    /// An argument as text.
    #[must_use]
    pub fn text(&self, name: &str) -> Option<Text> {
        match self.args.get(name)? {
            Value::Str(text) => Some(text.clone()),
            Value::Null => None,
            other => Some(rustible_protocol::json::key_text(other).into()),
        }
    }

    /// An argument as a boolean, in any of the usual spellings.
    ///
    /// # Errors
    /// When it is none.
    pub fn flag(&self, name: &str, default: bool) -> Result<bool, Failure> {
        match self.args.get(name) {
            None | Some(Value::Null) => Ok(default),
            Some(value) => crate::keyword::to_bool(value).ok_or_else(|| {
                Failure::msg(format!(
                    "The argument '{name}' is no boolean: {}",
                    rustible_protocol::json::key_text(value)
                ))
            }),
        }
    }

    /// Poll a task that is already finished for its public result.
    #[must_use]
    pub fn finished(&self, result: Dict) -> Finished {
        Finished { result, ..Finished::default() }
    }
}

/// Whether a module may run at all in check mode; one that may not is skipped.
#[must_use]
pub fn skipped_in_check(spec: &Spec, check: bool) -> bool {
    check && spec.check == CheckMode::None
}

fn expand_home(name: &str) -> String {
    match (name.strip_prefix("~/"), std::env::var("HOME")) {
        (Some(rest), Ok(home)) => format!("{home}/{rest}"),
        _ => name.to_string(),
    }
}

fn missing(name: &str, tried: &[PathBuf]) -> Failure {
    let mut text = format!("Could not find or access '{name}'");
    if !tried.is_empty() {
        text.push_str("\nSearched in:");
        for path in tried {
            text.push_str("\n\t");
            text.push_str(&path.display().to_string());
        }
    }
    text.push_str(" on the Ansible Controller.");
    let advice =
        "If you are using a module and expect the file to exist on the remote, see the remote_src option.";
    Diagnostic::new(text).help(advice).into()
}
