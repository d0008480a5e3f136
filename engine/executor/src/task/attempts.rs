//! The attempts of a task: `until`, `retries`, `delay`, and the words that `changed_when` and `failed_when` have.

use std::time::Duration;

use rustible_protocol::{
    Dict, Value,
    event::{Event, Status},
};
use rustible_source::Diagnostic;
use rustible_template::Scope;
use rustible_vars::TaskScope;

use super::{Finished, Job, all_true, dispatch, item::Ready, outcome, register};
use crate::action::Effect;

/// What one attempt came to.
#[derive(Default)]
pub(super) struct Attempt {
    pub(super) result: Dict,
    pub(super) effects: Vec<Effect>,
    pub(super) error: Option<Diagnostic>,
    pub(super) unreachable: bool,
    /// It broke off before it had a result: `until`, `changed_when` and `failed_when` have no say.
    pub(super) raised: bool,
    /// Facts of the host, where they are not just those of the result.
    pub(super) facts: Option<Dict>,
    /// The module failed, not what the controller does around it.
    pub(super) of_module: bool,
}

impl Attempt {
    pub(super) fn flag(&self, name: &str) -> bool {
        self.result.get(name).is_some_and(Value::truthy)
    }

    /// Who failed, as messages name it.
    pub(super) fn kind(&self) -> &'static str {
        if self.of_module { "Module failed" } else { "Action failed" }
    }
}

/// Run the action until it is good or the attempts are used up.
pub(super) async fn run(job: &Job, ready: &Ready) -> Finished {
    let until = job.frame().own("until").filter(|value| !value.is_null());
    let total = match (ready.settled.retries, until) {
        (Some(retries), _) => 1 + retries.max(0),
        (None, Some(_)) => 4,
        (None, None) => 1,
    };
    let mut number = 1;
    loop {
        let mut attempt = dispatch::run(job, ready).await;
        job.heard.keep(&mut attempt.result);
        if attempt.unreachable || attempt.raised {
            return outcome::finish(job, ready, attempt);
        }
        if total > 1 {
            attempt.result.insert("attempts", number);
        }
        judge(job, ready, &mut attempt);
        if total == 1 {
            return outcome::finish(job, ready, attempt);
        }
        let good = match until {
            None => !attempt.flag("failed"),
            Some(condition) => {
                match all_true("until", condition, &job.templar(&seen(job, ready, &attempt))) {
                    Ok(good) => good,
                    Err(error) => return outcome::broken(job, error),
                }
            }
        };
        if good {
            return outcome::finish(job, ready, attempt);
        }
        if number >= total {
            attempt.result.insert("attempts", total - 1);
            // What `failed_when` says counts for more than attempts that are used up.
            let failed = attempt.result.get("failed_when_result").is_none_or(Value::truthy);
            attempt.result.insert("failed", failed);
            return outcome::finish(job, ready, attempt);
        }
        report(job, ready, &attempt, number, total);
        tokio::time::sleep(Duration::from_secs_f64(ready.settled.delay)).await;
        number += 1;
    }
}

fn report(job: &Job, ready: &Ready, attempt: &Attempt, number: i64, total: i64) {
    let mut result = attempt.result.clone();
    result.insert("retries", total);
    result.insert("attempts", number + 1);
    if !result.contains_key("changed") {
        result.insert("changed", false);
    }
    let finished = Finished {
        status: Some(Status::Failed { ignored: false }),
        result,
        no_log: ready.settled.no_log,
        delegate: ready.delegate.clone(),
        ..Finished::default()
    };
    job.runner.emitter.emit(&Event::Retry(Box::new(outcome::event(job, &finished))));
}

/// The scope with the result under its registered name and facts in place.
fn seen(job: &Job, ready: &Ready, attempt: &Attempt) -> TaskScope {
    let mut scope = ready.scope.clone();
    if let Some(Value::Dict(facts)) = attempt.result.get("ansible_facts") {
        show_facts(job, &mut scope, facts);
    }
    show_effects(job, &mut scope, &attempt.effects);
    register::show(job, &mut scope, &attempt.result);
    scope
}

/// Let the task itself see facts that it has just learnt.
pub(super) fn show_facts(job: &Job, scope: &mut TaskScope, facts: &Dict) {
    if facts.is_empty() {
        return;
    }
    let mut all = match scope.get("ansible_facts") {
        Some(Value::Dict(known)) => known,
        _ => scope.store().namespaced.clone(),
    };
    all.extend(&rustible_vars::namespaced(facts));
    scope.set_local("ansible_facts", all);
    if job.runner.options.inject_facts {
        for (name, value) in &rustible_vars::injected(facts) {
            scope.set_local(name.clone(), value.clone().into_untrusted());
        }
    }
}

/// Let the task itself see variables that it has just set.
pub(super) fn show_effects(job: &Job, scope: &mut TaskScope, effects: &[Effect]) {
    for effect in effects {
        if let Effect::Set(facts, true) = effect {
            show_facts(job, scope, facts);
        }
        if let Effect::Set(vars, _) | Effect::Include(vars) = effect {
            for (name, value) in vars {
                scope.set_local(name.clone(), value.clone());
            }
        }
    }
}

/// `changed_when` and `failed_when`.
fn judge(job: &Job, ready: &Ready, attempt: &mut Attempt) {
    if attempt.flag("skipped") {
        return;
    }
    let changed = job.frame().own("changed_when").filter(|v| !v.is_null()).cloned();
    let failed = job.frame().own("failed_when").filter(|v| !v.is_null()).cloned();
    if changed.is_none() && failed.is_none() {
        return;
    }
    if let Some(condition) = changed {
        match all_true("changed_when", &condition, &job.templar(&seen(job, ready, attempt))) {
            Ok(flag) => {
                attempt.result.insert("changed_when_result", flag);
                attempt.result.insert("changed", flag);
            }
            Err(error) => return spoil(attempt, "changed_when", error),
        }
    }
    if let Some(condition) = failed {
        match all_true("failed_when", &condition, &job.templar(&seen(job, ready, attempt))) {
            Ok(flag) => {
                suppress(attempt, "failed_when");
                attempt.of_module = false;
                attempt.result.insert("failed_when_result", flag);
                attempt.result.insert("failed", flag);
                attempt.error =
                    flag.then(|| Diagnostic::new(outcome::FAILED_WHEN).context(attempt.kind(), None));
            }
            Err(error) => spoil(attempt, "failed_when", error),
        }
    }
}

/// An error that another one takes the place of leaves a mark.
fn suppress(attempt: &mut Attempt, keyword: &str) {
    if attempt.error.take().is_some() {
        let mark = outcome::NO_TRACEBACK;
        attempt.result.insert(format!("{keyword}_suppressed_exception"), mark);
    }
}

fn spoil(attempt: &mut Attempt, keyword: &str, error: Diagnostic) {
    suppress(attempt, keyword);
    let innermost = error.cause.as_deref().map_or_else(|| error.summary(), Diagnostic::summary);
    attempt.result.insert(format!("{keyword}_result"), innermost);
    attempt.result.insert("failed", true);
    attempt.error = Some(error.context(attempt.kind(), None));
}
