//! Inventory plugins that a YAML file names: `constructed` and `generator` here, all others refused by name.

use rustible_protocol::{Dict, Text, Value, repr};
use rustible_source::{Diagnostic, Kind};

use crate::{
    Layer,
    group_vars::combine,
    model::{GroupId, HostId, Inventory},
    names,
    outer::Stage,
};

/// Evaluates expressions for plugins that group hosts by their variables. The inventory knows no templates itself.
pub trait Evaluate {
    /// The value of an expression (`a.b | lower`, without braces).
    ///
    /// # Errors
    /// What the expression meets.
    fn expression(&self, text: &Text, vars: &Dict) -> Result<Value, Diagnostic>;

    /// The text of a template (`{{ a }}-x`).
    ///
    /// # Errors
    /// What the template meets.
    fn template(&self, text: &Text, vars: &Dict) -> Result<Value, Diagnostic>;
}

/// A plugin that is not here: the run may not go on as if its hosts did not exist.
pub(crate) fn unknown(name: &str, source: &str) -> Diagnostic {
    let text = format!(
        "inventory source '{source}' asks for the inventory plugin '{name}', which rustible does not have"
    );
    Diagnostic::new(text).of_kind(Kind::Options)
}

/// Read the configuration of a plugin and do what it says.
pub(crate) fn read(
    inventory: &mut Inventory,
    name: &str,
    source: &str,
    config: &Value,
    evaluate: Option<&dyn Evaluate>,
) -> Result<(), Diagnostic> {
    let place = config.get("plugin").and_then(Value::origin);
    let unverified = || {
        let text = format!("inventory source '{source}' could not be verified by inventory plugin '{name}'");
        Diagnostic::new(text)
    };
    if inventory.has_outside(name) {
        let parsed = inventory.read_outside(name, source)?.ok_or_else(unverified)?;
        return parsed.failure.map_or(Ok(()), Err);
    }
    let Some(evaluate) = evaluate else { return Err(unknown(name, source).at(place)) };
    let Value::Dict(config) = config else { return Err(Diagnostic::new(format!("{source} is empty"))) };
    match name.strip_prefix("ansible.builtin.").unwrap_or(name) {
        "constructed" => constructed(inventory, config, evaluate).map_err(|error| Diagnostic {
            kind: error.kind,
            ..error.context(format!("Failed to parse '{source}'."), None)
        }),
        "generator" => generator(inventory, config, evaluate),
        "yaml" | "ini" | "toml" | "script" | "host_list" | "auto" | "advanced_host_list" => Err(unverified()),
        _ => Err(unknown(name, source).at(place)),
    }
}

fn constructed(inventory: &mut Inventory, config: &Dict, evaluate: &dyn Evaluate) -> Result<(), Diagnostic> {
    let flag = |name: &str| {
        config.get(name).is_some_and(|v| v.truthy() && !matches!(v.as_str(), Some("no" | "false" | "off")))
    };
    let (strict, files) = (flag("strict"), flag("use_vars_plugins"));
    let extra = if flag("use_extra_vars") { inventory.settings.extra_vars.clone() } else { Dict::new() };
    let merge = inventory.settings.merge_hashes;
    for host in inventory.host_names() {
        let mut vars = combine(&inventory.plain_vars(&host, files)?, &extra, merge);
        for (name, expression) in config.get("compose").and_then(Value::as_dict).unwrap_or(&Dict::new()) {
            match expression_of(evaluate, expression, &vars) {
                Ok(value) => inventory.set_host_var(&host, name, &value),
                Err(error) if strict => {
                    let text =
                        format!("Could not set {} for host {host}: {}", repr::str(name), error.summary());
                    return Err(Diagnostic::new(text));
                }
                Err(_) => {}
            }
        }
        vars = inventory.plain_vars(&host, files)?;
        for (name, condition) in config.get("groups").and_then(Value::as_dict).unwrap_or(&Dict::new()) {
            let group = names::replaced(&repr::str(name));
            match expression_of(evaluate, condition, &vars) {
                Ok(value) if value.truthy() => {
                    let group = inventory.ensure_group(&group)?;
                    inventory.ensure_host(&host, Some(group), None)?;
                }
                Ok(_) => {}
                Err(error) if strict => {
                    return Err(Diagnostic::new(format!(
                        "Could not add host {host} to group {group}: {}",
                        error.summary()
                    )));
                }
                Err(_) => {}
            }
        }
        for keyed in
            config.get("keyed_groups").and_then(Value::as_list).map(|l| l.to_vec()).unwrap_or_default()
        {
            keyed_groups(
                inventory,
                &host,
                &keyed,
                &combine(&vars, &extra, merge),
                (strict, config.get("leading_separator").is_none_or(Value::truthy)),
                evaluate,
            )?;
        }
    }
    Ok(())
}

