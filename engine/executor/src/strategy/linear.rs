//! `linear`: all hosts do a task before any gets to the next.

use std::{collections::HashMap, sync::Arc};

use rustible_playbook::{Block, Kind, Task};
use rustible_protocol::event::{Event, Status};
use rustible_source::Diagnostic;
use rustible_template::Rendered;
use tokio::task::JoinSet;

use super::{Cursors, Ended, Stage};
use crate::{
    keyword::to_bool,
    reserved,
    task::{self, Include, Job},
};

/// Take all hosts through the play in step.
pub(super) async fn run(stage: &Stage, root: &Arc<Block>, cursors: &mut Cursors) -> Result<(), Diagnostic> {
    let mut order = Order::of(root);
    loop {
        let next = order.next(stage, cursors);
        // A failure in a rescue counts when what is always done is through.
        for (host, _) in cursors.iter().filter(|(_, state)| state.cursor.failed) {
            stage.out(host);
        }
        let Some((task, hosts)) = next else { return Ok(()) };
        match &task.kind {
            Kind::RoleComplete => hosts.iter().for_each(|host| stage.role_complete(&task, host)),
            Kind::Meta(action) => {
                let flushing = action == "flush_handlers";
                stage.meta(action, &task, &hosts, cursors).await?;
                if flushing {
                    order.insert(stage.play.handlers().iter().cloned());
                }
            }
            _ => {
                if !stage.runner.step(&task).await {
                    continue;
                }
                let tasks = step(stage, &task, &hosts, cursors).await?;
                order.insert(tasks);
            }
        }
        if stage.runner.interrupted() {
            return Ok(());
        }
    }
}

/// The tasks of the play one after the other, which tells whose turn it is.
struct Order {
    tasks: Vec<Arc<Task>>,
    at: usize,
}

impl Order {
    fn of(root: &Block) -> Self {
        let mut tasks = Vec::new();
        for item in root.items.iter().chain(&root.rescue).chain(&root.always) {
            item.walk(&mut |task| tasks.push(task.clone()));
        }
        Self { tasks, at: 0 }
    }

    /// Tasks that came in behind the present one.
    fn insert(&mut self, tasks: impl IntoIterator<Item = Arc<Task>>) {
        self.tasks.splice(self.at..self.at, tasks);
    }

    /// The first task, from here on, that a host is at, and the hosts that are there; they have taken it.
    fn next(&mut self, stage: &Stage, cursors: &mut Cursors) -> Option<(Arc<Task>, Vec<Arc<str>>)> {
        let mut waiting: Vec<(Arc<str>, Arc<Task>)> = Vec::new();
        for (host, state) in cursors.iter_mut().filter(|(_, state)| !state.out()) {
            while let Some(task) = state.cursor.peek() {
                if !stage.already_done(&task, host) {
                    waiting.push((host.clone(), task));
                    break;
                }
                state.cursor.take();
            }
        }
        if waiting.is_empty() {
            return None;
        }
        let is_wanted = |task: &Arc<Task>| waiting.iter().any(|(_, next)| next.uuid == task.uuid);
        let from_here = self.tasks.iter().skip(self.at).position(is_wanted).map(|i| i + self.at);
        let found = from_here.or_else(|| self.tasks.iter().position(is_wanted));
        let task = match found {
            Some(index) => {
                self.at = index + 1;
                self.tasks[index].clone()
            }
            None => waiting[0].1.clone(),
        };
        let hosts: Vec<Arc<str>> =
            waiting.into_iter().filter(|(_, next)| next.uuid == task.uuid).map(|(host, _)| host).collect();
        for host in &hosts {
            if let Some(state) = cursors.get_mut(host) {
                state.cursor.take();
            }
        }
        Some((task, hosts))
    }
}

