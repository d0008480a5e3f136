//! What a result does: registered variables, facts, notifications, counts, failure.

use std::{
    sync::{Arc, PoisonError},
    time::SystemTime,
};

use rustible_playbook::{Kind, Task};
use rustible_protocol::{
    Dict, Value,
    event::{Event, Status},
};
use rustible_source::Diagnostic;

use super::{HostState, Stage};
use crate::{
    action::Effect,
    task::{Finished, Job, censored, public},
};

impl Stage {
    /// Take a result over. `hosts` are those it counts for: more than one for `run_once`.
    ///
    /// # Errors
    /// When it notifies what is no handler.
    pub(super) fn apply(
        &self,
        job: &Job,
        state: &mut HostState,
        finished: &Finished,
        hosts: &[Arc<str>],
    ) -> Result<(), Diagnostic> {
        self.register(job, finished, hosts);
        let status = finished.status.unwrap_or(Status::Ok);
        if matches!(status, Status::Ok)
            || matches!(status, Status::Failed { ignored: true })
            || finished.looped
        {
            self.effects(job, finished, hosts);
        }
        if matches!(status, Status::Ok | Status::Failed { .. })
            && let Some(role) = job.task.role()
        {
            let mut begun = self.play.begun_roles.lock().unwrap_or_else(PoisonError::into_inner);
            begun.insert((job.host.clone(), role.identity.clone()));
        }
        let rescued = matches!(status, Status::Failed { ignored: false }) && state.cursor.would_rescue();
        let notifies = matches!(status, Status::Ok | Status::Skipped | Status::Failed { ignored: true });
        for name in finished.notify.iter().filter(|_| notifies) {
            self.notify(job, state, name)?;
        }
        self.count(job, status, finished, rescued);
        let event = crate::task::event(job, finished);
        crate::play::PlayRun::tell(&self.runner, event, finished.differs());
        match status {
            Status::Failed { ignored: false } => {
                if rescued {
                    self.remember_failure(job, finished);
                }
                state.cursor.fail();
                if state.cursor.lost() {
                    self.out(&job.host);
                }
            }
            Status::Unreachable { ignored: false } => {
                state.unreachable = true;
                self.out(&job.host);
            }
            _ => {}
        }
        Ok(())
    }

    /// The host is no longer one of the play's.
    pub(super) fn out(&self, host: &Arc<str>) {
        self.play.scope.removed.write().unwrap_or_else(PoisonError::into_inner).insert(host.clone());
    }

    fn register(&self, job: &Job, finished: &Finished, hosts: &[Arc<str>]) {
        if let Some(projections) = job.task.projections() {
            crate::reserved::warn(&self.runner.emitter, projections);
        } else if let Some(name) = job.task.register() {
            let named = [(Value::Str(name.clone()), Value::Null)].into_iter().collect();
            crate::reserved::warn(&self.runner.emitter, &named);
        }
        let whole = job.task.register().map(|name| (name.clone(), crate::task::registered(&finished.result)));
        for (name, value) in whole.iter().chain(&finished.registered) {
            let value = if finished.no_log { secret(value.clone()) } else { value.clone() };
            for host in hosts {
                self.runner.store.set(host, &Value::Str(name.clone()), value.clone());
            }
        }
    }

    fn effects(&self, job: &Job, finished: &Finished, hosts: &[Arc<str>]) {
        let store = &self.runner.store;
        let delegate = finished.delegate.as_ref().map(|(name, _)| name.clone());
        let owners: Vec<Arc<str>> = match delegate {
            Some(delegate) if finished.delegate_facts => vec![delegate],
            _ => hosts.to_vec(),
        };
        if !finished.facts.is_empty() {
            for host in &owners {
                store.add_facts(host, &untrusted(&finished.facts));
            }
        }
        for effect in &finished.effects {
            match effect {
                Effect::Set(vars, cacheable) => {
                    crate::reserved::warn(&self.runner.emitter, vars);
                    for host in &owners {
                        for (name, value) in vars {
                            store.set(host, name, value.clone());
                        }
                        if *cacheable {
                            store.add_facts(host, vars);
                        }
                    }
                }
                Effect::Include(vars) => {
                    crate::reserved::warn(&self.runner.emitter, vars);
                    let merge = self.runner.options.merge_hashes;
                    for host in &owners {
                        let vars = rustible_inventory::combine(&store.of(host).included, vars, merge);
                        store.include(host, &vars);
                    }
                }
                Effect::Stats { data, per_host, aggregate } => {
                    let host = per_host.then_some(&*job.host);
                    self.runner.emitter.custom(host, data, *aggregate);
                }
                Effect::Reset => {}
            }
        }
    }

