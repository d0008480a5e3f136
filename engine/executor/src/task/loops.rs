//! `loop` and `with_*`: the items, and the task once for each.

use std::{sync::Arc, time::Duration};

use rustible_playbook::{Frame, FrameKind, Loop, check_variable_name};
use rustible_protocol::{
    Dict, Origin, Value,
    event::{Event, Status},
};
use rustible_source::Diagnostic;
use rustible_template::{Rendered, Templar};
use rustible_vars::TaskScope;

use super::{
    Finished, Job, all_true,
    attempts::{show_effects, show_facts},
    item, outcome, register,
};
use crate::keyword::{Keywords, merged};

/// `loop_control` settled for one task on one host.
struct Control {
    loop_var: String,
    index_var: Option<String>,
    pause: f64,
    extended: bool,
    all_items: bool,
}

/// The task, looped or not.
pub(super) async fn run(job: &Job) -> Finished {
    let scope = job.scope();
    let Some(looped) = &job.task.looped else {
        let mut finished = item::run(job, &scope, None).await;
        job.heard.end(&mut finished);
        return finished;
    };
    let templar = job.templar(&scope);
    match items(looped, &templar) {
        // A condition that does not need the item may still skip the task.
        Err(error) if error.undefined => {
            let mut finished = item::run(job, &scope, Some(error)).await;
            job.heard.end(&mut finished);
            finished
        }
        Err(error) => outcome::unlooped(job, error),
        Ok(items) if items.is_empty() => empty(),
        Ok(items) => match control(job, &templar) {
            Ok(control) => each(job, &scope, &items, &control).await,
            Err(error) => outcome::unlooped(job, error),
        },
    }
}

fn empty() -> Finished {
    let mut result = Dict::new();
    result.insert("changed", false);
    result.insert("skipped", true);
    result.insert("results", Value::list());
    for reason in ["skipped_reason", "skip_reason"] {
        result.insert(reason, "No items in the list");
    }
    Finished { status: Some(Status::Skipped), result, looped: true, ..Finished::default() }
}

/// The items of a loop.
fn items(looped: &Loop, templar: &Templar) -> Result<Vec<Value>, Diagnostic> {
    let at = looped.value.origin();
    let rendered = match (templar.render(&looped.value), &looped.with) {
        (Ok(rendered), _) => rendered,
        // `with_first_found` and its like look over items that cannot be resolved.
        (Err(error), Some(with)) if error.undefined => match templar.lookup_written(with, &looped.value) {
            Some(found) => return found.map_err(|error| placed(error, at)).map(listed),
            None => return Err(error.at(at)),
        },
        (Err(error), _) => return Err(error.at(at)),
    };
    let value = match rendered {
        Rendered::Value(value) => value,
        Rendered::Omit => Value::Null,
    };
    let Some(with) = &looped.with else {
        return match value {
            Value::List(list) => Ok(list.to_vec()),
            other => Err(Diagnostic::new(format!(
                "The `loop` value must resolve to a 'list', not '{}'.",
                other.type_name()
            ))
            .at(at)
            .help("Provide a list of items/templates, or a template resolving to a list.")),
        };
    };
    let terms = match value {
        Value::List(list) => list.to_vec(),
        other => vec![other],
    };
    templar.lookup(with, terms, Dict::new()).map_err(|error| placed(error, at)).map(listed)
}

fn listed(value: Value) -> Vec<Value> {
    match value {
        Value::List(list) => list.to_vec(),
        other => vec![other],
    }
}

/// A lookup's error with the place of the loop.
fn placed(error: Diagnostic, at: Option<&Arc<Origin>>) -> Diagnostic {
    if error.undefined {
        return merged(error, at).at(at);
    }
    if error.origin.is_some() {
        return error;
    }
    // The lookup is run by an expression that nobody wrote.
    let nowhere = Origin::new(&"<unknown>".into(), 0, 0);
    error.at(Some(&nowhere)).help("invoke_lookup()")
}

