//! `ansible`: one task on the hosts of a pattern, without a playbook.

use std::{
    collections::HashSet,
    path::PathBuf,
    sync::{Arc, PoisonError},
};

use clap::Parser;
use rustible_executor::Runner;
use rustible_output::Display;
use rustible_playbook::parse_kv;
use rustible_protocol::{Dict, List, Origin, Text, Value, json, repr};
use rustible_source::{Diagnostic, Kind};

use super::{drive::drive, version};
use crate::{
    args::{Adhoc, HostsArgs, Play, RunArgs},
    config::Config,
    exit::fail,
    setup::{self, Ready, begin, screen},
};

/// Run one task on hosts.
#[derive(Debug, Parser)]
#[command(name = "ansible", disable_version_flag = true, infer_long_args = true)]
struct Args {
    /// Which hosts.
    #[arg(required_unless_present = "version")]
    pattern: Option<String>,
    /// The module or action.
    #[arg(short = 'm', long, value_name = "NAME")]
    module_name: Option<String>,
    /// Its arguments: `k=v` words, free text for modules that take one, or a JSON mapping.
    #[arg(short = 'a', long = "args", value_name = "ARGS", allow_hyphen_values = true, default_value = "")]
    module_args: String,
    /// Run in the background, for at most that many seconds.
    #[arg(short = 'B', long, value_name = "SECONDS")]
    background: Option<i64>,
    /// Seconds between two looks at a background job; 0 for none.
    #[arg(short = 'P', long = "poll", value_name = "SECONDS")]
    poll: Option<i64>,
    /// One line for each host.
    #[arg(short, long)]
    one_line: bool,
    /// Write each host's result to a file in this folder.
    #[arg(short, long, value_name = "DIR")]
    tree: Option<PathBuf>,
    /// Folder that stands for a playbook's: roles, `group_vars` and so on are looked for there.
    #[arg(long, value_name = "DIR")]
    playbook_dir: Option<PathBuf>,
    /// Seconds that the task may take on a host; 0 for any time.
    #[arg(long, value_name = "SECONDS", allow_hyphen_values = true)]
    task_timeout: Option<i64>,
    #[command(flatten)]
    run: RunArgs,
    #[command(flatten)]
    on: HostsArgs,
}

pub(super) fn main(words: &[String]) -> u8 {
    let mut args = match Args::try_parse_from(words) {
        Ok(args) => args,
        Err(error) => return super::play::usage(&error),
    };
    if args.on.version {
        return version::main("ansible");
    }
    let folder = args.playbook_dir.clone().map(|folder| folder.join("."));
    let (config, redactor) = match begin(&args.on.own, folder.as_deref()) {
        Ok(begun) => begun,
        Err(status) => return status,
    };
    let display = screen(&config, &redactor, None);
    config.warnings.iter().for_each(|warning| display.warning(warning));
    match run((&mut args, words), &config, &display, &redactor) {
        Ok(status) => status,
        Err(error) => fail(&display, &error),
    }
}

fn run(
    (args, words): (&mut Args, &[String]),
    config: &Config,
    display: &Display,
    redactor: &rustible_output::Redactor,
) -> Result<u8, Diagnostic> {
    let pattern = args.pattern.clone().unwrap_or_default();
    let module = args
        .module_name
        .clone()
        .or_else(|| config.text("DEFAULT_MODULE_NAME"))
        .unwrap_or_else(|| "command".into());
    let play = Play {
        run: std::mem::take(&mut args.run),
        playbook_dir: config.playbook_dir(args.playbook_dir.as_deref()),
        adhoc: Some(Adhoc { pattern: pattern.clone(), one_line: args.one_line, tree: args.tree.clone() }),
        ..std::mem::take(&mut args.on).play()
    };
    if config.flag("DEPRECATION_WARNINGS") {
        let written = |short, long: &'static str, least: &str| {
            if words.iter().any(|word| word.starts_with(least)) { long } else { short }
        };
        let given = [
            (written("-o", "--one-line", "--o"), "oneline", args.one_line),
            (written("-t", "--tree", "--tr"), "tree", args.tree.is_some()),
        ];
        given
            .iter()
            .filter(|(.., given)| *given)
            .for_each(|(option, callback, _)| old(option, callback, display));
    }
    let Ready { runner } = setup::run(&play, config, display.clone(), None, redactor)?;
    let hosts = hosts(&runner, &pattern, display)?;
    if play.list_hosts {
        display.line(&format!("  hosts ({}):", hosts.len()), None);
        hosts.iter().for_each(|host| display.line(&format!("    {host}"), None));
        return Ok(0);
    }
    let playbook = playbook(args, &pattern, &module, config)?;
    if hosts.is_empty() {
        return Ok(0);
    }
    let folder = play.playbook_dir.or_else(|| std::env::current_dir().ok()).unwrap_or_default();
    let file = folder.join("__adhoc_playbook__");
    drive(&runner, config, display, runner.run_value(&playbook, &file)).map(|(status, _)| status)
}

