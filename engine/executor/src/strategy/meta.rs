//! `meta` actions.

use std::{
    collections::HashSet,
    sync::{Arc, PoisonError, atomic::Ordering},
};

use rustible_playbook::Task;
use rustible_protocol::{
    Dict,
    event::{Event, Status},
};
use rustible_source::{Diagnostic, nearest};

use super::{Cursors, Stage};
use crate::task::{Finished, Job, all_true};

const ACTIONS: [&str; 10] = [
    "noop",
    "flush_handlers",
    "refresh_inventory",
    "clear_facts",
    "clear_host_errors",
    "end_batch",
    "end_play",
    "end_host",
    "end_role",
    "reset_connection",
];

/// Whether the action is done for all hosts at once, by the first that gets there.
fn for_all(action: &str) -> bool {
    matches!(action, "refresh_inventory" | "clear_facts" | "clear_host_errors" | "end_batch" | "end_play")
}

fn role_name(job: &Job) -> &str {
    job.task.role().map_or("", |role| role.name.as_str())
}

/// What was done, for those who read along.
fn done(action: &str, job: &Job) -> String {
    let host = &job.host;
    match action {
        "flush_handlers" => format!("triggered running handlers for {host}"),
        "refresh_inventory" => "inventory successfully refreshed".to_string(),
        "clear_facts" => "facts cleared".to_string(),
        "clear_host_errors" => "cleared host errors".to_string(),
        "end_batch" => "ending batch".to_string(),
        "end_play" => "ending play".to_string(),
        "end_host" => format!("ending play for {host}"),
        "end_role" => format!("ending role {} for {host}", role_name(job)),
        "reset_connection" => "reset connection".to_string(),
        other => other.to_string(),
    }
}

/// Refuse an unknown action, and the end of a role where there is none.
pub(crate) fn check(action: &str, task: &Task) -> Result<(), Diagnostic> {
    if action == "end_role" && (task.handler || task.role().is_none()) {
        let place = if task.handler { "a handler" } else { "outside of a role" };
        let text = format!("Cannot execute 'end_role' from {place}");
        return Err(Diagnostic::parse(text, task.origin.as_ref()));
    }
    if ACTIONS.contains(&action) {
        return Ok(());
    }
    let error = Diagnostic::parse(format!("invalid meta action requested: {action}"), task.origin.as_ref())
        .of_kind(rustible_source::Kind::General);
    Err(match nearest(action, ACTIONS) {
        Some(near) => error.help(format!("Did you mean '{near}'?")),
        None => error,
    })
}

impl Stage {
    /// Do a meta action for these hosts, which have all got to it.
    pub(super) async fn meta(
        &self,
        action: &str,
        task: &Arc<Task>,
        hosts: &[Arc<str>],
        cursors: &mut Cursors,
    ) -> Result<(), Diagnostic> {
        check(action, task)?;
        for host in hosts {
            let info = self.play.info(&self.runner, task, Some(host));
            // An implied flush with nothing to run is no step at all.
            let idle = task.implicit
                && action == "flush_handlers"
                && cursors.get(host).is_none_or(|state| state.notifications.is_empty());
            match task.implicit {
                false => self.runner.emitter.emit(&Event::TaskStart(info.clone())),
                true if !idle => self.runner.emitter.emit(&Event::ImplicitStart(info.clone())),
                true => {}
            }
            let job = self.job(task, &info, host);
            if self.wanted(action, &job)? {
                let flushing = action == "flush_handlers";
                if flushing && cursors.get(host).is_some_and(|state| state.cursor.in_handlers()) {
                    let message = "flush_handlers cannot be used as a handler";
                    return Err(Diagnostic::new(message).at(task.origin.as_ref()));
                }
                self.act(action, &job, cursors).await;
                let text = format!("META: {}", done(action, &job));
                match task.implicit {
                    false => self.runner.emitter.verbose(2, None, text),
                    true if self.runner.options.debug && !idle => self.runner.emitter.verbose(0, None, text),
                    true => {}
                }
            } else {
                self.skip(&job, action);
            }
            if for_all(action) {
                break;
            }
        }
        Ok(())
    }