fn control(job: &Job, templar: &Templar) -> Result<Control, Diagnostic> {
    let attrs = job.task.control.attrs.clone();
    let frame = Frame::inside(job.frame(), FrameKind::Task, attrs, None);
    let keywords = Keywords { frame: &frame, templar };
    let control = Control {
        loop_var: keywords.text("loop_var")?.unwrap_or_else(|| "item".to_string()),
        index_var: keywords.text("index_var")?,
        pause: keywords.float("pause")?.unwrap_or_default(),
        extended: keywords.flag("extended")?.unwrap_or(false),
        all_items: keywords.flag("extended_allitems")?.unwrap_or(true),
    };
    for (setting, name) in [("loop_var", Some(&control.loop_var)), ("index_var", control.index_var.as_ref())]
    {
        let Some(name) = name else { continue };
        let at = job.task.control.attrs.get(setting).and_then(Value::origin);
        check_variable_name(&name.as_str().into()).map_err(|error| {
            let error = Diagnostic { apart: true, ..error.at(at) };
            Diagnostic { apart: true, ..error.context(format!("Invalid '{setting}'"), None) }
        })?;
    }
    warn_of_collisions(job, &control);
    Ok(control)
}

/// Variables that a loop sets itself, or that say how hosts are reached.
const RESERVED: [&str; 14] = [
    "ansible_index_var",
    "ansible_loop",
    "ansible_loop_var",
    "ansible_connection",
    "ansible_host",
    "ansible_user",
    "ansible_shell_executable",
    "ansible_port",
    "ansible_pipelining",
    "ansible_password",
    "ansible_timeout",
    "ansible_shell_type",
    "ansible_module_compression",
    "ansible_private_key_file",
];

fn warn_of_collisions(job: &Job, control: &Control) {
    let scope = job.scope();
    let names = [("loop_var", Some(&control.loop_var)), ("index_var", control.index_var.as_ref())];
    for (setting, name) in names {
        let Some(name) = name else { continue };
        let conflict = if rustible_template::Scope::get(&scope, name).is_some() {
            "already in use"
        } else if RESERVED.contains(&name.as_str()) {
            "reserved"
        } else if control.index_var.as_ref() == Some(&control.loop_var) {
            "used more than once"
        } else {
            continue;
        };
        let advice = format!(
            "You should set the `{setting}` value in the `loop_control` option for the task to something else to avoid variable collisions and unexpected behavior."
        );
        let warning = Diagnostic::new(format!("The variable '{name}' is {conflict}."));
        job.runner.emitter.warn(match job.task.control.attrs.get(setting).and_then(Value::origin) {
            Some(at) => warning.at(Some(at)).help(advice).render(),
            None => format!("{}\nOrigin: <unknown>\n\n{name}\n\n{advice}\n", warning.message),
        });
    }
}

async fn each(job: &Job, scope: &TaskScope, items: &[Value], control: &Control) -> Finished {
    let mut done: Vec<Finished> = Vec::new();
    let mut scope = scope.clone();
    let asks = register::asks_for_loop(job);
    for (index, value) in items.iter().enumerate() {
        if index > 0 && control.pause > 0.0 {
            tokio::time::sleep(Duration::from_secs_f64(control.pause)).await;
        }
        let locals = locals(items, index, value, control);
        // What earlier items registered and set is seen by later ones.
        if let Some(last) = done.last() {
            carry(job, &mut scope, last);
        }
        let mut inner = scope.with(&locals);
        if asks {
            let results = done.iter().map(|f| Value::Dict(outcome::public(&f.result))).collect();
            register::before(&mut inner, results);
        }
        let mut finished = item::run(job, &inner, None).await;
        decorate(&mut finished, &locals, control);
        let shown = locals.get(&control.loop_var).unwrap_or(value);
        finished.label = Some(label(job, &inner, shown, &finished));
        for include in &mut finished.includes {
            include.vars = locals.clone();
            include.label.clone_from(&finished.label);
        }
        job.heard.end(&mut finished);
        let stop = break_now(job, &inner, &mut finished);
        let told = Box::new(outcome::event(job, &finished));
        if finished.differs() {
            job.runner.emitter.emit(&Event::Diff(told.clone()));
        }
        job.runner.emitter.emit(&Event::Item(told));
        done.push(finished);
        if stop {
            break;
        }
    }
    outcome::of_loop(job, done)
}

