//! `ansible-config dump`: the values in force and where they come from.

use rustible_output::Color;
use rustible_protocol::{Dict, Value, repr::str as shown};
use rustible_source::Diagnostic;

use super::{Dump, DumpFormat, Work, indented, yaml};
use crate::definitions::{self, Asked, Failure};

/// A setting, its value and where that comes from.
struct Entry {
    name: String,
    origin: Value,
    value: Value,
}

impl Entry {
    fn from(&self) -> &str {
        self.origin.as_str().unwrap_or("REQUIRED")
    }

    /// Whether somebody set it.
    fn changed(&self) -> bool {
        !matches!(self.from(), "default" | "REQUIRED") && !matches!(self.name.as_str(), "_terms" | "_input")
    }

    fn value(&self) -> Value {
        let mut entry = Dict::new();
        entry.insert("name", self.name.as_str());
        entry.insert("origin", self.from());
        entry.insert("value", self.value.clone());
        Value::Dict(entry)
    }

    fn line(&self) -> (String, Option<Color>) {
        let color = match self.from() {
            "default" => Color::Ok,
            _ if !self.changed() && self.from() != "REQUIRED" => Color::Ok,
            "REQUIRED" => Color::Error,
            _ => Color::Changed,
        };
        (format!("{}({}) = {}", self.name, self.from(), shown(&self.value)), Some(color))
    }
}

/// One part of the output.
enum Part {
    Entry(Entry),
    /// Entries under a heading: their key as data.
    Under(String, Value),
    Heading(String),
}

/// Show it.
///
/// # Errors
/// A value that cannot be.
pub(super) fn run(work: &Work<'_>, how: &Dump) -> Result<(), Diagnostic> {
    let mut parts = Vec::new();
    let kind = work.common.kind.as_str();
    if matches!(kind, "base" | "all") {
        parts.extend(base(work, how)?);
        parts.extend(servers(work, how)?);
    }
    match kind {
        "base" => {}
        "all" => {
            for kind in definitions::KINDS {
                let found = plugins(work, how, kind)?;
                if how.format != DumpFormat::Display {
                    let data: Vec<Value> = found.into_iter().map(data).collect();
                    parts.push(Part::Under(format!("{}_PLUGINS", kind.to_uppercase()), data.into()));
                } else if !how.only_changed || !found.is_empty() {
                    parts.push(Part::Heading(format!(
                        "\n{}:\n{}",
                        kind.to_uppercase(),
                        "=".repeat(kind.len())
                    )));
                    parts.extend(found);
                }
            }
        }
        kind => parts.extend(plugins(work, how, kind)?),
    }
    if how.format == DumpFormat::Display {
        if parts.is_empty() {
            work.text("");
        }
        let last = parts.len().saturating_sub(1);
        for (at, part) in parts.iter().enumerate() {
            match part {
                Part::Entry(entry) => {
                    let (line, color) = entry.line();
                    work.line(&line, color);
                }
                Part::Heading(text) if at == last => work.text(text),
                Part::Heading(text) => work.text(&format!("{text}\n")),
                Part::Under(..) => {}
            }
        }
        return Ok(());
    }
    let all: Value = parts.into_iter().map(data).collect::<Vec<_>>().into();
    work.text(&if how.format == DumpFormat::Json { indented(&all) } else { yaml(&all)? });
    Ok(())
}

fn data(part: Part) -> Value {
    match part {
        Part::Entry(entry) => entry.value(),
        Part::Under(key, value) => Value::Dict([(key, value)].into_iter().collect()),
        Part::Heading(text) => Value::from(text),
    }
}

/// The values of these settings, by name.
fn entries(
    work: &Work<'_>,
    how: &Dump,
    settings: &Dict,
    plugin: Option<(&str, &str)>,
) -> Result<Vec<Entry>, Diagnostic> {
    let mut found = Vec::new();
    for (name, definition) in settings.texts() {
        let Some(definition) = definition.as_dict() else { continue };
        let (name, options) = (name.as_str(), Dict::new());
        let asked =
            Asked { config: &work.config, name, definition, plugin, variable: &|_| None, options: &options };
        let (value, origin) = match asked.settle() {
            Ok(settled) => settled,
            Err(Failure::Required(_)) => (Value::Null, None),
            Err(Failure::Value(error)) => return Err(error),
        };
        found.push(Entry { name: name.to_string(), origin: origin.into(), value });
    }
    // As data a server's are in the order they are defined in.
    if how.format == DumpFormat::Display || plugin.is_none_or(|(kind, _)| kind != "galaxy_server") {
        found.sort_by(|a, b| a.name.cmp(&b.name));
    }
    found.retain(|entry| !how.only_changed || entry.changed());
    Ok(found)
}

fn base(work: &Work<'_>, how: &Dump) -> Result<Vec<Part>, Diagnostic> {
    let mut all = entries(work, how, &work.base(), None)?;
    let file =
        Entry { name: "CONFIG_FILE".into(), origin: Value::str(""), value: definitions::file(&work.config) };
    let at = all.partition_point(|entry| entry.name < file.name);
    all.insert(at, file);
    Ok(all.into_iter().map(Part::Entry).collect())
}

fn servers(work: &Work<'_>, how: &Dump) -> Result<Vec<Part>, Diagnostic> {
    let mut parts = vec![Part::Heading("\nGALAXY_SERVERS:\n".into())];
    let mut all = Dict::new();
    for (server, options) in work.servers() {
        let everything = Dump { only_changed: false, ..how_of(how) };
        let shown = if how.format == DumpFormat::Display { how } else { &everything };
        let found = entries(work, shown, &options, Some(("galaxy_server", &server)))?;
        parts.push(Part::Heading(format!("\n{server}\n{}", "=".repeat(server.chars().count()))));
        let mut told = Vec::new();
        for entry in &found {
            let mut value = entry.value();
            if let Value::Dict(value) = &mut value {
                value.insert("type", Value::Null);
            }
            told.push(value);
        }
        all.insert(server, told);
        parts.extend(found.into_iter().map(Part::Entry));
    }
    match how.format {
        DumpFormat::Display => Ok(parts),
        _ => Ok(vec![Part::Under("GALAXY_SERVERS".into(), all.into())]),
    }
}

/// The same manner without its file.
fn how_of(how: &Dump) -> Dump {
    let common = super::Common { config: None, kind: "base".into(), verbose: 0, plugins: Vec::new() };
    Dump { common, only_changed: how.only_changed, format: how.format }
}

fn plugins(work: &Work<'_>, how: &Dump, kind: &str) -> Result<Vec<Part>, Diagnostic> {
    let only: &[String] = if work.common.kind == "all" { &[] } else { &work.common.plugins };
    let mut parts = Vec::new();
    for (plugin, options) in work.plugins_of(kind, only)?.texts() {
        let Some(options) = options.as_dict() else { continue };
        let found = entries(work, how, options, Some((kind, plugin.as_str())))?;
        if found.is_empty() {
            continue;
        }
        if how.format == DumpFormat::Display {
            let line = "_".repeat(plugin.as_str().chars().count());
            parts.push(Part::Heading(format!("\n{plugin}:\n{line}")));
            parts.extend(found.into_iter().map(Part::Entry));
        } else {
            let found: Vec<Value> = found.iter().map(Entry::value).collect();
            parts.push(Part::Under(plugin.to_string(), found.into()));
        }
    }
    Ok(parts)
}
