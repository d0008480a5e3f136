//! `ansible-config`: what can be set, where values come from, files to begin with, and whether a file is right.

mod dump;
mod init;
mod validate;

use clap::{Parser, Subcommand, ValueEnum};
use rustible_output::{Color, Display, Sink};
use rustible_protocol::{
    Dict, Value,
    json::{self, Style},
};
use rustible_source::{Diagnostic, Kind};

use crate::{
    args::Play,
    config::{Config, expand},
    definitions::{self, Plugins},
    exit::fail,
    setup::{self, redactor, screen},
};

/// Show the configuration.
#[derive(Debug, Parser)]
#[command(name = "ansible-config", disable_version_flag = true, infer_long_args = true)]
struct Args {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// All settings: their environment variables, places in the file and defaults.
    List(List),
    /// The values in force.
    Dump(Dump),
    /// The file in use.
    View(Common),
    /// A file with every setting and its default.
    Init(Init),
    /// Whether the file, or the environment, sets only what there is.
    Validate(Validate),
}

#[derive(Debug, clap::Args)]
struct Common {
    /// This file instead of the one that is found.
    #[arg(short, long, value_name = "FILE")]
    config: Option<std::path::PathBuf>,
    /// Settings of every command, options of one kind of plugins, or all.
    #[arg(short = 't', long = "type", default_value = "base", value_parser = kinds())]
    kind: String,
    /// More words on what is done.
    #[arg(short, long, action = clap::ArgAction::Count)]
    verbose: u8,
    /// Only these plugins of the kind.
    plugins: Vec<String>,
}

fn kinds() -> clap::builder::PossibleValuesParser {
    ["all", "base"].into_iter().chain(definitions::KINDS).collect::<Vec<_>>().into()
}

#[derive(Debug, clap::Args)]
struct List {
    #[command(flatten)]
    common: Common,
    /// Form of the output.
    #[arg(short, long, default_value = "yaml")]
    format: ListFormat,
}

#[derive(Debug, clap::Args)]
struct Dump {
    #[command(flatten)]
    common: Common,
    /// Only what somebody set.
    #[arg(long, alias = "changed-only")]
    only_changed: bool,
    /// Form of the output.
    #[arg(short, long, default_value = "display")]
    format: DumpFormat,
}

#[derive(Debug, clap::Args)]
struct Init {
    #[command(flatten)]
    common: Common,
    /// Form of the output.
    #[arg(short, long, default_value = "ini")]
    format: InitFormat,
    /// Every line behind a comment sign.
    #[arg(long)]
    disabled: bool,
}

