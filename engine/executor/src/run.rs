//! A run: playbooks one after the other, and what all of them share.

use std::{
    collections::{HashMap, HashSet},
    path::{Path, PathBuf},
    sync::{
        Arc, Mutex, PoisonError, RwLock,
        atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering},
    },
    time::Duration,
};

use async_trait::async_trait;
use rustible_connection::{Pool, Target, Transport};
use rustible_inventory::Inventory;
use rustible_playbook::{Loader, Playbook, Source, Task, VarsPrompt};
use rustible_protocol::{
    Dict, Value,
    event::{Callback, Event, PlaybookInfo},
};
use rustible_source::Diagnostic;
use rustible_template::{Engine, Env, Patterns};
use rustible_vars::{FactCache, RunFacts, Store};
use tokio::sync::Semaphore;

use crate::{
    doors::PythonDoors,
    emitter::Emitter,
    files::{FileVault, Files},
    hosts::Hosts,
    options::Options,
    registry::Registry,
    target::Resolver,
    task::Job,
};

/// Asks the person at the terminal.
#[async_trait]
pub trait Asker: Send + Sync {
    /// The answer to a `vars_prompt`.
    async fn prompt(&self, prompt: &VarsPrompt, text: &str) -> Result<Value, Diagnostic>;
    /// `--step`: what to do with a task.
    async fn step(&self, task: &str) -> Step;
    /// Wait (`pause`) until somebody ends the line, or with a limit until the time is up or somebody breaks it off. With
    /// `echo` the typed text is shown.
    async fn pause(&self, prompt: &str, echo: bool, limit: Option<Duration>) -> Pause;
    /// A line typed behind the debugger's prompt; `None` when the input has ended.
    async fn line(&self, prompt: &str) -> Option<String>;
    /// What the debugger has to say.
    async fn tell(&self, text: &str);
}

/// How a pause ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Pause {
    /// The play goes on; what was typed.
    Typed(String),
    /// The person wants no more.
    Aborted,
    /// Nobody can press a key: nothing was waited for.
    Nobody,
}

/// Exit status of a run that somebody ended.
const QUIT: i32 = 99;

/// The answer to `--step`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// Do it.
    Yes,
    /// Pass it over.
    No,
    /// Do it and ask no more.
    Continue,
}

/// Reads the inventory again.
pub type Refresh = dyn Fn() -> Result<Inventory, Diagnostic> + Send + Sync;

/// What a run is made of.
pub struct Setup {
    /// Command line and configuration.
    pub options: Options,
    /// Actions and modules.
    pub registry: Registry,
    /// The inventory, limited.
    pub inventory: Inventory,
    /// Reads it again.
    pub refresh: Box<Refresh>,
    /// Opens encrypted files.
    pub vault: Arc<FileVault>,
    /// What templates may use of the outside.
    pub env: Env,
    /// Connections.
    pub pool: Pool,
    /// Who is told.
    pub callbacks: Vec<Box<dyn Callback>>,
    /// Who is asked.
    pub asker: Box<dyn Asker>,
    /// Runs plugins in Python.
    pub helper: Option<Arc<rustible_plugins::Helper>>,
    /// Where facts are kept between runs.
    pub fact_cache: Option<FactCache>,
}

/// A run.
pub struct Runner {
    /// Command line and configuration.
    pub options: Options,
    /// Actions and modules.
    pub registry: Arc<Registry>,
    /// Reads playbooks and roles.
    pub loader: Arc<Loader>,
    /// Files of the controller.
    pub files: Arc<Files>,
    /// Compiled templates.
    pub engine: Arc<Engine>,
    /// What templates may use of the outside.
    pub env: Env,
    /// Runs plugins in Python.
    pub helper: Option<Arc<rustible_plugins::Helper>>,
    /// Connections.
    pub pool: Pool,
    /// Events and counts.
    pub emitter: Emitter,
    /// What is known of hosts.
    pub store: Arc<Store>,
    /// The inventory as it is now.
    pub inventory: Arc<RwLock<Inventory>>,
    /// So many tasks at once.
    pub(crate) forks: Arc<Semaphore>,
    /// Hosts that failed or were not reached in an earlier play.
    pub(crate) failed: Mutex<HashSet<Arc<str>>>,
    /// How often hosts were forgiven what went wrong on them.
    pub(crate) forgiven: AtomicUsize,
    /// Who is asked.
    pub asker: Box<dyn Asker>,
    refresh: Box<Refresh>,
    /// The task name of `--start-at-task` is still to be met.
    pub(crate) start_at: Mutex<Option<String>>,
    stepping: AtomicBool,
    stop: Arc<AtomicBool>,
    /// Somebody ended the run at the debugger's prompt.
    quit: AtomicBool,
}

