//! From a settled task to its action or module, once.

use std::time::Duration;

use rustible_protocol::{Dict, Spec, Value, validate::validate};
use rustible_source::{Diagnostic, nearest};
use rustible_template::Templar;

use super::{Job, attempts::Attempt, item::Ready, modules, outcome, python};
use crate::action::{Action, Context, Failure};

/// Run the action or module.
pub(super) async fn run(job: &Job, ready: &Ready) -> Attempt {
    let work = run_untimed(job, ready);
    // The target ends what it runs by itself at the same time; this is for what the controller does.
    match ready.settled.timeout {
        0 => work.await,
        bad if !(0..=MAX_TIMEOUT).contains(&bad) => {
            let text = format!("Timeout {bad} is invalid, it must be between 0 and {MAX_TIMEOUT}.");
            let mut result = Dict::new();
            result.insert("changed", false);
            result.insert("failed", true);
            Attempt { result, error: Some(Diagnostic::new(text)), raised: true, ..Attempt::default() }
        }
        seconds => match tokio::time::timeout(Duration::from_secs(seconds.unsigned_abs()), work).await {
            Ok(attempt) => attempt,
            Err(_) => timed_out(seconds),
        },
    }
}

/// Longest `timeout`, in seconds.
const MAX_TIMEOUT: i64 = 100_000_000;

fn timed_out(seconds: i64) -> Attempt {
    let mut result = Dict::new();
    let message = format!("Timed out after {seconds} second(s).");
    result.insert("changed", false);
    result.insert("failed", true);
    result.insert("msg", format!("Task failed: {message}"));
    let mut details = Dict::new();
    details.insert("frame", "Configure `DISPLAY_TRACEBACK` to see a traceback on timeout errors.");
    details.insert("period", seconds);
    result.insert("timedout", details);
    Attempt { result, error: Some(Diagnostic::new(message)), raised: true, ..Attempt::default() }
}

async fn run_untimed(job: &Job, ready: &Ready) -> Attempt {
    let name = ready.settled.action.as_str();
    let registry = &job.runner.registry;
    if let Some(action) = registry.action(name).cloned() {
        return of_action(job, ready, &*action).await;
    }
    if let Some(attempt) = python::run(job, ready, name).await {
        return attempt;
    }
    modules::run(job, ready, name).await
}

async fn of_action(job: &Job, ready: &Ready, action: &dyn Action) -> Attempt {
    if ready.settled.background > 0 {
        let text = format!("This action ({}) does not support async.", job.task.action);
        let mut attempt = outcome::failed([("msg", Value::from(text.as_str()))].into_iter().collect(), false);
        attempt.error = Some(Diagnostic::new(text));
        return attempt;
    }
    if let Some(refusal) = unknown_options(job, ready, action) {
        return attempt(Err(refusal), Vec::new());
    }
    let args = match checked(action.spec(), &ready.args, action.raw_arguments()) {
        Ok(args) => args,
        Err(result) => {
            let mut refusal = as_written(job, action.spec(), result);
            if action.checks_arguments() {
                let text = refusal.get("msg").and_then(Value::as_str).unwrap_or_default();
                let help = refusal.get("_ansible_hint").and_then(Value::as_str).map(str::to_string);
                let error = Diagnostic { help, ..Diagnostic::new(text) };
                refusal.remove("_ansible_hint");
                return attempt(Err(Failure::Raised { result: refusal, error: error.into() }), Vec::new());
            }
            return Attempt { raised: true, ..outcome::failed(refusal, false) };
        }
    };
    let templar = job.templar(&ready.scope);
    let mut context = context(job, ready, args, &templar);
    let outcome = action.run(&mut context).await;
    let effects = std::mem::take(&mut context.effects);
    for note in std::mem::take(&mut context.notes) {
        job.heard.warn(&note);
    }
    attempt(outcome, effects)
}

pub(super) fn context<'a>(job: &'a Job, ready: &'a Ready, args: Dict, templar: &'a Templar) -> Context<'a> {
    Context {
        runner: &job.runner,
        args,
        task: &job.task,
        written: &ready.written,
        templar,
        task_name: &job.info.name,
        host: &job.host,
        target: (*ready.settled.target).clone(),
        settled: &ready.settled,
        search: ready.scope.search_path(),
        effects: Vec::new(),
        notes: Vec::new(),
        job,
        ready,
    }
}

/// Some actions have words of their own for arguments that they do not know.
fn unknown_options(job: &Job, ready: &Ready, action: &dyn Action) -> Option<Failure> {
    if action.places_unknown_options() {
        let mut keys = ready.args.keys();
        let key = keys.find(|key| action.spec().field(&crate::keyword::text_of(key)).is_none())?;
        // The keys as written know their places.
        let at = job.task.args.named.keys().find(|written| *written == key).and_then(Value::origin);
        let name = action.name().rsplit('.').next().unwrap_or_default();
        let text = format!("{} is not a valid option in {name}", crate::keyword::text_of(key));
        return Some(Failure::Error(Diagnostic::new(text).at(at).into()));
    }
    if !action.names_unknown_options() {
        return None;
    }
    let names: Vec<String> = ready.args.keys().map(crate::keyword::text_of).collect();
    let unknown = |name: &&String| action.spec().field(name).is_none();
    let unknown: Vec<&str> = names.iter().filter(unknown).map(String::as_str).collect();
    let text = format!("Invalid options for {}: {}", job.task.action, unknown.join(","));
    (!unknown.is_empty()).then(|| Failure::msg(text))
}

