//! Environment variables that the inventory reads and nobody set.

use std::collections::HashSet;

use rustible_inventory::Inventory;
use rustible_protocol::{Text, Value};

/// A line for each variable without a value: its name and where it is used first. `set` knows which have one.
pub(super) fn variables(inventory: &Inventory, set: &dyn Fn(&str) -> bool) -> Vec<String> {
    let mut lines = Vec::new();
    let mut seen = HashSet::new();
    let mut layers = HashSet::new();
    let hosts = inventory.select_list(&["all".to_string()]).map(|s| s.hosts).unwrap_or_default();
    for host in hosts {
        for layer in inventory.layers(&host) {
            if layers.insert(layer.address()) {
                visit(&Value::Dict(layer), &mut |text| {
                    for name in names(text) {
                        if !set(&name) && seen.insert(name.clone()) {
                            lines.push(line(&name, text));
                        }
                    }
                });
            }
        }
    }
    lines
}

fn line(name: &str, text: &Text) -> String {
    let place = text.origin().map(|origin| format!("; used in {}:{}", short(&origin.file), origin.line));
    format!("{name} is not set{}", place.unwrap_or_default())
}

/// A path below the current folder, without it.
fn short(file: &str) -> String {
    let here = std::env::current_dir().unwrap_or_default();
    std::path::Path::new(file).strip_prefix(here).map_or(file.to_string(), |path| path.display().to_string())
}

fn visit(value: &Value, found: &mut dyn FnMut(&Text)) {
    match value {
        Value::Str(text) if text.may_be_template() => found(text),
        Value::List(list) => list.iter().for_each(|item| visit(item, found)),
        Value::Dict(dict) => dict.values().for_each(|item| visit(item, found)),
        _ => {}
    }
}

/// The names in `lookup('env', 'NAME')` and `query(...)`, but for those whose empty value a default replaces.
fn names(text: &str) -> Vec<String> {
    let mut names = Vec::new();
    for part in text.split("{{").skip(1) {
        let expression = part.split("}}").next().unwrap_or_default();
        if replaced(expression) {
            continue;
        }
        for call in ["lookup(", "query(", "q("] {
            for rest in expression.split(call).skip(1) {
                names.extend(variable(rest));
            }
        }
    }
    names
}

/// `'env', 'NAME'` behind a call's bracket.
fn variable(arguments: &str) -> Option<String> {
    let mut words = arguments.split(['\'', '"']);
    let (before, plugin, between) = (words.next()?, words.next()?, words.next()?);
    let name = words.next()?;
    let is_env = matches!(plugin, "env" | "ansible.builtin.env");
    let has_default = arguments.split(')').next().is_some_and(|all| all.contains("default="));
    let plain = before.trim().is_empty() && between.trim() == ",";
    (is_env && plain && !has_default && !name.is_empty()).then(|| name.to_string())
}

/// `default(x, true)`: the only form that replaces an empty text, which is what an unset variable gives.
fn replaced(expression: &str) -> bool {
    let flat: String = expression.chars().filter(|c| !c.is_whitespace()).collect::<String>().to_lowercase();
    let filters = ["|default(", "|d("];
    filters.iter().any(|filter| flat.contains(filter))
        && (flat.contains(",true)") || flat.contains("boolean=true"))
}

#[cfg(test)]
mod tests {
    use super::names;

    #[test]
    fn a_default_counts_only_where_it_replaces_an_empty_text() {
        assert_eq!(names("{{ lookup('env', 'A') }}"), ["A"]);
        assert_eq!(names("{{ lookup(\"ansible.builtin.env\",\"A\") | default('x') }}"), ["A"]);
        assert_eq!(names("a{{ query('env', 'A') }}b{{ lookup('env', 'B') }}"), ["A", "B"]);
        assert!(names("{{ lookup('env', 'A') | default('x', true) }}").is_empty());
        assert!(names("{{ lookup('env', 'A', default='x') }}").is_empty());
        assert!(names("{{ lookup('file', 'A') }} lookup('env', 'B')").is_empty());
    }
}
