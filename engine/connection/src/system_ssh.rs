//! The system's `ssh` as carrier of the same stream, for settings that our own client does not have.
//!
//! A password goes to it through `SSH_ASKPASS`: this program, started with an argument that makes it print what it
//! reads from a pipe of ours. It stands neither on a command line nor in an environment.

use std::time::Duration;

use tokio::process::Command;

use crate::{ConnectionError, SshOptions, askpass, local, ssh, stream::Stream, tell::Teller};

/// Commands through `ssh` processes.
pub(crate) struct SystemSsh {
    options: SshOptions,
    timeout: Duration,
}

impl SystemSsh {
    pub(crate) fn new(options: SshOptions, timeout: Duration) -> Self {
        Self { options, timeout }
    }

    /// Start a command.
    pub(crate) fn run(&self, command: &str, teller: &Teller) -> Result<Stream, ConnectionError> {
        if self.options.host.is_empty() || self.options.host.starts_with('-') {
            return Err(ConnectionError::Setup(format!("'{}' is not a host name", self.options.host)));
        }
        let program = self.options.executable.as_deref().unwrap_or("ssh");
        let mut ssh = Command::new(program);
        let mut words = ssh::command_line(&self.options, self.timeout)?;
        words.extend(["-T", "--", &self.options.host, command].map(str::to_string));
        ssh.args(&words);
        words.insert(0, program.to_string());
        teller.carried(&words);
        let question = match &self.options.password {
            Some(password) => Some(askpass::offer(&mut ssh, password)?),
            None => None,
        };
        let mut stream = local::spawn(ssh, program)?;
        if let Some(question) = question {
            stream.guard = Box::new((stream.guard, question));
        }
        Ok(stream)
    }
}
