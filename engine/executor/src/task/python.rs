//! Action plugins in Python: run by the helper, which asks back for what happens on the target.

use std::sync::Arc;

use rustible_connection::Transport;
use rustible_plugins::{Answer, Failed, Helper, Message, answer};
use rustible_protocol::{Dict, Value};
use rustible_source::Diagnostic;
use tokio::sync::mpsc;

use super::{Job, attempts::Attempt, dispatch::attempt, item::Ready, named, outcome};
use crate::{
    action::{Effect, Failure},
    doors,
    keyword::text_of,
    module,
    run::Runner,
};

/// Whether the action of that name is a plugin in Python that takes a bare text.
pub(super) fn takes_raw(job: &Job, name: &str) -> bool {
    described(&job.runner, name, "raw")
}

/// Whether the action of that name is a plugin in Python that runs once for all hosts.
pub(crate) fn once_for_all(runner: &Runner, name: &str) -> bool {
    described(runner, name, "once")
}

fn described(runner: &Runner, name: &str, what: &str) -> bool {
    let Some((helper, with)) = plugin(runner, name) else { return false };
    let told = helper.call("describe_action", &with, &mut |what, with| rustible_plugins::common(what, &with));
    told.is_ok_and(|told| told.get(what).is_some_and(Value::truthy))
}

/// The helper, and the plugin as it is asked for.
fn plugin<'a>(runner: &'a Runner, name: &str) -> Option<(&'a Arc<Helper>, Vec<Value>)> {
    let file = runner.registry.plugin(name)?;
    let helper = runner.helper.as_ref()?;
    let full = file.full.as_deref().map(Value::str);
    let short = name.strip_prefix("ansible.legacy.").unwrap_or(name);
    let roots: Vec<Value> = runner.registry.foreign().collection_roots().iter().map(Value::from).collect();
    Some((helper, vec![Value::str(short), Value::from(&file.path), full.into(), roots.into()]))
}

/// Run the plugin; `None` when there is none of that name.
pub(super) async fn run(job: &Job, ready: &Ready, name: &str) -> Option<Attempt> {
    let (helper, mut with) = plugin(&job.runner, name)?;
    with.extend([task(job, ready).into(), connection(ready).into(), context(ready).into()]);
    let (sender, mut receiver) = mpsc::unbounded_channel();
    let sink = Box::new(move |message| {
        // A task that was ended by its timeout listens no more.
        let _late = sender.send(message);
    });
    let request = match helper.begin("action", &with, sink) {
        Ok(request) => request,
        Err(failed) => return Some(raised(&failed)),
    };
    let mut waited = false;
    while let Some(message) = receiver.recv().await {
        match message {
            Message::Ask(what, with) => {
                waited |= what == "module" && with.get(2).is_some_and(Value::truthy);
                let answer = respond(job, ready, &what, with).await;
                if let Err(failed) = request.answer(answer) {
                    return Some(raised(&failed));
                }
            }
            Message::Done(Value::Dict(result)) => {
                let polled = ready.settled.background > 0 && ready.settled.poll > 0;
                let raised = result.contains_key("_ansible_rustible_raised");
                if polled && !waited && !raised && !result.contains_key("ansible_job_id") {
                    let text = "No job id was returned by the async task";
                    return Some(outcome::failed([("msg", Value::from(text))].into_iter().collect(), false));
                }
                return Some(ended(result));
            }
            Message::Done(_) => {
                return Some(raised(&Failed::new("an action plugin returned no result")));
            }
            Message::Failed(failed) => return Some(raised(&failed)),
        }
    }
    Some(raised(&Failed::new("the Python process that runs plugins has ended")))
}

fn ended(mut result: Dict) -> Attempt {
    if result.remove("_ansible_rustible_raised").is_some() {
        result.insert("changed", false);
        let error = Diagnostic::new(result.get("msg").map(text_of).unwrap_or_default());
        return Attempt { result, error: Some(error.context("", None)), raised: true, ..Attempt::default() };
    }
    let registered = result.remove("_ansible_rustible_registered");
    let layers = registered.as_ref().and_then(Value::as_dict).into_iter().flatten();
    let effects = layers.filter_map(|(layer, vars)| effect(layer.as_str()?, vars.as_dict()?)).collect();
    let facts = registered.as_ref().map(|layers| {
        let own = layers.get("CACHEABLE_FACT").or_else(|| result.get("ansible_facts"));
        own.and_then(Value::as_dict).cloned().unwrap_or_default()
    });
    let attempt = Attempt { facts, ..attempt(Ok(result), effects) };
    if attempt.of_module { outcome::failed(attempt.result, false) } else { attempt }
}

