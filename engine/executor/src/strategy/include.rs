//! Dynamic includes: what a host asked for is loaded and put in its way.

use std::sync::Arc;

use rustible_playbook::{Block, Kind, RoleRequest, Task};
use rustible_protocol::{Dict, Text, Value};
use rustible_source::Diagnostic;

use super::{Cursors, Stage};
use crate::task::{Include, Job};

/// The same include for a number of hosts.
struct Group {
    include: Include,
    jobs: Vec<Job>,
}

/// What came of a round of includes.
#[derive(Default)]
pub(super) struct Included {
    /// The tasks that came in, in order.
    pub(super) tasks: Vec<Arc<Task>>,
    /// Hosts of which an include failed.
    pub(super) failed: Vec<Arc<str>>,
}

impl Stage {
    /// Load what the hosts asked for; equal requests are loaded once.
    ///
    /// # Errors
    /// When a file that is there cannot be understood, which ends the run.
    pub(super) fn include(
        &self,
        asked: Vec<(Job, Vec<Include>)>,
        cursors: &mut Cursors,
    ) -> Result<Included, Diagnostic> {
        let mut included = Included::default();
        let mut entered: Vec<(Arc<str>, Arc<Block>)> = Vec::new();
        for group in groups(asked) {
            let Some(first) = group.jobs.first() else { continue };
            match self.load(first, &group.include) {
                Ok((what, block)) => {
                    let hosts: Vec<Arc<str>> = group.jobs.iter().map(|job| job.host.clone()).collect();
                    for host in &hosts {
                        self.runner.emitter.count(host, |stats| stats.ok += 1);
                    }
                    self.emit_included(first, what, hosts.clone(), group.include.label.clone());
                    for item in &block.items {
                        item.walk(&mut |task| included.tasks.push(task.clone()));
                    }
                    entered.extend(hosts.into_iter().map(|host| (host, block.clone())));
                }
                Err(error) if error.kind == rustible_source::Kind::Parse => return Err(error),
                Err(error) => {
                    for job in &group.jobs {
                        self.tell_failure(job, error.clone());
                        if !included.failed.contains(&job.host) {
                            included.failed.push(job.host.clone());
                        }
                    }
                }
            }
        }
        // However many includes of a host failed, it fails once.
        for host in &included.failed {
            if let Some(state) = cursors.get_mut(host) {
                state.cursor.fail();
                if state.cursor.lost() {
                    self.out(host);
                }
            }
        }
        // The first one asked for is done first: it is entered last.
        for (host, block) in entered.into_iter().rev() {
            if let Some(state) = cursors.get_mut(&host) {
                // Included handlers have been notified with the include.
                for item in &block.items {
                    item.walk(&mut |task| {
                        if task.handler {
                            state.cursor.notified.insert(task.uuid.clone());
                        }
                    });
                }
                state.cursor.enter(&block);
            }
        }
        Ok(included)
    }

    fn load(&self, job: &Job, include: &Include) -> Result<(String, Arc<Block>), Diagnostic> {
        let task = &job.task;
        let apply = include.args.get("apply").and_then(Value::as_dict).cloned().unwrap_or_default();
        let mut vars = task.frame.vars.clone();
        vars.extend(&include.vars);
        let loader = &self.runner.loader;
        let (what, frame, items) = match task.kind {
            Kind::IncludeTasks => {
                let target = include.args.get("_raw_params").or_else(|| include.args.get("file"));
                let Some(target) = target.and_then(Value::as_text) else {
                    return Err(
                        Diagnostic::new("No file specified for include_tasks").at(task.origin.as_ref())
                    );
                };
                let (path, frame, items) = loader.include_tasks(task, target, &vars, &apply)?;
                (path.display().to_string(), frame, items)
            }
            _ => {
                let frame = loader.include_frame(task, None, &vars, &apply)?;
                let request = RoleRequest::of_include(
                    &self.runner.loader,
                    &include.args,
                    &frame,
                    task.origin.as_ref(),
                    false,
                )?;
                let request = RoleRequest { name: Text::clone(&request.name), ..request };
                let used = loader.role(&request).map_err(|error| {
                    if request.rescuable {
                        return error;
                    }
                    let outer = error.context("Could not include role", task.origin.as_ref());
                    outer.of_kind(rustible_source::Kind::Parse)
                })?;
                if used.role.public {
                    let mut roles =
                        self.play.scope.roles.write().unwrap_or_else(std::sync::PoisonError::into_inner);
                    if roles.is_empty() {
                        roles.clone_from(&self.play.play.roles);
                    }
                    roles.push(used.role.clone());
                }
                self.play.add_handlers(used.handlers);
                (used.role.name.clone(), frame, used.items)
            }
        };
        for (_, handlers) in loader.take_imported() {
            self.play.add_handlers(handlers);
        }
        let block = Block { frame, items, rescue: Vec::new(), always: Vec::new() };
        let templar = self.play.templar(&self.runner, None, Some(&block.frame));
        let filtered = if task.handler { block } else { self.play.selection.block(&block, &templar)? };
        Ok((what, Arc::new(filtered)))
    }
}

/// Requests that ask for the same, in the order of the first of each.
fn groups(asked: Vec<(Job, Vec<Include>)>) -> Vec<Group> {
    let mut groups: Vec<Group> = Vec::new();
    for (job, includes) in asked {
        for include in includes {
            let same = groups.iter_mut().find(|group| {
                let free = !group.jobs.iter().any(|other| other.host == job.host);
                free && equal(&group.include.args, &include.args) && equal(&group.include.vars, &include.vars)
            });
            match same {
                Some(group) => group.jobs.push(job.clone()),
                None => groups.push(Group { include, jobs: vec![job.clone()] }),
            }
        }
    }
    groups
}

fn equal(a: &Dict, b: &Dict) -> bool {
    a == b
}
