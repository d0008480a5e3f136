//! A task whose action is a module: what stands before it, then the native module or the foreign one.

use rustible_protocol::{Call, Dict, Spec, Value};

use super::{
    Job,
    attempts::Attempt,
    background,
    dispatch::{as_written, attempt, checked, context, skipped},
    foreign,
    item::Ready,
    outcome,
};
use crate::{
    action::skipped_in_check,
    module,
    preparation::{Preparation, Prepared},
};

/// Run the module of that full name, or what stands in its place.
pub(super) async fn run(job: &Job, ready: &Ready, name: &str) -> Attempt {
    let registry = &job.runner.registry;
    let prepared = match registry.preparation(name) {
        None => Prepared::Call(ready.args.clone()),
        Some(preparation) => match prepare(job, ready, name, &**preparation).await {
            Ok(prepared) => prepared,
            Err(attempt) => return *attempt,
        },
    };
    let (name, args) = match prepared {
        Prepared::Call(args) => (name.to_string(), args),
        Prepared::Instead(other, args) => (other, args),
        Prepared::Done(result) => return attempt(Ok(result), Vec::new()),
    };
    if registry.runs_foreign(&name) {
        return foreign::run(job, ready, &name, args).await;
    }
    match registry.module(&name) {
        Some(spec) => native(job, ready, spec, args).await,
        None => {
            let text = format!("the module '{name}' is not supported by rustible");
            outcome::failed([("msg", Value::from(text))].into_iter().collect(), false)
        }
    }
}

async fn native(job: &Job, ready: &Ready, spec: &'static Spec, args: Dict) -> Attempt {
    let settled = &ready.settled;
    if settled.background > 0 {
        let call = Call { module: spec.name.to_string(), args, ..settled.call() };
        return background::run(job, ready, call, Vec::new()).await;
    }
    if let Err(result) = checked(spec, &args, &[]) {
        return outcome::failed(as_written(job, spec, result), true);
    }
    if skipped_in_check(spec, settled.check) {
        return skipped(spec.name);
    }
    let call = Call { module: spec.name.to_string(), args, ..settled.call() };
    let reply = module::call(&job.runner, &settled.target, call, Vec::new()).await;
    attempt(reply.map(|reply| reply.result), Vec::new())
}

/// What stands before the module settles its arguments.
async fn prepare(
    job: &Job,
    ready: &Ready,
    name: &str,
    preparation: &dyn Preparation,
) -> Result<Prepared, Box<Attempt>> {
    let args = match job.runner.registry.module(name).filter(|_| !preparation.open()) {
        None => ready.args.clone(),
        Some(spec) => checked(spec, &ready.args, &[])
            .map_err(|result| Box::new(outcome::failed(as_written(job, spec, result), true)))?,
    };
    let templar = job.templar(&ready.scope);
    let mut context = context(job, ready, args, &templar);
    let prepared = preparation.prepare(&mut context).await;
    for note in std::mem::take(&mut context.notes) {
        job.heard.warn(&note);
    }
    prepared.map_err(|failure| Box::new(attempt(Err(failure), Vec::new())))
}