/// A refusal names the module as the task does.
pub(super) fn as_written(job: &Job, spec: &Spec, mut result: Dict) -> Dict {
    if let Some(Value::Str(message)) = result.get("msg") {
        let message = message.replace(&format!("({})", spec.name), &format!("({})", job.task.action));
        result.insert("msg", message);
    }
    result
}

pub(super) fn skipped(name: &str) -> Attempt {
    let mut result = Dict::new();
    result.insert("changed", false);
    result.insert("skipped", true);
    result.insert("msg", format!("remote module ({name}) does not support check mode"));
    Attempt { result, ..Attempt::default() }
}

/// The arguments with aliases resolved and types coerced, or the result of the refusal.
pub(super) fn checked(spec: &Spec, args: &Dict, raw: &[&str]) -> Result<Dict, Dict> {
    let mut plain = args.clone();
    let mut kept = Dict::new();
    for name in raw {
        if let Some(value) = plain.get(name).cloned() {
            // What is rendered later cannot be checked now; that it is there can.
            plain.remove(name);
            kept.insert(*name, value);
        }
    }
    let mut loose = spec.clone();
    for field in loose.fields.iter_mut().filter(|f| raw.contains(&f.name)) {
        field.required = field.required && !kept.contains_key(field.name);
    }
    match validate(&loose, &plain) {
        Ok(valid) => {
            // Defaults are the module's business: an action sees what was given.
            let given = |name: &Value| {
                let field = name.as_str().and_then(|name| spec.field(name));
                name.as_str().is_some_and(|n| plain.contains_key(n))
                    || field.is_some_and(|f| f.aliases.iter().any(|alias| plain.contains_key(alias)))
            };
            let mut valid: Dict =
                valid.iter().filter(|(name, _)| given(name)).map(|(k, v)| (k.clone(), v.clone())).collect();
            valid.extend(&kept);
            Ok(valid)
        }
        Err(error) => {
            let mut result = Dict::new();
            result.insert("changed", false);
            let known =
                spec.fields.iter().flat_map(|f| std::iter::once(f.name).chain(f.aliases.iter().copied()));
            result.insert("msg", error.msg.as_str());
            if error.msg.starts_with("Unsupported parameters")
                && let Some(near) = nearest(&error.arg, known)
            {
                result.insert("_ansible_hint", format!("Did you mean '{near}'?"));
            }
            Err(result)
        }
    }
}

/// What came back, as an attempt.
pub(super) fn attempt(outcome: Result<Dict, Failure>, effects: Vec<crate::action::Effect>) -> Attempt {
    match outcome.and_then(readable) {
        Ok(mut result) => {
            complete(&mut result);
            let failed = result.get("failed").is_some_and(Value::truthy);
            let mut attempt = if failed {
                outcome::module_failed(result)
            } else {
                Attempt { result, ..Attempt::default() }
            };
            attempt.effects = effects;
            attempt
        }
        Err(Failure::Result(result)) => outcome::failed(result, false),
        Err(Failure::Raised { mut result, error }) => {
            result.insert("changed", false);
            result.insert("failed", true);
            Attempt { result, error: Some(error.context("", None)), raised: true, ..Attempt::default() }
        }
        Err(Failure::Unreachable { message, hint }) => outcome::unreachable(message, hint),
        Err(Failure::Error(error)) => {
            let mut result = Dict::new();
            result.insert("changed", false);
            result.insert("failed", true);
            result.insert("msg", format!("Task failed: {}", error.summary()));
            // A link of its own keeps the places of the causes.
            let error = error.context("", None);
            Attempt { result, effects, error: Some(error), raised: true, ..Attempt::default() }
        }
    }
}

/// A result that could not be taken over is a failure of the task itself.
fn readable(mut result: Dict) -> Result<Dict, Failure> {
    match result.remove("_ansible_rustible_refused") {
        Some(Value::Str(why)) => Err(Diagnostic::new(why.to_string())
            .help("This check can be disabled with the `MODULE_STRICT_UTF8_RESPONSE` setting.")
            .into()),
        _ => Ok(result),
    }
}

/// What every result has: lines beside texts, and failure by return code.
fn complete(result: &mut Dict) {
    for stream in ["stdout", "stderr"] {
        let lines = format!("{stream}_lines");
        if let Some(Value::Str(text)) = result.get(stream)
            && !result.contains_key(&lines)
        {
            let split: Vec<Value> = text.lines().map(Value::from).collect();
            result.insert(lines, split);
        }
    }
    let bad_code = match result.get("rc") {
        Some(Value::Int(code)) => *code != 0,
        Some(Value::Str(code)) => code.as_str() != "0",
        _ => false,
    };
    if bad_code && !result.contains_key("failed") {
        result.insert("failed", true);
    }
}