fn carry(job: &Job, scope: &mut TaskScope, last: &Finished) {
    register::show(job, scope, &last.result);
    if last.delegate.is_none() || !last.delegate_facts {
        show_facts(job, scope, &last.facts);
    }
    show_effects(job, scope, &last.effects);
}

/// The variables of one item.
fn locals(items: &[Value], index: usize, value: &Value, control: &Control) -> Dict {
    let mut locals = Dict::new();
    locals.insert(control.loop_var.as_str(), value.clone());
    locals.insert("ansible_loop_var", control.loop_var.as_str());
    if let Some(name) = &control.index_var {
        locals.insert(name.as_str(), index);
        locals.insert("ansible_index_var", name.as_str());
    }
    if control.extended {
        let length = items.len();
        let mut extended = Dict::new();
        if control.all_items {
            extended.insert("allitems", items.to_vec());
        }
        extended.insert("index", index + 1);
        extended.insert("index0", index);
        extended.insert("first", index == 0);
        extended.insert("last", index + 1 == length);
        extended.insert("length", length);
        extended.insert("revindex", length - index);
        extended.insert("revindex0", length - index - 1);
        if index > 0 {
            extended.insert("previtem", items[index - 1].clone());
        }
        if let Some(next) = items.get(index + 1) {
            extended.insert("nextitem", next.clone());
        }
        locals.insert("ansible_loop", extended);
    }
    locals
}

/// The item's own keys in its result.
fn decorate(finished: &mut Finished, locals: &Dict, control: &Control) {
    let wanted = [control.loop_var.as_str(), "ansible_loop_var", "ansible_index_var", "ansible_loop"];
    for name in wanted.into_iter().chain(control.index_var.as_deref()) {
        if let Some(value) = locals.get(name) {
            finished.result.insert(name, value.clone());
        }
    }
    if !finished.result.contains_key("failed") {
        finished.result.insert("failed", finished.failed());
    }
}

fn label(job: &Job, scope: &TaskScope, item: &Value, finished: &Finished) -> String {
    if finished.no_log {
        return "(censored due to no_log)".into();
    }
    let written = job.task.control.attrs.get("label").filter(|label| label.truthy());
    let Some(written) = written else { return outcome::shown(item) };
    let mut scope = scope.clone();
    register::show(job, &mut scope, &finished.result);
    match job.templar(&scope).render(written) {
        Ok(Rendered::Value(value)) => outcome::shown(&value),
        Ok(Rendered::Omit) => outcome::shown(item),
        Err(error) => {
            let at = written.origin();
            let error = merged(error, at).context("Failed to template loop_control label", at);
            job.heard.warn(&error);
            outcome::shown(item)
        }
    }
}

/// Whether `break_when` ends the loop behind this item.
fn break_now(job: &Job, scope: &TaskScope, finished: &mut Finished) -> bool {
    let Some(condition) = job.task.control.attrs.get("break_when") else { return false };
    let mut scope = scope.clone();
    register::show(job, &mut scope, &finished.result);
    match all_true("break_when", condition, &job.templar(&scope)) {
        Ok(stop) => {
            finished.result.insert("break_when_result", stop);
            stop
        }
        Err(error) => {
            if finished.error.is_some() {
                finished.result.insert("break_when_suppressed_exception", outcome::NO_TRACEBACK);
            }
            let innermost = error.cause.as_deref().map_or_else(|| error.summary(), Diagnostic::summary);
            finished.result.insert("break_when_result", innermost);
            finished.result.insert("failed", true);
            finished.result.insert("exception", outcome::NO_TRACEBACK);
            if !finished.result.get("msg").is_some_and(Value::truthy) {
                finished.result.insert("msg", error.summary());
            }
            let ignored = matches!(finished.status, Some(Status::Failed { ignored: true }))
                || ignores_errors(job, &scope);
            finished.status = Some(Status::Failed { ignored });
            finished.error = Some(error);
            true
        }
    }
}

pub(super) fn ignores_errors(job: &Job, scope: &TaskScope) -> bool {
    let templar = job.templar(scope);
    let keywords = Keywords { frame: job.frame(), templar: &templar };
    keywords.flag("ignore_errors").ok().flatten().unwrap_or(false)
}
