//! One item of a task, or the whole of a task without a loop: conditions, keywords, arguments, attempts.

use std::sync::Arc;

use rustible_connection::{Target, Transport};
use rustible_playbook::{Found, Kind};
use rustible_protocol::{Dict, Text, Value, event::Status};
use rustible_source::Diagnostic;
use rustible_template::{Rendered, Scope, Templar};
use rustible_vars::TaskScope;

use super::{
    Finished, Include, Job, Settled, arguments, attempts, conditions::first_false, outcome, python, settle,
};
use crate::{
    keyword::{Keywords, text_of},
    target::Resolver,
};

/// The delegate's name, and what its connection variables are read from.
struct Delegate {
    name: Arc<str>,
    scope: TaskScope,
}

/// Run one item. `loop_error` is why the loop has no items; it counts unless a condition skips the task.
pub(super) async fn run(job: &Job, scope: &TaskScope, loop_error: Option<Diagnostic>) -> Finished {
    job.heard.listen();
    match prepare(job, scope, loop_error) {
        Ok(Prepared::Skip(finished)) => *finished,
        Ok(Prepared::Run(ready)) => {
            let mut finished = attempts::run(job, &ready).await;
            if matches!(job.task.kind, Kind::Templated) {
                finished.resolved = Some(ready.settled.action.clone());
            }
            finished.diff = ready.settled.diff;
            finished.ignores_errors = ready.settled.ignore_errors;
            if ready.settled.action == "ansible.builtin.setup" {
                // Facts are too many to be shown by one `-v`.
                finished.result.insert("_ansible_verbose_override", true);
            }
            if let Some((name, _)) = &ready.delegate {
                finished.result.insert("_ansible_delegated_vars", delegated(name, &ready.settled.target));
            }
            finished.delegate.clone_from(&ready.delegate);
            finished.delegate_facts = ready.settled.delegate_facts;
            finished
        }
        Err(error) => Finished { delegate: told_delegate(job, scope), ..outcome::broken(job, error) },
    }
}

/// The host a task that broke is delegated to, as far as it can be told.
fn told_delegate(job: &Job, scope: &TaskScope) -> Option<(Arc<str>, String)> {
    let written = job.frame().get("delegate_to")?;
    let name = match job.templar(scope).render(written) {
        Ok(Rendered::Omit | Rendered::Value(Value::Null)) => return None,
        Ok(Rendered::Value(value)) if value.truthy() => text_of(&value),
        _ => text_of(written),
    };
    Some((name.as_str().into(), name))
}

/// All that is needed to run an action.
pub(crate) struct Ready {
    pub(super) scope: TaskScope,
    /// What the host sees where modules run: the delegate, or the host itself.
    pub(super) place: TaskScope,
    pub(super) settled: Settled,
    pub(super) written: Dict,
    pub(super) args: Dict,
    pub(super) delegate: Option<(Arc<str>, String)>,
}

enum Prepared {
    Skip(Box<Finished>),
    Run(Box<Ready>),
}