impl Runner {
    /// A run made of these parts.
    #[must_use]
    pub fn new(setup: Setup) -> Arc<Self> {
        let emitter = Emitter::new(setup.callbacks);
        let told = emitter.clone();
        setup.pool.tell(Arc::new(move |level, host, text| told.verbose(level, Some(&host.into()), text)));
        let engine = Engine::new();
        let inventory = Arc::new(RwLock::new(setup.inventory));
        let hosts: Arc<dyn Patterns> = Arc::new(Hosts(inventory.clone()));
        let env = Env { patterns: Some(hosts), ..setup.env };
        let registry = Arc::new(setup.registry);
        let files = Arc::new(Files {
            engine: engine.clone(),
            env: env.clone(),
            extra: setup.options.extra_vars.clone(),
            vault: setup.vault,
            emitter: emitter.clone(),
            duplicate_keys: setup.options.duplicate_keys,
            cache: Mutex::default(),
        });
        let loader = Arc::new(Loader {
            source: files.clone(),
            catalog: registry.clone(),
            roles_path: setup.options.roles_path.clone(),
            lenient: setup.options.lenient,
            listing: setup.options.listing,
            public_roles: setup.options.public_roles,
            counter: AtomicU64::new(1),
            imported: Mutex::default(),
        });
        if let Some(helper) = &setup.helper {
            setup.pool.through(Arc::new(PythonDoors::new(helper.clone())));
        }
        Arc::new(Self {
            forks: Arc::new(Semaphore::new(setup.options.forks.max(1))),
            start_at: Mutex::new(setup.options.start_at_task.clone()),
            stepping: AtomicBool::new(setup.options.step),
            options: setup.options,
            registry,
            loader,
            files,
            engine,
            env,
            helper: setup.helper,
            pool: setup.pool,
            emitter,
            store: Arc::new(setup.fact_cache.map_or_else(Store::default, Store::cached)),
            inventory,
            failed: Mutex::default(),
            forgiven: AtomicUsize::default(),
            asker: setup.asker,
            refresh: setup.refresh,
            stop: Arc::default(),
            quit: AtomicBool::new(false),
        })
    }

    /// A YAML file of the controller.
    ///
    /// # Errors
    /// When it cannot be read, decrypted or understood.
    pub fn load(&self, path: &Path) -> Result<Value, Diagnostic> {
        self.files.load(path)
    }

    /// Whether there is a module of that full name, native or not.
    #[must_use]
    pub fn has_module(&self, name: &str) -> bool {
        self.registry.module(name).is_some() || self.registry.is_foreign(name)
    }

    /// Raise it to end the run after what is under way.
    #[must_use]
    pub fn stopper(&self) -> Arc<AtomicBool> {
        self.stop.clone()
    }

    /// Let hosts that failed take part again.
    pub fn forgive(&self) {
        self.failed.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }

    /// End the run as a signal would.
    pub(crate) fn quit(&self) {
        self.quit.store(true, Ordering::Relaxed);
        self.stop.store(true, Ordering::Relaxed);
    }

    pub(crate) fn interrupted(&self) -> bool {
        self.stop.load(Ordering::Relaxed)
    }

    /// Read and check a playbook without running it.
    ///
    /// # Errors
    /// When something in it cannot be understood.
    pub fn read(&self, file: &Path) -> Result<Playbook, Diagnostic> {
        if let Some(collection) = self.loader.collection_of(file) {
            self.emitter.verbose(1, None, format!("running playbook inside collection {collection}"));
        }
        let playbook = self.loader.playbook(file)?;
        for play in &playbook.plays {
            crate::plays::check(self, play)?;
        }
        Ok(playbook)
    }

    /// Run playbooks, all of which were read before any host is touched. Gives the exit status.
    ///
    /// # Errors
    /// When something ends the run that is no host's failure.
    pub async fn run(self: &Arc<Self>, files: &[PathBuf]) -> Result<i32, Diagnostic> {
        let mut status = 0;
        for file in files {
            let playbook = self.read(&std::path::absolute(file).unwrap_or_else(|_| file.clone()))?;
            status = self.one(&playbook, file, Some(playbook.plays.len())).await?;
            if status != 0 {
                break;
            }
        }
        Ok(status)
    }

