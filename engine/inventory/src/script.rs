//! Executable inventories: `--list` gives groups, `_meta` or `--host NAME` the variables of hosts.

use std::{os::unix::fs::PermissionsExt, path::Path, process::Command, sync::Arc};

use indexmap::IndexSet;
use rustible_protocol::{Dict, List, Origin, Text, Value, json};
use rustible_source::Diagnostic;

use crate::model::Inventory;

/// Whether a file may be executed by somebody.
pub(crate) fn is_executable(path: &Path) -> bool {
    path.metadata().is_ok_and(|meta| meta.is_file() && meta.permissions().mode() & 0o111 != 0)
}

/// Run an inventory script and put what it says into the inventory.
///
/// # Errors
/// The reference's: a script that fails, output that is no JSON or of another shape.
pub(crate) fn read(inventory: &mut Inventory, path: &Path) -> Result<(), Diagnostic> {
    let origin = Origin::new(&format!("<inventory script output from '{}'>", path.display()).into(), 0, 0);
    let (output, errors) = run(path, &["--list"])?;
    let failed = |message: &str, cause: Diagnostic| with_help(cause.context(message, None), &errors);
    let data = json::read(&output).map_err(|e| {
        let cause =
            Diagnostic::new("Value could not be parsed as JSON.").because(Diagnostic::new(e.to_string()));
        failed("Unable to get JSON decoder for inventory script result.", cause)
    })?;
    let Value::Dict(groups) = data else {
        let cause = Diagnostic::new(format!("Value is '{}' instead of 'dict'.", data.type_name()));
        return Err(failed("Unable to get JSON decoder for inventory script result.", cause));
    };
    if let Some(mut said) = inventory.settings.script_errors.as_ref().and_then(|said| said.lock().ok())
        && !errors.is_empty()
    {
        said.push(errors.clone());
    }
    let mut hosts = IndexSet::new();
    let mut meta = None;
    for (name, content) in groups.texts() {
        if name.as_str() != "_meta" {
            group(inventory, name, content, &origin, &mut hosts)?;
            continue;
        }
        let found = content.get("hostvars").cloned().unwrap_or_default();
        let Value::Dict(vars) = found else {
            let kind = found.type_name();
            return Err(Diagnostic::new(format!(
                "Value contains '_meta.hostvars' which is '{kind}' instead of 'dict'."
            )));
        };
        meta = Some(vars);
    }
    if meta.is_none() {
        let text = "Inventory scripts should always provide 'meta.hostvars'. Host variables will be collected by running the inventory script with the '--host' option for each host.";
        inventory.deprecations.push(deprecated(text).at(Some(&origin)));
    }
    for host in hosts {
        let vars = match &meta {
            Some(meta) => meta.get(&host).cloned().unwrap_or_else(|| Value::Dict(Dict::new())),
            None => host_vars(path, &host)?,
        };
        let id = inventory.ensure_host(&host, None, None)?;
        let Value::Dict(vars) = trusted(&vars, &origin) else {
            return Err(Diagnostic::new(format!(
                "Invalid data from file, expected dictionary and got:\n\n{}",
                json::dumps(&vars)
            )));
        };
        vars.iter().for_each(|(name, value)| inventory.set_on_host(id, name, value));
    }
    Ok(())
}

fn host_vars(path: &Path, host: &str) -> Result<Value, Diagnostic> {
    let (output, errors) = run(path, &["--host", host])?;
    if output.trim().is_empty() {
        return Ok(Value::Dict(Dict::new()));
    }
    json::read(&output).map_err(|e| {
        let text = format!("Inventory script result for host '{host}' could not be parsed as JSON.");
        with_help(Diagnostic::new(e.to_string()).context(text, None), &errors)
    })
}