/// One task on all hosts that are at it; gives the tasks that includes brought in.
async fn step(
    stage: &Stage,
    task: &Arc<Task>,
    hosts: &[Arc<str>],
    cursors: &mut Cursors,
) -> Result<Vec<Arc<Task>>, Diagnostic> {
    let Some(first) = hosts.first() else { return Ok(Vec::new()) };
    let info = stage.play.info(&stage.runner, task, Some(first));
    reserved::warn_around(&stage.runner.emitter, &task.frame);
    stage.runner.emitter.emit(&Event::TaskStart(info.clone()));
    let once = run_once(stage, task, first);
    let running = if once { &hosts[..1] } else { hosts };
    // A result of a task that runs once counts for all hosts of the batch that can still be reached.
    let everyone: Vec<Arc<str>> =
        cursors.iter().filter(|(_, s)| !s.unreachable).map(|(h, _)| h.clone()).collect();
    running.iter().for_each(|host| stage.runner.emitter.emit(&Event::HostStart(info.clone(), host.clone())));
    let mut work: JoinSet<Ended> = JoinSet::new();
    let mut waiting = running.iter();
    let mut next = waiting.next();
    let mut asked: Vec<(Job, Vec<Include>)> = Vec::new();
    let mut failed: Vec<Arc<str>> = Vec::new();
    loop {
        // Hosts begin in their order, results are taken as they come.
        let joined = tokio::select! {
            biased;
            Some(joined) = work.join_next(), if !work.is_empty() => joined,
            Ok(fork) = stage.runner.forks.clone().acquire_owned(), if next.is_some() => {
                if let Some(host) = next {
                    let limit = stage.throttle(task, host)?;
                    let job = stage.job(task, &info, host);
                    let stage = stage.clone();
                    work.spawn(async move { stage.execute(job, limit, Some(fork)).await });
                }
                next = waiting.next();
                continue;
            }
            else => break,
        };
        let Ok(ended) = joined else { continue };
        let finished = &ended.finished;
        let job = stage.job(task, &info, &finished.host);
        let before = stage.stops_at(&job, finished).then(|| stage.before(&job.host, cursors));
        if finished.counts_as_failure() {
            failed.push(finished.host.clone());
        }
        let own = [finished.host.clone()];
        let counts_for = if once { &everyone[..] } else { &own[..] };
        if let Some(state) = cursors.get_mut(&finished.host) {
            stage.apply(&job, state, finished, counts_for)?;
        }
        if let Some(before) = before
            && let Some(again) = stage.again(&job, finished, before, cursors).await
        {
            failed.retain(|host| *host != job.host);
            let (stage, limit) = (stage.clone(), stage.throttle(task, &job.host)?);
            work.spawn(async move { stage.execute(again, limit, None).await });
            continue;
        }
        if once && !failed.is_empty() {
            fail_others(stage, &failed, cursors);
        }
        if !finished.includes.is_empty() && (finished.status == Some(Status::Ok) || finished.looped) {
            asked.push((job, finished.includes.clone()));
        }
        if once && !asked.is_empty() {
            // An include that runs once is entered by all.
            let includes = asked.pop().map(|(_, includes)| includes).unwrap_or_default();
            asked.extend(hosts.iter().map(|host| (stage.job(task, &info, host), includes.clone())));
        }
    }
    in_order(&mut asked, hosts);
    let included = stage.include(asked, cursors)?;
    failed.extend(included.failed);
    if !failed.is_empty() {
        stop_others(stage, task, &failed, cursors);
    }
    Ok(included.tasks)
}

/// Includes in the order of the hosts that asked for them, not in that of the answers.
fn in_order(asked: &mut [(Job, Vec<Include>)], hosts: &[Arc<str>]) {
    let places: HashMap<&Arc<str>, usize> = hosts.iter().zip(0..).collect();
    asked.sort_by_key(|(job, _)| places.get(&job.host).copied());
}

fn run_once(stage: &Stage, task: &Task, host: &Arc<str>) -> bool {
    if let Kind::Action(name) = &task.kind
        && match stage.runner.registry.action(name) {
            Some(action) => action.once_for_all(),
            None => task::once_for_all(&stage.runner, name),
        }
    {
        return true;
    }
    flag(stage, task, "run_once", host)
}

fn flag(stage: &Stage, task: &Task, keyword: &str, host: &Arc<str>) -> bool {
    let Some(written) = task.frame.get(keyword) else { return false };
    match stage.play.templar(&stage.runner, Some(host), Some(&task.frame)).render(written) {
        Ok(Rendered::Value(value)) => to_bool(&value).unwrap_or_else(|| value.truthy()),
        _ => false,
    }
}

/// A task that runs once for all fails all.
fn fail_others(stage: &Stage, failed: &[Arc<str>], cursors: &mut Cursors) {
    for (host, state) in cursors.iter_mut().filter(|(host, state)| !failed.contains(host) && !state.out()) {
        state.cursor.fail();
        if state.cursor.lost() {
            stage.out(host);
        }
    }
}

/// `any_errors_fatal` and `max_fail_percentage`.
fn stop_others(stage: &Stage, task: &Task, out: &[Arc<str>], cursors: &mut Cursors) {
    let host = out.first().filter(|_| task.frame.get("any_errors_fatal").is_some());
    let fatal = if let Some(host) = host {
        flag(stage, task, "any_errors_fatal", host)
    } else {
        stage.runner.options.any_errors_fatal
    };
    if fatal {
        return fail_others(stage, out, cursors);
    }
    let failed = cursors.values().filter(|state| state.lost()).count();
    let Some(limit) = percentage(stage) else { return };
    #[expect(clippy::cast_precision_loss, reason = "no run has so many hosts that it mattered")]
    let share = failed as f64 * 100.0 / cursors.len().max(1) as f64;
    if share > limit {
        fail_others(stage, out, cursors);
        // The reference says it for the hosts that failed and again for the play that ends.
        stage.runner.emitter.emit(&Event::NoHostsRemaining);
        if cursors.values().all(super::HostState::lost) {
            stage.runner.emitter.emit(&Event::NoHostsRemaining);
        }
    }
}

fn percentage(stage: &Stage) -> Option<f64> {
    let written = stage.play.play.frame.own("max_fail_percentage")?;
    match stage.play.templar(&stage.runner, None, None).render(written) {
        Ok(Rendered::Value(value)) => {
            value.number_as_f64().or_else(|| value.as_str()?.trim().trim_end_matches('%').parse().ok())
        }
        _ => None,
    }
}
