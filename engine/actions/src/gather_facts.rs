//! `ansible.builtin.gather_facts`: what a play does first on its hosts.

use rustible_executor::{Context, Ended, Failure, sub_events, to_bool};
use rustible_protocol::{Dict, Kind, Spec, Value, repr};
use rustible_source::Diagnostic;

use crate::spec::{action, field, spec};

action!(
    GatherFacts,
    Spec {
        open: true,
        ..spec(
            "ansible.builtin.gather_facts",
            "Gather facts of the host.",
            vec![field("parallel", Kind::Bool, "Run several fact modules at once.")],
        )
    },
    |context| gather(context).await
);

/// The module that gathers facts where nothing else is asked for.
const SETUP: &str = "ansible.legacy.setup";

async fn gather(context: &mut Context<'_>) -> Result<Dict, Failure> {
    let modules = modules(context)?;
    let asked = context.variable("ansible_facts_parallel")?.or_else(|| context.args.get("parallel").cloned());
    context.args.remove("parallel");
    let parallel = match asked {
        None | Some(Value::Null) => modules.len() > 1,
        Some(asked) => to_bool(&asked).unwrap_or(false),
    };
    let seconds = context.args.get("gather_timeout").filter(|value| value.truthy()).map(repr::str);
    let mut calls = Vec::new();
    for module in &modules {
        let args = arguments(context, module)?;
        let limit = if parallel && !args.contains_key("gather_timeout") { seconds.as_deref() } else { None };
        let limit = limit.and_then(|text| text.parse().ok()).unwrap_or(0);
        calls.push((module.clone(), args, limit));
    }
    let mut ended = Vec::new();
    if parallel {
        ended = context.named(calls).await?;
    } else {
        for call in calls {
            ended.append(&mut context.named(vec![call]).await?);
        }
    }
    let gathered = together(&modules, ended);
    if gathered.contains_key("failed") { Err(Failure::Result(gathered)) } else { Ok(gathered) }
}

/// The modules to run.
fn modules(context: &mut Context<'_>) -> Result<Vec<String>, Failure> {
    let mut modules = match context.variable("ansible_facts_modules")? {
        Some(Value::List(list)) => list.iter().map(repr::str).collect(),
        Some(text) if !text.is_null() => {
            repr::str(&text).split(',').map(|name| name.trim().to_string()).collect()
        }
        _ => context.runner.options.facts_modules.clone(),
    };
    let Some(smart) = modules.iter().position(|name| name == "smart") else { return Ok(modules) };
    modules.remove(smart);
    let setup = |modules: &[String]| modules.iter().any(|name| is_setup(name));
    let system = match context.args.get("network_os").cloned() {
        Some(given) => Some(given),
        None => match context.variable("ansible_network_os")? {
            Some(known) => Some(known),
            None => context.variable("ansible_facts")?.and_then(|facts| facts.get("network_os").cloned()),
        },
    };
    let Some(system) = system.filter(Value::truthy) else {
        if !setup(&modules) {
            modules.push(SETUP.to_string());
        }
        return Ok(modules);
    };
    let system = repr::str(&system);
    if let Some(module) = of_network(&system) {
        modules.push(module);
    } else if modules.is_empty() {
        return Err(Failure::msg(format!(
            "No fact modules available and we could not find a fact module for your network OS ({system}), try setting \
             one via the `FACTS_MODULES` configuration."
        )));
    }
    if setup(&modules) {
        context.notes.push(Diagnostic::new(
            "Detected 'setup' module and a network OS is set, the output when running it will reflect 'localhost' and \
             not the target when a networking connection plugin is used.",
        ));
    }
    Ok(modules)
}

fn is_setup(name: &str) -> bool {
    matches!(name, "setup" | "ansible.builtin.setup" | "ansible.legacy.setup")
}

/// The module for the devices of an operating system, by its name or the full name of its connection plugin.
fn of_network(system: &str) -> Option<String> {
    const SHORT: [&str; 10] = ["asa", "eos", "frr", "ios", "iosxr", "junos", "nxos", "vyos", "exos", "slxos"];
    const FULL: [&str; 12] = [
        "cisco.asa.asa",
        "arista.eos.eos",
        "frr.frr.frr",
        "cisco.ios.ios",
        "cisco.iosxr.iosxr",
        "junipernetworks.junos.junos",
        "cisco.nxos.nxos",
        "vyos.vyos.vyos",
        "extreme.exos.exos",
        "extreme.slxos.slxos",
        "extreme.voss.voss",
        "community.network.ironware",
    ];
    if SHORT.contains(&system) || matches!(system, "voss" | "ironware") {
        return Some(format!("ansible.legacy.{system}_facts"));
    }
    FULL.contains(&system).then(|| format!("{system}_facts"))
}