fn expression_of(evaluate: &dyn Evaluate, expression: &Value, vars: &Dict) -> Result<Value, Diagnostic> {
    match expression {
        Value::Str(text) => evaluate.expression(text, vars),
        other => Ok(other.clone()),
    }
}

fn keyed_groups(
    inventory: &mut Inventory,
    host: &str,
    keyed: &Value,
    vars: &Dict,
    (strict, leading): (bool, bool),
    evaluate: &dyn Evaluate,
) -> Result<(), Diagnostic> {
    let Value::Dict(keyed) = keyed else {
        return Err(Diagnostic::new(format!(
            "Invalid keyed group entry, it must be a dictionary: {} ",
            repr::str(keyed)
        )));
    };
    let option = |name: &str| keyed.get(name).filter(|value| !value.is_null());
    let (default, trailing) = (option("default_value"), option("trailing_separator"));
    if default.is_some() && trailing.is_some() {
        return Err(Diagnostic::new(
            "parameters are mutually exclusive for keyed groups: default_value|trailing_separator",
        ));
    }
    let source = keyed.get("key").cloned().unwrap_or_default();
    let key = match expression_of(evaluate, &source, vars) {
        Ok(key) => key,
        Err(error) if strict => {
            let text = format!(
                "Could not generate group for host {host} from {} entry: {}",
                repr::str(&source),
                error.summary()
            );
            return Err(Diagnostic::new(text));
        }
        Err(_) => return Ok(()),
    };
    let empty = key.is_null() || matches!(&key, Value::Str(text) if text.is_empty());
    let usable = key.truthy() || empty && default.is_some();
    if !usable {
        if strict && !matches!(key, Value::List(_) | Value::Dict(_)) {
            let text = format!(
                "No key or key resulted empty for {} in host {host}, invalid entry",
                repr::str(&source)
            );
            return Err(Diagnostic::new(text));
        }
        return Ok(());
    }
    let separator = option("separator").map_or_else(|| "_".to_string(), repr::str);
    let prefix = option("prefix").map(repr::str).unwrap_or_default();
    let found = key_names(&key, default, trailing.is_none_or(Value::truthy), &separator)?;
    let parent = option("parent_group").map(|parent| match parent {
        Value::Str(text) if text.may_be_template() => evaluate.template(text, vars).map(|v| repr::str(&v)),
        other => Ok(repr::str(other)),
    });
    let parent = match parent.transpose() {
        Ok(parent) => parent.map(|parent| names::replaced(&parent)),
        Err(error) if strict => {
            let text = format!(
                "Could not generate parent group {} for group: {}",
                repr::str(&source),
                error.summary()
            );
            return Err(Diagnostic::new(text));
        }
        Err(_) => return Ok(()),
    };
    for name in found {
        let separator = if prefix.is_empty() && !leading { "" } else { separator.as_str() };
        let id = inventory.ensure_group(&names::replaced(&format!("{prefix}{separator}{name}")))?;
        inventory.ensure_host(host, Some(id), None)?;
        if let Some(parent) = &parent {
            let parent = inventory.ensure_group(parent)?;
            inventory.nest(parent, id)?;
        }
    }
    Ok(())
}

/// The names that the value of a key gives to groups, without their prefix.
fn key_names(
    key: &Value,
    default: Option<&Value>,
    trailing: bool,
    separator: &str,
) -> Result<Vec<String>, Diagnostic> {
    let blank = |value: &Value| value.is_null() || matches!(value, Value::Str(text) if text.is_empty());
    let given = |value: &Value| repr::str(default.filter(|_| blank(value)).unwrap_or(value));
    let mut found = Vec::new();
    match key {
        Value::Str(text) if !text.is_empty() => found.push(text.to_string()),
        Value::Null | Value::Str(_) => found.extend(default.map(repr::str)),
        Value::List(items) => found.extend(items.iter().map(given)),
        Value::Dict(dict) => found.extend(dict.iter().map(|(name, value)| {
            let name = repr::str(name);
            match (blank(value), default) {
                (true, Some(default)) => format!("{name}{separator}{}", repr::str(default)),
                (true, None) if !trailing => name,
                _ => format!("{name}{separator}{}", repr::str(value)),
            }
        })),
        other => {
            let text = format!(
                "Invalid group name format, expected a string or a list of them or dictionary, got: <class '{}'>",
                other.type_name()
            );
            return Err(Diagnostic::new(text));
        }
    }
    Ok(found)
}

