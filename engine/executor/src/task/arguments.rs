//! A task's arguments: those as written over those of templates over `module_defaults`, rendered, without `omit`.

use rustible_playbook::{Task, redirect};
use rustible_protocol::{Dict, Value, json};
use rustible_source::Diagnostic;
use rustible_template::{Rendered, Templar};

use crate::keyword::merged;

/// Groups that `module_defaults` may name, and the modules in them.
const GROUPS: &[(&str, &[&str])] = &[
    ("k8s", &["kubernetes.core."]),
    ("kubernetes.core.k8s", &["kubernetes.core.k8s"]),
    ("kubernetes.core.helm", &["kubernetes.core.helm"]),
    ("helm", &["kubernetes.core.helm"]),
    ("community.proxmox.proxmox", &["community.proxmox.", "rustible.native."]),
    ("proxmox", &["community.proxmox.", "rustible.native."]),
    ("community.general.gitlab", &["community.general.gitlab_"]),
    ("gitlab", &["community.general.gitlab_"]),
];

/// Arguments as they will be rendered: written ones and defaults together.
pub(super) fn written(
    task: &Task,
    action: &str,
    takes_raw: bool,
    templar: &Templar,
) -> Result<Dict, Diagnostic> {
    let mut args = defaults(task, action, templar)?;
    if let Some(template) = &task.args.template {
        match templar.render_text(template)? {
            Rendered::Value(Value::Dict(more)) => args.extend(&more),
            Rendered::Value(Value::Null) | Rendered::Omit => {}
            Rendered::Value(other) => {
                return Err(Diagnostic::new(format!(
                    "The value of `args` must be a dictionary, got {}",
                    other.type_name()
                ))
                .at(template.origin()));
            }
        }
    }
    args.extend(&task.args.named);
    free_form(task, action, takes_raw, templar, &mut args)?;
    Ok(args)
}

/// Text that is no `k=v`: arguments of free-form actions, a template of more arguments, or a mistake.
fn free_form(
    task: &Task,
    action: &str,
    takes_raw: bool,
    templar: &Templar,
    args: &mut Dict,
) -> Result<(), Diagnostic> {
    if takes_raw || rustible_playbook::RAW_ACTIONS.contains(&action.rsplit('.').next().unwrap_or_default()) {
        return Ok(());
    }
    let Some(raw) = args.remove("_raw_params").filter(Value::truthy) else { return Ok(()) };
    if let Value::Str(text) = &raw
        && text.trim().starts_with("{{")
        && text.trim().ends_with("}}")
    {
        return match templar.render_text(text)? {
            Rendered::Value(Value::Dict(mut more)) => {
                more.extend(args);
                *args = more;
                Ok(())
            }
            Rendered::Omit | Rendered::Value(Value::Null) => Ok(()),
            Rendered::Value(other) => Err(Diagnostic::new(format!(
                "The value of `args` must be a dictionary, got {}",
                other.type_name()
            ))
            .at(text.origin())),
        };
    }
    let at = task.action_origin.as_ref();
    Err(Diagnostic::new(format!("Action '{action}' does not support raw params.")).at(at))
}

/// What `module_defaults` around the task give to its action.
fn defaults(task: &Task, action: &str, templar: &Templar) -> Result<Dict, Diagnostic> {
    let mut args = Dict::new();
    for written in task.frame.all("module_defaults") {
        let Rendered::Value(Value::Dict(defaults)) = templar.render(written)? else { continue };
        for (name, values) in &defaults {
            let Some(name) = name.as_str() else { continue };
            if applies(name, action)
                && let Value::Dict(values) = values
            {
                args.extend(values);
            }
        }
    }
    Ok(args)
}

fn applies(name: &str, action: &str) -> bool {
    if let Some(group) = name.strip_prefix("group/") {
        return GROUPS
            .iter()
            .any(|(g, prefixes)| *g == group && prefixes.iter().any(|p| action.starts_with(p)));
    }
    let full = redirect(name).unwrap_or_else(|| {
        if name.contains('.') { name.to_string() } else { format!("ansible.builtin.{name}") }
    });
    full == action || name == action || full.replace("ansible.builtin.", "community.general.") == action
}

/// The arguments rendered, but for those that the action renders itself.
pub(super) fn render(
    task: &Task,
    action: &str,
    written: &Dict,
    raw: &[&str],
    templar: &Templar,
) -> Result<Dict, Diagnostic> {
    let mut args = Dict::new().with_origin(written.origin().cloned());
    for (key, value) in written {
        let name = json::key_text(key);
        if raw.contains(&name.as_str()) {
            args.insert(key.clone(), value.clone());
            continue;
        }
        match templar.render(value) {
            Ok(Rendered::Omit) => {}
            Ok(Rendered::Value(value)) => drop(args.insert(key.clone(), value)),
            Err(error) => return Err(finalization(task, action, &name, value, error)),
        }
    }
    Ok(args)
}

/// The reference's two lines around a template error of an argument.
fn finalization(task: &Task, action: &str, name: &str, value: &Value, error: Diagnostic) -> Diagnostic {
    let at = value.origin().cloned().or_else(|| error.origin.clone());
    let inner =
        merged(error, at.as_ref()).context(format!("Error while resolving value for '{name}'"), at.as_ref());
    inner.context(format!("Finalization of task args for '{action}' failed"), task.action_origin.as_ref())
}
