//! `ansible.builtin.add_host`: a host for the rest of the run.

use rustible_executor::{Context, Failure};
use rustible_protocol::{CheckMode, Dict, Kind, Spec, Value, repr};

use crate::spec::{action, field, spec};

action!(
    AddHost,
    Spec {
        open: true,
        check: CheckMode::Partial,
        ..spec(
            "ansible.builtin.add_host",
            "Add a host to the inventory of this run.",
            vec![
                field("name", Kind::Raw, "Its name, `:PORT` may follow; `host` and `hostname` are the same."),
                field("groups", Kind::Raw, "Groups it joins; `group` and `groupname` are the same."),
                field("_raw_params", Kind::Raw, "A mapping of more arguments."),
            ],
        )
    },
    once = true,
    |context| add(context)
);

fn add(context: &mut Context<'_>) -> Result<Dict, Failure> {
    let mut args = arguments(context)?;
    let given = |args: &Dict, names: [&str; 3]| names.iter().find_map(|name| args.get(name)).cloned();
    let Some(name) = given(&args, ["name", "hostname", "host"]).filter(|n| !n.is_null()) else {
        return Err(Failure::msg("name, host or hostname needs to be provided"));
    };
    let (name, port) = split_port(&repr::str(&name));
    if let Some(port) = port {
        args.insert("ansible_ssh_port", port);
    }
    let groups: Vec<String> = match given(&args, ["groupname", "groups", "group"]) {
        Some(Value::List(list)) => list.iter().map(repr::str).map(|g| g.trim().to_string()).collect(),
        Some(Value::Str(text)) => text.split(',').map(|g| g.trim().to_string()).collect(),
        Some(other) if other.truthy() => return Err(Failure::msg("Groups must be specified as a list.")),
        _ => Vec::new(),
    };
    let groups: Vec<String> = groups.into_iter().filter(|g| !g.is_empty()).collect();
    let mut vars: Dict = Dict::new();
    for (key, value) in &args {
        if !matches!(key.as_str(), Some("name" | "hostname" | "groupname" | "groups")) {
            vars.insert(key.clone(), value.clone());
        }
    }
    // Later items of a loop see what earlier ones added.
    let changed = context
        .runner
        .inventory
        .write()
        .unwrap_or_else(std::sync::PoisonError::into_inner)
        .add_host(&name, &groups, &vars)?;
    let mut host = Dict::new();
    host.insert("host_name", name);
    host.insert("groups", groups.iter().map(Value::from).collect::<Vec<_>>());
    host.insert("host_vars", vars);
    let mut result = Dict::new();
    result.insert("changed", changed);
    result.insert("add_host", host);
    Ok(result)
}

/// The arguments; those of a mapping given in their place count less.
fn arguments(context: &Context<'_>) -> Result<Dict, Failure> {
    let mut given = context.args.clone();
    let mut args = match given.remove("_raw_params") {
        None | Some(Value::Null) => Dict::new(),
        Some(Value::Dict(dict)) => dict,
        Some(other) => {
            return Err(Failure::msg(format!(
                "Invalid raw parameters passed, requires a dictionary/mapping got a  <class '{}'>",
                other.type_name()
            )));
        }
    };
    args.extend(&given);
    Ok(args)
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
