//! The end of a call, asked for from outside: by the controller, a time-out, or a closed connection.
//!
//! Whoever runs a call holds a [`Cancel`]; whoever starts processes for it announces their process groups, so that
//! they can be ended with it. The token itself ends nothing: it only knows.

use std::{
    collections::BTreeSet,
    sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

/// Why a call is to end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reason {
    /// The controller asked for it, or is gone.
    Cancelled,
    /// The task's `timeout` has passed.
    TimedOut,
}

/// A token shared by everything that works on one call. Clones are the same token.
#[derive(Debug, Clone, Default)]
pub struct Cancel(Arc<Shared>);

#[derive(Debug, Default)]
struct Shared {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Debug, Default)]
struct State {
    reason: Option<Reason>,
    groups: BTreeSet<u32>,
}

/// A running process group; forgotten when this is dropped, which is when its leader has been waited for.
#[derive(Debug)]
pub struct Running {
    token: Cancel,
    group: u32,
}

impl Cancel {
    /// Ask for the end and return the process groups that run now. The first reason stays.
    pub fn cancel(&self, reason: Reason) -> Vec<u32> {
        let mut state = self.lock();
        state.reason.get_or_insert(reason);
        self.0.changed.notify_all();
        state.groups.iter().copied().collect()
    }

    /// Why the call is to end; `None` while it may go on.
    #[must_use]
    pub fn reason(&self) -> Option<Reason> {
        self.lock().reason
    }

    /// Whether the call is to end.
    #[must_use]
    pub fn is_cancelled(&self) -> bool {
        self.reason().is_some()
    }

    /// Announce a process group (its leader's id). It is for the caller to end it at once when the token is cancelled
    /// already: [`Cancel::is_cancelled`] right after this.
    #[must_use]
    pub fn started(&self, group: u32) -> Running {
        self.lock().groups.insert(group);
        Running { token: self.clone(), group }
    }

    /// Process groups that run now.
    #[must_use]
    pub fn groups(&self) -> Vec<u32> {
        self.lock().groups.iter().copied().collect()
    }

    /// Sleep that ends early when the call is cancelled; `true` when it was.
    #[must_use]
    pub fn sleep(&self, time: Duration) -> bool {
        let end = Instant::now() + time;
        let mut state = self.lock();
        while state.reason.is_none() {
            let Some(left) = end.checked_duration_since(Instant::now()).filter(|left| !left.is_zero()) else {
                return false;
            };
            state = self.0.changed.wait_timeout(state, left).unwrap_or_else(PoisonError::into_inner).0;
        }
        true
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.token.lock().groups.remove(&self.group);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sleep_ends_when_the_call_is_cancelled_and_the_running_groups_are_told() {
        let token = Cancel::default();
        let _one = token.started(17);
        drop(token.started(18));
        let other = token.clone();
        let sleeper = std::thread::spawn(move || other.sleep(Duration::from_secs(30)));
        assert_eq!(token.cancel(Reason::TimedOut), [17]);
        assert_eq!(token.cancel(Reason::Cancelled), [17]);
        assert!(sleeper.join().unwrap());
        assert_eq!(token.reason(), Some(Reason::TimedOut));
    }
}
