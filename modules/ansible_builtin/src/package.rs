//! `ansible.builtin.package`: packages with whichever manager the host has; apt is the one there is.

use rustible_sdk::{ArgError, Field, Kind, Rule, Spec, args, prelude::*};

use crate::apt;

/// Everything the task gave; all but `use` is the manager's to judge.
pub(crate) struct Args {
    manager: String,
    rest: Dict,
}

fn said(name: &'static str, doc: &'static str) -> args::Said {
    args::Said {
        name,
        doc,
        aliases: &[],
        choices: &[],
        env: &[],
        default: None,
        no_log: false,
        required: false,
    }
}

impl Arguments for Args {
    fn fields() -> Vec<Field> {
        let raw = |name, doc| args::field::<Option<Value>>(said(name, doc));
        let mut all =
            vec![raw("name", "The packages."), raw("state", "What they are to be, in the manager's words.")];
        let default = Some(Value::str("auto"));
        all.push(args::field::<String>(args::Said {
            default,
            ..said("use", "The manager; found out by default.")
        }));
        debug_assert!(all.iter().all(|field| matches!(field.kind, Kind::Raw | Kind::Str)));
        all
    }
    fn rules() -> Vec<Rule> {
        Vec::new()
    }
    fn spec(name: &'static str) -> Spec {
        let doc = "Manage packages with the host's own manager.";
        let claims =
            args::Claims { check: rustible_sdk::CheckMode::Full, diff: true, free_form: false, open: true };
        args::spec(name, doc, Self::fields(), Self::rules(), claims)
    }
    fn from_args(given: &Dict) -> Result<Self, ArgError> {
        let manager = args::take(given, "use")?;
        let mut rest = Dict::new();
        for (key, value) in given {
            // What was not given has no say: the manager has its own defaults.
            if key.as_str() != Some("use") && !value.is_null() {
                rest.insert(key.clone(), value.clone());
            }
        }
        Ok(Self { manager, rest })
    }
}

pub(crate) fn run(args: Args, host: &mut Host) -> Result<Outcome> {
    let manager = match args.manager.as_str() {
        "auto" => found(host)?.to_string(),
        named => {
            named.trim_start_matches("ansible.builtin.").trim_start_matches("ansible.legacy.").to_string()
        }
    };
    if manager != "apt" {
        let text = format!("package: the package manager \"{manager}\" is not supported, only apt");
        return Err(Failure::new(text).of_arg("use"));
    }
    let spec = <apt::Args as Arguments>::spec("ansible.builtin.apt");
    let forwarded = rustible_sdk::validate(&spec, &args.rest)?;
    apt::run(Arguments::from_args(&forwarded)?, host)
}

/// Programs and the managers they belong to.
const MANAGERS: [(&str, &str); 7] = [
    ("apt-get", "apt"),
    ("dnf5", "dnf5"),
    ("dnf", "dnf"),
    ("yum", "yum"),
    ("zypper", "zypper"),
    ("apk", "apk"),
    ("pacman", "pacman"),
];

fn found(host: &Host) -> Result<&'static str> {
    let there = MANAGERS.iter().find(|(program, _)| host.find_program(program).is_some());
    match there {
        Some((_, manager)) => Ok(manager),
        None => fail!("Could not detect a package manager. Try using the \"use\" option."),
    }
}

#[cfg(test)]
mod tests {
    use rustible_sdk::{dict, testing::*};

    use super::*;

    fn message(args: Dict, answers: &[&str]) -> String {
        let script = answers.iter().map(|line| ((*line).to_string(), Output::default())).collect();
        let folder = std::env::temp_dir();
        let reply = run_rooted(crate::entry("package"), &folder, args, true, Some(Script::new(script)));
        reply.result.get("msg").and_then(Value::as_str).unwrap_or_default().to_string()
    }

    #[test]
    fn a_manager_that_is_not_there_is_refused_by_its_name() {
        let args = dict! { "name" => "x", "state" => "present" };
        assert!(message(args.clone(), &["dnf"]).contains("\"dnf\" is not supported"));
        assert!(message(args, &[]).starts_with("Could not detect a package manager"));
    }

    #[test]
    fn arguments_are_held_against_the_managers_own() {
        let args = dict! { "name" => "x", "state" => "odd", "use" => "apt" };
        assert!(message(args, &["apt-get"]).starts_with("value of state must be one of:"));
        let args = dict! { "name" => "x", "flavour" => "odd" };
        assert!(message(args, &["apt-get"]).contains("flavour"));
    }
}
