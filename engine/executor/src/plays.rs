//! The plays of a playbook: their hosts, batches, questions, fact gathering, and how they end.

use std::{
    collections::HashSet,
    path::{Path, PathBuf},
    sync::{Arc, PoisonError, RwLock, atomic::Ordering},
};

use rustible_inventory::Inventory;
use rustible_playbook::{Block, Item, Kind, Loader, Play, Playbook, Task};
use rustible_protocol::{
    Dict, Value,
    event::{Event, PlayInfo},
};
use rustible_source::Diagnostic;
use rustible_template::{Rendered, Templar};
use rustible_vars::{Hosts, PlayScope, TaskScope};

use crate::{
    keyword::{Keywords, text_of},
    opening,
    play::{PlayRun, Setup, texts},
    run::Runner,
    strategy::{Cursors, HostState, Stage, Strategy},
    tags::Selection,
    task,
    vars_files::VarsFiles,
};

const FAILED: i32 = 2;
const UNREACHABLE: i32 = 4;

/// Keywords of a play that must be of their type before anything is done.
fn check_keywords(keywords: &Keywords<'_>) -> Result<(), Diagnostic> {
    keywords.flag("gather_facts")?;
    keywords.value("gather_subset")?;
    keywords.int("gather_timeout")?;
    keywords.flag("force_handlers")?;
    keywords.percent("max_fail_percentage")?;
    keywords.value("serial")?;
    keywords.text("strategy")?;
    keywords.text("order")?;
    Ok(())
}

/// Said of a strategy that is none of the language's own.
const FOREIGN_STRATEGY: &str = "Use of strategy plugins not included in ansible.builtin are deprecated and do not carry any backwards compatibility guarantees. No alternative for third party strategy plugins is currently planned. This feature will be removed from ansible-core in a future release.";

/// What is wrong with a play can be known before any host is touched.
pub(crate) fn check(runner: &Runner, play: &Play) -> Result<(), Diagnostic> {
    let mut found = Ok(());
    let mut visit = |task: &Arc<Task>| {
        if found.is_err() {
            return;
        }
        found = crate::listing::check_task(runner, task);
    };
    for item in &play.items {
        item.walk(&mut visit);
    }
    play.handlers.iter().for_each(visit);
    found
}

/// What a batch of hosts came to.
struct BatchEnd {
    /// Exit status so far.
    status: i32,
    /// No further batch of the play runs.
    ends_play: bool,
    /// No further play runs.
    ends_run: bool,
}

impl Runner {
    /// Run all plays; gives the exit status.
    pub(crate) async fn plays(self: &Arc<Self>, playbook: &Playbook) -> Result<i32, Diagnostic> {
        let mut status = 0;
        for play in &playbook.plays {
            // What is imported has the folder of its own file.
            let folder = rustible_source::normal(&absolute(&play.folder));
            self.inventory
                .write()
                .unwrap_or_else(PoisonError::into_inner)
                .set_play_dirs(vec![folder.clone()]);
            let forgiven = self.forgiven.load(Ordering::Relaxed);
            let (code, stop) = self.one_play(play, &folder).await?;
            status = self.weighed(status, code, forgiven);
            if stop || self.interrupted() {
                break;
            }
        }
        // A host that could not be reached weighs more than one that failed.
        Ok(if status & UNREACHABLE != 0 { UNREACHABLE } else { status })
    }

    /// The status with what came now. Once hosts are forgiven (`clear_host_errors`), what was before does not count.
    fn weighed(&self, before: i32, now: i32, forgiven: usize) -> i32 {
        if self.forgiven.load(Ordering::Relaxed) == forgiven { before | now } else { now }
    }

    /// The strategy of a play, and whether it is none of the language's own.
    fn strategy(&self, play: &Play, keywords: &Keywords<'_>) -> Result<(Strategy, bool), Diagnostic> {
        let name = keywords.text("strategy")?.unwrap_or_else(|| self.options.strategy.clone());
        let strategy = self.strategy_named(&name).map_err(|error| error.at(play.frame.origin.as_ref()))?;
        Ok((strategy, !Strategy::is_builtin(&name)))
    }

