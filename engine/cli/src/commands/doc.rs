//! `ansible-doc`: modules and actions, told by their own interfaces.

use clap::Parser;
use rustible_executor::Registry;
use rustible_playbook::{Catalog, Found};
use rustible_protocol::{
    Dict, Spec, Value,
    json::{self, Style},
    repr::str as shown,
    spec::{CheckMode, Field, Kind},
};
use rustible_source::{Diagnostic, Kind as Failure};

use crate::{
    config::Config,
    exit::fail,
    modules,
    setup::{redactor, screen},
};

/// Show what modules do and accept.
#[derive(Debug, Parser)]
#[command(name = "ansible-doc", disable_version_flag = true, infer_long_args = true)]
struct Args {
    /// Modules.
    names: Vec<String>,
    /// List all, or those of the collections named.
    #[arg(short, long)]
    list: bool,
    /// As JSON.
    #[arg(short, long)]
    json: bool,
    /// A task to copy.
    #[arg(short, long)]
    snippet: bool,
    /// Kind of plugin.
    #[arg(short = 't', long = "type", default_value = "module")]
    kind: String,
    /// More detail; nothing is left out without it either.
    #[arg(short, long, action = clap::ArgAction::Count)]
    verbose: u8,
}

pub(super) fn main(args: &[String]) -> u8 {
    if args.get(1).is_some_and(|word| word == "--version") {
        return super::version::main("ansible-doc");
    }
    let args = match Args::try_parse_from(args) {
        Ok(args) => args,
        Err(error) => return super::play::usage(&error),
    };
    let display = screen(&Config::default(), &redactor(), None);
    match text(&args, &display) {
        Ok(text) => {
            display.line(text.trim_end_matches('\n'), None);
            0
        }
        Err(error) => fail(&display, &error),
    }
}

fn text(args: &Args, display: &rustible_output::Display) -> Result<String, Diagnostic> {
    if args.kind != "module" {
        let text = format!("rustible documents modules only, there is nothing of type '{}'", args.kind);
        return Err(Diagnostic::new(text).of_kind(Failure::Options));
    }
    let registry = Registry::new(rustible_actions::actions(), modules::specs(), modules::elsewhere());
    if args.list {
        return Ok(list(args, &registry));
    }
    if args.names.is_empty() {
        return Err(Diagnostic::new("Missing name(s), incorrect options passed for detailed documentation.")
            .of_kind(Failure::Options));
    }
    let mut found: Vec<(&String, &Spec)> = Vec::new();
    for name in &args.names {
        match spec(&registry, name) {
            Some(spec) => found.push((name, spec)),
            None => display.warning(&format!("{name} was not found")),
        }
    }
    if args.json {
        let all: Dict =
            found.iter().map(|(name, spec)| (Value::from(name.as_str()), described(spec))).collect();
        return Ok(json::write(&Value::Dict(all), pretty()));
    }
    let write = if args.snippet { snippet } else { page };
    Ok(found.iter().map(|(name, spec)| write(name, spec)).collect::<Vec<_>>().join("\n"))
}

fn pretty() -> Style {
    Style { indent: Some(4), sort_keys: true, ..Style::default() }
}

fn spec<'a>(registry: &'a Registry, name: &str) -> Option<&'a Spec> {
    match registry.find(name, &[]) {
        Found::Known(full) => registry.spec(&full),
        _ => None,
    }
}

fn list(args: &Args, registry: &Registry) -> String {
    let mut names = registry.names();
    names.sort();
    names.dedup();
    let wanted = |name: &String| {
        args.names.is_empty()
            || args.names.iter().any(|collection| name.starts_with(&format!("{collection}.")))
    };
    let known = names.iter().filter(|name| wanted(name));
    let known: Vec<(&String, &Spec)> =
        known.filter_map(|name| registry.spec(name).map(|spec| (name, spec))).collect();
    if args.json {
        let all = known.iter().map(|(name, spec)| (Value::from(name.as_str()), Value::from(spec.summary)));
        return json::write(&Value::Dict(all.collect()), pretty());
    }
    let width = known.iter().map(|(name, _)| name.len()).max().unwrap_or_default();
    known.iter().map(|(name, spec)| format!("{name:width$}  {}\n", spec.summary)).collect()
}

fn kind(kind: Kind) -> &'static str {
    match kind {
        Kind::Str => "str",
        Kind::Int => "int",
        Kind::Float => "float",
        Kind::Bool => "bool",
        Kind::List => "list",
        Kind::Dict => "dict",
        Kind::Path => "path",
        Kind::Raw => "raw",
        Kind::JsonArg => "json",
        Kind::Bytes => "bytes",
        Kind::Bits => "bits",
    }
}

fn support(spec: &Spec) -> &'static str {
    match spec.check {
        CheckMode::Full => "full",
        CheckMode::Partial => "partial",
        CheckMode::None => "none",
    }
}

