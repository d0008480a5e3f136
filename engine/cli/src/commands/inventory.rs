//! `ansible-inventory`: the inventory as JSON or as a tree.

use std::{path::PathBuf, sync::Arc};

use clap::Parser;
use rustible_inventory::{Form, Inventory};
use rustible_output::Display;
use rustible_protocol::{
    Value,
    json::{self, Style},
};
use rustible_source::{Diagnostic, Kind};

use crate::{
    args::{InventoryArgs, OwnArgs, VaultArgs},
    config::Config,
    exit::fail,
    setup::{self, load_environment, redactor, screen},
};

/// Show the inventory as Ansible sees it.
#[derive(Debug, Parser)]
#[command(name = "ansible-inventory", disable_version_flag = true, infer_long_args = true)]
struct Args {
    /// Group to show with --graph.
    group: Option<String>,
    /// All hosts and groups.
    #[arg(long)]
    list: bool,
    /// One host's variables.
    #[arg(long)]
    host: Option<String>,
    /// A tree of groups.
    #[arg(long)]
    graph: bool,
    /// YAML instead of JSON.
    #[arg(short, long)]
    yaml: bool,
    /// TOML instead of JSON.
    #[arg(long, conflicts_with = "yaml")]
    toml: bool,
    /// As it was written, for another inventory.
    #[arg(long)]
    export: bool,
    /// Variables in the tree.
    #[arg(long)]
    vars: bool,
    /// The folder that stands for a playbook's.
    #[arg(long, value_name = "FOLDER")]
    playbook_dir: Option<PathBuf>,
    /// Write to this file.
    #[arg(long)]
    output: Option<PathBuf>,
    /// Show version.
    #[arg(long)]
    version: bool,
    #[command(flatten)]
    inventory: InventoryArgs,
    #[command(flatten)]
    vault: VaultArgs,
    #[command(flatten)]
    own: OwnArgs,
}

pub(super) fn main(args: &[String]) -> u8 {
    let args = match Args::try_parse_from(args) {
        Ok(args) => args,
        Err(error) => return super::play::usage(&error),
    };
    if args.version {
        return super::version::main("ansible-inventory");
    }
    let redactor = redactor();
    let display = screen(&Config::default(), &redactor, None);
    match run(&args, &display) {
        Ok(text) => {
            text.iter().for_each(|text| display.line(text, None));
            0
        }
        Err(error) => fail(&display, &error),
    }
}

/// The text to show; `None` when it went to a file.
fn run(args: &Args, display: &Display) -> Result<Option<String>, Diagnostic> {
    load_environment(&args.own, None)?;
    let text = match [args.list, args.host.is_some(), args.graph].iter().filter(|asked| **asked).count() {
        0 => "No action selected, at least one of --host, --graph or --list needs to be specified.",
        1 => "",
        _ => "Conflicting options used, only one of --host, --graph or --list can be used at the same time.",
    };
    if !text.is_empty() {
        return Err(Diagnostic::new(text).of_kind(Kind::Options));
    }
    let config = Config::load()?;
    let secrets = Arc::new(setup::secrets(&args.vault, &config)?);
    let folder = config.playbook_dir(args.playbook_dir.as_deref());
    let reading = setup::to_show(&args.inventory, &config, secrets, folder.as_deref(), display)?;
    let mut inventory = setup::inventory(&reading, display)?;
    // Only what is shown of single hosts has the variables beside a playbook that nobody named.
    if folder.is_some() || !args.export {
        let here = folder.unwrap_or_else(|| PathBuf::from("."));
        inventory.set_play_dirs(vec![std::path::absolute(&here).unwrap_or(here)]);
    }
    inventory.set_limit(args.inventory.limit.as_deref())?;
    setup::tell(&mut inventory, &config, display);
    if !args.export && (!args.graph || args.vars) {
        reserved(&inventory, args.host.as_deref(), display);
    }
    if args.graph {
        let graph = inventory.graph(args.group.as_deref().unwrap_or("all"), args.vars)?;
        setup::tell(&mut inventory, &config, display);
        return Ok(Some(graph));
    }
    if let Some(host) = &args.host {
        let chosen = inventory.select_unlimited(std::slice::from_ref(host))?;
        chosen.warnings.iter().for_each(|warning| display.warning(&warning.render()));
    }
    let form = match (args.yaml, args.toml) {
        (true, _) => Form::Yaml,
        (_, true) => Form::Toml,
        _ => Form::Json,
    };
    let value = match &args.host {
        Some(host) => inventory.host_view(host, form, args.export)?,
        None => inventory.list(form, args.export)?,
    };
    setup::tell(&mut inventory, &config, display);
    let text = written(&value, form)?;
    match &args.output {
        None => Ok(Some(text)),
        Some(file) => {
            std::fs::write(file, text)
                .map_err(|error| Diagnostic::new(format!("{}: {error}", file.display())))?;
            Ok(None)
        }
    }
}

/// Warn of variables of hosts that have the names of keywords.
fn reserved(inventory: &Inventory, host: Option<&str>, display: &Display) {
    let hosts = host.map_or_else(|| inventory.host_names(), |host| vec![host.into()]);
    for host in hosts {
        for warning in rustible_executor::reserved_in(&inventory.layers(&host)) {
            display.warning(&warning.render());
        }
    }
}

fn written(value: &Value, form: Form) -> Result<String, Diagnostic> {
    if let (Form::Toml, Value::Dict(data)) = (form, value) {
        return super::toml::write(data).map(|text| text.trim_end().to_string());
    }
    if form == Form::Yaml {
        let options = rustible_yaml::emit::Options {
            default_flow_style: Some(false),
            ..rustible_yaml::emit::Options::default()
        };
        return rustible_yaml::emit::to_yaml(value, &options).map(|text| text.trim_end().to_string());
    }
    Ok(json::write(value, Style { indent: Some(4), sort_keys: true, ..Style::default() }))
}