    async fn one_play(self: &Arc<Self>, play: &Arc<Play>, folder: &Path) -> Result<(i32, bool), Diagnostic> {
        // Plugins for variables are asked once for each play.
        self.inventory.write().unwrap_or_else(PoisonError::into_inner).forget_told();
        let mut scope = self.play_scope(play, folder);
        scope.answers = self.ask(play, &scope).await?;
        let (templar, patterns, name) = self.settle(play, &scope)?;
        let keywords = Keywords { frame: &play.frame, templar: &templar };
        scope.name = Some(Value::str(name.as_str()));
        let order = keywords.text("order")?.unwrap_or_default();
        let hosts = self.hosts(&patterns, &order)?;
        scope.hosts_all = hosts.clone().into();
        let check = keywords.flag("check_mode")?.unwrap_or(self.options.check);
        let path =
            play.frame.origin.as_ref().map(|at| format!("{}:{}", at.file, at.line)).unwrap_or_default();
        let strategy = self.strategy(play, &keywords);
        let lockstep = strategy.as_ref().is_ok_and(|(strategy, _)| strategy.in_step());
        let info = PlayInfo { uuid: play.uuid.clone(), name, pattern: patterns, check, path, lockstep };
        let info = Arc::new(info);
        if hosts.is_empty() {
            self.emitter.emit(&Event::PlayStart(info));
            self.emitter.emit(&Event::NoHostsMatched);
            return Ok((0, false));
        }
        if let Err(error) = strategy {
            self.emitter.emit(&Event::PlayStart(info));
            self.emitter.emit(&Event::Deprecated(FOREIGN_STRATEGY.to_string()));
            return Err(error);
        }
        if strategy.is_ok_and(|strategy| strategy.1) {
            self.emitter.emit(&Event::Deprecated(FOREIGN_STRATEGY.to_string()));
        }
        let serial = keywords.value("serial")?;
        let mut status = 0;
        for batch in batches(&hosts, serial.as_ref(), play)? {
            let forgiven = self.forgiven.load(Ordering::Relaxed);
            let done = self.batch(play, &scope, &info, batch).await?;
            status = self.weighed(status, done.status, forgiven);
            if done.ends_run {
                return Ok((status, true));
            }
            if done.ends_play {
                break;
            }
        }
        Ok((status, false))
    }

    /// What a play is before any host is chosen: a templar with the variables of its files, its patterns and its name.
    pub(crate) fn settle(
        self: &Arc<Self>,
        play: &Arc<Play>,
        scope: &PlayScope,
    ) -> Result<(Templar, Vec<String>, String), Diagnostic> {
        let shared = Arc::new(scope.clone());
        let vars = VarsFiles::new(self, play)?.check(self, &shared)?;
        let templar = task::templar(self, &TaskScope::new(&shared, None, None, Some(&vars)));
        let patterns = self.patterns(play, &templar)?;
        let keywords = Keywords { frame: &play.frame, templar: &templar };
        check_keywords(&keywords).map_err(|error| error.of_kind(rustible_source::Kind::Parse))?;
        let name = Self::name(play, &templar, &patterns)?;
        Ok((templar, patterns, name))
    }

    pub(crate) fn play_scope(self: &Arc<Self>, play: &Arc<Play>, folder: &Path) -> PlayScope {
        PlayScope {
            run: Arc::new(self.facts(folder)),
            extra: self.options.extra_vars.clone(),
            store: self.store.clone(),
            inventory: self.inventory.clone(),
            play: Some(play.clone()),
            name: None,
            hosts_all: Hosts::default(),
            batch: Hosts::default(),
            removed: Arc::default(),
            answers: Dict::new(),
            roles: Arc::default(),
            merge_hashes: self.options.merge_hashes,
        }
    }

    /// `vars_prompt`; extra variables answer ahead.
    async fn ask(self: &Arc<Self>, play: &Arc<Play>, scope: &PlayScope) -> Result<Dict, Diagnostic> {
        let mut answers = Dict::new();
        for prompt in &play.prompts {
            if self.options.extra_vars.contains_key(&prompt.name) {
                continue;
            }
            let shared = Arc::new(PlayScope { answers: answers.clone(), ..scope.clone() });
            let templar = task::templar(self, &TaskScope::new(&shared, None, None, None));
            let text = match templar.render(&prompt.prompt)? {
                Rendered::Value(value) => text_of(&value),
                Rendered::Omit => prompt.name.clone(),
            };
            self.emitter.emit(&Event::Prompted(asked(prompt, &text)));
            let answer = self.asker.prompt(prompt, &text).await?;
            answers.insert(prompt.name.as_str(), answer);
        }
        Ok(answers)
    }