fn field(field: &Field) -> Value {
    let mut out = Dict::new();
    if !field.aliases.is_empty() {
        out.insert("aliases", field.aliases.iter().map(|name| Value::from(*name)).collect::<Vec<_>>());
    }
    if !field.choices.is_empty() {
        out.insert("choices", field.choices.clone());
    }
    if let Some(default) = &field.default {
        out.insert("default", default.clone());
    }
    out.insert("description", vec![Value::from(field.doc)]);
    if let Some(elements) = field.elements {
        out.insert("elements", kind(elements));
    }
    if field.required {
        out.insert("required", true);
    }
    if let Some(inner) = &field.options {
        out.insert("suboptions", fields(inner));
    }
    out.insert("type", kind(field.kind));
    Value::Dict(out)
}

fn fields(all: &[Field]) -> Dict {
    all.iter().map(|one| (Value::from(one.name), field(one))).collect()
}

fn described(spec: &Spec) -> Value {
    let (collection, module) = spec.name.rsplit_once('.').unwrap_or(("", spec.name));
    let level = |support: &str| Value::Dict([("support", support)].into_iter().collect());
    let mut attributes = Dict::new();
    attributes.insert("check_mode", level(support(spec)));
    attributes.insert("diff_mode", level(if spec.diff { "full" } else { "none" }));
    let mut doc = Dict::new();
    doc.insert("attributes", attributes);
    doc.insert("collection", collection);
    let paragraphs = spec.description.split("\n\n").filter(|text| !text.trim().is_empty());
    doc.insert("description", paragraphs.map(|text| Value::from(text.trim())).collect::<Vec<_>>());
    doc.insert("module", module);
    doc.insert("options", fields(&spec.fields));
    doc.insert("plugin_name", spec.name);
    doc.insert("short_description", spec.summary.trim_end_matches('.'));
    let mut out = Dict::new();
    out.insert("doc", doc);
    out.insert("examples", Value::Null);
    out.insert("metadata", Value::Null);
    out.insert("return", Value::Null);
    Value::Dict(out)
}

/// Lines of at most so many columns, each that far to the right.
fn wrapped(text: &str, indent: usize) -> String {
    let mut out = String::new();
    for paragraph in text.lines() {
        let mut line = String::new();
        for word in paragraph.split_whitespace() {
            if !line.is_empty() && indent + line.len() + word.len() >= 78 {
                out.push_str(&format!("{}{line}\n", " ".repeat(indent)));
                line.clear();
            }
            if !line.is_empty() {
                line.push(' ');
            }
            line.push_str(word);
        }
        out.push_str(&format!("{}{line}\n", " ".repeat(indent)));
    }
    out
}

fn page(_: &str, spec: &Spec) -> String {
    let mut out = format!("> MODULE {}\n\n{}", spec.name, wrapped(spec.summary, 2));
    if !spec.description.is_empty() {
        out.push_str(&wrapped(spec.description, 2));
    }
    out.push_str("\nOPTIONS (= is mandatory):\n\n");
    options(&spec.fields, 0, &mut out);
    let diff = if spec.diff { "full" } else { "none" };
    out.push_str(&format!(
        "ATTRIBUTES:\n\n        check_mode: {}\n        diff_mode: {diff}\n",
        support(spec)
    ));
    out
}

fn options(all: &[Field], depth: usize, out: &mut String) {
    let left = " ".repeat(depth * 8);
    for field in all {
        let mark = if field.required { '=' } else { '-' };
        out.push_str(&format!("{left}{mark} {}\n", field.name));
        out.push_str(&wrapped(field.doc, depth * 8 + 8));
        let mut fact = |name: &str, text: &str| out.push_str(&format!("{left}        {name}: {text}\n"));
        if !field.aliases.is_empty() {
            fact("aliases", &format!("[{}]", field.aliases.join(", ")));
        }
        if !field.choices.is_empty() {
            let choices: Vec<String> = field.choices.iter().map(shown).collect();
            fact("choices", &format!("[{}]", choices.join(", ")));
        }
        if let Some(default) = &field.default {
            fact("default", &json::dumps(default));
        }
        if let Some(elements) = field.elements {
            fact("elements", kind(elements));
        }
        fact("type", kind(field.kind));
        if let Some(inner) = &field.options {
            out.push_str(&format!("{left}        suboptions:\n\n"));
            options(inner, depth + 1, out);
        }
        out.push('\n');
    }
}

fn snippet(name: &str, spec: &Spec) -> String {
    let mut out = format!("- name: {}\n  {name}:\n", spec.summary.trim_end_matches('.'));
    for field in &spec.fields {
        let required = if field.required { "(required) " } else { "" };
        let doc = wrapped(field.doc, 0).replace('\n', " ");
        out.push_str(format!("      {:<22} # {required}{}", format!("{}:", field.name), doc).trim_end());
        out.push('\n');
    }
    out
}
