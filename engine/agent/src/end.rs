//! Ending the processes of a call: a request first, force after a moment.

use std::{
    thread,
    time::{Duration, Instant},
};

use rustible_protocol::Cancel;
use rustix::process::{Pid, Signal, kill_process_group};

/// Between the request and the force.
const GRACE: Duration = Duration::from_millis(1500);
/// For threads to clean up behind killed processes.
const CLEANUP: Duration = Duration::from_millis(1000);
const STEP: Duration = Duration::from_millis(20);

/// End the groups of one call without making anyone wait.
pub(crate) fn later(token: Cancel, groups: Vec<u32>) {
    signal(&groups, Signal::TERM);
    // Also without groups: a process may be started between the question and its end.
    let spawned = thread::Builder::new().spawn(move || {
        until(GRACE, || token.groups().is_empty());
        signal(&token.groups(), Signal::KILL);
    });
    if spawned.is_err() {
        signal(&groups, Signal::KILL);
    }
}

/// End the groups of all these calls; returns when `done` or after a moment.
pub(crate) fn now(tokens: &[Cancel], done: impl Fn() -> bool) {
    let groups = || tokens.iter().flat_map(Cancel::groups).collect::<Vec<_>>();
    signal(&groups(), Signal::TERM);
    until(GRACE, || groups().is_empty());
    signal(&groups(), Signal::KILL);
    until(CLEANUP, done);
    signal(&groups(), Signal::KILL);
}

/// Kill the groups of a call at once.
pub(crate) fn force(token: &Cancel) {
    signal(&token.groups(), Signal::KILL);
}

fn until(limit: Duration, done: impl Fn() -> bool) {
    let end = Instant::now() + limit;
    while !done() && Instant::now() < end {
        thread::sleep(STEP);
    }
}

/// A group that is gone already is what was wanted.
fn signal(groups: &[u32], signal: Signal) {
    for group in groups {
        let pid = i32::try_from(*group).ok().filter(|group| *group > 1).and_then(Pid::from_raw);
        if let Some(pid) = pid {
            let _ = kill_process_group(pid, signal);
        }
    }
}