    pub(crate) fn patterns(&self, play: &Play, templar: &Templar) -> Result<Vec<String>, Diagnostic> {
        let Some(written) = play.frame.own("hosts") else { return Ok(Vec::new()) };
        let error = |e: Diagnostic| {
            let kind = rustible_source::Kind::Parse;
            e.context("Error processing keyword 'name'", written.origin()).of_kind(kind)
        };
        match templar.render(written).map_err(error)? {
            Rendered::Value(value) if value.truthy() => Ok(texts(&value)),
            _ => Err(Diagnostic::parse(
                "Hosts list cannot be empty. Please check your playbook",
                written.origin(),
            )),
        }
    }

    fn name(play: &Play, templar: &Templar, patterns: &[String]) -> Result<String, Diagnostic> {
        let written = play.frame.own("name").filter(|name| name.truthy());
        let Some(written) = written else { return Ok(patterns.join(",")) };
        match templar.render(written) {
            Ok(Rendered::Value(value)) => Ok(text_of(&value)),
            Ok(Rendered::Omit) => Ok(patterns.join(",")),
            Err(error) => {
                let kind = rustible_source::Kind::Parse;
                Err(error.context(crate::keyword::processing("name"), written.origin()).of_kind(kind))
            }
        }
    }

    fn hosts(&self, patterns: &[String], order: &str) -> Result<Vec<Arc<str>>, Diagnostic> {
        let inventory = self.inventory.read().unwrap_or_else(PoisonError::into_inner);
        let selection = inventory.select_list(patterns)?;
        for warning in &selection.warnings {
            self.emitter.warn(warning.render());
        }
        Inventory::arrange(selection.hosts, order)
    }

    async fn batch(
        self: &Arc<Self>,
        play: &Arc<Play>,
        scope: &PlayScope,
        info: &Arc<PlayInfo>,
        batch: Vec<Arc<str>>,
    ) -> Result<BatchEnd, Diagnostic> {
        self.emitter.emit(&Event::PlayStart(info.clone()));
        let failed = self.failed.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let mut scope = scope.clone();
        scope.batch = batch.clone().into();
        scope.removed =
            Arc::new(RwLock::new(batch.iter().filter(|host| failed.contains(*host)).cloned().collect()));
        let scope = Arc::new(scope);
        {
            let inventory = self.inventory.read().unwrap_or_else(PoisonError::into_inner);
            inventory.check_vars(batch.iter().map(AsRef::as_ref))?;
            inventory.take_warnings().iter().for_each(|warning| self.emitter.warn(warning.render()));
            crate::reserved::warn_of_hosts(&self.emitter, &inventory, &batch, &self.options.extra_vars);
        }
        let templar = task::templar(self, &TaskScope::new(&scope, None, None, None));
        let keywords = Keywords { frame: &play.frame, templar: &templar };
        let (strategy, _) = self.strategy(play, &keywords)?;
        let force_handlers = keywords.flag("force_handlers")?.unwrap_or(self.options.force_handlers);
        let selection = Selection { only: self.options.tags.clone(), skip: self.options.skip_tags.clone() };
        let run: Arc<PlayRun> = Arc::new(PlayRun::from(Setup {
            play: play.clone(),
            info: info.clone(),
            scope,
            files: VarsFiles::new(self, play)?,
            force_handlers,
            selection,
        }));
        crate::reserved::warn(&self.emitter, &play.frame.vars);
        let stage = Stage { runner: self.clone(), play: run.clone(), debugs: strategy == Strategy::Debug };
        let (root, gathering) = self.root(&run, &keywords)?;
        let mut cursors = self.cursors(&root, gathering.as_ref(), &batch, &failed, &keywords)?;
        self.start_at(&mut cursors);
        stage.run(strategy, &root, &mut cursors).await?;
        Ok(self.end(&run, &cursors, &failed))
    }

