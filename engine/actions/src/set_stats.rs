//! `ansible.builtin.set_stats`: values for the end of the run.

use rustible_executor::{Context, Effect, Failure};
use rustible_protocol::{Dict, Kind, Value};

use crate::{
    set_fact::is_name,
    spec::{With, action, field, spec},
};

action!(
    SetStats,
    spec(
        "ansible.builtin.set_stats",
        "Define statistics for the current run.",
        vec![
            field("data", Kind::Dict, "Values by name.").required(),
            field("per_host", Kind::Bool, "For each host apart.").or(false),
            field("aggregate", Kind::Bool, "Add to what is there.").or(true),
        ],
    ),
    |context| set(context)
);

fn set(context: &mut Context<'_>) -> Result<Dict, Failure> {
    let Some(Value::Dict(data)) = context.args.get("data").cloned() else {
        return Err(Failure::msg("The 'data' option needs to be a dictionary/hash"));
    };
    if let Some(bad) = data.keys().find(|key| !key.as_str().is_some_and(is_name)) {
        return Err(Failure::msg(format!(
            "The variable name '{}' is not valid. Variables must start with a letter or underscore character, and contain only letters, numbers and underscores.",
            rustible_protocol::json::key_text(bad)
        )));
    }
    let per_host = context.flag("per_host", false)?;
    let aggregate = context.flag("aggregate", true)?;
    context.effects.push(Effect::Stats { data: data.clone(), per_host, aggregate });
    let mut stats = Dict::new();
    stats.insert("data", data);
    stats.insert("per_host", per_host);
    stats.insert("aggregate", aggregate);
    let mut result = Dict::new();
    result.insert("changed", false);
    result.insert("ansible_stats", stats);
    Ok(result)
}
