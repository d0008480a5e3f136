//! The YAML format: groups with `hosts`, `vars` and `children`.

use rustible_protocol::{Dict, Value, repr};
use rustible_source::Diagnostic;

use crate::{
    address,
    model::{GroupId, Inventory},
};

/// Put what a YAML inventory holds into the inventory.
///
/// # Errors
/// The reference's for data that is no inventory.
pub(crate) fn read(inventory: &mut Inventory, data: &Value) -> Result<(), Diagnostic> {
    if !data.truthy() {
        return Err(Diagnostic::new("Parsed empty YAML file"));
    }
    let Value::Dict(groups) = data else {
        let text = "YAML inventory has invalid structure, it should be a dictionary, got: ";
        return Err(Diagnostic::new(format!("{text}{}", repr::class(data))).at(data.origin()));
    };
    if groups.get("plugin").is_some_and(Value::truthy) {
        return Err(Diagnostic::new("Plugin configuration YAML file, not YAML inventory"));
    }
    for (name, content) in groups {
        group(inventory, name, content)?;
    }
    Ok(())
}

/// The name of the group as it is kept.
fn group(inventory: &mut Inventory, key: &Value, content: &Value) -> Result<String, Diagnostic> {
    let shown = repr::str(key);
    let sections = match content {
        Value::Null => Dict::new(),
        Value::Dict(sections) => sections.clone(),
        _ => {
            inventory
                .warn(Diagnostic::new(format!("Skipping '{shown}' as this is not a valid group definition")));
            return Ok(shown);
        }
    };
    let Some(name) = key.as_str() else {
        let text = format!(
            "Invalid group name supplied, expected a string but got {} for {shown}",
            repr::class(key)
        );
        return Err(Diagnostic::new(format!("Unable to add group {shown}: {text}")));
    };
    let id = inventory
        .ensure_group(name)
        .map_err(|e| Diagnostic::new(format!("Unable to add group {name}: {}", e.message)))?;
    let name = inventory.group_name(id).to_string();
    // A single name is as good as a mapping with that key.
    let as_mapping = |value: &Value| match value {
        Value::Str(_) => Value::Dict([(value.clone(), Value::Null)].into_iter().collect()),
        other => other.clone(),
    };
    for section in ["vars", "children", "hosts"] {
        if let Some(value) = sections.get(section)
            && !matches!(value, Value::Dict(_) | Value::Null | Value::Str(_))
        {
            let text = format!(
                "Invalid \"{section}\" entry for \"{name}\" group, requires a dictionary, found \"{}\" instead.",
                repr::class(value)
            );
            return Err(Diagnostic::new(text).at(value.origin()));
        }
    }
    for (key, value) in &sections {
        let section = key.as_str().unwrap_or_default();
        let value =
            if matches!(section, "vars" | "children" | "hosts") { as_mapping(value) } else { value.clone() };
        let entries = match &value {
            Value::Null => continue,
            Value::Dict(entries) => entries,
            other => {
                let text = format!(
                    "Skipping key ({}) in group ({name}) as it is not a mapping, it is a {}",
                    repr::str(key),
                    repr::class(other)
                );
                inventory.warn(Diagnostic::new(text));
                continue;
            }
        };
        fill(inventory, (&name, id), key, entries)?;
    }
    Ok(name)
}

/// One section of a group.
fn fill(
    inventory: &mut Inventory,
    (name, id): (&str, GroupId),
    key: &Value,
    entries: &Dict,
) -> Result<(), Diagnostic> {
    match key.as_str().unwrap_or_default() {
        "vars" => entries.iter().for_each(|(name, value)| inventory.set_on_group(id, name, value)),
        "children" => {
            for (child, content) in entries {
                let child = group(inventory, child, content)?;
                inventory.add_child(name, &child)?;
            }
        }
        "hosts" => {
            for (pattern, vars) in entries {
                let Some(pattern) = pattern.as_str() else {
                    return Err(Diagnostic::new(format!(
                        "Host pattern {} must be a string. Enclose integers/floats in quotation marks.",
                        repr::str(pattern)
                    )));
                };
                let (hosts, port) = address::expand(pattern)?;
                inventory.populate(&hosts, vars, id, port)?;
            }
        }
        _ => {
            let text = format!(
                "Skipping unexpected key ({}) in group ({name}), only \"vars\", \"children\" and \"hosts\" are valid",
                repr::str(key)
            );
            inventory.warn(Diagnostic::new(text));
        }
    }
    Ok(())
}