/// What a fact module is given: the task's arguments, but for those that only `setup` has, and its defaults.
fn arguments(context: &mut Context<'_>, module: &str) -> Result<Dict, Failure> {
    let mut args = context.args.clone();
    if !is_setup(module) {
        let whole = |subset: &Value| {
            let all = |value: &Value| value.as_str() == Some("all");
            all(subset) || matches!(subset, Value::List(list) if list.len() == 1 && list.iter().all(all))
        };
        for (option, word) in
            [("gather_subset", "subset"), ("gather_timeout", "timeout"), ("filter", "filter")]
        {
            let Some(given) = args.remove(option).filter(|given| !given.is_null()) else { continue };
            if option != "gather_subset" || !whole(&given) {
                let text = format!("Not passing {word}({}) to {module}", repr::str(&given));
                context.notes.push(Diagnostic::new(text));
            }
        }
    }
    let mut all = context.module_defaults(&context.full_name(module)?)?;
    all.extend(
        &args.iter().filter(|(_, value)| !value.is_null()).map(|(k, v)| (k.clone(), v.clone())).collect(),
    );
    Ok(all)
}

/// One result of all: facts of modules behind win, mappings become one, lists are joined.
fn together(modules: &[String], ended: Vec<Ended>) -> Dict {
    let (mut gathered, mut failed, mut skipped, mut errors) =
        (Dict::new(), Dict::new(), Dict::new(), Vec::new());
    gathered.insert("ansible_facts", Dict::new());
    gathered.insert("changed", false);
    for (module, Ended { mut result, error }) in modules.iter().zip(ended) {
        if let Some(error) = error {
            result.remove("_ansible_hint");
            for key in ["warnings", "deprecations"] {
                if !result.contains_key(key) {
                    result.insert(key, Vec::<Value>::new());
                }
            }
            if !result.contains_key("exception") {
                result.insert("exception", "(traceback unavailable)");
            }
            failed.insert(module.as_str(), result);
            errors.push(error);
        } else if result.get("skipped").is_some_and(Value::truthy) {
            skipped.insert(module.as_str(), result);
        } else {
            let heard = ["ansible_facts", "warnings", "deprecations"];
            let heard = heard.into_iter().filter_map(|key| Some((key, result.get(key)?.clone()))).collect();
            gathered = merged(&gathered, &heard);
        }
    }
    let names = |of: &Dict| of.keys().map(repr::str).collect::<Vec<_>>().join(", ");
    if !skipped.is_empty() {
        gathered.insert("msg", format!("The following modules were skipped: {}.", names(&skipped)));
        if skipped.len() == modules.len() {
            gathered.insert("skipped", true);
        }
        gathered.insert("skipped_modules", skipped);
    }
    if !failed.is_empty() {
        gathered.insert("msg", format!("The following modules failed to execute: {}.", names(&failed)));
        gathered.insert("failed_modules", failed);
        gathered.insert("failed", true);
        gathered.insert("_ansible_rustible_events", sub_events(&errors));
    }
    if let Some(Value::Dict(mut facts)) = gathered.get("ansible_facts").cloned() {
        facts.insert("_ansible_facts_gathered", true);
        gathered.insert("ansible_facts", facts);
    }
    gathered.insert("_ansible_verbose_override", true);
    gathered
}

/// Both mappings in one; of lists in both the second comes last, and what it has is not repeated.
fn merged(first: &Dict, second: &Dict) -> Dict {
    let mut out = first.clone();
    for (key, value) in second {
        let joined = match (out.get_value(key), value) {
            (Some(Value::Dict(a)), Value::Dict(b)) => merged(a, b).into(),
            (Some(Value::List(a)), Value::List(b)) => {
                let kept = a.iter().filter(|item| !b.contains(item)).chain(b.iter());
                kept.cloned().collect::<Vec<_>>().into()
            }
            _ => value.clone(),
        };
        out.insert(key.clone(), joined);
    }
    out
}