/// What becomes of variables that an action registers in a layer other than facts.
fn effect(layer: &str, vars: &Dict) -> Option<Effect> {
    match layer {
        "INCLUDE_VARS" => Some(Effect::Include(vars.clone())),
        "EPHEMERAL_FACT" | "REGISTER_VARS" => Some(Effect::Set(vars.clone(), false)),
        _ => None,
    }
}

fn raised(failed: &Failed) -> Attempt {
    if failed.is("AnsibleConnectionFailure") {
        return outcome::unreachable(failed.summary(), None);
    }
    attempt(Err(Failure::Error(Box::new(failed.diagnostic()))), Vec::new())
}

fn task(job: &Job, ready: &Ready) -> Dict {
    let settled = &ready.settled;
    let environment: Dict =
        settled.environment.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    let mut task = Dict::new();
    task.insert("args", ready.args.clone());
    task.insert("action", job.task.action.as_str());
    task.insert("resolved_action", settled.action.as_str());
    task.insert("name", job.task.frame.own("name").map(text_of).unwrap_or_default());
    task.insert("async_val", settled.background);
    task.insert("poll", settled.poll);
    task.insert("check_mode", settled.check);
    task.insert("diff", settled.diff);
    task.insert("no_log", settled.no_log);
    task.insert("environment", vec![Value::Dict(environment)]);
    task.insert("ignore_errors", settled.ignore_errors);
    task.insert("delegate_to", ready.delegate.as_ref().map(|(name, _)| Value::str(name.clone())));
    task.insert("loop", job.task.looped.as_ref().map(|looped| looped.value.clone()));
    task.insert("tags", job.info.tags.iter().map(Value::from).collect::<Vec<_>>());
    task.insert("vars", job.task.frame.own("vars").cloned().unwrap_or_else(|| Dict::new().into()));
    task.insert("register", job.task.frame.own("register").cloned());
    task.insert("collections", job.frame().searched().into_iter().map(Value::from).collect::<Vec<_>>());
    task.insert("implicit", false);
    task.insert("_role", Value::Null);
    task.insert("_uuid", job.info.uuid.as_str());
    escalation(ready, &mut task);
    task
}

fn escalation(ready: &Ready, into: &mut Dict) {
    let become_ = ready.settled.target.escalation.as_ref();
    into.insert("become", become_.is_some());
    into.insert("become_user", become_.map(|b| Value::str(b.user.as_str())));
    into.insert("become_method", become_.map(|b| Value::str(format!("{:?}", b.method).to_lowercase())));
}

fn connection(ready: &Ready) -> Dict {
    let target = &ready.settled.target;
    let mut options = Dict::new();
    let mut out = Dict::new();
    let transport = match &target.transport {
        Transport::Local => "local",
        Transport::Ssh(ssh) | Transport::SystemSsh(ssh) => {
            options.insert("host", ssh.host.as_str());
            options.insert("port", ssh.port.map(u32::from));
            options.insert("remote_user", ssh.user.as_deref().map(Value::str));
            "ssh"
        }
        Transport::Plugin(plugin) => {
            out.insert("plugin", doors::settings(target));
            out.insert("rights", doors::rights(target.escalation.as_ref()));
            plugin.name.as_str()
        }
    };
    out.insert("transport", transport);
    out.insert("_load_name", transport);
    out.insert("ansible_name", format!("ansible.builtin.{transport}"));
    out.insert("options", options);
    out.insert("remote_tmp", ready.settled.remote_tmp.as_str());
    out
}

