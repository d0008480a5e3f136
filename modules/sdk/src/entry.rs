//! A module in the table of its crate, and how a call goes through it.

use rustible_protocol::{CheckMode, validate};

use crate::{Call, Dict, Failure, Host, HostContext, Outcome, Reply, Result, Spec, Value, expand, secrecy};

/// One module.
#[derive(Clone, Copy)]
pub struct Entry {
    /// Its interface.
    pub spec: fn() -> &'static Spec,
    /// Run it with validated arguments.
    pub run: fn(&Dict, &mut Host) -> Result<Outcome>,
}

/// The table of a crate's modules: `modules!["ansible.builtin": copy, file];` makes `pub fn modules()`.
#[macro_export]
macro_rules! modules {
    ($collection:literal: $($name:ident),* $(,)?) => {
        /// Every module of the collection.
        #[must_use]
        pub fn modules() -> &'static [$crate::Entry] {
            &[$($crate::Entry {
                spec: || {
                    static SPEC: std::sync::OnceLock<$crate::Spec> = std::sync::OnceLock::new();
                    SPEC.get_or_init(|| <$name::Args as $crate::Arguments>::spec(
                        concat!($collection, ".", stringify!($name))))
                },
                run: |args, host| $name::run(<$name::Args as $crate::Arguments>::from_args(args)?, host),
            }),*]
        }
    };
}

/// Run a call through a module: validation, secrecy, check mode, and the result as a playbook sees it.
#[must_use]
pub fn call(entry: &Entry, call: &Call, context: HostContext) -> Reply {
    let spec = (entry.spec)();
    let given = expand::from_environment(spec, &call.args, &call.environment);
    let args = match validate(spec, &given) {
        Ok(args) => expand::paths(&spec.fields, &args, &call.environment),
        Err(error) => {
            let mut reply = failed(&Failure::from(error));
            if call.invocation {
                reply.result.insert("invocation", secrecy::invocation(spec, &given));
            }
            secrecy::mask(&mut reply.result, &secrecy::secrets(spec, &given));
            return reply;
        }
    };
    let mut host = Host::new(call, context);
    let outcome = if call.check && spec.check == CheckMode::None {
        let msg = format!("remote module ({}) does not support check mode", spec.name);
        Ok(Outcome::msg(msg).with("skipped", true))
    } else {
        (entry.run)(&args, &mut host)
    };
    let mut reply = match outcome {
        Ok(Outcome(mut result)) => {
            if !result.contains_key("changed") {
                result.insert("changed", host.is_changed());
            }
            Reply { result, ..Reply::default() }
        }
        Err(failure) => failed(&failure),
    };
    if call.invocation && !reply.result.contains_key("invocation") {
        reply.result.insert("invocation", secrecy::invocation(spec, &args));
    }
    host.report(&mut reply.result);
    secrecy::mask(&mut reply.result, &secrecy::secrets(spec, &args));
    reply
}

fn failed(failure: &Failure) -> Reply {
    let mut result = Dict::new();
    result.insert("failed", true);
    result.insert("msg", failure.msg.as_str());
    result.extend(&failure.data);
    if !result.contains_key("changed") {
        result.insert("changed", Value::Bool(false));
    }
    Reply { result, bad_argument: failure.arg.clone(), ..Reply::default() }
}

/// Whether every entry's name begins with the collection's; for tests of the table.
#[must_use]
pub fn check_names(entries: &[Entry], collection: &str) -> bool {
    entries.iter().all(|entry| (entry.spec)().name.starts_with(collection))
}
