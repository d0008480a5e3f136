//! `ansible-config`: the settings rustible knows, and where their values come from.

use clap::{Parser, Subcommand, ValueEnum};
use rustible_protocol::{
    Dict, Value,
    json::{self, Style},
    repr::str as shown,
};
use rustible_source::{Diagnostic, Kind};

use crate::{
    config::{Config, SETTINGS, Setting, expand, value},
    exit::fail,
    setup::{redactor, screen},
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
    List(Shape),
    /// The values in force.
    Dump(Dump),
    /// The file in use.
    View(Source),
    /// A file with every setting and its default.
    Init(Init),
}

#[derive(Debug, clap::Args)]
struct Source {
    /// This file instead of the one that is found.
    #[arg(short, long = "config", value_name = "FILE")]
    config: Option<std::path::PathBuf>,
}

#[derive(Debug, clap::Args)]
struct Shape {
    #[command(flatten)]
    source: Source,
    /// Form of the output.
    #[arg(short, long, default_value = "yaml")]
    format: ListFormat,
}

#[derive(Debug, clap::Args)]
struct Dump {
    #[command(flatten)]
    source: Source,
    /// Only what somebody set.
    #[arg(long, alias = "changed-only")]
    only_changed: bool,
    /// Form of the output.
    #[arg(short, long, default_value = "display")]
    format: DumpFormat,
    /// Kind of setting; plugins have none of their own.
    #[arg(short, long = "type", default_value = "base", value_parser = ["base", "all"])]
    kind: String,
}

#[derive(Debug, clap::Args)]
struct Init {
    /// Form of the output.
    #[arg(short, long, default_value = "ini")]
    format: InitFormat,
    /// Every line behind a comment sign.
    #[arg(long)]
    disabled: bool,
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
}

pub(super) fn main(args: &[String]) -> u8 {
    if args.get(1).is_some_and(|word| word == "--version") {
        return super::version::main("ansible-config");
    }
    let args = match Args::try_parse_from(args) {
        Ok(args) => args,
        Err(error) => return super::play::usage(&error),
    };
    let display = screen(&Config::default(), &redactor(), None);
    let outcome = match &args.action {
        Action::List(shape) => list(shape),
        Action::Dump(how) => dump(how),
        Action::View(source) => view(source),
        Action::Init(how) => Ok(init(how)),
    };
    match outcome {
        Ok(text) => {
            display.line(text.trim_end_matches('\n'), None);
            0
        }
        Err(error) => fail(&display, &error),
    }
}

fn loaded(source: &Source) -> Result<Config, Diagnostic> {
    match &source.config {
        Some(file) => {
            let file = std::path::absolute(expand(&file.to_string_lossy())).unwrap_or_else(|_| file.clone());
            let file = rustible_source::normal(&file);
            if std::fs::File::open(&file).is_err() {
                let text = "The provided configuration file is missing or not accessible";
                return Err(Diagnostic::new(format!("{text}: {}", file.display())).of_kind(Kind::Options));
            }
            Config::of(&file)
        }
        None => Config::load(),
    }
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

fn list(shape: &Shape) -> Result<String, Diagnostic> {
    loaded(&shape.source)?;
    let mut all = Dict::new();
    for setting in sorted() {
        let mut described = Dict::new();
        described.insert("default", value::default(setting));
        let named = |name: &&str| Value::Dict([("name", *name)].into_iter().collect());
        if !setting.env.is_empty() {
            described.insert("env", setting.env.iter().map(named).collect::<Vec<_>>());
        }
        let place = |(section, key): &(&str, &str)| {
            Value::Dict([("key", *key), ("section", *section)].into_iter().collect())
        };
        described.insert("ini", setting.ini.iter().map(place).collect::<Vec<_>>());
        all.insert(setting.name, described);
    }
    let all = Value::Dict(all);
    if shape.format == ListFormat::Json { Ok(indented(&all)) } else { yaml(&all) }
}

fn dump(how: &Dump) -> Result<String, Diagnostic> {
    let config = loaded(&how.source)?;
    let file = config.file.as_ref().map(|file| file.display().to_string());
    let mut entries = Vec::new();
    entries.push(("CONFIG_FILE", String::new(), file.as_deref().map_or(Value::Null, Value::from)));
    for setting in sorted() {
        if !how.only_changed || config.raw(setting.name).is_some() {
            let (value, from) = value::of(&config, setting);
            entries.push((setting.name, from, value));
        }
    }
    if how.format == DumpFormat::Display {
        let lines = entries.iter().map(|(name, from, value)| format!("{name}({from}) = {}\n", shown(value)));
        return Ok(lines.collect());
    }
    let entry = |(name, from, value): &(&str, String, Value)| {
        let mut entry = Dict::new();
        entry.insert("name", *name);
        entry.insert("origin", from.as_str());
        entry.insert("value", value.clone());
        Value::Dict(entry)
    };
    let all: Value = entries.iter().map(entry).collect::<Vec<_>>().into();
    if how.format == DumpFormat::Json { Ok(indented(&all)) } else { yaml(&all) }
}

fn view(source: &Source) -> Result<String, Diagnostic> {
    let Some(file) = loaded(source)?.file else {
        return Err(Diagnostic::new("Invalid or no config file was supplied").of_kind(Kind::General));
    };
    std::fs::read_to_string(&file).map_err(|error| Diagnostic::new(format!("{}: {error}", file.display())))
}

fn init(how: &Init) -> String {
    let mut out = String::new();
    if how.format == InitFormat::Env {
        let mark = if how.disabled { "#" } else { "" };
        for setting in sorted() {
            if let Some(variable) = setting.env.first() {
                out.push_str(&format!("{mark}{variable}={}\n", setting.default));
            }
        }
        return out;
    }
    let mark = if how.disabled { ";" } else { "" };
    let mut sections: Vec<&str> =
        sorted().iter().filter_map(|s| s.ini.first().map(|(name, _)| *name)).collect();
    sections.sort_unstable();
    sections.dedup();
    for section in sections {
        out.push_str(&format!("[{section}]\n"));
        for setting in sorted() {
            if let Some((_, key)) = setting.ini.first().filter(|(name, _)| *name == section) {
                out.push_str(&format!("# {}\n{mark}{key}={}\n\n", setting.name, setting.default));
            }
        }
    }
    out
}

fn sorted() -> Vec<&'static Setting> {
    let mut all: Vec<&Setting> = SETTINGS.iter().collect();
    all.sort_by_key(|setting| setting.name);
    all
}
