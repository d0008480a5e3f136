//! What `--list-tasks`, `--list-tags`, `--list-hosts` and `--syntax-check` need to know, and what can be refused ahead.

use std::{
    collections::BTreeSet,
    path::Path,
    sync::{Arc, PoisonError},
};

use rustible_playbook::{Item, Kind, RoleRequest, Task};
use rustible_protocol::Value;
use rustible_source::Diagnostic;

use crate::{keyword::text_of, run::Runner, tags};

/// A playbook's plays for listing.
#[derive(Debug, Clone, Default)]
pub struct Listing {
    /// The plays in order.
    pub plays: Vec<ListedPlay>,
}

/// A play for listing.
#[derive(Debug, Clone, Default)]
pub struct ListedPlay {
    /// Its name, or its pattern.
    pub name: String,
    /// Its `hosts` patterns.
    pub pattern: Vec<String>,
    /// Hosts that pattern and limit leave.
    pub hosts: Vec<Arc<str>>,
    /// Its own tags.
    pub tags: Vec<String>,
    /// Its tasks that the tags leave.
    pub tasks: Vec<ListedTask>,
}

/// A task for listing.
#[derive(Debug, Clone, Default)]
pub struct ListedTask {
    /// Its name with the role in front.
    pub name: String,
    /// Its tags, sorted.
    pub tags: Vec<String>,
}

/// Whether the user has such a lookup; one that cannot be loaded says so when it is used.
fn has_own_lookup(runner: &Runner, name: &str) -> bool {
    let Some(plugins) = &runner.env.plugins else { return false };
    !matches!(plugins.find("lookup", name, false), Ok(None))
}

/// What an include is given, as far as no template has a say in its options' names.
fn check_include(runner: &Runner, task: &Task) -> Result<(), Diagnostic> {
    let args = &task.args.named;
    let bad = |text: String| Err(Diagnostic::parse(text, task.origin.as_ref()));
    match task.kind {
        Kind::IncludeTasks if task.args.template.is_none() => {
            let unknown =
                args.texts().find(|(key, _)| !["_raw_params", "file", "apply"].contains(&key.as_str()));
            if let Some((key, _)) = unknown {
                return bad(format!("Invalid options for include_tasks: {key}"));
            }
            if args.get("_raw_params").or_else(|| args.get("file")).is_none_or(Value::is_null) {
                return bad("No file specified for include_tasks".to_string());
            }
        }
        Kind::IncludeRole if task.args.template.is_none() => {
            RoleRequest::of_include(&runner.loader, args, &task.frame, task.origin.as_ref(), false)?;
        }
        _ => {}
    }
    Ok(())
}

/// What is wrong with a task can be known before any host is touched: an unknown filter, test or lookup.
pub(crate) fn check_task(runner: &Runner, task: &Task) -> Result<(), Diagnostic> {
    if let Kind::Meta(action) = &task.kind {
        crate::strategy::check_meta(action, task)?;
    }
    check_include(runner, task)?;
    if let Some(looped) = &task.looped
        && let Some(with) = &looped.with
        && !rustible_template::lookup_exists(with)
        && !has_own_lookup(runner, with)
        && !runner.options.lenient
    {
        return Err(unknown_loop(task, with));
    }
    Ok(())
}

/// Lookups of collections that have a short name.
const MOVED: [&str; 40] = [
    "avi",
    "cartesian",
    "chef_databag",
    "conjur_variable",
    "consul_kv",
    "credstash",
    "cyberarkpassword",
    "dig",
    "dnstxt",
    "etcd",
    "filetree",
    "flattened",
    "gcp_storage_file",
    "hashi_vault",
    "hiera",
    "keyring",
    "lastpass",
    "lmdb_kv",
    "manifold",
    "nios",
    "nios_next_ip",
    "nios_next_network",
    "onepassword",
    "onepassword_raw",
    "passwordstore",
    "rabbitmq",
    "redis",
    "shelvefile",
    "grafana_dashboard",
    "openshift",
    "k8s",
    "mongodb",
    "laps_password",
    "aws_account_attribute",
    "aws_secret",
    "aws_service_ip_ranges",
    "aws_ssm",
    "skydive",
    "cpm_metering",
    "cpm_status",
];

/// What goes by the name of no lookup is no loop.
fn unknown_loop(task: &Task, with: &str) -> Diagnostic {
    let name = format!("with_{with}");
    let key = task.frame.attrs.get_key_value(&name).and_then(|(key, _)| key.origin());
    let at = key.or(task.origin.as_ref());
    if with.contains('.') || MOVED.contains(&with) {
        let text = format!("the lookup '{with}' of '{name}' is not supported by rustible");
        return Diagnostic::parse(text, at);
    }
    Diagnostic::parse(rustible_playbook::no_attribute(&name), at)
}

impl Runner {
    /// A playbook for listing; where only its form is checked, nothing is said of patterns that are made by templates.
    ///
    /// # Errors
    /// When it cannot be read.
    pub fn listing(self: &Arc<Self>, file: &Path, only_form: bool) -> Result<Listing, Diagnostic> {
        let playbook = self.read(file)?;
        let mut listing = Listing::default();
        for play in &playbook.plays {
            let mut scope = self.play_scope(play, &play.folder);
            // Nobody is asked: what would be offered as an answer is taken.
            for prompt in &play.prompts {
                if !self.options.extra_vars.contains_key(&prompt.name) {
                    scope.answers.insert(prompt.name.as_str(), prompt.default.clone());
                }
            }
            let (templar, pattern, name) = self.settle(play, &scope)?;
            let selected = {
                let inventory = self.inventory.read().unwrap_or_else(PoisonError::into_inner);
                inventory.select_list(&pattern)?
            };
            let made = crate::play::texts(play.frame.own("hosts").unwrap_or(&Value::Null))
                .iter()
                .any(|pattern| pattern.contains("{{") || pattern.contains("{%"));
            for warning in selected.warnings.iter().filter(|_| !(only_form && made)) {
                self.emitter.warn(warning.render());
            }
            let selection =
                tags::Selection { only: self.options.tags.clone(), skip: self.options.skip_tags.clone() };
            let mut tasks = Vec::new();
            for item in selection.filter(&play.items, &templar)? {
                collect(&item, &templar, &mut tasks);
            }
            let own: BTreeSet<String> =
                crate::play::texts(play.frame.own("tags").unwrap_or(&Value::Null)).into_iter().collect();
            listing.plays.push(ListedPlay {
                name,
                pattern,
                hosts: selected.hosts,
                tags: own.into_iter().collect(),
                tasks,
            });
        }
        Ok(listing)
    }
}

fn collect(item: &Item, templar: &rustible_template::Templar, tasks: &mut Vec<ListedTask>) {
    let task = match item {
        // What a block does in the end or about a failure is not listed.
        Item::Block(block) => {
            block.items.iter().for_each(|item| collect(item, templar, tasks));
            return;
        }
        Item::Task(task) => task,
    };
    if task.implicit && matches!(task.kind, Kind::Meta(_) | Kind::RoleComplete) {
        return;
    }
    let role = task.role().filter(|_| !matches!(task.kind, Kind::IncludeRole));
    let name = match (task.name().map(text_of), role) {
        (Some(name), Some(role)) => format!("{} : {name}", role.name),
        (Some(name), None) => name,
        (None, _) => task.action.to_string(),
    };
    let tags = tags::tags_of(task, templar).map(|tags| tags.into_iter().collect()).unwrap_or_default();
    tasks.push(ListedTask { name, tags });
}
