//! `ansible.builtin.set_fact`: variables of the host for the rest of the run.

use rustible_executor::{Context, Effect, Failure, to_bool};
use rustible_protocol::{Dict, Kind, Spec, Value};

use crate::spec::{With, action, field, spec};

action!(
    SetFact,
    Spec {
        open: true,
        ..spec(
            "ansible.builtin.set_fact",
            "Set variables of the host.",
            vec![field("cacheable", Kind::Bool, "Keep them as facts, too.").or(false)],
        )
    },
    |context| set(context)
);

fn set(context: &mut Context<'_>) -> Result<Dict, Failure> {
    let cacheable = context.flag("cacheable", false)?;
    let mut facts = Dict::new();
    for (key, value) in &context.args {
        let Some(name) = key.as_str() else {
            return Err(Failure::msg(invalid(&rustible_protocol::repr::repr(key))));
        };
        if name == "cacheable" {
            continue;
        }
        let name = match context.render(&trusted(key))? {
            Some(Value::Str(rendered)) => rendered.to_string(),
            _ => name.to_string(),
        };
        if !is_name(&name) {
            return Err(Failure::msg(invalid(&format!("'{name}'"))));
        }
        facts.insert(name, plain(value));
    }
    if facts.is_empty() {
        return Err(Failure::msg(
            "No key/value pairs provided, at least one is required for this action to succeed",
        ));
    }
    context.effects.push(Effect::Set(facts.clone(), cacheable));
    let mut result = Dict::new();
    result.insert("changed", false);
    result.insert("ansible_facts", facts);
    result.insert("_ansible_facts_cacheable", cacheable);
    Ok(result)
}

fn trusted(key: &Value) -> Value {
    key.clone()
}

/// Words that mean yes or no are booleans here, as they always were in `k=v` text.
fn plain(value: &Value) -> Value {
    match value {
        Value::Str(text) if matches!(text.to_lowercase().as_str(), "true" | "false" | "yes" | "no") => {
            to_bool(value).map_or_else(|| value.clone(), Value::Bool)
        }
        other => other.clone(),
    }
}

fn invalid(name: &str) -> String {
    format!(
        "Invalid variable name {name}. Variable names must be strings starting with a letter or underscore character, and contain only letters, numbers and underscores."
    )
}

pub(crate) fn is_name(name: &str) -> bool {
    let mut chars = name.chars();
    chars.next().is_some_and(|c| c.is_ascii_alphabetic() || c == '_')
        && chars.all(|c| c.is_ascii_alphanumeric() || c == '_')
}