/// Say that an option of the output goes away.
fn old(option: &str, callback: &str, display: &Display) {
    display.deprecated(&format!(
        "The '{option}' argument is deprecated. This feature will be removed from ansible-core version 2.23. Use callback configuration to enable the {callback} callback instead."
    ));
}

/// The hosts meant; says so when there are none.
fn hosts(runner: &Arc<Runner>, pattern: &str, display: &Display) -> Result<Vec<Arc<str>>, Diagnostic> {
    let inventory = runner.inventory.read().unwrap_or_else(PoisonError::into_inner);
    let chosen = inventory.select_list(&[pattern.to_string()])?;
    let mut seen = HashSet::new();
    for warning in chosen.warnings {
        if seen.insert(warning.message.clone()) {
            display.warning(&warning.render());
        }
    }
    if chosen.hosts.is_empty() {
        if runner.options.limit.is_some() {
            return Err(Diagnostic::new(setup::NO_HOSTS_LEFT));
        }
        if !inventory.host_names().is_empty() {
            display.warning("No hosts matched, nothing to do");
        }
    }
    Ok(chosen.hosts)
}

/// The playbook of one play with the one task.
fn playbook(args: &Args, pattern: &str, module: &str, config: &Config) -> Result<Value, Diagnostic> {
    let plain = module.strip_prefix("ansible.builtin.").or_else(|| module.strip_prefix("ansible.legacy."));
    let plain = plain.unwrap_or(module);
    if plain == "import_playbook" {
        let text = format!("'{module}' is not a valid action for ad-hoc commands");
        return Err(Diagnostic::new(text).of_kind(Kind::Options));
    }
    let place = |what: &str| Some(Origin::new(&what.into(), 0, 0));
    let given = arguments(&args.module_args, plain, place("<CLI option '-a'>"))?;
    if given.is_empty() && is_command(plain) {
        let text = format!("No argument passed to {module} module");
        return Err(Diagnostic::new(text).of_kind(Kind::Options));
    }
    let shown = described(args, module, &given, config)?;
    let mut task =
        Dict::new().with_origin(Some(Origin::of_value(&format!("<adhoc '{module}' task>"), &shown)));
    let name = Text::trusted(module, Some(Origin::of_value("<CLI option '-m'>", module)));
    task.insert(Value::Str(name), given);
    if let Some(seconds) = args.task_timeout {
        if !(0..=100_000_000).contains(&seconds) {
            let text = format!("Timeout {seconds} is invalid, it must be between 0 and 100000000.");
            return Err(Diagnostic::new(text).of_kind(Kind::Options));
        }
        task.insert("timeout", seconds);
    }
    if let Some(seconds) = args.background {
        task.insert("async", seconds);
        if let Some(seconds) = args.poll {
            task.insert("poll", seconds);
        }
    }
    let mut play = Dict::new();
    play.insert("name", "Ansible Ad-Hoc");
    play.insert("hosts", pattern);
    play.insert("gather_facts", false);
    play.insert("tasks", vec![Value::Dict(task)]);
    Ok(Value::List(List::new(vec![Value::Dict(play)])))
}

/// The task as errors show it.
fn described(args: &Args, module: &str, given: &Dict, config: &Config) -> Result<String, Diagnostic> {
    let configured = |name: &str, default: i64| Ok::<_, Diagnostic>(config.number(name)?.unwrap_or(default));
    let timeout = args.task_timeout.map_or_else(|| configured("TASK_TIMEOUT", 0), Ok)?;
    let poll = args.poll.map_or_else(|| configured("DEFAULT_POLL_INTERVAL", 15), Ok)?;
    let mut task = Dict::new();
    task.insert("action", module);
    task.insert("args", given.clone());
    task.insert("timeout", timeout);
    task.insert("async_val", args.background.unwrap_or(0));
    task.insert("poll", poll);
    Ok(repr::repr(&Value::Dict(task)))
}

/// Whether what a module is given is a command line.
fn is_command(module: &str) -> bool {
    matches!(module, "command" | "shell" | "script" | "raw" | "win_command" | "win_shell")
}

/// The module's arguments: a JSON mapping, else words.
pub(super) fn arguments(text: &str, module: &str, origin: Option<Arc<Origin>>) -> Result<Dict, Diagnostic> {
    let text = text.trim();
    if text.starts_with('{')
        && json::read(text).is_ok()
        && let Value::Dict(given) = rustible_yaml::load(&"<CLI option '-a'>".into(), text)?
    {
        return Ok(given);
    }
    parse_kv(&Text::trusted(text, origin), is_command(module))
}
