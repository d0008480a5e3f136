//! A task's arguments: those as written over those of templates over `module_defaults`, rendered, without `omit`.

use rustible_foreign::{Lookup, Tree};
use rustible_playbook::{Task, redirect};
use rustible_protocol::{Dict, Text, Value, json};
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

/// Facts among the variables could be taken for arguments.
const UNSAFE: &str = "Using a template for task args is unsafe in some situations (see https://docs.ansible.com/ansible/devel/reference_appendices/faq.html#argsplat-unsafe).";

/// Arguments as they will be rendered, the later layers winning: `module_defaults`, a template of `args`, a template in
/// place of the action's arguments, the arguments as written. `injected` says whether facts are variables.
pub(super) fn written(
    task: &Task,
    action: &str,
    takes_raw: bool,
    (templar, injected): (&Templar, bool),
    groups: &Tree,
) -> Result<Dict, Diagnostic> {
    let splat = |template: &Text| {
        if injected {
            templar.env().warning(&Diagnostic::new(UNSAFE).at(template.origin()));
        }
        splat(action, template, task, templar)
    };
    let mut args = defaults(task, action, templar, groups)?;
    if let Some(template) = &task.args.template {
        args.extend(&splat(template)?);
    }
    let mut named = task.args.named.clone();
    let raw = rustible_playbook::RAW_ACTIONS.contains(&action.rsplit('.').next().unwrap_or_default());
    if !takes_raw && !raw {
        match named.remove("_raw_params") {
            Some(Value::Str(text)) if whole_template(&text) => {
                args.extend(&splat(&text)?);
            }
            Some(other) if other.truthy() => {
                let at = task.action_origin.as_ref();
                let action = action.strip_prefix("ansible.legacy.").unwrap_or(action);
                return Err(Diagnostic::new(format!("Action '{action}' does not support raw params.")).at(at));
            }
            _ => {}
        }
    }
    args.extend(&named);
    Ok(args)
}

fn whole_template(text: &str) -> bool {
    let text = text.trim();
    text.starts_with("{{") && text.ends_with("}}")
}

/// The mapping of arguments that a template yields.
fn splat(action: &str, template: &Text, task: &Task, templar: &Templar) -> Result<Dict, Diagnostic> {
    let wrong = |error: Diagnostic| {
        error.context(format!("Finalization of task args for '{action}' failed"), task.action_origin.as_ref())
    };
    match templar.container(template).map_err(wrong)? {
        Rendered::Value(Value::Dict(more)) => Ok(more),
        Rendered::Omit => Ok(Dict::new()),
        Rendered::Value(other) => Err(wrong(
            Diagnostic::new(format!("Task args must resolve to a 'dict' not '{}'.", other.type_name()))
                .at(template.origin()),
        )),
    }
}

/// What `module_defaults` around the task give to its action: those of its groups under those of its own name. An inner
/// entry takes the place of an outer one of the same name.
pub(crate) fn defaults(
    task: &Task,
    action: &str,
    templar: &Templar,
    groups: &Tree,
) -> Result<Dict, Diagnostic> {
    let mut entries = Dict::new();
    for written in task.frame.all("module_defaults") {
        let Value::Dict(defaults) = written else { continue };
        for (name, values) in defaults.texts() {
            let (name, applies) = match name.strip_prefix("group/") {
                Some(group) => (name.to_string(), holds(group, action, groups)),
                None => (String::new(), names(name, action, groups)),
            };
            if applies {
                entries.insert(name.as_str(), values.clone());
            }
        }
    }
    let mut args = Dict::new();
    let own = entries.remove("");
    for values in entries.values().cloned().chain(own) {
        let values = match &values {
            Value::Str(text) => templar.container(text)?,
            other => Rendered::Value(other.clone()),
        };
        if let Rendered::Value(Value::Dict(values)) = values {
            args.extend(&values);
        }
    }
    Ok(args)
}

/// Whether the action is in the group.
fn holds(group: &str, action: &str, groups: &Tree) -> bool {
    let short = group.strip_prefix("ansible.builtin.").unwrap_or(group);
    match GROUPS.iter().find(|(name, _)| *name == short) {
        Some((_, prefixes)) => prefixes.iter().any(|prefix| action.starts_with(prefix)),
        None => groups.group(group).is_some_and(|actions| actions.contains(action)),
    }
}

/// Whether the name is that of the action.
fn names(name: &str, action: &str, tree: &Tree) -> bool {
    let full = redirect(name).unwrap_or_else(|| {
        if name.contains('.') { name.to_string() } else { format!("ansible.builtin.{name}") }
    });
    let legacy = full.replace("ansible.legacy.", "ansible.builtin.");
    [full.as_str(), name, legacy.as_str()].contains(&action)
        || full.replace("ansible.builtin.", "community.general.") == action
        // What is of ansible-core itself has moved nowhere.
        || !action.starts_with("ansible.builtin.") && moved(full, tree) == action
}

/// The name that a full name has now.
fn moved(mut name: String, tree: &Tree) -> String {
    // A name that moves in a circle is nothing.
    for _ in 0..10 {
        match tree.find(&name) {
            Lookup::Moved(target) => name = target,
            _ => break,
        }
    }
    name
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
