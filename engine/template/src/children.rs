//! Programs that lookups have started: those still running must not outlive the run.

use std::{
    io,
    os::unix::process::CommandExt,
    process::{Command, Output, Stdio},
    sync::{Mutex, PoisonError},
};

use rustix::process::{Pid, Signal, kill_process_group};

#[derive(Default)]
struct Children {
    running: Vec<u32>,
    /// The run is being ended: nothing is started any more.
    ended: bool,
}

static CHILDREN: Mutex<Children> = Mutex::new(Children { running: Vec::new(), ended: false });

/// Run the command to its end, in a process group of its own; what it prints.
pub(crate) fn output(command: &mut Command) -> io::Result<Output> {
    let child = {
        let mut children = CHILDREN.lock().unwrap_or_else(PoisonError::into_inner);
        if children.ended {
            return Err(io::Error::from(io::ErrorKind::Interrupted));
        }
        let child = command.stdout(Stdio::piped()).process_group(0).spawn()?;
        children.running.push(child.id());
        child
    };
    let id = child.id();
    let output = child.wait_with_output();
    let mut children = CHILDREN.lock().unwrap_or_else(PoisonError::into_inner);
    children.running.retain(|running| *running != id);
    output
}

/// End the programs of all lookups that are at work, and start no more.
pub fn end_children() {
    let mut children = CHILDREN.lock().unwrap_or_else(PoisonError::into_inner);
    children.ended = true;
    for id in &children.running {
        if let Some(pid) = i32::try_from(*id).ok().and_then(Pid::from_raw) {
            // One that has just ended needs no signal.
            let _gone = kill_process_group(pid, Signal::TERM);
        }
    }
}
