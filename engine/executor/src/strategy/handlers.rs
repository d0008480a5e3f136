//! Handlers: finding those that a name or topic notifies, and running the notified ones.

use std::sync::Arc;

use rustible_playbook::{Frame, FrameKind, Task};
use rustible_protocol::event::Event;
use rustible_source::Diagnostic;
use rustible_template::Rendered;

use super::{HostState, Stage};
use crate::{keyword::text_of, task::Job};

impl Stage {
    /// Note that a host notified a name.
    ///
    /// # Errors
    /// When no handler goes by it, unless that is allowed.
    pub(super) fn notify(&self, job: &Job, state: &mut HostState, name: &str) -> Result<(), Diagnostic> {
        let found = self.notified_by(name);
        if found.is_empty() {
            let text = format!(
                "The requested handler '{name}' was not found in either the main handlers list nor in the listening handlers list"
            );
            if self.runner.options.error_on_missing_handler {
                return Err(Diagnostic::new(text));
            }
            self.runner.emitter.warn(text);
            return Ok(());
        }
        if state.cursor.in_handlers() {
            // Handlers that stand behind the running one still run in this round.
            for handler in found {
                self.mark(job, state, &handler);
            }
        } else if !state.notifications.iter().any(|n| n == name) {
            state.notifications.push(name.to_string());
            self.runner.emitter.verbose(2, None, format!("Notification for handler {name} has been saved."));
        }
        Ok(())
    }

    fn mark(&self, job: &Job, state: &mut HostState, handler: &Arc<Task>) {
        if state.cursor.notified.insert(handler.uuid.clone()) {
            let name = self.play.info(&self.runner, handler, None).name.clone();
            self.runner.emitter.emit(&Event::Notified { handler: name, host: job.host.clone() });
        }
    }

    /// Go into the handlers that were notified.
    pub(super) fn flush(&self, job: &Job, state: &mut HostState) {
        for name in std::mem::take(&mut state.notifications) {
            for handler in self.notified_by(&name) {
                self.mark(job, state, &handler);
            }
        }
        if !state.cursor.notified.is_empty() {
            state.cursor.enter_handlers(&self.play.handlers());
        }
    }

    /// The handlers that a notification means: one of that name, and all that listen to it. Handlers that were loaded
    /// later, as those of the play behind those of roles, win over earlier ones; of one list the first wins.
    fn notified_by(&self, name: &str) -> Vec<Arc<Task>> {
        let handlers = self.play.handlers();
        let ordered = || handlers.chunk_by(|a, b| std::ptr::eq(home(a), home(b))).rev().flatten();
        let mut found: Vec<Arc<Task>> = Vec::new();
        for handler in ordered() {
            let Some(own) = self.handler_name(handler) else { continue };
            if own == name || in_role(handler, &own).iter().any(|n| n == name) {
                found.push(handler.clone());
                break;
            }
        }
        let mut seen: Vec<String> = Vec::new();
        for handler in ordered() {
            if !topics(handler).iter().any(|topic| topic == name) {
                continue;
            }
            if let Some(own) = self.handler_name(handler) {
                if seen.contains(&own) {
                    continue;
                }
                seen.push(own);
            }
            if !found.iter().any(|known| known.uuid == handler.uuid) {
                found.push(handler.clone());
            }
        }
        found
    }

    /// A handler's name, rendered without a host.
    fn handler_name(&self, handler: &Task) -> Option<String> {
        let name = handler.name()?;
        let templar = self.play.templar(&self.runner, None, Some(&handler.frame));
        match templar.render(name) {
            Ok(Rendered::Value(value)) => Some(text_of(&value)),
            Ok(Rendered::Omit) => None,
            Err(error) => {
                if handler.listen.is_empty() {
                    self.runner.emitter.warn(format!(
                        "Handler '{}' is unusable because it has no listen topics and the name could not be templated (host-specific variables are not supported in handler names). The error: {}",
                        text_of(name),
                        error.summary()
                    ));
                }
                None
            }
        }
    }
}

/// What a handler listens to; templates in it are plain text.
fn topics(handler: &Task) -> Vec<String> {
    let mut topics: Vec<String> = handler.listen.iter().flat_map(crate::play::texts).collect();
    let with_role: Vec<String> = topics.iter().flat_map(|topic| in_role(handler, topic)).collect();
    topics.extend(with_role);
    topics
}

/// The play, or the use of a role, that a handler belongs to.
fn home(handler: &Task) -> &Frame {
    let frame: &Frame = &handler.frame;
    frame.chain().find(|f| matches!(f.kind, FrameKind::Play | FrameKind::Role)).unwrap_or(frame)
}

/// A name or topic of a role's handler with the role in front, under its short and its full name.
fn in_role(handler: &Task, name: &str) -> Vec<String> {
    let Some(role) = handler.role() else { return Vec::new() };
    vec![format!("{} : {name}", role.short_name()), format!("{} : {name}", role.full_name())]
}