/// `hosts: {name: template}` over all combinations of `layers`, with parents that are templates too.
fn generator(inventory: &mut Inventory, config: &Dict, evaluate: &dyn Evaluate) -> Result<(), Diagnostic> {
    let (Some(Value::Dict(hosts)), Some(Value::Dict(layers))) = (config.get("hosts"), config.get("layers"))
    else {
        return Err(Diagnostic::new(
            "the inventory plugin 'generator' needs the mappings 'hosts' and 'layers'",
        ));
    };
    let extra = config.get("use_extra_vars").is_some_and(Value::truthy);
    let mut combinations = vec![if extra { inventory.settings.extra_vars.clone() } else { Dict::new() }];
    for (name, values) in layers {
        let Value::List(values) = values else {
            return Err(
                Diagnostic::new(format!("the layer {} must be a list", repr::repr(name))).at(values.origin())
            );
        };
        let extend = |dict: &Dict| {
            values
                .iter()
                .map(|value| {
                    let mut dict = dict.clone();
                    dict.insert(name.clone(), value.clone());
                    dict
                })
                .collect::<Vec<_>>()
        };
        combinations = combinations.iter().flat_map(extend).collect();
    }
    for vars in combinations {
        let host = rendered(evaluate, hosts.get("name"), &vars)?;
        let id = inventory.ensure_host(&host, None, None)?;
        parents(inventory, (Child::Host(id), &host), hosts.get("parents"), &vars, evaluate)?;
    }
    Ok(())
}

fn rendered(evaluate: &dyn Evaluate, template: Option<&Value>, vars: &Dict) -> Result<String, Diagnostic> {
    match template {
        Some(Value::Str(text)) => evaluate.template(text, vars).map(|value| repr::str(&value)),
        _ => Err(Diagnostic::new("Element hosts.name or parents.name must be a string")),
    }
}

/// What is put below a generated group.
#[derive(Clone, Copy)]
enum Child {
    Host(HostId),
    Group(GroupId),
}

fn parents(
    inventory: &mut Inventory,
    (child, child_name): (Child, &str),
    list: Option<&Value>,
    vars: &Dict,
    evaluate: &dyn Evaluate,
) -> Result<(), Diagnostic> {
    for parent in list.and_then(Value::as_list).map(|l| l.to_vec()).unwrap_or_default() {
        let name = match parent.get("name") {
            Some(name) if !name.is_null() => rendered(evaluate, Some(name), vars)?,
            _ => String::new(),
        };
        if name.is_empty() {
            return Err(Diagnostic::new(format!("Element {child_name} has a parent with no name.")));
        }
        let id = inventory.ensure_group(&name)?;
        for (key, value) in parent.get("vars").and_then(Value::as_dict).unwrap_or(&Dict::new()) {
            let value = match value {
                Value::Str(text) => evaluate.template(text, vars)?,
                other => other.clone(),
            };
            inventory.set_on_group(id, key, &value);
        }
        match child {
            Child::Host(host) => {
                inventory.join(host, id);
            }
            Child::Group(group) => {
                inventory.nest(id, group)?;
            }
        }
        parents(inventory, (Child::Group(id), &name), parent.get("parents"), vars, evaluate)?;
    }
    Ok(())
}

impl Inventory {
    /// What `constructed` sees of a host: the variables of the groups it is in so far and its own, with those of
    /// files when they are asked for.
    fn plain_vars(&self, host: &str, files: bool) -> Result<Dict, Diagnostic> {
        let merge = self.settings.merge_hashes;
        let groups = self.group_ids_of(host);
        let mut vars =
            groups.iter().fold(Dict::new(), |all, id| combine(&all, &self.groups[*id].vars, merge));
        let layers = if files { self.layers_at(host, Stage::All, None)? } else { Vec::new() };
        let of = |kinds: [Layer; 2]| layers.iter().filter(move |(layer, _)| kinds.contains(layer));
        for (_, more) in of([Layer::FilesAllInventory, Layer::FilesGroupsInventory]) {
            vars = combine(&vars, more, merge);
        }
        vars = combine(&vars, &self.own_vars(host), merge);
        for (_, more) in of([Layer::FilesHostInventory, Layer::FilesHostInventory]) {
            vars = combine(&vars, more, merge);
        }
        let mut names: Vec<&str> =
            groups.iter().map(|id| self.group_name(*id)).filter(|name| *name != "all").collect();
        names.sort_unstable();
        vars.insert("inventory_hostname", host);
        vars.insert("inventory_hostname_short", host.split('.').next().unwrap_or_default());
        vars.insert("group_names", names.into_iter().map(Value::from).collect::<Vec<_>>());
        Ok(vars)
    }
}
