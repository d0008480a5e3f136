//! `free` and `host_pinned`: each host goes through the play at its own pace.

use std::sync::Arc;

use rustible_playbook::{Kind, Task};
use rustible_protocol::event::{Event, Status};
use rustible_source::Diagnostic;
use tokio::{sync::Semaphore, task::JoinSet};

use super::{Cursors, HostState, Stage, Strategy};
use crate::task::{Finished, Job};

/// Take each host through the play by itself.
pub(super) async fn run(stage: &Stage, strategy: Strategy, cursors: &mut Cursors) -> Result<(), Diagnostic> {
    // A pinned host is seen through before another one begins.
    let hosts = match strategy {
        Strategy::HostPinned => stage.runner.options.forks.max(1),
        Strategy::Linear | Strategy::Debug | Strategy::Free => Semaphore::MAX_PERMITS,
    };
    let pins = Arc::new(Semaphore::new(hosts));
    let mut work: JoinSet<(Arc<str>, HostState, Result<(), Diagnostic>)> = JoinSet::new();
    for (host, state) in cursors.iter() {
        let (stage, host, mut state, pins) = (stage.clone(), host.clone(), state.clone(), pins.clone());
        work.spawn(async move {
            let _pin = pins.acquire_owned().await.ok();
            let end = go(&stage, &host, &mut state).await;
            (host, state, end)
        });
    }
    let mut first_error = Ok(());
    while let Some(joined) = work.join_next().await {
        let Ok((host, state, end)) = joined else { continue };
        cursors.insert(host, state);
        if first_error.is_ok() {
            first_error = end;
        }
    }
    // As in the reference, hosts that failed are left, although they do no more.
    if first_error.is_ok() && cursors.values().all(|state| state.unreachable) {
        stage.runner.emitter.emit(&Event::NoHostsRemaining);
    }
    first_error
}

async fn go(stage: &Stage, host: &Arc<str>, state: &mut HostState) -> Result<(), Diagnostic> {
    while !state.out() && !stage.play.has_ended() && !stage.runner.interrupted() {
        let Some(task) = state.cursor.take() else { return Ok(()) };
        if stage.already_done(&task, host) {
            continue;
        }
        match &task.kind {
            Kind::RoleComplete => stage.role_complete(&task, host),
            Kind::Meta(action) => {
                let mut alone: Cursors = [(host.clone(), state.clone())].into_iter().collect();
                stage.meta(action, &task, std::slice::from_ref(host), &mut alone).await?;
                if let Some(after) = alone.swap_remove(host) {
                    *state = after;
                }
            }
            _ => step(stage, &task, host, state).await?,
        }
    }
    Ok(())
}

/// The result that counts: behind the debugger's prompt the task may be done again.
async fn settled(
    stage: &Stage,
    mut job: Job,
    limit: Option<usize>,
    state: &mut HostState,
) -> Result<(Job, Finished), Diagnostic> {
    loop {
        let finished = stage.execute(job.clone(), limit, None).await.finished;
        let stops = stage.stops_at(&job, &finished);
        let mut alone: Cursors = [(job.host.clone(), state.clone())].into_iter().collect();
        let before = stops.then(|| stage.before(&job.host, &alone));
        stage.apply(&job, state, &finished, std::slice::from_ref(&job.host))?;
        let Some(before) = before else { return Ok((job, finished)) };
        let Some(again) = stage.again(&job, &finished, before, &mut alone).await else {
            return Ok((job, finished));
        };
        if let Some(back) = alone.swap_remove(&job.host) {
            *state = back;
        }
        job = again;
    }
}

async fn step(
    stage: &Stage,
    task: &Arc<Task>,
    host: &Arc<str>,
    state: &mut HostState,
) -> Result<(), Diagnostic> {
    if task.frame.get("run_once").is_some_and(rustible_protocol::Value::truthy) {
        stage.runner.emitter.warn(
            "Using run_once with the free strategy is not currently supported. This task will still be executed for every host in the inventory list.",
        );
    }
    crate::reserved::warn_around(&stage.runner.emitter, &task.frame);
    let info = stage.play.info(&stage.runner, task, Some(host));
    let job = stage.job(task, &info, host);
    stage.runner.emitter.emit(&Event::TaskStart(info.clone()));
    stage.runner.emitter.emit(&Event::HostStart(info.clone(), host.clone()));
    let limit = stage.throttle(task, host)?;
    let (job, finished) = settled(stage, job, limit, state).await?;
    if finished.includes.is_empty() || !(matches!(finished.status, Some(Status::Ok)) || finished.looped) {
        return Ok(());
    }
    let mut alone: Cursors = [(host.clone(), state.clone())].into_iter().collect();
    stage.include(vec![(job, finished.includes)], &mut alone)?;
    if let Some(after) = alone.swap_remove(host) {
        *state = after;
    }
    Ok(())
}
