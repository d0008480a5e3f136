//! Watching the process lists of all machines while something runs in them.

use std::collections::{BTreeSet, HashMap};
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;

use anyhow::{Context, Result, anyhow};

use crate::machine::{groups, leader_of};

/// The pause between two looks: short beside the life of a program that does something.
const PAUSE: Duration = Duration::from_millis(4);

/// All different ones that were seen.
#[derive(Default)]
pub(in crate::cli) struct Seen {
    /// Command lines, the words joined by spaces.
    pub commands: BTreeSet<String>,
    /// Settings of environments outside the controller, with the program that had them.
    pub settings: BTreeSet<(String, String)>,
}

/// A running watch.
pub(in crate::cli) struct Watch {
    stop: Arc<AtomicBool>,
    thread: JoinHandle<Seen>,
}

impl Watch {
    /// Looks again and again from now on. This computer sees the processes of all machines. Errors when no controller runs.
    pub(in crate::cli) fn start(state: &Path) -> Result<Self> {
        let leader = leader_of(state, "controller").context("the controller does not run")?;
        let controller = Some(fs::read_link(format!("/proc/{leader}/ns/pid"))?);
        let groups = groups(state);
        let stop = Arc::new(AtomicBool::new(false));
        let asked = stop.clone();
        let thread = std::thread::spawn(move || {
            let mut eyes = Eyes { controller, groups, ..Eyes::default() };
            while !asked.load(Ordering::Relaxed) {
                eyes.look();
                std::thread::sleep(PAUSE);
            }
            eyes.seen
        });
        Ok(Self { stop, thread })
    }

    /// Ends it. Errors when its thread died.
    pub(in crate::cli) fn end(self) -> Result<Seen> {
        self.stop.store(true, Ordering::Relaxed);
        self.thread.join().map_err(|_| anyhow!("the watch over the process lists died"))
    }
}

#[derive(Default)]
struct Eyes {
    /// The processes of the last look: none for one outside the machines, else its command line.
    known: HashMap<String, Option<Vec<u8>>>,
    /// The process namespace of the controller.
    controller: Option<PathBuf>,
    /// How the control groups of the lab's machines begin: another lab's processes are not looked at.
    groups: String,
    seen: Seen,
}

impl Eyes {
    fn look(&mut self) {
        let own = fs::read_link("/proc/self/ns/pid").ok();
        let mut now = HashMap::new();
        for entry in fs::read_dir("/proc").into_iter().flatten().flatten() {
            let name = entry.file_name().to_string_lossy().into_owned();
            if !name.bytes().all(|byte| byte.is_ascii_digit()) {
                continue;
            }
            let place = entry.path();
            let before = self.known.remove(&name);
            let outside = match &before {
                Some(before) => before.is_none(),
                None => !self.is_of_lab(&place, own.as_deref()),
            };
            if outside {
                now.insert(name, None);
                continue;
            }
            // A process that has just ended has nothing to read.
            let Ok(line) = fs::read(place.join("cmdline")) else { continue };
            if before.flatten().as_ref() != Some(&line) {
                self.note(&place, &line);
            }
            now.insert(name, Some(line));
        }
        self.known = now;
    }

    /// Whether a process runs in a machine of this lab. What is started from outside in the controller is in no group of its.
    fn is_of_lab(&self, place: &Path, own: Option<&Path>) -> bool {
        let space = fs::read_link(place.join("ns/pid")).ok();
        let grouped =
            || fs::read_to_string(place.join("cgroup")).is_ok_and(|all| all.contains(self.groups.as_str()));
        space.as_deref() != own && (space == self.controller || grouped())
    }

    fn note(&mut self, place: &Path, line: &[u8]) {
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        let words: Vec<String> = line.split(|byte| *byte == 0).map(text).collect();
        let program = words.first().cloned().unwrap_or_default();
        self.seen.commands.insert(words.join(" ").trim_end().to_owned());
        if fs::read_link(place.join("ns/pid")).ok() == self.controller {
            return;
        }
        let settings = fs::read(place.join("environ")).unwrap_or_default();
        let settings = settings.split(|byte| *byte == 0).filter(|one| !one.is_empty()).map(text);
        self.seen.settings.extend(settings.map(|setting| (program.clone(), setting)));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_process_outside_the_machines_is_not_noted() {
        let mut eyes = Eyes::default();
        eyes.look();
        eyes.look();
        let own = std::process::id().to_string();
        assert!(matches!(eyes.known.get(&own), Some(None)), "seen, and left aside");
    }
}