    /// All that the play does, as a block, with what the tags leave; and the gathering of facts in front.
    fn root(
        self: &Arc<Self>,
        run: &PlayRun,
        keywords: &Keywords<'_>,
    ) -> Result<(Arc<Block>, Option<Arc<Task>>), Diagnostic> {
        let templar = run.templar(self, None, Some(&run.play.frame));
        let items = match run.force_handlers {
            true => forced(&self.loader, &run.play),
            false => run.play.items.clone(),
        };
        let mut items = run.selection.filter(&items, &templar)?;
        if let Some(task) = opening::validation(self, &run.play, keywords)? {
            let wanted = run.selection.filter(&[Item::Task(task)], &templar)?;
            items.splice(0..0, wanted);
        }
        let gathering = opening::gathering(self, &run.play, &templar)?;
        let wanted = run.selection.filter(&[Item::Task(gathering.clone())], &templar)?;
        let gathering = (!wanted.is_empty()).then_some(gathering);
        if let Some(task) = &gathering {
            items.insert(0, Item::Task(task.clone()));
        }
        let frame = run.play.frame.clone();
        Ok((Arc::new(Block { frame, items, rescue: Vec::new(), always: Vec::new() }), gathering))
    }

    fn cursors(
        &self,
        root: &Arc<Block>,
        gathering: Option<&Arc<Task>>,
        batch: &[Arc<str>],
        failed: &HashSet<Arc<str>>,
        keywords: &Keywords<'_>,
    ) -> Result<Cursors, Diagnostic> {
        let asked = match keywords.frame.own("gather_facts") {
            Some(_) => keywords.flag("gather_facts")?,
            None => None,
        };
        let mut cursors = Cursors::new();
        for host in batch.iter().filter(|host| !failed.contains(*host)) {
            let mut state = HostState::new(root);
            let gather = match self.options.gathering.as_str() {
                "explicit" => asked == Some(true),
                "smart" => asked != Some(false) && !self.store.of(host).gathered,
                _ => asked != Some(false),
            };
            if gathering.is_some() && !gather {
                state.cursor.take();
            }
            cursors.insert(host.clone(), state);
        }
        Ok(cursors)
    }

    /// `--start-at-task`: pass over what is before the task of that name.
    fn start_at(&self, cursors: &mut Cursors) {
        let wanted = self.start_at.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let Some(wanted) = wanted else { return };
        let mut met = false;
        for state in cursors.values_mut() {
            let mut ahead = state.cursor.clone();
            // What the play does first is done in any case.
            let mut first = Vec::new();
            let found = loop {
                let here = ahead.clone();
                let Some(task) = ahead.peek() else { break false };
                if matches_name(&task, &wanted) {
                    ahead = here;
                    break true;
                }
                if task.implicit && matches!(task.kind, Kind::Action(_)) && task.role().is_none() {
                    first.push(Item::Task(task));
                }
                ahead.take();
            };
            if found {
                met = true;
                state.cursor = ahead;
                if let Some(Item::Task(task)) = first.first() {
                    let frame = task.frame.clone();
                    let block = Block { frame, items: first, rescue: Vec::new(), always: Vec::new() };
                    state.cursor.enter(&Arc::new(block));
                }
            } else {
                state.cursor.end();
            }
        }
        if !met {
            let text = format!(
                "No matching task \"{wanted}\" found. Note: --start-at-task can only follow static includes."
            );
            self.emitter.emit(&Event::Error(text));
        } else {
            *self.start_at.lock().unwrap_or_else(PoisonError::into_inner) = None;
        }
    }

    /// What the batch came to.
    fn end(&self, run: &PlayRun, cursors: &Cursors, before: &HashSet<Arc<str>>) -> BatchEnd {
        let mut failed = self.failed.lock().unwrap_or_else(PoisonError::into_inner);
        let mut status = 0;
        for (host, state) in cursors {
            if state.unreachable {
                status |= UNREACHABLE;
            } else if state.cursor.failed {
                status |= FAILED;
            }
            if state.out() {
                failed.insert(host.clone());
            }
        }
        let all_out = !cursors.is_empty() && cursors.values().all(HostState::out);
        let nobody = cursors.is_empty() && run.scope.batch.iter().all(|host| before.contains(host));
        BatchEnd { status, ends_play: run.has_ended(), ends_run: all_out && !nobody }
    }
}

/// `force_handlers`: hosts that fail in a section of the play still run the handlers they notified, in step with the
/// others. A section without tasks has one that does nothing, so that there is something to stand before the flush.
fn forced(loader: &Loader, play: &Play) -> Vec<Item> {
    let frame = &play.frame;
    let mut sections: Vec<Item> = Vec::new();
    let mut section: Vec<Item> = Vec::new();
    for item in play.items.iter().cloned() {
        let flushes = matches!(&item, Item::Task(task)
            if task.implicit && matches!(&task.kind, Kind::Meta(action) if action == "flush_handlers"));
        if flushes {
            let mut items = std::mem::take(&mut section);
            if items.is_empty() {
                let nothing = loader.implicit(frame, "meta", Kind::Meta("noop".into()), Dict::new());
                items.push(Item::Task(nothing));
            }
            let block = Block { frame: frame.clone(), items, rescue: Vec::new(), always: vec![item] };
            sections.push(Item::Block(Arc::new(block)));
        } else {
            section.push(item);
        }
    }
    sections.extend(section);
    sections
}

