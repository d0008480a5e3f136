//! Tasks: work that goes on after its request was answered.

use std::sync::{Arc, Mutex};

use anyhow::Result;
use serde_json::{Value, json};

use super::ask::{Ask, Outcome, Refusal};
use super::state::{Centre, seconds};
use crate::doubles::web::locked;

/// One task.
#[derive(Clone)]
pub(super) struct Task {
    upid: String,
    node: String,
    kind: String,
    id: String,
    user: String,
    pid: u32,
    start: u64,
    /// When it ended and how.
    end: Option<(u64, String)>,
    log: Log,
}

/// The growing log of a task.
#[derive(Clone, Default)]
pub(super) struct Log(Arc<Mutex<Vec<String>>>);

impl Log {
    pub(super) fn line(&self, text: impl Into<String>) {
        let text = text.into();
        locked(&self.0).extend(text.lines().map(str::to_owned));
    }
}

/// What a task is about.
pub(super) struct Job<'a> {
    pub(super) kind: &'a str,
    pub(super) node: &'a str,
    /// The machine's number or a storage's name.
    pub(super) id: String,
    pub(super) user: &'a str,
    /// The machine that it holds under this lock while it runs.
    pub(super) lock: Option<(u32, &'a str)>,
}

/// Starts a task and gives its UPID. `work` runs on a thread of its own; its error becomes the task's exit status.
pub(super) fn start<F>(centre: &Arc<Centre>, job: &Job<'_>, work: F) -> Value
where
    F: FnOnce(&Arc<Centre>, &Log) -> Result<()> + Send + 'static,
{
    let log = Log::default();
    let (upid, pid) = {
        let mut world = centre.world();
        world.processes += 1;
        let (pid, time) = (4000 + world.processes, seconds());
        let upid = format!(
            "UPID:{}:{pid:08X}:{:08X}:{time:08X}:{}:{}:{}:",
            job.node,
            pid * 7,
            job.kind,
            job.id,
            job.user
        );
        if let Some((vmid, lock)) = job.lock
            && let Some(vm) = world.vms.get_mut(&vmid)
        {
            vm.lock = Some(lock.to_owned());
        }
        let task = Task {
            upid: upid.clone(),
            node: job.node.to_owned(),
            kind: job.kind.to_owned(),
            id: job.id.clone(),
            user: job.user.to_owned(),
            pid,
            start: time,
            end: None,
            log: log.clone(),
        };
        world.tasks.insert(upid.clone(), task);
        (upid, pid)
    };
    let lock = job.lock.map(|(vmid, _)| vmid);
    let (centre, kind, name) = (centre.clone(), job.kind.to_owned(), upid.clone());
    tokio::task::spawn_blocking(move || {
        log.line(format!("task started by process {pid}"));
        std::thread::sleep(centre.settings.task_time);
        let exit = match planned_end(&centre, &kind) {
            Some(exit) if !exit.starts_with("WARNINGS") => {
                // A machine that was to be made is not there after a failure.
                if let Some(vmid) = lock.filter(|_| matches!(kind.as_str(), "qmcreate" | "qmclone")) {
                    super::life::forget(&mut centre.world(), vmid);
                }
                exit
            }
            planned => match work(&centre, &log) {
                Ok(()) => planned.unwrap_or_else(|| "OK".to_owned()),
                Err(error) => format!("{error:#}"),
            },
        };
        let exit = match super::persist::save(&centre) {
            Err(error) if exit == "OK" => format!("the double cannot keep its state: {error:#}"),
            _ => exit,
        };
        finish(&centre, &name, lock, &exit, &log);
    });
    Value::String(upid)
}

fn finish(centre: &Centre, upid: &str, lock: Option<u32>, exit: &str, log: &Log) {
    log.line(match exit {
        "OK" => "TASK OK".to_owned(),
        warning if warning.starts_with("WARNINGS") => format!("TASK {warning}"),
        error => format!("TASK ERROR: {error}"),
    });
    let mut world = centre.world();
    if let Some(vm) = lock.and_then(|vmid| world.vms.get_mut(&vmid)) {
        vm.lock = None;
    }
    if let Some(task) = world.tasks.get_mut(upid) {
        task.end = Some((seconds(), exit.lines().next().unwrap_or_default().to_owned()));
    }
    drop(world);
}

/// How a test wants this kind of task to end.
fn planned_end(centre: &Centre, kind: &str) -> Option<String> {
    let mut conditions = centre.conditions();
    let planned = conditions.tasks.iter_mut().find(|planned| planned.kind == kind && planned.count > 0)?;
    planned.count -= 1;
    Some(planned.exit.clone())
}

fn task(centre: &Centre, ask: &Ask) -> Result<Task, Refusal> {
    let upid = ask.params.or("upid", "");
    if !upid.starts_with("UPID:") {
        return Err(Refusal::param("upid", format!("unable to parse worker upid '{upid}'")));
    }
    let found = centre.world().tasks.get(upid).cloned();
    found.filter(|task| task.node == ask.node()).ok_or_else(|| Refusal::died("no such task"))
}

/// `GET …/tasks/UPID/status`
pub(super) fn status(centre: &Centre, ask: &Ask) -> Outcome {
    let task = task(centre, ask)?;
    let mut data = describe(&task);
    let status = if task.end.is_some() { "stopped" } else { "running" };
    if let Value::Object(fields) = &mut data {
        fields.insert("status".to_owned(), json!(status));
        if let Some((_, exit)) = &task.end {
            fields.insert("exitstatus".to_owned(), json!(exit));
        }
        fields.shift_remove("endtime");
    }
    Ok(data)
}

/// `GET …/tasks/UPID/log`
pub(super) fn log(centre: &Centre, ask: &Ask) -> Outcome {
    let task = task(centre, ask)?;
    let (start, limit) = (ask.params.number("start").unwrap_or(0), ask.params.number("limit").unwrap_or(50));
    let limit = if limit == 0 { u64::MAX } else { limit };
    let lines = locked(&task.log.0);
    let numbered = (1_u64..).zip(lines.iter()).filter(|(number, _)| *number > start);
    let data = numbered
        .take(usize::try_from(limit).unwrap_or(usize::MAX))
        .map(|(n, t)| json!({"n": n, "t": t}))
        .collect();
    Ok(Value::Array(data))
}

/// `GET …/tasks`, newest first.
pub(super) fn list(centre: &Centre, ask: &Ask) -> Outcome {
    let (start, limit) = (ask.params.number("start").unwrap_or(0), ask.params.number("limit").unwrap_or(50));
    let vmid = ask.params.one("vmid");
    let node = ask.params.one("node");
    let world = centre.world();
    let fitting =
        world.tasks.values().rev().filter(|task| {
            node.is_none_or(|node| task.node == node) && vmid.is_none_or(|vmid| task.id == vmid)
        });
    let (start, limit) = (usize::try_from(start).unwrap_or(0), usize::try_from(limit).unwrap_or(50));
    Ok(Value::Array(
        fitting
            .skip(start)
            .take(limit)
            .map(|task| {
                let mut data = describe(task);
                if let (Value::Object(fields), Some((_, exit))) = (&mut data, &task.end) {
                    fields.insert("status".to_owned(), json!(exit));
                }
                data
            })
            .collect(),
    ))
}

/// `DELETE …/tasks/UPID`: a task that has ended stays as it is; one that runs ends when its work does.
pub(super) fn stop(centre: &Centre, ask: &Ask) -> Outcome {
    let task = task(centre, ask)?;
    match task.end {
        Some(_) => Ok(Value::Null),
        None => Err(Refusal::died("this double cannot stop a running task")),
    }
}

fn describe(task: &Task) -> Value {
    let mut data = json!({
        "upid": task.upid,
        "node": task.node,
        "pid": task.pid,
        "pstart": task.pid * 7,
        "starttime": task.start,
        "type": task.kind,
        "id": task.id,
        "user": task.user,
    });
    if let (Value::Object(fields), Some((end, _))) = (&mut data, &task.end) {
        fields.insert("endtime".to_owned(), json!(end));
    }
    data
}
