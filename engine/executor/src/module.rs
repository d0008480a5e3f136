//! Calls of modules: one round trip each.

use std::sync::Arc;

use rustible_connection::{ConnectionError, SourceFile, Target};
use rustible_protocol::{Call, Reply};
use rustible_source::Diagnostic;

use crate::{action::Failure, run::Runner};

/// Send a call and wait for its answer.
pub(crate) async fn call(
    runner: &Arc<Runner>,
    target: &Target,
    call: Call,
    files: Vec<SourceFile>,
) -> Result<Reply, Failure> {
    if call.args.iter().any(|(_, value)| value.has_bytes()) {
        let name = call.module.replace("ansible.builtin.", "ansible.legacy.");
        return Err(Failure::Error(Box::new(Diagnostic::new(format!(
            "Failed to serialize arguments for the '{name}' module: Object of type 'bytes' is not JSON serializable \
             by the 'module_legacy_c2m' profile."
        )))));
    }
    runner.pool.call(target, call, files).await.map_err(|error| failure(&error))
}

/// A connection's error as the task's failure.
#[must_use]
pub fn failure(error: &ConnectionError) -> Failure {
    if error.is_unreachable() {
        Failure::Unreachable { message: error.to_string(), hint: error.hint().map(str::to_string) }
    } else {
        Diagnostic::new(error.to_string()).into()
    }
}
