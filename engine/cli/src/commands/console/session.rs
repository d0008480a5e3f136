//! What the console knows: the hosts that are chosen, the settings of tasks, and the run they go through.

use std::{
    collections::HashSet,
    path::PathBuf,
    sync::{Arc, PoisonError},
};

use rustible_executor::Runner;
use rustible_output::{Display, Redactor};
use rustible_playbook::{Catalog, Found};
use rustible_protocol::{Dict, List, Origin, Text, Value};
use rustible_source::Diagnostic;
use tokio::runtime::Runtime;

use super::commands;
use crate::{
    args::Play,
    config::Config,
    exit::fail,
    setup::{self, Ready, screen},
};

/// A console.
pub(super) struct Session {
    /// Pattern of the hosts that tasks run on.
    pub(super) pattern: String,
    /// Command line of every run.
    pub(super) play: Play,
    /// Keywords of every play: `become`, `remote_user`, `check_mode` ...
    pub(super) keywords: Dict,
    /// Seconds that a task may take; 0 for any time.
    pub(super) timeout: u32,
    /// Where messages go.
    pub(super) display: Display,
    config: Config,
    redactor: Redactor,
    folder: PathBuf,
    runner: Arc<Runner>,
    runtime: Runtime,
}

/// Tasks that are the language's own.
const STATEMENTS: [&str; 5] = ["import_role", "import_tasks", "include_role", "include_tasks", "meta"];

impl Session {
    /// A console over the inventory that the command line names.
    pub(super) fn new(
        play: Play,
        config: Config,
        redactor: Redactor,
        folder: PathBuf,
    ) -> Result<Self, Diagnostic> {
        let display = screen(&config, &redactor, None);
        let Ready { runner } = setup::run(&play, &config, display.clone(), None, &redactor)?;
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .enable_all()
            .build()
            .map_err(|error| Diagnostic::new(format!("cannot start: {error}")))?;
        let mut keywords = Dict::new();
        if play.run.check {
            keywords.insert("check_mode", true);
        }
        Ok(Self {
            pattern: "all".into(),
            play,
            keywords,
            timeout: 0,
            display,
            config,
            redactor,
            folder,
            runner,
            runtime,
        })
    }

    /// Make the run anew, because it was broken off or its settings have changed.
    pub(super) fn renew(&mut self) {
        self.runtime.block_on(self.runner.pool.shutdown());
        match setup::run(&self.play, &self.config, self.display.clone(), None, &self.redactor) {
            Ok(Ready { runner }) => self.runner = runner,
            Err(error) => drop(fail(&self.display, &error)),
        }
    }

    /// The hosts of a pattern; warns of names that are none.
    pub(super) fn hosts(&self, pattern: &str) -> Result<Vec<Arc<str>>, Diagnostic> {
        let inventory = self.runner.inventory.read().unwrap_or_else(PoisonError::into_inner);
        let chosen = inventory.select_list(&[pattern.to_string()])?;
        let mut seen = HashSet::new();
        for warning in chosen.warnings.iter().filter(|warning| seen.insert(warning.message.clone())) {
            self.display.warning(&warning.render());
        }
        Ok(chosen.hosts)
    }

    /// Names of all groups.
    pub(super) fn groups(&self) -> Vec<Arc<str>> {
        let mut names = self.runner.inventory.read().unwrap_or_else(PoisonError::into_inner).group_names();
        names.sort();
        names
    }

    /// `user@hosts (2)[f:5]$ `.
    pub(super) fn prompt(&self) -> String {
        let inventory = self.runner.inventory.read().unwrap_or_else(PoisonError::into_inner);
        let count =
            inventory.select_list(std::slice::from_ref(&self.pattern)).map_or(0, |found| found.hosts.len());
        let user = match self.text("remote_user").or_else(|| self.play.connection.user.clone()) {
            Some(user) => user,
            None => {
                std::env::var("LOGNAME").or_else(|_| std::env::var("USER")).unwrap_or_else(|_| own_name())
            }
        };
        let root = self.text("become_user").is_none_or(|user| user == "root");
        let sign = if self.keywords.get("become").is_some_and(Value::truthy) && root { '#' } else { '$' };
        let forks = self.runner.options.forks;
        format!("{user}@{} ({count})[f:{forks}]{sign} ", self.pattern)
    }

    fn text(&self, keyword: &str) -> Option<String> {
        self.keywords.get(keyword).and_then(Value::as_str).map(ToString::to_string)
    }

    /// Whether a word names something that a task can do.
    pub(super) fn is_module(&self, word: &str) -> bool {
        let plain = word.strip_prefix("ansible.builtin.").unwrap_or(word);
        STATEMENTS.contains(&plain) || !matches!(self.runner.registry.find(word, &[]), Found::Unknown)
    }

    /// What a line can begin with.
    pub(super) fn words(&self) -> Vec<String> {
        let mut words: Vec<String> = commands::NAMES.iter().map(ToString::to_string).collect();
        let modules = self.runner.registry.names();
        words.extend(
            modules.iter().filter_map(|name| name.strip_prefix("ansible.builtin.")).map(String::from),
        );
        words.extend(modules);
        words.sort();
        words.dedup();
        words
    }

    /// Run a task on the chosen hosts.
    pub(super) fn task(&mut self, module: &str, args: Dict) {
        let place = Origin::new(&format!("<console '{module}' task>").into(), 0, 0);
        let mut task = Dict::new().with_origin(Some(place.clone()));
        task.insert(Value::Str(Text::trusted(module, Some(place.clone()))), args);
        if self.timeout > 0 {
            task.insert("timeout", i64::from(self.timeout));
        }
        let mut play = self.keywords.clone();
        play.insert("name", "Ansible Shell");
        play.insert("hosts", Value::Str(Text::trusted(self.pattern.as_str(), Some(place))));
        play.insert("gather_facts", false);
        play.insert("tasks", vec![Value::Dict(task)]);
        let playbook = Value::List(List::new(vec![Value::Dict(play)]));
        let file = self.folder.join("__console_playbook__");
        let runner = self.runner.clone();
        runner.forgive();
        let outcome = self.runtime.block_on(async {
            tokio::select! {
                outcome = runner.run_value(&playbook, &file) => Some(outcome),
                _ = tokio::signal::ctrl_c() => None,
            }
        });
        match outcome {
            Some(Ok(_)) => {}
            Some(Err(error)) => drop(fail(&self.display, &error)),
            None => {
                self.display.line("User interrupted execution", None);
                self.renew();
            }
        }
    }
}

/// The name of who runs the program.
fn own_name() -> String {
    let uid = rustix::process::getuid().as_raw();
    let users = std::fs::read_to_string("/etc/passwd").unwrap_or_default();
    let own = users.lines().find(|line| line.split(':').nth(2) == Some(&uid.to_string()));
    own.and_then(|line| line.split(':').next()).map_or_else(|| uid.to_string(), ToString::to_string)
}
