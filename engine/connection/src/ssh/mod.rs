//! Our own SSH client: settings as OpenSSH reads them, host keys, logins, channels.

#[cfg(test)]
mod any_input;
mod auth;
mod channel;
mod config;
mod connect;
mod directives;
#[cfg(test)]
mod junk;
mod keys;
mod known_hosts;
mod options;
mod pattern;
mod settings;
mod tokens;

use std::{sync::Arc, time::Duration};

use russh::client::Handle;

use crate::{ConnectionError, SshOptions, stream::Stream};

pub(crate) use settings::{Settings, command_line, local_user};

/// Who carries the connection.
pub(crate) enum Plan {
    /// This client.
    Own(Box<Settings>),
    /// The system's `ssh`: something was asked for that this client does not do.
    System,
}

/// An open connection.
pub(crate) struct Session {
    handle: Handle<connect::Client>,
    /// Connections that this one goes through.
    _jumps: Vec<Arc<Self>>,
}

/// Read everything that was said about this host.
///
/// # Errors
/// When `ansible_ssh_*_args` or a configuration file cannot be read.
pub(crate) async fn plan(options: &SshOptions, timeout: Duration) -> Result<Plan, ConnectionError> {
    let options = options.clone();
    // Reading files and running `Match exec` commands blocks.
    let planned = tokio::task::spawn_blocking(move || settings::plan(&options, timeout)).await;
    planned.map_err(|e| ConnectionError::Setup(e.to_string()))?
}

/// Connect and log in.
///
/// # Errors
/// When the host cannot be reached, its key is not accepted, or it lets none of our keys and passwords in.
pub(crate) async fn connect(
    settings: Settings,
    options: &SshOptions,
    timeout: Duration,
) -> Result<Session, ConnectionError> {
    connect::open(settings, options, timeout).await
}

impl Session {
    /// Start a command.
    pub(crate) async fn run(&self, command: &str) -> Result<Stream, ConnectionError> {
        channel::run(&self.handle, command).await
    }

    /// Say goodbye, so that the server ends the session at once.
    pub(crate) async fn close(&self) {
        let goodbye = self.handle.disconnect(russh::Disconnect::ByApplication, "", "");
        // A server that is gone hears nothing, and nobody waits for it.
        let _ = tokio::time::timeout(Duration::from_millis(500), goodbye).await;
    }

    /// Whether it has ended.
    pub(crate) fn is_closed(&self) -> bool {
        self.handle.is_closed()
    }
}
