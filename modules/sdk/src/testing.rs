//! Hosts for tests: a folder stands for `/`, commands are answered instead of run.

use std::{
    path::Path,
    sync::{Arc, Mutex, PoisonError},
};

use crate::{Call, Command, Dict, Entry, Failure, HostContext, Output, Reply, Result};

/// Commands and their answers; a command that is not among them fails the call.
#[derive(Debug, Default)]
pub struct Script {
    answers: Vec<(String, Output)>,
    asked: Mutex<Vec<String>>,
}

impl Script {
    /// A script of command lines (arguments joined by blanks) and answers.
    #[must_use]
    pub fn new(answers: Vec<(String, Output)>) -> Arc<Self> {
        Arc::new(Self { answers, asked: Mutex::default() })
    }
    /// The command lines that were asked, in order.
    #[must_use]
    pub fn asked(&self) -> Vec<String> {
        self.asked.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
    pub(crate) fn knows(&self, program: &str) -> bool {
        self.answers.iter().any(|(line, _)| line.split(' ').next() == Some(program))
    }
    pub(crate) fn answer(&self, command: &Command) -> Result<Output> {
        let line = command.argv.join(" ");
        self.asked.lock().unwrap_or_else(PoisonError::into_inner).push(line.clone());
        let found = self.answers.iter().find(|(known, _)| *known == line);
        let found = found.map(|(_, output)| output.clone());
        found.ok_or_else(|| Failure::new(format!("the script does not have the command: {line}")))
    }
}

/// Run a module on a folder that stands for `/`.
#[must_use]
pub fn run_rooted(entry: &Entry, root: &Path, args: Dict, check: bool, script: Option<Arc<Script>>) -> Reply {
    let call = Call { module: (entry.spec)().name.to_string(), args, check, diff: true, ..Call::default() };
    let context = HostContext { root: Some(root.to_path_buf()), script, ..HostContext::default() };
    crate::call(entry, &call, context)
}
