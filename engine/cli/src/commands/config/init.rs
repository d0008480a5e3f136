//! `ansible-config init`: a file, an environment or variables with every setting and its default.

use rustible_protocol::{Dict, Value, repr::str as shown};
use rustible_source::Diagnostic;

use super::{Init, InitFormat, Work};
use crate::definitions::{Asked, sources, text};

/// The text.
///
/// # Errors
/// When the options of a plugin cannot be read.
pub(super) fn run(work: &Work<'_>, how: &Init) -> Result<String, Diagnostic> {
    let (settings, kinds) = work.entries()?;
    let plugins: Vec<&Dict> = kinds
        .values()
        .filter_map(Value::as_dict)
        .flat_map(|plugins| sorted(plugins, how.format == InitFormat::Ini))
        .filter_map(|(_, options)| options.as_dict())
        .collect();
    let all = std::iter::once(&settings).chain(plugins);
    if how.format == InitFormat::Ini {
        return Ok(ini(work, how, all));
    }
    let lines = all.map(|settings| lines(work, how, settings)).collect::<Result<Vec<_>, _>>()?;
    Ok(lines.concat().join("\n"))
}

/// Entries by name, or in the order they are defined in.
fn sorted(entries: &Dict, by_name: bool) -> Vec<(&str, &Value)> {
    let mut entries: Vec<(&str, &Value)> =
        entries.texts().map(|(name, value)| (name.as_str(), value)).collect();
    if by_name {
        entries.sort_by_key(|(name, _)| *name);
    }
    entries
}

/// Settings with the words that describe them: plugins of the user's have some, the others are told by their names.
fn described(name: &str, definition: &Dict, between: &str) -> Option<String> {
    // What is not to be seen is described by nobody.
    if matches!(name, "CONFIG_FILE" | "INTERPRETER_PYTHON_FALLBACK" | "GALAXY_SERVERS") {
        return None;
    }
    match definition.get("description") {
        Some(Value::List(lines)) => Some(lines.iter().map(shown).collect::<Vec<_>>().join(between)),
        Some(Value::Str(text)) => Some(text.to_string()),
        _ => Some(name.to_string()),
    }
}

fn default(work: &Work<'_>, name: &str, definition: &Dict) -> Value {
    let options = Dict::new();
    let asked = Asked {
        config: &work.config,
        name,
        definition,
        plugin: None,
        variable: &|_| None,
        options: &options,
    };
    asked.default()
}

/// The items of a list between commas.
fn joined(value: &Value) -> Option<String> {
    let items = value.as_list()?;
    Some(items.iter().map(shown).collect::<Vec<_>>().join(", "))
}

/// Settings by name, with the options of servers where their setting stands.
fn in_order(settings: &Dict) -> Vec<(&str, &Dict)> {
    let mut all = Vec::new();
    for (name, definition) in sorted(settings, true) {
        let Some(definition) = definition.as_dict() else { continue };
        match name {
            "GALAXY_SERVERS" => {
                let servers = sorted(definition, true).into_iter().filter_map(|(_, server)| server.as_dict());
                all.extend(servers.flat_map(in_order));
            }
            _ => all.push((name, definition)),
        }
    }
    all
}

fn ini<'a>(work: &Work<'_>, how: &Init, all: impl Iterator<Item = &'a Dict>) -> String {
    // Sections in the order of their first keys; a key that several define is there once.
    let mut sections: Vec<(String, Vec<(String, String)>)> = Vec::new();
    for (name, definition) in all.flat_map(in_order) {
        let Some(words) = described(name, definition, "\n# ") else { continue };
        let Some(place) = sources(definition, "ini").last() else { continue };
        let (Some(section), Some(key)) = (text(place, "section"), text(place, "key")) else { continue };
        let at = sections.iter().position(|(known, _)| known == section).unwrap_or_else(|| {
            sections.push((section.to_string(), Vec::new()));
            sections.len() - 1
        });
        let keys = &mut sections[at].1;
        if keys.iter().any(|(known, _)| known == key) {
            continue;
        }
        let kind = text(definition, "type");
        let default = default(work, name, definition);
        let default = match joined(&default).filter(|_| kind == Some("list")) {
            Some(items) => items,
            None if default.is_null() => String::new(),
            None => shown(&default),
        };
        let mark = if how.disabled { ";" } else { "" };
        let line = format!("# ({}) {words}\n{mark}{key}={default}", kind.unwrap_or("string"));
        keys.push((key.to_string(), line));
    }
    let mut out = Vec::new();
    for (section, keys) in sections {
        out.push(format!("[{section}]"));
        out.extend(keys.into_iter().flat_map(|(_, line)| [line, String::new()]));
        out.push(String::new());
    }
    out.join("\n")
}

fn lines(work: &Work<'_>, how: &Init, settings: &Dict) -> Result<Vec<String>, Diagnostic> {
    let (place, hidden) = match how.format {
        InitFormat::Vars => ("vars", "_ansible_"),
        _ => ("env", "_ANSIBLE_"),
    };
    let mark = if how.disabled { "#" } else { "" };
    let mut out = Vec::new();
    for (name, definition) in sorted(settings, false) {
        let Some(definition) = definition.as_dict() else { continue };
        let Some(words) = described(name, definition, "\n#") else { continue };
        let Some(entry) = sources(definition, place).last().and_then(|entry| text(entry, "name")) else {
            continue;
        };
        let kind = text(definition, "type");
        out.push(format!("# {name}({}): {words}", kind.unwrap_or("string")));
        if entry.starts_with(hidden) {
            continue;
        }
        let value = match definition.contains_key("default") {
            true => default(work, name, definition),
            false => Value::str(""),
        };
        out.push(match how.format {
            InitFormat::Vars => format!("{mark}{entry}: {}", flow(&value)?),
            _ => format!("{mark}{entry}={}", variable(&value, kind)),
        });
        out.push(String::new());
    }
    Ok(out)
}

/// A default as a shell takes it.
fn variable(value: &Value, kind: Option<&str>) -> String {
    if kind == Some("boolean") {
        return u8::from(value.truthy()).to_string();
    }
    let text = match joined(value).filter(|_| kind == Some("list") && value.truthy()) {
        Some(items) => items,
        None if value.is_null() => return String::new(),
        None => shown(value),
    };
    let is_text = value.as_str().is_some() || kind == Some("list");
    let quoted = text.len() > 1 && ['\'', '"'].iter().any(|q| text.starts_with(*q) && text.ends_with(*q));
    let plain = |c: char| c.is_ascii_alphanumeric() || "_@%+=:,./-".contains(c);
    match is_text && value.truthy() && !quoted && !text.chars().all(plain) {
        true => format!("'{}'", text.replace('\'', "'\"'\"'")),
        false => text,
    }
}

/// A default on one line of YAML, with what ends a document behind a bare one.
fn flow(value: &Value) -> Result<String, Diagnostic> {
    let options = rustible_yaml::emit::Options {
        default_flow_style: Some(true),
        ..rustible_yaml::emit::Options::default()
    };
    rustible_yaml::emit::to_yaml(value, &options)
}