    fn count(&self, job: &Job, status: Status, finished: &Finished, rescued: bool) {
        let included = matches!(job.task.kind, Kind::IncludeTasks | Kind::IncludeRole);
        self.runner.emitter.count(&job.host, |stats| {
            let changed = u64::from(finished.changed());
            match status {
                Status::Ok if included => {}
                Status::Ok => {
                    stats.ok += 1;
                    stats.changed += changed;
                }
                Status::Failed { ignored: true } => {
                    stats.ok += 1;
                    stats.ignored += 1;
                    stats.changed += changed;
                }
                Status::Failed { .. } if rescued => stats.rescued += 1,
                Status::Failed { .. } => stats.failed += 1,
                Status::Skipped => stats.skipped += 1,
                Status::Unreachable { ignored: true } => {
                    stats.ok += 1;
                    stats.ignored += 1;
                }
                Status::Unreachable { .. } => stats.unreachable += 1,
            }
        });
    }

    /// `ansible_failed_task` and `ansible_failed_result` for the rescue.
    fn remember_failure(&self, job: &Job, finished: &Finished) {
        let result = if finished.no_log { censored(&finished.result) } else { public(&finished.result) };
        self.runner.store.set(&job.host, &Value::str("ansible_failed_task"), Value::Dict(described(job)));
        self.runner.store.set(
            &job.host,
            &Value::str("ansible_failed_result"),
            Value::Dict(result).into_untrusted(),
        );
    }

    pub(super) fn emit_included(&self, job: &Job, what: String, hosts: Vec<Arc<str>>, label: Option<String>) {
        let event = Event::Included { task: job.info.clone(), what, hosts, label };
        self.runner.emitter.emit(&event);
    }

    /// Tell and count a failure that the engine itself finds, and leave the host where it is.
    pub(super) fn tell_failure(&self, job: &Job, error: Diagnostic) {
        let event = crate::task::event(job, &late_failure(job, error));
        self.runner.emitter.count(&job.host, |stats| stats.failed += 1);
        self.runner.emitter.emit(&Event::Result(Box::new(event)));
    }
}

fn late_failure(job: &Job, error: Diagnostic) -> Finished {
    let mut result = Dict::new();
    result.insert("changed", false);
    result.insert("msg", error.summary());
    result.insert("failed", true);
    Finished {
        host: job.host.clone(),
        status: Some(Status::Failed { ignored: false }),
        result,
        error: Some(error),
        started: Some(SystemTime::now()),
        looped: job.task.looped.is_some(),
        ..Finished::default()
    }
}

/// A task as `ansible_failed_task` shows it.
fn described(job: &Job) -> Dict {
    let task: &Task = &job.task;
    let mut all: Dict = task.frame.attrs.clone();
    let name = job.info.role.as_ref().and_then(|role| job.info.name.strip_prefix(&format!("{role} : ")));
    let named = task.frame.own("name").is_some();
    all.insert("name", if named { name.unwrap_or(&job.info.name) } else { "" });
    // As it was written; what a template chose is known only now.
    let written = !job.task.action.may_be_template();
    all.insert("action", if written { job.task.action.as_str() } else { job.info.resolved.as_str() });
    all.insert("args", task.args.named.clone());
    match Value::Dict(all).into_untrusted() {
        Value::Dict(dict) => dict,
        _ => Dict::new(),
    }
}

fn untrusted(facts: &Dict) -> Dict {
    match Value::Dict(facts.clone()).into_untrusted() {
        Value::Dict(dict) => dict,
        _ => Dict::new(),
    }
}

/// All texts of a result that may not be shown are secrets wherever they go.
fn secret(value: Value) -> Value {
    match value {
        Value::Str(text) => Value::Str(text.with_secret(true)),
        Value::List(list) => list.iter().cloned().map(secret).collect::<Vec<_>>().into(),
        Value::Dict(dict) => {
            dict.iter().map(|(k, v)| (k.clone(), secret(v.clone()))).collect::<Dict>().into()
        }
        other => other,
    }
}
