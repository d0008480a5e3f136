//! Results of tasks as tests: `changed`, `failed`, `skipped`, ...

use super::Table;
use rustible_source::Diagnostic;

use crate::{
    registry::TestRun,
    rt::{Res, Rt, fail},
};

const FAILED: TestRun = |_, v, _| flag(v, "failed");
const SUCCEEDED: TestRun = |_, v, _| flag(v, "failed").map(|f| !f);
const CHANGED: TestRun = |_, v, _| changed(v);
const SKIPPED: TestRun = |_, v, _| flag(v, "skipped");

pub(crate) const TABLE: Table = &[
    ("failed", FAILED),
    ("failure", FAILED),
    ("succeeded", SUCCEEDED),
    ("success", SUCCEEDED),
    ("successful", SUCCEEDED),
    ("changed", CHANGED),
    ("change", CHANGED),
    ("skipped", SKIPPED),
    ("skip", SKIPPED),
    ("unreachable", |_, v, _| flag(v, "unreachable")),
    ("reachable", |_, v, _| flag(v, "unreachable").map(|f| !f)),
    ("timedout", |_, v, _| Ok(field(v, "timedout")?.is_some_and(|t| t.truthy().unwrap_or(false)))),
    ("finished", |ctx, v, _| {
        field(v, "finished")?;
        let asynchronous = field(v, "ansible_job_id")?.is_some() || field(v, "started")?.is_some();
        if !asynchronous {
            let text = "The 'finished' test expects an async task, but a non-async task was tested";
            ctx.env.warning(&Diagnostic::new(text));
        }
        Ok(!asynchronous || flag(v, "finished")?)
    }),
    ("started", |_, v, _| Ok(field(v, "started")?.is_none_or(|s| s.truthy().unwrap_or(false)))),
];

fn field(value: &Rt, name: &str) -> Res<Option<Rt>> {
    match value {
        Rt::Dict(dict) => Ok(dict.get_str(name)),
        _ => Err(fail(format!("The '{name}' test expects a dictionary"))),
    }
}

fn flag(value: &Rt, name: &str) -> Res<bool> {
    field(value, name)?.map_or(Ok(false), |v| v.truthy())
}

fn changed(value: &Rt) -> Res<bool> {
    if let Some(flag) = field(value, "changed")? {
        return flag.truthy();
    }
    // A loop has changed something when one of its items has.
    let Some(results) = field(value, "results")? else { return Ok(false) };
    for item in results.iterate()? {
        if let Rt::Dict(_) = item
            && flag(&item, "changed")?
        {
            return Ok(true);
        }
    }
    Ok(false)
}
