//! `ansible-pull`: fetch a repository with playbooks and run one of them here.

mod repository;

use std::{
    collections::hash_map::RandomState,
    hash::{BuildHasher, Hasher},
    path::{Path, PathBuf},
    time::{Duration, SystemTime},
};

use clap::Parser;
use rustible_output::Display;
use rustible_protocol::{Dict, Value, json};
use rustible_source::{Diagnostic, Kind};

use super::{play, version};
use crate::{
    args::{HostsArgs, Play, RunArgs, TagArgs},
    config::Config,
    exit::fail,
    setup::{redactor, screen},
};
use repository::{Repository, Update};

/// Fetch a repository with playbooks and run one of them here.
#[derive(Debug, Parser)]
#[command(name = "ansible-pull", disable_version_flag = true, infer_long_args = true)]
struct Args {
    /// Playbooks of the repository; without one it is the file named after this host, or `local.yml`.
    playbooks: Vec<PathBuf>,
    /// Address of the repository.
    #[arg(short = 'U', long, value_name = "URL")]
    url: Option<String>,
    /// Folder of the working copy.
    #[arg(short, long = "directory", value_name = "DIR")]
    directory: Option<PathBuf>,
    /// Branch, tag or commit.
    #[arg(short = 'C', long, value_name = "NAME")]
    checkout: Option<String>,
    /// Run the playbook even when the repository could not be updated.
    #[arg(short, long)]
    force: bool,
    /// Run the playbook only when the repository has changed.
    #[arg(short, long)]
    only_if_changed: bool,
    /// Wait for at most that many seconds before starting, by chance.
    #[arg(short, long, value_name = "SECONDS")]
    sleep: Option<u32>,
    /// Kind of repository.
    #[arg(short, long, value_name = "NAME", default_value = "git")]
    module_name: String,
    /// Fetch the whole history.
    #[arg(long)]
    full: bool,
    /// Trust the key of a host that is not known yet.
    #[arg(long)]
    accept_host_key: bool,
    /// Refuse commits whose signature cannot be verified.
    #[arg(long)]
    verify_commit: bool,
    /// Throw changes of the working copy away.
    #[arg(long)]
    clean: bool,
    /// Take submodules at their newest.
    #[arg(long)]
    track_subs: bool,
    /// Remove the working copy after the run.
    #[arg(long)]
    purge: bool,
    /// Change nothing; predict what would be changed.
    #[arg(long)]
    check: bool,
    /// Show the differences of changed files.
    #[arg(long)]
    diff: bool,
    /// Folders with modules of your own.
    #[arg(short = 'M', long, value_name = "PATH")]
    module_path: Vec<String>,
    #[command(flatten)]
    chosen: TagArgs,
    #[command(flatten)]
    on: HostsArgs,
}

pub(super) fn main(words: &[String]) -> u8 {
    let args = match Args::try_parse_from(words) {
        Ok(args) => args,
        Err(error) => return play::usage(&error),
    };
    if args.on.version {
        return version::main("ansible-pull");
    }
    let display = screen(&Config::default(), &redactor(), None);
    match pull(args, words, &display) {
        Ok(status) => status,
        Err(error) => fail(&display, &error),
    }
}

/// The repository's address, when what is asked for can be done.
fn address(args: &Args) -> Result<String, Diagnostic> {
    let options = |text: String| Err(Diagnostic::new(text).of_kind(Kind::Options));
    let Some(url) = args.url.clone() else {
        return options("URL for repository not specified, use -h for help".into());
    };
    // To git such a word would be an option.
    let mut words = [args.url.as_ref(), args.checkout.as_ref()].into_iter().flatten();
    if let Some(word) = words.find(|word| word.starts_with('-')) {
        return options(format!("'{word}' is no address and no name of a commit"));
    }
    if args.module_name != "git" {
        let kind = &args.module_name;
        return options(format!("repositories of '{kind}' are not supported by rustible, only git"));
    }
    Ok(url)
}

