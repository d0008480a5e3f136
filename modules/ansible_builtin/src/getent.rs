//! `ansible.builtin.getent`: entries of the system's databases as facts.

use std::collections::HashMap;

use rustible_sdk::prelude::*;

/// A wrapper to the unix getent utility.
#[derive(Args)]
#[args(check = full)]
pub(crate) struct Args {
    /// Name of the database: `passwd`, `group`, `hosts` ...
    database: String,
    /// The one entry wanted; all when not given.
    key: Option<String>,
    /// The only service to ask.
    service: Option<String>,
    /// What separates the values of an entry; a colon for `passwd` and its like, otherwise blanks.
    split: Option<String>,
    /// Whether a missing key fails the task.
    #[arg(default = true)]
    fail_key: bool,
}

pub(crate) fn run(args: Args, host: &mut Host) -> Result<Outcome> {
    let mut command = Command::new([host.need_program("getent")?]).arg(&args.database);
    if let Some(key) = &args.key {
        command = command.arg(key);
    }
    if let Some(service) = &args.service {
        command = command.args(["-s", service]);
    }
    if args.split.as_deref() == Some("") {
        fail!("Invalid split value. The value must be a non-empty string");
    }
    let colons = ["passwd", "shadow", "group", "gshadow"].contains(&args.database.as_str());
    let split = args.split.clone().or_else(|| colons.then(|| ":".to_string()));
    let output = host.query(&command)?;
    let tree = format!("getent_{}", args.database);
    let msg = match output.rc {
        0 => return Ok(Outcome::facts(dict! { tree.as_str() => table(&output.stdout, split.as_deref()) })),
        1 => "Missing arguments, or database unknown.",
        2 => "One or more supplied key could not be found in the database.",
        3 => "Enumeration not supported on this database.",
        _ => "Unexpected failure!",
    };
    match &args.key {
        Some(key) if output.rc == 2 && !args.fail_key => {
            let none = dict! { key.as_str() => Value::Null };
            Ok(Outcome::facts(dict! { tree.as_str() => none }).with("msg", msg))
        }
        _ => fail!("{msg}"),
    }
}

/// Entries by their first value; a key that comes again has a list of entries.
fn table(text: &str, split: Option<&str>) -> Dict {
    let (mut out, mut seen) = (Dict::new(), HashMap::<String, usize>::new());
    for line in text.lines() {
        let mut parts: Vec<&str> = match split {
            Some(split) => line.split(split).collect(),
            None => line.split_whitespace().collect(),
        };
        if parts.is_empty() {
            continue;
        }
        let key = parts.remove(0).to_string();
        let values = Value::from(parts.into_iter().map(Value::str).collect::<Vec<_>>());
        let times = seen.entry(key.clone()).and_modify(|n| *n += 1).or_insert(1);
        let entry = match (*times, out.get(&key).cloned()) {
            (2, Some(first)) => Value::from(vec![first, values]),
            (3.., Some(Value::List(mut all))) => {
                all.make_mut().push(values);
                Value::List(all)
            }
            _ => values,
        };
        out.insert(key, entry);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_that_comes_again_has_a_list_of_entries() {
        let table = table("10.0.0.1 a b\n10.0.0.2 c\n10.0.0.1 d\n", None);
        let said = rustible_sdk::json::dumps(&Value::Dict(table));
        assert_eq!(said, r#"{"10.0.0.1": [["a", "b"], ["d"]], "10.0.0.2": ["c"]}"#);
    }
}