fn group(
    inventory: &mut Inventory,
    name: &str,
    content: &Value,
    origin: &Arc<Origin>,
    hosts: &mut IndexSet<String>,
) -> Result<(), Diagnostic> {
    let id = inventory.ensure_group(name)?;
    let name = inventory.group_name(id).to_string();
    let mut deprecate = |text: String| inventory.deprecations.push(deprecated(&text).at(Some(origin)));
    let content = match content {
        Value::Dict(dict) if ["hosts", "vars", "children"].iter().any(|key| dict.contains_key(key)) => {
            dict.clone()
        }
        Value::Dict(dict) => {
            deprecate(format!(
                "Treating malformed group '{name}' as the sole host of that group. Variables provided in this manner cannot be templated."
            ));
            [
                ("hosts", Value::from(vec![Value::str(&*name)])),
                ("vars", Value::Dict(dict.clone()).into_untrusted()),
            ]
            .into_iter()
            .collect()
        }
        other => {
            deprecate(format!("Group '{name}' was converted to 'dict' from '{}'.", other.type_name()));
            [("hosts", other.clone())].into_iter().collect::<Dict>()
        }
    };
    let wrong = |key: &str, found: &Value, kind: &str| {
        Err(Diagnostic::new(format!(
            "Value contains '{name}.{key}' which is '{}' instead of '{kind}'.",
            found.type_name()
        )))
    };
    match content.get("hosts") {
        None => {}
        Some(Value::List(names)) => {
            for host in names {
                let Some(host) = host.as_str() else {
                    return Err(Diagnostic::new(format!(
                        "Invalid host name supplied, expected a string but got <class '{}'>",
                        host.type_name()
                    )));
                };
                hosts.insert(host.to_string());
                inventory.ensure_host(host, Some(id), None)?;
            }
        }
        Some(other) => return wrong("hosts", other, "list"),
    }
    match content.get("vars").map(|vars| trusted(vars, origin)) {
        None => {}
        Some(Value::Dict(vars)) => {
            for (key, value) in &vars {
                inventory.set_on_group(id, key, value);
            }
        }
        Some(other) => return wrong("vars", &other, "dict"),
    }
    if let Some(children) = content.get("children") {
        let Value::List(children) = children else { return wrong("children", children, "list") };
        for child in children.iter().filter_map(Value::as_str) {
            let child = inventory.ensure_group(child)?;
            inventory.nest(id, child)?;
        }
    }
    Ok(())
}

/// What scripts should no longer say, and until when they may.
fn deprecated(text: &str) -> Diagnostic {
    let end = "This feature will be removed from inventory plugin 'script' in ansible-core version 2.23.";
    Diagnostic::new(format!("{text} {end}"))
}

/// Variables of a script may be templated; text marked `__ansible_unsafe` may not, `__ansible_vault` is encrypted.
fn trusted(value: &Value, origin: &Arc<Origin>) -> Value {
    let text = |text: &Text| Text::trusted(text.shared().clone(), Some(origin.clone()));
    match value {
        Value::Str(string) => Value::Str(text(string)),
        Value::List(items) => Value::List(
            items
                .iter()
                .map(|item| trusted(item, origin))
                .collect::<List>()
                .with_origin(Some(origin.clone())),
        ),
        Value::Dict(dict) => {
            if let Some(string) = dict.get("__ansible_vault").and_then(Value::as_text) {
                return Value::Vaulted(text(string));
            }
            if let Some(string) = dict.get("__ansible_unsafe").and_then(Value::as_text) {
                return Value::Str(text(string).with_trust(false));
            }
            let entries = dict.iter().map(|(key, item)| (key.clone(), trusted(item, origin)));
            Value::Dict(entries.collect::<Dict>().with_origin(Some(origin.clone())))
        }
        other => other.clone(),
    }
}

/// Standard output and standard error of the script.
fn run(path: &Path, arguments: &[&str]) -> Result<(String, String), Diagnostic> {
    let output = Command::new(path).args(arguments).output().map_err(|error| {
        let command = format!("{} {}", path.display(), arguments.join(" "));
        let text = format!("Failed to execute inventory script command '{command}'.");
        Diagnostic::new(text).because(Diagnostic::new(error.to_string()))
    })?;
    let errors = String::from_utf8_lossy(&output.stderr).into_owned();
    if !output.status.success() {
        let code = output.status.code().unwrap_or(-1);
        return Err(with_help(
            Diagnostic::new(format!("Inventory script returned non-zero exit code {code}.")),
            &errors,
        ));
    }
    let text = String::from_utf8(output.stdout).map_err(|_| {
        let text = "Inventory script result contained characters that cannot be interpreted as UTF-8.";
        with_help(Diagnostic::new(text), &errors)
    })?;
    Ok((text, errors))
}

fn with_help(error: Diagnostic, errors: &str) -> Diagnostic {
    if errors.trim().is_empty() {
        return error;
    }
    error.help(format!("Standard error from inventory script:\n{}\n", errors.trim_end_matches('\n')))
}
