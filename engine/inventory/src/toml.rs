//! The TOML format: tables of groups with `hosts`, `vars` and `children`.

use std::{path::Path, sync::Arc};

use ::toml::{Table, Value as Toml};
use rustible_protocol::{Dict, List, Origin, Sort, Text, Value, repr};
use rustible_source::{Diagnostic, Files};

use crate::{address, model::Inventory};

/// Read a TOML inventory into the inventory.
///
/// # Errors
/// The reference's; a text that is no TOML, at its place.
pub(crate) fn read(inventory: &mut Inventory, path: &Path, text: &str) -> Result<(), Diagnostic> {
    let file: Arc<str> = path.to_string_lossy().into();
    Files::global().add(&file, &text.into());
    let table: Table = text.parse().map_err(|error: ::toml::de::Error| {
        let before = error.span().and_then(|span| text.get(..span.start)).unwrap_or_default();
        let line = u32::try_from(before.matches('\n').count() + 1).unwrap_or_default();
        let col = before.rsplit('\n').next().unwrap_or_default().chars().count() + 1;
        let place = Origin::new(&file, line, u32::try_from(col).unwrap_or_default());
        let cause = Diagnostic::new(error.message().to_string()).at(Some(&place));
        cause.context(format!("TOML file '{file}' is invalid."), None)
    })?;
    if table.is_empty() {
        return Err(Diagnostic::new("Parsed empty TOML file"));
    }
    let origin = Origin::new(&file, 0, 0);
    let Value::Dict(groups) = value(&Toml::Table(table), &origin) else { return Ok(()) };
    if groups.get("plugin").is_some_and(Value::truthy) {
        return Err(Diagnostic::new("Plugin configuration TOML file, not TOML inventory"));
    }
    groups.texts().try_for_each(|(name, content)| group(inventory, name, content))
}

/// TOML data as the author's own.
fn value(data: &Toml, origin: &Arc<Origin>) -> Value {
    let text = |text: &str| Value::Str(Text::trusted(text, Some(origin.clone())));
    match data {
        Toml::String(string) => text(string),
        Toml::Integer(number) => Value::Int(*number),
        Toml::Float(number) => Value::Float(*number),
        Toml::Boolean(flag) => Value::Bool(*flag),
        Toml::Datetime(date) => {
            let sort = match (date.date, date.time) {
                (Some(_), Some(_)) => Sort::Moment,
                (None, _) => Sort::Time,
                _ => Sort::Date,
            };
            Value::Str(Text::untrusted(date.to_string()).with_origin(Some(origin.clone())).with_sort(sort))
        }
        Toml::Array(items) => {
            let items = items.iter().map(|item| value(item, origin)).collect::<List>();
            Value::List(items.with_origin(Some(origin.clone())))
        }
        Toml::Table(table) => {
            let entries = table.iter().map(|(key, item)| (text(key), value(item, origin)));
            Value::Dict(entries.collect::<Dict>().with_origin(Some(origin.clone())))
        }
    }
}

fn group(inventory: &mut Inventory, name: &str, content: &Value) -> Result<(), Diagnostic> {
    let Value::Dict(sections) = content else {
        inventory.warn(Diagnostic::new(format!("Skipping '{name}' as this is not a valid group definition")));
        return Ok(());
    };
    let id = inventory.ensure_group(name)?;
    let name = inventory.group_name(id).to_string();
    let wrong = |section: &str, kind: &str, found: &Value| {
        let class = format!("<class '{}'>", found.type_name());
        Err(Diagnostic::new(format!(
            "Invalid \"{section}\" entry for \"{name}\" group, requires a {kind}, found \"{class}\" instead."
        )))
    };
    for (section, content) in sections.texts() {
        match (section.as_str(), content) {
            ("vars", Value::Dict(vars)) => {
                for (key, value) in vars {
                    inventory.set_on_group(id, key, value);
                }
            }
            ("children", Value::List(children)) => {
                for child in children {
                    let child = repr::str(child);
                    inventory.ensure_group(&child)?;
                    inventory.add_child(&name, &child)?;
                }
            }
            ("hosts", Value::Dict(hosts)) => {
                for (pattern, vars) in hosts.texts() {
                    let (hosts, port) = address::expand(pattern)?;
                    inventory.populate(&hosts, vars, id, port)?;
                }
            }
            ("vars" | "hosts", other) => return wrong(section, "dict", other),
            ("children", other) => return wrong(section, "list", other),
            _ => {
                let text = format!(
                    "Skipping unexpected key \"{section}\" in group \"{name}\", only \"vars\", \"children\" and \"hosts\" are valid"
                );
                inventory.warn(Diagnostic::new(text));
            }
        }
    }
    Ok(())
}