    /// Run a playbook that is in no file, as ad hoc commands do; `file` stands for where it would be. Gives the exit
    /// status.
    ///
    /// # Errors
    /// As [`Runner::run`].
    pub async fn run_value(self: &Arc<Self>, value: &Value, file: &Path) -> Result<i32, Diagnostic> {
        let playbook = self.loader.playbook_of(value, file)?;
        for play in &playbook.plays {
            crate::plays::check(self, play)?;
        }
        self.one(&playbook, &playbook.file, None).await
    }

    /// `name`: the playbook as it was asked for.
    async fn one(
        self: &Arc<Self>,
        playbook: &Playbook,
        name: &Path,
        plays: Option<usize>,
    ) -> Result<i32, Diagnostic> {
        let info = PlaybookInfo { file: name.display().to_string(), plays, uuid: self.loader.uuid() };
        self.emitter.emit(&Event::PlaybookStart(Arc::new(info)));
        let outcome = self.plays(playbook).await;
        if outcome.is_ok() && self.quit.load(Ordering::Relaxed) {
            return Ok(QUIT);
        }
        for warning in self.store.take_warnings() {
            self.emitter.warn(warning);
        }
        // What breaks a run off leaves nothing to count up.
        if outcome.is_ok() {
            self.emitter.emit(&Event::Stats(Box::new(self.emitter.stats())));
        }
        outcome
    }

    /// Forget what is kept of every host's facts.
    pub fn flush_facts(&self) {
        let inventory = self.inventory.read().unwrap_or_else(std::sync::PoisonError::into_inner);
        // This machine has facts also where no inventory speaks of it.
        self.store.clear_facts("localhost");
        inventory.hosts_of("all").iter().for_each(|host| self.store.clear_facts(host));
    }

    pub(crate) fn facts(&self, playbook_dir: &Path) -> RunFacts {
        let options = &self.options;
        let tags = if options.tags.is_empty() { vec!["all".to_string()] } else { options.tags.clone() };
        RunFacts {
            playbook_dir: playbook_dir.to_path_buf(),
            config_file: options.config_file.clone(),
            check: options.check,
            diff: options.diff,
            forks: options.forks,
            verbosity: options.verbosity,
            limit: options.limit.clone(),
            run_tags: tags,
            skip_tags: options.skip_tags.clone(),
            inventory_sources: options.inventory_sources.clone(),
            facts_by_default: options.facts_by_default,
            vars_root: options.vars_root,
        }
    }

    /// Ask about a task when `--step` wants it; whether to do it.
    pub(crate) async fn step(&self, task: &Task) -> bool {
        if !self.stepping.load(Ordering::Relaxed) {
            return true;
        }
        let name = task.name().map_or_else(|| task.action.to_string(), crate::keyword::text_of);
        match self.asker.step(&name).await {
            Step::Yes => true,
            Step::No => false,
            Step::Continue => {
                self.stepping.store(false, Ordering::Relaxed);
                true
            }
        }
    }

    /// `meta: reset_connection`.
    pub(crate) async fn reset(&self, job: &Job) {
        let scope = job.scope();
        let templar = job.templar(&scope);
        let frame = &job.task.frame;
        let options = &self.options.connection;
        let resolver =
            Resolver { scope: &scope, templar: &templar, frame, options, runner: self, delegated: false };
        match resolver.target(&job.host) {
            Ok(target) => self.pool.reset(&target).await,
            Err(error) => self.emitter.warn(error.summary()),
        }
    }

    /// `meta: refresh_inventory`.
    pub(crate) fn refresh_inventory(&self) -> Result<(), Diagnostic> {
        let mut fresh = (self.refresh)()?;
        let mut inventory = self.inventory.write().unwrap_or_else(PoisonError::into_inner);
        fresh.inherit(&inventory)?;
        *inventory = fresh;
        drop(inventory);
        Ok(())
    }

    /// This machine as the current user, for actions that work on the controller.
    #[must_use]
    pub fn local_target(&self) -> Target {
        Target { transport: Transport::Local, ..Target::local("localhost") }
    }

    /// Variables that only this run knows, for tools that ask from outside.
    #[must_use]
    pub fn known(&self) -> HashMap<String, Dict> {
        let inventory = self.inventory.read().unwrap_or_else(PoisonError::into_inner);
        inventory
            .host_names()
            .iter()
            .map(|host| (host.to_string(), self.store.of(host).set.clone()))
            .collect()
    }
}
