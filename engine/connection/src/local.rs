//! This machine: a shell command or this very program on pipes.

use std::{path::Path, process::Stdio};

use tokio::process::Command;

use crate::{
    ConnectionError,
    stream::{Stream, of_child},
};

/// Run a shell command of this machine. With `program`, which is this one, it leaves the terminal first.
pub(crate) fn run(command: &str, program: Option<&Path>) -> Result<Stream, ConnectionError> {
    let Some(program) = program else {
        let mut shell = Command::new("/bin/sh");
        shell.args(["-c", command]);
        return spawn(shell, "/bin/sh");
    };
    let mut session = Command::new(program);
    session.args(["agent", "session", "/bin/sh", "-c", command]);
    start(session, &program.display().to_string())
}

/// Start the agent of this machine: this program itself. It leaves the terminal by itself, unless it may
/// use it.
pub(crate) fn agent(program: &Path, terminal: bool) -> Result<Stream, ConnectionError> {
    let mut command = Command::new(program);
    command.arg("agent").args(terminal.then_some("--terminal"));
    start(command, &program.display().to_string())
}

/// Start a program with its three streams on pipes, in a process group of its own (the terminal's interrupt is ours).
pub(crate) fn spawn(mut command: Command, name: &str) -> Result<Stream, ConnectionError> {
    command.process_group(0);
    start(command, name)
}

fn start(mut command: Command, name: &str) -> Result<Stream, ConnectionError> {
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).kill_on_drop(true);
    let child =
        command.spawn().map_err(|e| ConnectionError::Setup(format!("{name} cannot be started: {e}")))?;
    of_child(child).map_err(|e| ConnectionError::Setup(format!("{name}: {e}")))
}
