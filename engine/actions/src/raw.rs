//! `ansible.builtin.raw`: a command through the login shell, without the agent.

use rustible_executor::{Context, Failure, connection_failure};
use rustible_protocol::{CheckMode, Dict, Kind, Spec, Value};

use crate::spec::{action, field, result, spec};

action!(
    Raw,
    Spec {
        check: CheckMode::None,
        free_form: true,
        ..spec(
            "ansible.builtin.raw",
            "Run a command through the login shell.",
            vec![
                field("_raw_params", Kind::Str, "The command."),
                field("executable", Kind::Str, "Shell to run it with."),
            ],
        )
    },
    |context| raw(context).await
);

async fn raw(context: &mut Context<'_>) -> Result<Dict, Failure> {
    if context.check() {
        return Ok(result([("skipped", true.into())]));
    }
    let Some(command) = context.text("_raw_params") else {
        return Err(Failure::msg("no command given"));
    };
    let environment: String =
        context.settled.environment.iter().map(|(name, value)| format!("{name}={} ", quote(value))).collect();
    let command = match context.text("executable") {
        Some(shell) => format!("{environment}{} -c {}", quote(&shell), quote(&command)),
        None => format!("{environment}{command}"),
    };
    let output = context.runner.pool.exec_raw(&context.target, &command, None).await;
    let output = output.map_err(|error| connection_failure(&error))?;
    let mut done = Dict::new();
    done.insert("changed", true);
    done.insert("rc", output.rc);
    done.insert("stdout", String::from_utf8_lossy(&output.stdout).into_owned());
    done.insert("stderr", String::from_utf8_lossy(&output.stderr).into_owned());
    if output.rc != 0 {
        done.insert("msg", "non-zero return code");
        done.insert("failed", Value::Bool(true));
    }
    Ok(done)
}

/// A word for the shell.
pub(crate) fn quote(word: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "@%_-+=:,./".contains(c);
    if !word.is_empty() && word.chars().all(plain) {
        word.to_string()
    } else {
        format!("'{}'", word.replace('\'', "'\"'\"'"))
    }
}