fn prepare(job: &Job, scope: &TaskScope, loop_error: Option<Diagnostic>) -> Result<Prepared, Diagnostic> {
    let templar = job.templar(scope);
    let delegate = delegate(job, scope, &templar)?;
    let seen = delegate.as_ref().map(|delegate| scope.clone().delegated_to(&delegate.name));
    let scope = seen.as_ref().unwrap_or(scope);
    let templar = if seen.is_some() { job.templar(scope) } else { templar };
    let when = job.frame().all("when");
    let verdict = first_false("when", &when, &templar);
    match (verdict, loop_error) {
        (Ok(Some(condition)), _) => return Ok(Prepared::Skip(Box::new(skipped(job, condition, &templar)))),
        (Ok(None), None) => {}
        (_, Some(error)) | (Err(error), None) => return Err(error),
    }
    let action = action(job, &templar)?;
    let keywords = Keywords { frame: job.frame(), templar: &templar };
    let local = matches!(job.task.kind, Kind::IncludeTasks | Kind::IncludeRole);
    let target = if local {
        Target::local(job.host.to_string())
    } else {
        target(job, scope, &templar, delegate.as_ref())?
    };
    let address = match &target.transport {
        Transport::Local => target.name.clone(),
        Transport::Ssh(ssh) | Transport::SystemSsh(ssh) => ssh.host.clone(),
        Transport::Plugin(plugin) => plugin.host.clone(),
    };
    let told = if local || delegate.is_some() {
        Dict::new()
    } else {
        let user = keywords.text("remote_user")?.or_else(|| job.runner.options.connection.user.clone());
        connection_variables(scope, &target, job.runner.options.connection.password.as_deref(), user)
    };
    let settled = settle::settle(&keywords, &job.runner.options, &action, Arc::new(target))?;
    let scope = &scope.with(&told);
    let templar = job.templar(scope);
    let takes_raw = job.runner.registry.spec(&action).is_some_and(|spec| spec.free_form)
        || python::takes_raw(job, &action);
    let injected = job.runner.options.inject_facts;
    let written = arguments::written(
        &job.task,
        &action,
        takes_raw,
        (&templar, injected),
        job.runner.registry.foreign(),
    )?;
    let raw = job.runner.registry.action(&action).map_or(&[][..], |a| a.raw_arguments());
    let raw =
        if matches!(job.task.kind, Kind::IncludeTasks | Kind::IncludeRole) { &["apply"][..] } else { raw };
    let args = arguments::render(&job.task, &action, &written, raw, &templar)?;
    let place = delegate.as_ref().map_or_else(|| scope.clone(), |d| d.scope.clone());
    let delegate = delegate.map(|d| (d.name, address));
    if local {
        return Ok(Prepared::Skip(Box::new(include(args, settled.no_log))));
    }
    Ok(Prepared::Run(Box::new(Ready { scope: scope.clone(), place, settled, written, args, delegate })))
}

/// How the host is reached, for arguments that ask; variables that are set stay what they are.
fn connection_variables(
    scope: &TaskScope,
    target: &Target,
    password: Option<&str>,
    user: Option<String>,
) -> Dict {
    let mut told = Dict::new();
    let mut tell = |names: &[&str], value: Value| {
        if names.iter().all(|name| scope.get(name).is_none()) {
            names.iter().for_each(|name| drop(told.insert(*name, value.clone())));
        }
    };
    if let Some(password) = password {
        let secret = Value::Str(Text::untrusted(password).with_secret(true));
        tell(&["ansible_password", "ansible_ssh_pass"], secret);
    }
    match &target.transport {
        Transport::Local => {
            tell(&["ansible_connection"], "local".into());
            if let Some(user) = user {
                tell(&["ansible_user", "ansible_ssh_user"], user.into());
            }
        }
        Transport::Ssh(ssh) | Transport::SystemSsh(ssh) => {
            tell(&["ansible_connection"], "ssh".into());
            if let Some(user) = &ssh.user {
                tell(&["ansible_user", "ansible_ssh_user"], user.as_str().into());
            }
            if let Some(port) = ssh.port {
                tell(&["ansible_port", "ansible_ssh_port"], i64::from(port).into());
            }
        }
        Transport::Plugin(plugin) => {
            tell(&["ansible_connection"], plugin.name.as_str().into());
            if let Some(user) = &plugin.user {
                tell(&["ansible_user", "ansible_ssh_user"], user.as_str().into());
            }
        }
    }
    told
}

/// How a delegate was reached, for callbacks.
fn delegated(name: &str, target: &Target) -> Dict {
    let mut told = Dict::new();
    told.insert("ansible_delegated_host", name);
    match &target.transport {
        Transport::Local => drop(told.insert("ansible_connection", "local")),
        Transport::Ssh(ssh) | Transport::SystemSsh(ssh) => {
            told.insert("ansible_connection", "ssh");
            told.insert("ansible_host", ssh.host.as_str());
            told.insert("ansible_port", ssh.port.map(i64::from));
            told.insert("ansible_user", ssh.user.as_deref().map(Value::str));
        }
        Transport::Plugin(plugin) => {
            told.insert("ansible_connection", plugin.name.as_str());
            told.insert("ansible_host", plugin.host.as_str());
            told.insert("ansible_port", plugin.port.map(i64::from));
            told.insert("ansible_user", plugin.user.as_deref().map(Value::str));
        }
    }
    told
}

