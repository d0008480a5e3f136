//! Modules that an action runs by their names, as a task would: native ones, the tree's own, those of collections.

use std::{future::poll_fn, pin::Pin, sync::Arc, task::Poll, time::Duration};

use rustible_playbook::{Catalog, Found, Task};
use rustible_protocol::{Dict, Text, Value};
use rustible_source::Diagnostic;

use super::{Job, Settled, attempts::Attempt, background, foreign, item::Ready, modules};
use crate::{
    action::{Context, Failure},
    keyword::text_of,
};

/// How often a job in the background is looked at.
const LOOK: Duration = Duration::from_millis(100);

/// Work that is under way.
type Running<'r, T> = Pin<Box<dyn Future<Output = T> + Send + 'r>>;

/// What comes of a module.
type Ending = Result<Ended, Failure>;

/// What runs as the module of a name.
pub(super) enum Code {
    Foreign(String),
    Native(String),
}

impl Code {
    fn full(&self) -> &str {
        match self {
            Self::Foreign(full) | Self::Native(full) => full,
        }
    }
}

/// What there is under a name.
pub(super) fn resolve(job: &Job, name: &str) -> Option<Code> {
    let registry = &job.runner.registry;
    let short = name.strip_prefix("ansible.legacy.").unwrap_or(name);
    let legacy = format!("ansible.legacy.{short}");
    // An action often runs the module of its own name.
    let own = if short.contains('.') { short } else { legacy.as_str() };
    let builtin = format!("ansible.builtin.{short}");
    if registry.foreign().has_module(own) && registry.module(&builtin).is_none() {
        return Some(Code::Foreign(own.to_string()));
    }
    let collections: Vec<&Text> = job.frame().collections();
    let full = match registry.find(short, &collections) {
        Found::Known(full) => full,
        _ => builtin,
    };
    if registry.module(&full).is_some() {
        return Some(Code::Native(full));
    }
    registry.foreign().has_module(&full).then_some(Code::Foreign(full))
}

/// What is said of a name under which there is none.
pub(super) fn missing(name: &str) -> String {
    format!("The module {name} was not found in configured module paths")
}

/// Run the module with these arguments and keywords where the task runs.
pub(super) fn run<'r>(
    job: &'r Job,
    ready: &'r Ready,
    code: &'r Code,
    args: Dict,
    settled: Settled,
) -> Running<'r, Attempt> {
    let other = Ready {
        scope: ready.scope.clone(),
        place: ready.place.clone(),
        settled,
        written: args.clone(),
        args: args.clone(),
        delegate: ready.delegate.clone(),
    };
    Box::pin(async move {
        match code {
            Code::Foreign(full) => foreign::run(job, &other, full, args).await,
            Code::Native(full) => modules::run(job, &other, full).await,
        }
    })
}

/// How a module ended that an action ran by its name.
#[derive(Debug)]
pub struct Ended {
    /// Its result.
    pub result: Dict,
    /// What is told of its failure.
    pub error: Option<String>,
}

impl Context<'_> {
    /// The full name of the module that a name means.
    ///
    /// # Errors
    /// When there is none.
    pub fn full_name(&self, name: &str) -> Result<String, Failure> {
        let code = resolve(self.job, name).ok_or_else(|| Diagnostic::new(missing(name)))?;
        Ok(code.full().to_string())
    }

    /// Run modules by their names where the task runs, all at once: names, arguments, and the seconds after which each is
    /// ended, 0 for never. The ends come in the order of the names.
    ///
    /// # Errors
    /// When there is no such module, or the host cannot be reached; a failing module is a result with `failed`.
    pub async fn named(&self, calls: Vec<(String, Dict, u64)>) -> Result<Vec<Ended>, Failure> {
        let mut running: Vec<Result<Running<'_, Ending>, Ending>> =
            calls.into_iter().map(|(name, args, limit)| Ok(self.one(name, args, limit))).collect();
        poll_fn(|wakes| {
            for slot in &mut running {
                if let Ok(call) = slot
                    && let Poll::Ready(ended) = call.as_mut().poll(wakes)
                {
                    *slot = Err(ended);
                }
            }
            if running.iter().any(Result::is_ok) { Poll::Pending } else { Poll::Ready(()) }
        })
        .await;
        running.into_iter().filter_map(Result::err).collect()
    }

    fn one(&self, name: String, args: Dict, limit: u64) -> Running<'_, Ending> {
        Box::pin(self.named_one(name, args, limit))
    }

    async fn named_one(&self, name: String, args: Dict, limit: u64) -> Ending {
        let code = resolve(self.job, &name).ok_or_else(|| Diagnostic::new(missing(&name)))?;
        let settled = Settled { background: limit, poll: 0, ..self.settled.clone() };
        // A refusal names the module, not the action that runs it.
        let task = Task { action: Text::untrusted(name.as_str()), ..(*self.job.task).clone() };
        let job = Job { task: Arc::new(task), ..self.job.clone() };
        let attempt = run(&job, self.ready, &code, args, settled).await;
        if attempt.unreachable {
            let error = attempt.error.unwrap_or_default();
            return Err(Failure::Unreachable { message: error.message, hint: error.help });
        }
        if attempt.raised {
            return Err(attempt.error.unwrap_or_default().into());
        }
        let Some(Value::Str(id)) = attempt.result.get("ansible_job_id").filter(|_| limit > 0) else {
            return Ok(ended(attempt));
        };
        let folder = background::folder(self.job, self.ready)?;
        loop {
            tokio::time::sleep(LOOK).await;
            let mut result = background::ask(self.job, self.ready, id, "status", &folder).await?;
            if result.get("finished").is_some_and(Value::truthy) {
                // What is left there is of no more use; that it stays is no failure of the task.
                let _ = background::ask(self.job, self.ready, id, "cleanup", &folder).await;
                // Nobody asked for a job: what it says of itself is not shown.
                for key in ["started", "results_file"] {
                    result.remove(key);
                }
                for key in ["stdout", "stdout_lines", "stderr", "stderr_lines"] {
                    if !result.get(key).is_some_and(Value::truthy) {
                        result.remove(key);
                    }
                }
                return Ok(ended(super::dispatch::attempt(Ok(result), Vec::new())));
            }
        }
    }
}

fn ended(attempt: Attempt) -> Ended {
    let failed = attempt.result.get("failed").is_some_and(Value::truthy);
    let error = failed.then(|| match &attempt.error {
        Some(error) => {
            let told = error.render();
            let told = ["Task failed: ", "Module failed: ", "Action failed: "]
                .iter()
                .fold(told.as_str(), |told, prefix| told.strip_prefix(prefix).unwrap_or(told));
            told.to_string()
        }
        None => attempt.result.get("msg").map(text_of).unwrap_or_default(),
    });
    Ended { result: attempt.result, error }
}
