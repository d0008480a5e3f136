//! `ansible-console`: a prompt at which tasks are run on hosts, one line each.

mod commands;
mod input;
mod session;

use std::path::PathBuf;

use clap::Parser;
use rustible_source::Diagnostic;

use super::version;
use crate::{
    args::{Adhoc, HostsArgs, Play, RunArgs},
    config::Config,
    exit::fail,
    setup::{begin, screen},
};
use input::Input;
use session::Session;

/// Run tasks on hosts from a prompt.
#[derive(Debug, Parser)]
#[command(name = "ansible-console", disable_version_flag = true, infer_long_args = true)]
struct Args {
    /// Which hosts.
    #[arg(default_value = "all")]
    pattern: String,
    /// Folder that stands for a playbook's: roles, `group_vars` and so on are looked for there.
    #[arg(long, value_name = "DIR")]
    playbook_dir: Option<PathBuf>,
    /// Seconds that a task may take on a host; 0 for any time.
    #[arg(long, value_name = "SECONDS", default_value_t = 0)]
    task_timeout: u32,
    /// Ask before each task.
    #[arg(long)]
    step: bool,
    #[command(flatten)]
    run: RunArgs,
    #[command(flatten)]
    on: HostsArgs,
}

pub(super) fn main(args: &[String]) -> u8 {
    let args = match Args::try_parse_from(args) {
        Ok(args) => args,
        Err(error) => return super::play::usage(&error),
    };
    if args.on.version {
        return version::main("ansible-console");
    }
    let folder = args.playbook_dir.clone().map(|folder| folder.join("."));
    let (config, redactor) = match begin(&args.on.own, folder.as_deref()) {
        Ok(begun) => begun,
        Err(status) => return status,
    };
    let display = screen(&config, &redactor, None);
    config.warnings.iter().for_each(|warning| display.warning(warning));
    match run(args, config, &redactor) {
        Ok(status) => status,
        Err(error) => fail(&display, &error),
    }
}

fn run(args: Args, config: Config, redactor: &rustible_output::Redactor) -> Result<u8, Diagnostic> {
    let display = screen(&config, redactor, None);
    let pattern = args.pattern.clone();
    let playbook_dir = config.playbook_dir(args.playbook_dir.as_deref());
    let folder = playbook_dir.clone().or_else(|| std::env::current_dir().ok()).unwrap_or_default();
    let list_hosts = args.on.list_hosts;
    let play = Play {
        step: args.step,
        run: args.run,
        playbook_dir,
        adhoc: Some(Adhoc { pattern: pattern.clone(), one_line: false, tree: None }),
        ..args.on.play()
    };
    let mut session = Session::new(play, config, redactor.clone(), folder)?;
    session.timeout = args.task_timeout;
    if list_hosts {
        let hosts = session.hosts(&pattern)?;
        display.line(&format!("  hosts ({}):", hosts.len()), None);
        hosts.iter().for_each(|host| display.line(&format!("    {host}"), None));
        return Ok(0);
    }
    session.pattern = pattern;
    display.line("Welcome to the ansible console. Type help or ? to list commands.", None);
    display.line("", None);
    let mut input = Input::new(&session.words());
    while let Some(line) = input.line(&session.prompt()) {
        if commands::run(&mut session, line.trim()) {
            break;
        }
    }
    input.keep();
    display.line("", None);
    display.line("Ansible-console was exited.", None);
    Ok(0)
}
