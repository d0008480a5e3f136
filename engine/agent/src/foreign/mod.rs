//! Modules whose program comes with the call: Python with all that it imports, scripts, binaries.

mod keep;
mod result;
mod start;
mod surrogate;

use rustible_protocol::{Call, Dict, Foreign, Reply, Style, Value};
use rustible_sdk::{Failure, Host, HostContext};

use crate::{context::Context, work};

/// Run a call whose program came with it.
pub(crate) fn run(call: &Call, foreign: &Foreign, context: &Context) -> Reply {
    let host = Host::new(
        call,
        HostContext {
            cancel: context.cancel.clone(),
            attachments: context.attachments.clone(),
            ..HostContext::default()
        },
    );
    match try_run(call, foreign, &host) {
        Ok(result) => Reply { result, ..Reply::default() },
        Err(failure) => {
            let mut reply = work::failed(&failure.msg);
            reply.result.extend(&failure.data);
            reply
        }
    }
}

fn try_run(call: &Call, foreign: &Foreign, host: &Host) -> Result<Dict, Failure> {
    let (interpreter, discovered) = interpreter(foreign, host);
    let output = match foreign.style {
        Style::Python => start::python(call, foreign, host, &interpreter)?,
        Style::JsonArgs => start::with_arguments_inside(call, foreign, host, &interpreter)?,
        Style::WantJson | Style::Old | Style::Binary => {
            start::with_arguments_beside(call, foreign, host, &interpreter)?
        }
    };
    let traced = call.args.get("_ansible_tracebacks_for").and_then(Value::as_list);
    let traced = traced.is_some_and(|events| events.iter().any(|event| event.as_str() == Some("error")));
    let mut result = result::of(&output, &interpreter, traced);
    // What broke before it could answer has told Python's account of it on its way.
    if traced
        && result.contains_key("_ansible_rustible_unread")
        && let Some(at) = output.stderr.find("Traceback (most recent call last)")
    {
        result.insert("exception", &output.stderr[at..]);
    }
    if foreign.keep_errors && !output.stderr.is_empty() && !result.contains_key("stderr") {
        result.insert("stderr", output.stderr.as_str());
    }
    if let Some(found) = discovered {
        tell(&mut result, foreign, &found);
    }
    Ok(result)
}

/// The interpreter's words, and what of it was found here.
fn interpreter(foreign: &Foreign, host: &Host) -> (Vec<String>, Option<String>) {
    if foreign.discover.is_empty() {
        return (foreign.interpreter.clone(), None);
    }
    let mut found = foreign.discover.iter().filter_map(|name| host.find_program(name));
    let found = found.next().map_or_else(|| "/usr/bin/python3".to_string(), |p| p.display().to_string());
    let rest = foreign.interpreter.iter().skip(1).cloned();
    (std::iter::once(found.clone()).chain(rest).collect(), Some(found))
}

/// The discovered interpreter becomes a fact of the host, and a warning.
fn tell(result: &mut Dict, foreign: &Foreign, found: &str) {
    let mut facts = match result.get("ansible_facts") {
        Some(Value::Dict(facts)) => facts.clone(),
        _ => Dict::new(),
    };
    facts.insert("discovered_interpreter_python", found);
    result.insert("ansible_facts", facts);
    if foreign.silent {
        return;
    }
    result::warn(
        result,
        format!(
            "Host '{}' is using the discovered Python interpreter at '{found}', but future installation of another Python interpreter could cause a different interpreter to be discovered. See https://docs.ansible.com/ansible-core/2.21/reference_appendices/interpreter_discovery.html for more information.",
            foreign.host
        ),
    );
}
