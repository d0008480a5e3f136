//! `ansible.builtin.set_fact`: variables of the host for the rest of the run.

use rustible_executor::{Context, Effect, Failure, check_variable_name};
use rustible_protocol::{Dict, Kind, Spec};
use rustible_source::Diagnostic;

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
        if key.as_str() == Some("cacheable") {
            continue;
        }
        let name = context.render(key)?.unwrap_or_else(|| key.clone());
        check_variable_name(&name).map_err(|error| error.at(key.origin()))?;
        facts.insert(name, value.clone());
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

/// The refusal of a name in one line.
pub(crate) fn explained(error: &Diagnostic) -> String {
    format!("{} {}", error.summary(), error.help.as_deref().unwrap_or_default()).trim_end().to_string()
}
