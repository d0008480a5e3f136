//! `ansible.builtin.set_stats`: values for the end of the run.

use rustible_executor::{Context, Effect, Failure, check_variable_name};
use rustible_protocol::{Dict, Kind, Value, coerce::coerce};

use crate::{
    set_fact::explained,
    spec::{With, action, field, spec},
};

action!(
    SetStats,
    spec(
        "ansible.builtin.set_stats",
        "Define statistics for the current run.",
        vec![
            field("data", Kind::Raw, "Values by name."),
            // What is no boolean counts as false.
            field("per_host", Kind::Raw, "For each host apart.").or(false),
            field("aggregate", Kind::Raw, "Add to what is there.").or(true),
        ],
    ),
    strict = true,
    |context| set(context)
);

fn set(context: &mut Context<'_>) -> Result<Dict, Failure> {
    let data = match context.args.get("data").cloned() {
        None | Some(Value::Null) => Dict::new(),
        Some(Value::Dict(data)) => data,
        Some(_) => return Err(Failure::msg("The 'data' option needs to be a dictionary/hash").judged()),
    };
    for key in data.keys() {
        check_variable_name(key).map_err(|error| Failure::msg(explained(&error)))?;
    }
    let flag = |name: &str, other: bool| match context.args.get(name) {
        None | Some(Value::Null) => other,
        Some(value) => coerce(Kind::Bool, value).is_ok_and(|value| value.truthy()),
    };
    let (per_host, aggregate) = (flag("per_host", false), flag("aggregate", true));
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
