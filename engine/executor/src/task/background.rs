//! `async` and `poll`: jobs that the target runs by itself.

use std::{
    sync::atomic::{AtomicU64, Ordering},
    time::{Duration, Instant, SystemTime, UNIX_EPOCH},
};

use rustible_connection::SourceFile;
use rustible_protocol::{
    Call, Dict, Value,
    call::Job as Background,
    event::{Event, Status},
};

use rustible_source::Diagnostic;
use rustible_template::{Rendered, Scope};

use super::{Finished, Job, attempts::Attempt, dispatch::attempt, item::Ready, outcome};
use crate::{action::Failure, jobs::looked_at, keyword::text_of, module};

static COUNTER: AtomicU64 = AtomicU64::new(0);

/// Start the module in the background and, with `poll`, wait for its end.
pub(super) async fn run(job: &Job, ready: &Ready, call: Call, files: Vec<SourceFile>) -> Attempt {
    let settled = &ready.settled;
    let folder = match folder(job, ready) {
        Ok(folder) => folder,
        Err(error) => return attempt(Err(error.into()), Vec::new()),
    };
    let background = Background { id: identifier(), limit: settled.background, dir: folder.clone() };
    let id = background.id.clone();
    let call = Call { job: Some(background), ..call };
    let started = match module::call(&job.runner, &settled.target, call, files).await {
        Ok(reply) => reply.result,
        Err(failure) => return attempt(Err(failure), Vec::new()),
    };
    if settled.poll == 0 || started.get("failed").is_some_and(Value::truthy) {
        return attempt(Ok(started), Vec::new());
    }
    wait(job, ready, &id, &folder).await
}

/// Where the states of jobs are on the target.
pub(super) fn folder(job: &Job, ready: &Ready) -> Result<String, Diagnostic> {
    let Some(raw) = ready.place.get("ansible_async_dir") else {
        return Ok(job.runner.options.async_dir.clone());
    };
    Ok(match job.templar(&ready.place).render(&raw)? {
        Rendered::Value(value) if value.truthy() => text_of(&value),
        _ => job.runner.options.async_dir.clone(),
    })
}

/// An id that is unique on the target: digits, a dot, the controller's process id.
fn identifier() -> String {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |d| d.as_nanos());
    let number =
        (now / 1000 + u128::from(COUNTER.fetch_add(1, Ordering::Relaxed)) * 7919) % 1_000_000_000_000;
    format!("j{number:012}.{}", std::process::id())
}

async fn wait(job: &Job, ready: &Ready, id: &str, folder: &str) -> Attempt {
    let settled = &ready.settled;
    let limit = Duration::from_secs(settled.background);
    let began = Instant::now();
    let mut failures = 0;
    while began.elapsed() < limit {
        tokio::time::sleep(Duration::from_secs(settled.poll).min(limit.saturating_sub(began.elapsed())))
            .await;
        match ask(job, ready, id, "status", folder).await {
            Ok(result) if result.get("finished").is_some_and(Value::truthy) => {
                // What is left there is of no more use; that it stays is no failure of the task.
                let _ = ask(job, ready, id, "cleanup", folder).await;
                return ended(job, ready, attempt(Ok(result), Vec::new()));
            }
            Ok(result) => {
                let polled = finished(ready, &result);
                job.runner.emitter.emit(&Event::AsyncPoll(Box::new(outcome::event(job, &polled))));
            }
            // The host may be away for a while, as when the job changes its network.
            Err(failure) => {
                failures += 1;
                if failures > 30 {
                    return ended(job, ready, attempt(Err(failure), Vec::new()));
                }
            }
        }
    }
    let mut result = Dict::new();
    result.insert("ansible_job_id", id);
    result.insert(
        "msg",
        format!("async task did not complete within the requested time - {}s", settled.background),
    );
    ended(job, ready, attempt(Err(Failure::Result(result)), Vec::new()))
}

/// Tell that nobody looks at the job any more.
fn ended(job: &Job, ready: &Ready, attempt: Attempt) -> Attempt {
    let ended = finished(ready, &attempt.result);
    job.runner.emitter.emit(&Event::AsyncEnd(Box::new(outcome::event(job, &ended))));
    attempt
}

pub(super) async fn ask(
    job: &Job,
    ready: &Ready,
    id: &str,
    mode: &str,
    folder: &str,
) -> Result<Dict, Failure> {
    let mut args = Dict::new();
    args.insert("jid", id);
    args.insert("mode", mode);
    args.insert("_async_dir", folder);
    let call = Call { module: "ansible.builtin.async_status".into(), args, ..ready.settled.call() };
    let found = module::call(&job.runner, &ready.settled.target, call, Vec::new()).await?.result;
    Ok(looked_at(id, mode == "cleanup", &found))
}

fn finished(ready: &Ready, result: &Dict) -> Finished {
    let failed = result.get("failed").is_some_and(Value::truthy);
    Finished {
        status: Some(if failed { Status::Failed { ignored: false } } else { Status::Ok }),
        result: result.clone(),
        no_log: ready.settled.no_log,
        delegate: ready.delegate.clone(),
        ..Finished::default()
    }
}
