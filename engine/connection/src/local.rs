//! This machine: a shell command or this very program on pipes.

use std::{path::Path, process::Stdio};

use tokio::process::Command;

use crate::{
    ConnectionError,
    stream::{Stream, of_child},
};

/// Run a shell command of this machine.
pub(crate) fn run(command: &str) -> Result<Stream, ConnectionError> {
    let mut shell = Command::new("/bin/sh");
    shell.args(["-c", command]);
    spawn(shell, "/bin/sh")
}

/// Start the agent of this machine: this program itself. It leaves the terminal by itself.
pub(crate) fn agent(program: &Path) -> Result<Stream, ConnectionError> {
    let mut command = Command::new(program);
    command.arg("agent");
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