#[derive(Debug, clap::Args)]
struct Validate {
    #[command(flatten)]
    common: Common,
    /// What is looked at.
    #[arg(short, long, default_value = "ini")]
    format: Looked,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum ListFormat {
    Yaml,
    Json,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum DumpFormat {
    Display,
    Yaml,
    Json,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum InitFormat {
    Ini,
    Env,
    Vars,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Looked {
    Ini,
    Env,
}

/// What all actions work with.
struct Work<'a> {
    common: &'a Common,
    config: Config,
    plugins: Plugins,
    display: Display,
}

pub(super) fn main(args: &[String]) -> u8 {
    if args.get(1).is_some_and(|word| word == "--version") {
        return super::version::main("ansible-config");
    }
    let args = match Args::try_parse_from(args) {
        Ok(args) => args,
        Err(error) => return super::play::usage(&error),
    };
    let display = screen(&Config::load().unwrap_or_default(), &redactor(), None);
    run(&args, &display).unwrap_or_else(|error| fail(&display, &error))
}

fn run(args: &Args, display: &Display) -> Result<u8, Diagnostic> {
    let common = match &args.action {
        Action::List(how) => &how.common,
        Action::Dump(how) => &how.common,
        Action::View(common) => common,
        Action::Init(how) => &how.common,
        Action::Validate(how) => &how.common,
    };
    let inventory = crate::args::InventoryArgs { verbose: common.verbose, ..Default::default() };
    let play = Play { inventory, ..Play::default() };
    let found = Config::load()?;
    setup::announce(&play, &found, display)?;
    let config = match &common.config {
        Some(file) => named(file)?,
        None => found,
    };
    let plugins = setup::plugins(&play, &config, display)?;
    let work = Work { common, config, plugins, display: display.clone() };
    match &args.action {
        Action::List(how) => work.text(&work.list(how)?),
        Action::Dump(how) => dump::run(&work, how)?,
        Action::View(_) => work.text(&work.view()?),
        Action::Init(how) => work.text(&init::run(&work, how)?),
        Action::Validate(how) => return validate::run(&work, how),
    }
    Ok(0)
}

/// The file that somebody named.
fn named(file: &std::path::Path) -> Result<Config, Diagnostic> {
    let file = std::path::absolute(expand(&file.to_string_lossy())).unwrap_or_else(|_| file.to_path_buf());
    let file = rustible_source::normal(&file);
    if std::fs::File::open(&file).is_err() {
        let text = "The provided configuration file is missing or not accessible";
        return Err(Diagnostic::new(format!("{text}: {}", file.display())).of_kind(Kind::Options));
    }
    Config::of(&file)
}

fn yaml(value: &Value) -> Result<String, Diagnostic> {
    let options = rustible_yaml::emit::Options {
        default_flow_style: Some(false),
        ..rustible_yaml::emit::Options::default()
    };
    rustible_yaml::emit::to_yaml(value, &options)
}

fn indented(value: &Value) -> String {
    json::write(value, Style { indent: Some(4), sort_keys: true, ..Style::default() })
}

impl Work<'_> {
    /// Show a text as it is, with a line break behind it when it has none.
    fn text(&self, text: &str) {
        let end = if text.ends_with('\n') { "" } else { "\n" };
        self.display.raw(Sink::Out, &format!("{text}{end}"));
    }

    /// Show a line.
    fn line(&self, text: &str, color: Option<Color>) {
        self.display.line(text, color);
    }

    fn view(&self) -> Result<String, Diagnostic> {
        let Some(file) = &self.config.file else {
            return Err(Diagnostic::new("Invalid or no config file was supplied"));
        };
        std::fs::read_to_string(file)
            .map_err(|error| Diagnostic::new(format!("Failed to open config file: {error}")))
    }

    fn list(&self, how: &List) -> Result<String, Diagnostic> {
        let (mut all, plugins) = self.entries()?;
        if self.common.kind != "base" {
            all.insert("PLUGINS", plugins);
        }
        let all = Value::Dict(all);
        if how.format == ListFormat::Json { Ok(indented(&all)) } else { yaml(&all) }
    }

    /// The servers of Galaxy that are configured, by name.
    fn servers(&self) -> Vec<(String, Dict)> {
        let names = self.config.list("GALAXY_SERVER_LIST").into_iter();
        names.map(|name| (name.clone(), definitions::galaxy_server(&name, &self.config))).collect()
    }

    /// The definitions of the settings, in the order they are defined in.
    fn base(&self) -> Dict {
        let known = definitions::settings().iter();
        let mut all: Dict = known
            .filter(|(name, _)| !name.as_str().is_some_and(|name| name.starts_with("_Z_")))
            .map(|(name, definition)| (name.clone(), definition.clone()))
            .collect();
        // rustible's own are told of where somebody uses them.
        for setting in definitions::ours().filter(|setting| self.config.raw(setting.name).is_some()) {
            all.insert(setting.name, definitions::own(setting));
        }
        all
    }

    /// What was asked for: settings by name, and options by kind and plugin.
    fn entries(&self) -> Result<(Dict, Dict), Diagnostic> {
        let kind = self.common.kind.as_str();
        let mut all = Dict::new();
        if matches!(kind, "base" | "all") {
            all = self.base();
            let file: Dict = [("default", Value::Null), ("type", Value::str("path"))].into_iter().collect();
            all.insert("CONFIG_FILE", file);
            let servers = self.servers();
            let servers: Dict =
                servers.into_iter().map(|(name, options)| (name, Value::Dict(options))).collect();
            all.insert("GALAXY_SERVERS", servers);
        }
        let mut plugins = Dict::new();
        match kind {
            "base" => {}
            "all" => {
                for kind in definitions::KINDS {
                    plugins.insert(kind.to_uppercase(), self.plugins_of(kind, &[])?);
                }
            }
            kind => drop(plugins.insert(kind, self.plugins_of(kind, &self.common.plugins)?)),
        }
        Ok((all, plugins))
    }

    /// The options of all plugins of a kind, or of these.
    fn plugins_of(&self, kind: &str, only: &[String]) -> Result<Dict, Diagnostic> {
        let names = if only.is_empty() { self.plugins.names(kind) } else { only.to_vec() };
        let mut all = Dict::new();
        for name in names {
            match self.plugins.options(kind, &name) {
                Ok(Some(options)) => drop(all.insert(name, options)),
                Ok(None) => {
                    let text = format!("Skipping {name} as we could not find matching plugin");
                    self.display.warning(&text);
                }
                Err(error) if only.is_empty() => {
                    self.display.warning(&format!("Skipping {kind} plugin {name}: {error}"));
                }
                Err(error) => return Err(Diagnostic::new(error)),
            }
        }
        Ok(all)
    }
}