fn context(ready: &Ready) -> Dict {
    let settled = &ready.settled;
    let mut out = Dict::new();
    let (address, user, port) = match &settled.target.transport {
        Transport::Local => (settled.target.name.clone(), None, None),
        Transport::Ssh(ssh) | Transport::SystemSsh(ssh) => (ssh.host.clone(), ssh.user.clone(), ssh.port),
        Transport::Plugin(plugin) => (plugin.host.clone(), plugin.user.clone(), plugin.port),
    };
    out.insert("remote_addr", address);
    out.insert("remote_user", user);
    out.insert("port", port.map(u32::from));
    out.insert("check_mode", settled.check);
    out.insert("diff", settled.diff);
    out.insert("no_log", settled.no_log);
    out.insert("verbosity", u32::from(settled.verbosity));
    out.insert(
        "connection",
        match &settled.target.transport {
            Transport::Local => "local",
            Transport::Plugin(plugin) => plugin.name.as_str(),
            Transport::Ssh(_) | Transport::SystemSsh(_) => "ssh",
        },
    );
    out.insert("timeout", settled.target.timeout.as_secs());
    escalation(ready, &mut out);
    out
}

async fn respond(job: &Job, ready: &Ready, what: &str, with: Vec<Value>) -> Result<Value, Answer> {
    match what {
        "module" => execute(job, ready, &with).await,
        "low" => low_level(job, ready, &with).await,
        "fetch" => {
            let path = with.first().map(text_of).unwrap_or_default();
            let args: Dict = [("src", Value::from(path))].into_iter().collect();
            let found = execute(job, ready, &[Value::str("ansible.builtin.slurp"), args.into()]).await?;
            match found.get("content") {
                Some(content) if !found.get("failed").is_some_and(Value::truthy) => Ok(content.clone()),
                _ => Err(Answer::from(found.get("msg").map(text_of).unwrap_or_default())),
            }
        }
        "search" => Ok(ready.scope.search_path().iter().map(Value::from).collect::<Vec<_>>().into()),
        _ => {
            let outside = job.templar(&ready.scope);
            let basedir = std::env::current_dir().unwrap_or_default();
            answer(&outside, &basedir, what, &with)
        }
    }
}

/// `_execute_module`: name, arguments, in the background or not, check mode, differences.
async fn execute(job: &Job, ready: &Ready, with: &[Value]) -> Result<Value, Answer> {
    let name = with.first().map(text_of).unwrap_or_default();
    let args = with.get(1).and_then(Value::as_dict).cloned().unwrap_or_default();
    let flag = |at: usize| with.get(at).is_some_and(Value::truthy);
    let mut settled = ready.settled.clone();
    if !flag(2) {
        settled.background = 0;
    }
    if with.len() > 3 {
        settled.check = flag(3);
        settled.diff = flag(4);
    }
    let code = named::resolve(job, &name).ok_or_else(|| Answer::from(named::missing(&name)))?;
    let attempt = named::run(job, ready, &code, args, settled).await;
    let mut result = attempt.result;
    if attempt.unreachable {
        result.insert("_ansible_rustible_unreachable", true);
    }
    Ok(result.into())
}

/// `_low_level_execute_command`: the command, what it reads in base64, and whether as the other user.
async fn low_level(job: &Job, ready: &Ready, with: &[Value]) -> Result<Value, Answer> {
    let command = with.first().map(text_of).unwrap_or_default();
    let input = match with.get(1) {
        Some(Value::Str(text)) => Some(rustible_plugins::from_base64(text).map_err(Answer::from)?),
        _ => None,
    };
    let mut target = (*ready.settled.target).clone();
    if !with.get(2).is_some_and(Value::truthy) {
        target.escalation = None;
    }
    let output = job.runner.pool.exec_raw(&target, &command, input.as_deref()).await;
    let output = output.map_err(|error| match module::failure(&error) {
        Failure::Unreachable { message, .. } => Answer::unreachable(message),
        Failure::Raised { error, .. } | Failure::Error(error) => Answer::from(error.summary()),
        Failure::Result(result) => Answer::from(result.get("msg").map(text_of).unwrap_or_default()),
    })?;
    let mut done = Dict::new();
    done.insert("rc", output.rc);
    done.insert("stdout", rustible_plugins::to_base64(&output.stdout));
    done.insert("stderr", rustible_plugins::to_base64(&output.stderr));
    Ok(done.into())
}