    fn wanted(&self, action: &str, job: &Job) -> Result<bool, Diagnostic> {
        let conditions = job.task.frame.all("when");
        if matches!(action, "noop" | "refresh_inventory" | "reset_connection") {
            if !conditions.is_empty() && job.task.frame.own("when").is_some() {
                self.runner.emitter.warn(format!("{action} task does not support when conditional"));
            }
            return Ok(true);
        }
        let templar = self.play.templar(&self.runner, Some(&job.host), Some(&job.task.frame));
        for condition in conditions {
            if !all_true("when", condition, &templar)? {
                return Ok(false);
            }
        }
        Ok(true)
    }

    fn skip(&self, job: &Job, action: &str) {
        let host = &job.host;
        let rest = match action {
            "flush_handlers" => format!(", not running handlers for {host}"),
            "clear_facts" => format!(", not clearing facts and fact cache for {host}"),
            "clear_host_errors" => format!(", not clearing host error state for {host}"),
            "end_batch" => ", continuing current batch".to_string(),
            "end_play" => ", continuing play".to_string(),
            "end_host" => format!(", continuing execution for {host}"),
            "end_role" => format!(", continuing role {} for {host}", role_name(job)),
            _ => String::new(),
        };
        let reason = format!("{action} conditional evaluated to False{rest}");
        let message = match action {
            "end_host" => {
                format!("end_host conditional evaluated to false, continuing execution for {host}")
            }
            _ => action.to_string(),
        };
        if job.task.implicit {
            return;
        }
        self.runner.emitter.verbose(2, None, format!("META: {reason}"));
        let mut result = Dict::new();
        result.insert("changed", false);
        result.insert("msg", message);
        result.insert("skip_reason", reason);
        result.insert("skipped", true);
        let finished =
            Finished { host: job.host.clone(), status: Some(Status::Skipped), result, ..Finished::default() };
        let event = crate::task::event(job, &finished);
        self.runner.emitter.emit(&Event::Result(Box::new(event)));
    }

    async fn act(&self, action: &str, job: &Job, cursors: &mut Cursors) {
        match action {
            "flush_handlers" => {
                if let Some(state) = cursors.get_mut(&job.host) {
                    self.flush(job, state);
                }
            }
            "clear_facts" => cursors.keys().for_each(|host| self.runner.store.clear_facts(host)),
            "clear_host_errors" => {
                for state in cursors.values_mut() {
                    state.unreachable = false;
                    state.cursor.clear();
                }
                self.play.scope.removed.write().unwrap_or_else(PoisonError::into_inner).clear();
                *self.runner.failed.lock().unwrap_or_else(PoisonError::into_inner) = HashSet::default();
                self.runner.forgiven.fetch_add(1, Ordering::Relaxed);
            }
            "end_batch" | "end_play" => {
                cursors.values_mut().for_each(|state| state.cursor.end());
                if action == "end_play" {
                    self.play.end();
                }
            }
            "end_host" => {
                if let Some(state) = cursors.get_mut(&job.host) {
                    state.cursor.end();
                }
                self.out(&job.host);
            }
            "end_role" => {
                if let (Some(state), Some(role)) = (cursors.get_mut(&job.host), job.task.role()) {
                    state.cursor.end_role(&role.identity);
                }
            }
            "reset_connection" => self.runner.reset(job).await,
            "refresh_inventory" => {
                if let Err(error) = self.runner.refresh_inventory() {
                    self.runner.emitter.emit(&Event::Error(error.render()));
                }
            }
            _ => {}
        }
    }

    /// A host gets to the end of a role: it has run there.
    pub(super) fn role_complete(&self, task: &Arc<Task>, host: &Arc<str>) {
        let info = self.play.info(&self.runner, task, Some(host));
        self.runner.emitter.emit(&Event::ImplicitStart(info));
        let Some(role) = task.role() else { return };
        let key = (host.clone(), role.identity.clone());
        if self.play.begun_roles.lock().unwrap_or_else(PoisonError::into_inner).contains(&key) {
            self.play.done_roles.lock().unwrap_or_else(PoisonError::into_inner).insert(key);
        }
    }

    /// Whether the task belongs to a role that the host has done and that may not run twice.
    pub(super) fn already_done(&self, task: &Task, host: &Arc<str>) -> bool {
        let Some(role) = task.role().filter(|role| !role.allow_duplicates && !task.handler) else {
            return false;
        };
        let key = (host.clone(), role.identity.clone());
        self.play.done_roles.lock().unwrap_or_else(PoisonError::into_inner).contains(&key)
    }
}