fn matches_name(task: &Task, wanted: &str) -> bool {
    let Some(name) = task.name().map(text_of) else { return task.action.as_str() == wanted };
    let with_role = task.role().map(|role| format!("{} : {name}", role.name));
    let pattern = glob(wanted);
    let fits =
        |name: &str| name == wanted || pattern.as_ref().is_some_and(|p| p.is_match(name).unwrap_or(false));
    fits(&name) || with_role.as_deref().is_some_and(fits)
}

/// `fnmatch`: `*`, `?` and `[...]`.
fn glob(pattern: &str) -> Option<fancy_regex::Regex> {
    let mut regex = String::from("(?s)\\A");
    for c in pattern.chars() {
        match c {
            '*' => regex.push_str(".*"),
            '?' => regex.push('.'),
            '[' | ']' => regex.push(c),
            c if c.is_alphanumeric() || matches!(c, ' ' | '-' | '!') => regex.push(c),
            c => {
                regex.push('\\');
                regex.push(c);
            }
        }
    }
    fancy_regex::Regex::new(&(regex.replace("[!", "[^") + "\\z")).ok()
}

/// The hosts cut into the batches that `serial` asks for.
fn batches(
    hosts: &[Arc<str>],
    serial: Option<&Value>,
    play: &Play,
) -> Result<Vec<Vec<Arc<str>>>, Diagnostic> {
    let sizes: Vec<Value> = match serial {
        None | Some(Value::Null) => return Ok(vec![hosts.to_vec()]),
        Some(Value::List(list)) => list.to_vec(),
        Some(other) => vec![other.clone()],
    };
    let mut left = hosts;
    let mut batches = Vec::new();
    let mut index = 0;
    while !left.is_empty() {
        let Some(size) = sizes.get(index.min(sizes.len().saturating_sub(1))) else {
            return Ok(vec![hosts.to_vec()]);
        };
        index += 1;
        let count = size_of(size, hosts.len()).ok_or_else(|| {
            let at = play.frame.own("serial").and_then(Value::origin).or(play.frame.origin.as_ref());
            Diagnostic::parse(format!("'serial' must be a number or a percentage, got {}", text_of(size)), at)
        })?;
        let count = if count == 0 { left.len() } else { count.min(left.len()) };
        batches.push(left[..count].to_vec());
        left = &left[count..];
    }
    Ok(batches)
}

fn size_of(size: &Value, total: usize) -> Option<usize> {
    match size {
        Value::Int(count) => Some(usize::try_from(*count).unwrap_or(0)),
        Value::Str(text) => match text.trim().strip_suffix('%') {
            Some(percent) => {
                let percent: f64 = percent.trim().parse().ok()?;
                #[expect(
                    clippy::cast_precision_loss,
                    clippy::cast_possible_truncation,
                    clippy::cast_sign_loss,
                    reason = "a share of hosts"
                )]
                let count = (total as f64 * percent / 100.0) as usize;
                Some(count.max(1))
            }
            None => text.trim().parse().ok(),
        },
        _ => None,
    }
}

fn absolute(folder: &Path) -> PathBuf {
    let folder = if folder.as_os_str().is_empty() { Path::new(".") } else { folder };
    std::path::absolute(folder).unwrap_or_else(|_| folder.to_path_buf())
}

/// A prompt for callbacks.
fn asked(prompt: &rustible_playbook::VarsPrompt, text: &str) -> Dict {
    let mut asked = Dict::new();
    asked.insert("varname", prompt.name.as_str());
    asked.insert("private", prompt.private);
    asked.insert("prompt", text);
    asked.insert("encrypt", prompt.encrypt.as_deref().map(Value::str));
    asked.insert("confirm", prompt.confirm);
    asked.insert("salt_size", prompt.salt_size);
    asked.insert("salt", prompt.salt.as_deref().map(Value::str));
    asked.insert("default", prompt.default.clone());
    asked.insert("unsafe", prompt.is_unsafe);
    asked
}
