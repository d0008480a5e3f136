//! `ansible.builtin.group_by`: put the host into a group named by its facts.

use rustible_executor::{Context, Failure};
use rustible_protocol::{CheckMode, Dict, Kind, Spec, Value};

use crate::spec::{With, action, field, spec};

action!(
    GroupBy,
    Spec {
        check: CheckMode::Partial,
        ..spec(
            "ansible.builtin.group_by",
            "Put the host into a group of that name.",
            vec![
                field("key", Kind::Str, "The group's name."),
                field("parents", Kind::List, "Groups it is below.").of(Kind::Str),
            ],
        )
    },
    strict = true,
    |context| group(context)
);

fn group(context: &mut Context<'_>) -> Result<Dict, Failure> {
    let Some(key) = context.text("key") else {
        let text = "the 'key' param is required when using group_by";
        return Err(Failure::Result([("msg", Value::from(text))].into_iter().collect()));
    };
    let name = key.replace(' ', "-");
    let parents: Vec<String> = match context.args.get("parents") {
        Some(Value::List(list)) => {
            list.iter().map(|p| rustible_protocol::repr::str(p).replace(' ', "-")).collect()
        }
        Some(Value::Str(text)) => vec![text.replace(' ', "-")],
        _ => vec!["all".to_string()],
    };
    let changed = context
        .runner
        .inventory
        .write()
        .unwrap_or_else(std::sync::PoisonError::into_inner)
        .add_to_group(context.host, &key, &parents)?;
    let mut result = Dict::new();
    result.insert("changed", changed);
    result.insert("add_group", name);
    result.insert("parent_groups", parents.iter().map(Value::from).collect::<Vec<_>>());
    Ok(result)
}