fn pull(args: Args, words: &[String], display: &Display) -> Result<u8, Diagnostic> {
    let url = address(&args)?;
    let now = rustible_template::stamp("%Y-%m-%d %H:%M:%S", SystemTime::now());
    display.line(&format!("Starting Ansible Pull at {now}"), None);
    display.line(&words.iter().map(|word| without_password(word)).collect::<Vec<_>>().join(" "), None);
    if let Some(most) = args.sleep {
        // Any source of chance does: it spreads the load of many hosts.
        let seconds = RandomState::new().build_hasher().finish() % (u64::from(most) + 1);
        display.line(&format!("Sleeping for {seconds} seconds..."), None);
        std::thread::sleep(Duration::from_secs(seconds));
    }
    let names = repository::host_names();
    let folder = match &args.directory {
        Some(folder) => folder.clone(),
        None => home().join(".ansible/pull").join(names.first().map_or("localhost", String::as_str)),
    };
    let folder = std::path::absolute(&folder).unwrap_or(folder);
    let repository = Repository {
        url,
        folder: folder.clone(),
        version: args.checkout.clone(),
        full: args.full,
        accept_host_key: args.accept_host_key,
        verify: args.verify_commit,
        clean: args.clean,
        track: args.track_subs,
    };
    match repository.update() {
        Ok(update) => {
            display.line(&shown(&update), None);
            if args.only_if_changed && !update.changed() {
                display.line("Repository has not changed, quitting.", None);
                return Ok(0);
            }
        }
        Err(error) if args.force => {
            fail(display, &error);
            display.warning("Unable to update repository. Continuing with (forced) run of playbook.");
        }
        Err(error) => {
            fail(display, &error);
            return Ok(2);
        }
    }
    let purge = args.purge;
    let playbooks = playbooks(&args.playbooks, &folder, &names, display)?;
    std::env::set_current_dir(&folder)
        .map_err(|error| Diagnostic::new(format!("cannot enter {}: {error}", folder.display())))?;
    let status = play::go(&asked(args, playbooks, &names), words);
    if purge {
        let away = std::env::set_current_dir("/").and_then(|()| std::fs::remove_dir_all(&folder));
        away.map_err(|error| Diagnostic::new(format!("cannot remove {}: {error}", folder.display())))?;
    }
    Ok(status)
}

/// A word of the command line as it may be shown: addresses can have passwords in them.
fn without_password(word: &str) -> String {
    let Some((scheme, rest)) = word.split_once("://") else { return word.to_string() };
    let end = rest.find('/').unwrap_or(rest.len());
    match rest[..end].rsplit_once('@').and_then(|(user, host)| Some((user.split_once(':')?.0, host))) {
        Some((user, host)) => format!("{scheme}://{user}:********@{host}{}", &rest[end..]),
        None => word.to_string(),
    }
}

/// The run of the playbooks: on this host, unless another limit is given.
fn asked(args: Args, playbooks: Vec<PathBuf>, names: &[String]) -> Play {
    let mut run = args.on.play();
    let inventory = &mut run.inventory;
    let here =
        ["localhost".to_string()].into_iter().chain(names.iter().cloned()).chain(["127.0.0.1".to_string()]);
    let here = here.collect::<Vec<_>>().join(",");
    inventory.limit = Some(match &inventory.limit {
        Some(limit) => format!("{here},{limit}"),
        None => here,
    });
    // It is for this machine, whatever the inventory says of it.
    run.connection.connection = Some("local".into());
    Play {
        playbooks,
        chosen: args.chosen,
        run: RunArgs {
            check: args.check,
            diff: args.diff,
            module_path: args.module_path,
            ..RunArgs::default()
        },
        ..run
    }
}

/// What became of the working copy, as an ad hoc command shows results.
fn shown(update: &Update) -> String {
    let mut result = Dict::new();
    result.insert("after", update.after.as_str());
    result.insert("before", update.before.as_deref().map_or(Value::Null, Value::from));
    result.insert("changed", update.changed());
    if update.before.is_some() {
        result.insert("remote_url_changed", update.moved);
    }
    let style = json::Style { indent: Some(4), sort_keys: true, ..json::Style::default() };
    let word = if update.changed() { "CHANGED" } else { "SUCCESS" };
    format!("localhost | {word} => {}", json::write(&Value::Dict(result), style))
}

/// The playbooks to run: those that are named, else the first that is there of this host's and `local.yml`.
fn playbooks(
    named: &[PathBuf],
    folder: &Path,
    names: &[String],
    display: &Display,
) -> Result<Vec<PathBuf>, Diagnostic> {
    let none = || Diagnostic::new("Could not find a playbook to run.").of_kind(Kind::Options);
    if !named.is_empty() {
        let paths: Vec<PathBuf> = named.iter().map(|name| folder.join(name)).collect();
        let missing: Vec<_> = paths.iter().filter(|path| !path.is_file()).collect();
        for path in &missing {
            display.warning(&format!("{}: File does not exist", path.display()));
        }
        return if missing.is_empty() { Ok(paths) } else { Err(none()) };
    }
    let own = names.iter().map(|name| format!("{name}.yml")).chain(["local.yml".to_string()]);
    let tried: Vec<PathBuf> = own.map(|name| folder.join(name)).collect();
    match tried.iter().find(|path| path.is_file()) {
        Some(path) => Ok(vec![path.clone()]),
        None => {
            tried
                .iter()
                .for_each(|path| display.warning(&format!("{}: File does not exist", path.display())));
            Err(none())
        }
    }
}

fn home() -> PathBuf {
    std::env::var_os("HOME").map_or_else(|| PathBuf::from("/"), PathBuf::from)
}
