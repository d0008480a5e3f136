//! One call from its arrival to its reply.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    thread,
    time::Duration,
};

use rustible_protocol::{Call, Cancel, Dict, Reply, Value, cancel::Reason};

use crate::{
    context::{Context, Modules},
    end, foreign, job, panics,
};

/// Run a call; every way it can end is a reply.
pub(crate) fn reply(modules: &dyn Modules, call: &Call, context: &Context) -> Reply {
    let run = || match (&call.job, &call.foreign) {
        (Some(wanted), _) => job::start(call, wanted, context),
        (None, Some(foreign)) => foreign::run(call, foreign, context),
        (None, None) => modules.run(call, context).unwrap_or_else(|| unknown(&call.module)),
    };
    match panics::caught(run) {
        Ok(reply) => reply,
        Err(text) => {
            let mut reply =
                failed(&format!("The module {} ended unexpectedly: this is a defect in it", call.module));
            reply.result.insert("exception", text);
            reply
        }
    }
}

/// A failed result with a message.
pub(crate) fn failed(msg: &str) -> Reply {
    let result: Dict =
        [("failed", Value::Bool(true)), ("changed", Value::Bool(false)), ("msg", Value::str(msg))]
            .into_iter()
            .collect();
    Reply { result, ..Reply::default() }
}

fn unknown(module: &str) -> Reply {
    Reply { unknown_module: true, ..failed(&format!("This agent does not have the module {module}")) }
}

/// Watches a call's time. When it is over, what the call started is killed and `late` is called, once; when the call
/// ends first, nothing happens.
pub(crate) struct Clock {
    done: Cancel,
    answered: Arc<AtomicBool>,
}

impl Clock {
    /// Start watching; `seconds` 0 is never.
    pub(crate) fn start(seconds: u64, call: &Cancel, late: impl FnOnce() + Send + 'static) -> Self {
        let clock = Self { done: Cancel::default(), answered: Arc::default() };
        if seconds > 0 {
            let (done, answered, call) = (clock.done.clone(), clock.answered.clone(), call.clone());
            let watch = move || {
                if done.sleep(Duration::from_secs(seconds)) || answered.swap(true, Ordering::SeqCst) {
                    return;
                }
                let _ = call.cancel(Reason::TimedOut);
                end::force(&call);
                late();
            };
            // Without a thread for the clock the call still runs, bounded by the controller's own patience.
            let _ = thread::Builder::new().spawn(watch);
        }
        clock
    }

    /// The call has ended; whether its own result is still wanted.
    pub(crate) fn stop(&self) -> bool {
        let first = !self.answered.swap(true, Ordering::SeqCst);
        let _ = self.done.cancel(Reason::Cancelled);
        first
    }
}

/// The result of a call whose `timeout` has passed.
pub(crate) fn timed_out(seconds: u32) -> Reply {
    let mut reply = failed(&format!("Timed out after {seconds} second(s)."));
    let details: Dict = [("period", Value::Int(i64::from(seconds)))].into_iter().collect();
    reply.result.insert("timedout", Value::Dict(details));
    reply
}