/// An include is done by the strategy: here it only says what it wants.
fn include(args: Dict, no_log: bool) -> Finished {
    let mut result = Dict::new();
    result.insert("changed", false);
    if let Some(file) = args.get("_raw_params").or_else(|| args.get("file")) {
        result.insert("include", file.clone());
    }
    result.insert("include_args", args.clone());
    let include = Include { args, ..Include::default() };
    Finished { status: Some(Status::Ok), result, includes: vec![include], no_log, ..Finished::default() }
}

fn skipped(job: &Job, condition: &Value, templar: &Templar) -> Finished {
    let mut result = Dict::new();
    result.insert("changed", false);
    result.insert("false_condition", condition.clone());
    result.insert("skip_reason", "Conditional result was False");
    result.insert("skipped", true);
    let no_log =
        settle::no_log(&Keywords { frame: job.frame(), templar }, &job.runner.options).unwrap_or(true);
    Finished {
        status: Some(Status::Skipped),
        result: result_untrusted(result),
        no_log,
        ..Finished::default()
    }
}

fn result_untrusted(result: Dict) -> Dict {
    match Value::Dict(result).into_untrusted() {
        Value::Dict(dict) => dict,
        _ => Dict::new(),
    }
}

/// The action's full name; a template's is found out now.
fn action(job: &Job, templar: &Templar) -> Result<String, Diagnostic> {
    match &job.task.kind {
        Kind::Action(name) => Ok(name.clone()),
        Kind::Unsupported(error) => Err((**error).clone()),
        Kind::IncludeTasks => Ok("ansible.builtin.include_tasks".into()),
        Kind::IncludeRole => Ok("ansible.builtin.include_role".into()),
        Kind::Meta(_) | Kind::RoleComplete => Ok("ansible.builtin.meta".into()),
        Kind::Templated => {
            let Rendered::Value(Value::Str(name)) = templar.render_text(&job.task.action)? else {
                return Err(
                    Diagnostic::new("the name of an action must be a string").at(job.task.action.origin())
                );
            };
            let collections: Vec<&Text> = job.frame().collections();
            match rustible_playbook::Catalog::find(&*job.runner.registry, &name, &collections) {
                Found::Known(full) => Ok(full),
                Found::Missing(full) => {
                    Err(Diagnostic::new(format!("the module '{full}' is not supported by rustible")).at(job.task.action.origin()))
                }
                Found::Refused(why) => Err(Diagnostic::new(why).at(job.task.action.origin())),
                Found::Unknown => Err(Diagnostic::new(format!(
                    "couldn't resolve module/action '{name}'. This often indicates a misspelling, missing collection, or incorrect module path."
                ))
                .at(job.task.action.origin())),
            }
        }
    }
}

/// The host the task is delegated to.
fn delegate(job: &Job, scope: &TaskScope, templar: &Templar) -> Result<Option<Delegate>, Diagnostic> {
    let Some(written) = job.frame().get("delegate_to") else { return Ok(None) };
    let name = match templar.render(written).map_err(|e| e.at(written.origin()))? {
        Rendered::Omit | Rendered::Value(Value::Null) => return Ok(None),
        Rendered::Value(value) => text_of(&value),
    };
    if name.trim().is_empty() {
        let shown = text_of(written);
        return Err(Diagnostic::new(format!("Empty hostname produced from delegate_to: \"{shown}\""))
            .at(written.origin()));
    }
    let known = job.play.scope.inventory().resolve_host(&name);
    let name: Arc<str> = known.unwrap_or_else(|| name.as_str().into());
    let inner = job.play.scope(Some(&name), Some(job.frame())).shown_as(scope.host());
    Ok(Some(Delegate { name, scope: inner.with(scope.locals()) }))
}

fn target(
    job: &Job,
    scope: &TaskScope,
    templar: &Templar,
    delegate: Option<&Delegate>,
) -> Result<Target, Diagnostic> {
    let options = &job.runner.options.connection;
    match delegate {
        None => {
            let resolver = Resolver {
                scope,
                templar,
                frame: job.frame(),
                options,
                runner: &job.runner,
                delegated: false,
            };
            resolver.target(&job.host)
        }
        Some(delegate) => {
            let templar = job.templar(&delegate.scope);
            let resolver = Resolver {
                scope: &delegate.scope,
                templar: &templar,
                frame: job.frame(),
                options,
                runner: &job.runner,
                delegated: true,
            };
            resolver.target(&delegate.name)
        }
    }
}
