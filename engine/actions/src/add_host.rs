//! `ansible.builtin.add_host`: a host for the rest of the run.

use rustible_executor::{Context, Effect, Failure};
use rustible_protocol::{CheckMode, Dict, Kind, Spec, Value};

use crate::spec::{With, action, field, spec};

action!(
    AddHost,
    Spec {
        open: true,
        check: CheckMode::Partial,
        ..spec(
            "ansible.builtin.add_host",
            "Add a host to the inventory of this run.",
            vec![
                field("name", Kind::Str, "Its name, `:PORT` may follow.")
                    .required()
                    .alias(&["host", "hostname"]),
                field("groups", Kind::List, "Groups it joins.").alias(&["group", "groupname"]).of(Kind::Str),
            ],
        )
    },
    once = true,
    |context| add(context)
);

fn add(context: &mut Context<'_>) -> Result<Dict, Failure> {
    let Some(name) = context.text("name").filter(|n| !n.is_empty()) else {
        return Err(Failure::msg("name, host or hostname needs to be provided"));
    };
    let mut vars: Dict = Dict::new();
    for (key, value) in &context.args {
        if !matches!(key.as_str(), Some("name" | "groups" | "_raw_params")) {
            vars.insert(key.clone(), value.clone());
        }
    }
    let (name, port) = split_port(&name);
    if let Some(port) = port {
        vars.insert("ansible_ssh_port", port);
    }
    let groups: Vec<String> = match context.args.get("groups") {
        None | Some(Value::Null) => Vec::new(),
        Some(Value::List(list)) => {
            list.iter().map(rustible_protocol::repr::str).map(|g| g.trim().to_string()).collect()
        }
        Some(Value::Str(text)) => text.split(',').map(|g| g.trim().to_string()).collect(),
        Some(_) => return Err(Failure::msg("Groups must be specified as a list.")),
    };
    let groups: Vec<String> = groups.into_iter().filter(|g| !g.is_empty()).collect();
    let known = {
        let inventory = context.runner.inventory.read().unwrap_or_else(std::sync::PoisonError::into_inner);
        let in_all = groups.iter().all(|group| inventory.groups_of(&name).contains(group));
        inventory.resolve_host(&name).is_some() && in_all && vars.is_empty()
    };
    context.effects.push(Effect::AddHost { name: name.clone(), groups: groups.clone(), vars: vars.clone() });
    let mut host = Dict::new();
    host.insert("host_name", name);
    host.insert("groups", groups.iter().map(Value::from).collect::<Vec<_>>());
    host.insert("host_vars", vars);
    let mut result = Dict::new();
    result.insert("changed", !known);
    result.insert("add_host", host);
    Ok(result)
}

fn split_port(name: &str) -> (String, Option<i64>) {
    match name.rsplit_once(':') {
        Some((host, port)) if !host.contains(':') => match port.parse() {
            Ok(port) => (host.to_string(), Some(port)),
            Err(_) => (name.to_string(), None),
        },
        _ => (name.to_string(), None),
    }
}
