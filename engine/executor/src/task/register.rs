//! `register`: what conditions of the task itself see of it, and the expressions of its other form.

use std::fmt::Write as _;

use rustible_protocol::{Dict, Text, Value, event::Status, repr};
use rustible_source::Diagnostic;
use rustible_template::{Rendered, Scope, Templar};
use rustible_vars::TaskScope;

use super::{Finished, Job, loops, outcome};

/// The scope with the result so far under its registered names and as `_task`.
pub(super) fn show(job: &Job, scope: &mut TaskScope, result: &Dict) {
    let earlier = match Scope::get(scope, "_task") {
        Some(Value::Dict(task)) => task.get("loop_result").and_then(|all| all.get("results")).cloned(),
        _ => None,
    };
    let mut shown = task([("result", result), ("polymorphic_result", result)]);
    if let Some(Value::List(earlier)) = earlier {
        let so_far: Vec<Value> = earlier.iter().cloned().chain([Value::Dict(result.clone())]).collect();
        shown.extend(&task([("loop_result", &whole(so_far))]));
    }
    scope.set_local("_task", shown);
    if let Some(name) = job.task.register() {
        scope.set_local(Value::Str(name.clone()), outcome::registered(result));
    }
    if let Some(projections) = job.task.projections() {
        lay_out(projections, scope);
    }
}

/// Expressions in the scope, evaluated when they are asked for: what they need may not be there yet.
fn lay_out(projections: &Dict, scope: &mut TaskScope) {
    for (name, expression) in projections {
        let lazy = match expression {
            Value::Str(text) => {
                Value::Str(Text::trusted(format!("{{{{ {text} }}}}"), text.origin().cloned()))
            }
            other => other.clone(),
        };
        scope.set_local(name.clone(), lazy);
    }
}

/// Whether the task asks for the results of the whole loop while it runs.
pub(super) fn asks_for_loop(job: &Job) -> bool {
    fn mentions(value: &Value) -> bool {
        match value {
            Value::Str(text) => text.contains("loop_result"),
            Value::List(list) => list.iter().any(mentions),
            Value::Dict(dict) => dict.iter().any(|(_, value)| mentions(value)),
            _ => false,
        }
    }
    let task = &job.task;
    let written = [&task.frame.attrs, &task.control.attrs, &task.args.named];
    written.into_iter().flatten().any(|(_, value)| mentions(value))
        || job.frame().all("when").into_iter().any(mentions)
}

/// The results of earlier items, before this one has any.
pub(super) fn before(scope: &mut TaskScope, results: Vec<Value>) {
    scope.set_local("_task", task([("loop_result", &whole(results))]));
}

/// The result of a loop as far as it went.
fn whole(results: Vec<Value>) -> Dict {
    let any = |key: &str| results.iter().any(|result| result.get(key).is_some_and(Value::truthy));
    let mut whole = Dict::new();
    whole.insert("changed", any("changed"));
    whole.insert("failed", any("failed"));
    whole.insert("msg", if any("failed") { "One or more items failed" } else { "All items completed" });
    whole.insert("results", results);
    whole
}

/// `_task`: results with warnings also where there are none.
fn task<const N: usize>(results: [(&str, &Dict); N]) -> Dict {
    let mut all = Dict::new();
    for (name, result) in results {
        let Value::Dict(mut shown) = outcome::registered(result) else { continue };
        for key in ["warnings", "deprecations"].into_iter().filter(|_| !result.contains_key("results")) {
            if !shown.contains_key(key) {
                shown.insert(key, Vec::new());
            }
        }
        all.insert(name, shown);
    }
    all
}

/// Evaluate the expressions under `register` now that the task has ended; one that fails makes the task fail.
pub(super) fn settle(job: &Job, finished: &mut Finished) {
    let Some(projections) = job.task.projections() else { return };
    let mut scope = job.scope();
    let last = match finished.result.get("results") {
        Some(Value::List(items)) if finished.looped => items.last().and_then(Value::as_dict).cloned(),
        _ => None,
    };
    let whole = finished.result.clone();
    let last = last.as_ref().unwrap_or(&whole);
    scope.set_local(
        "_task",
        match finished.looped {
            true => task([("result", last), ("loop_result", &whole), ("polymorphic_result", &whole)]),
            false => task([("result", last), ("polymorphic_result", &whole)]),
        },
    );
    // The variables of the loop stand as its last item had them.
    for name in ["ansible_loop_var", "ansible_index_var"].into_iter().filter(|_| finished.looped) {
        let Some(Value::Str(name)) = last.get(name) else { continue };
        if let Some(value) = last.get(name) {
            scope.set_local(Value::Str(name.clone()), value.clone());
        }
    }
    // Each may be made of any other.
    lay_out(projections, &mut scope);
    let templar = job.templar(&scope);
    let mut errors = Vec::new();
    for (name, expression) in projections {
        let Value::Str(name) = name else { continue };
        let value = evaluate(expression, &templar).unwrap_or_else(|error| {
            let text = format!(
                "The variable {} is undefined because its register expression failed: {}",
                quoted(name),
                error.summary()
            );
            let lazy = format!("{{{{ undef({}) }}}}", repr::repr(&Value::str(text)));
            let message = format!("Register projection {} failed", quoted(name));
            errors.push(Diagnostic { apart: true, ..error.context(message, None) });
            Value::Str(Text::trusted(lazy, expression.origin().cloned()))
        });
        finished.registered.push((name.clone(), value));
    }
    if errors.is_empty() {
        return;
    }
    finished.status = Some(Status::Failed { ignored: loops::ignores_errors(job, &scope) });
    finished.result.insert("failed", true);
    finished.result.insert("exception", outcome::NO_TRACEBACK);
    finished.error = Some(Diagnostic::new(told(&errors, projections.len())));
}

fn evaluate(expression: &Value, templar: &Templar) -> Result<Value, Diagnostic> {
    match expression {
        Value::Str(text) => templar.expression(text).map(Value::into_untrusted),
        other => match templar.render(other)? {
            Rendered::Value(value) => Ok(value.into_untrusted()),
            Rendered::Omit => Ok(Value::Null),
        },
    }
}

fn quoted(name: &Text) -> String {
    repr::repr(&Value::Str(name.clone()))
}

/// All that went wrong, each in a frame of its own.
fn told(errors: &[Diagnostic], total: usize) -> String {
    let count = errors.len();
    let plural = if count == 1 { "" } else { "s" };
    let mut text = format!(
        "Task failed due to errors in {count} out of {total} register projections. ({count} sub-exception{plural})\n"
    );
    let errors: Vec<String> = errors.iter().map(Diagnostic::render).collect();
    text.push('\n');
    text + &sub_events(&errors)
}

/// Errors beside each other, each in a frame of its own.
#[must_use]
pub fn sub_events(errors: &[String]) -> String {
    let (mut text, count) = (String::new(), errors.len());
    for (index, error) in errors.iter().enumerate() {
        let _written = writeln!(text, "+--[ Sub-Event {} of {count} ]---\n| ", index + 1);
        for line in error.lines() {
            let _written = writeln!(text, "| {line}");
        }
        text.push_str("| \n");
    }
    text + "+--[ End Sub-Event ]---\n"
}
