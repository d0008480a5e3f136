//! Why a call got no answer, in the words a playbook's author knows.

/// What went wrong between here and the agent. The text is the `msg` of the result (behind `Task failed: `).
#[derive(Debug, Clone, thiserror::Error, PartialEq, Eq)]
pub enum ConnectionError {
    /// No connection: refused, no route, unknown name, timed out, host key not accepted. `unreachable`.
    #[error("Failed to connect to the host via ssh: {0}")]
    Unreachable(String),
    /// The server accepts none of our keys and passwords. `unreachable`.
    #[error("Failed to connect to the host via ssh: {0}")]
    Auth(String),
    /// The connection ended while the call was out; whether it had an effect is not known. `unreachable`.
    #[error("{0}")]
    Lost(String),
    /// Nothing was heard within the time there was. `unreachable`.
    #[error("{0}")]
    Timeout(String),
    /// A connection plugin says that it cannot reach the host. `unreachable`.
    #[error("{0}")]
    Plugin(String),
    /// The rights of the other user were not given. `failed`.
    #[error("{0}")]
    Become(String),
    /// The rights of the other user were not given in time. `unreachable`.
    #[error("{0}")]
    Waited(String),
    /// The agent could not be put there or started. `unreachable`.
    #[error("{0}")]
    Bootstrap(String),
    /// The other end does not speak our protocol, or says that a transfer failed. `failed`.
    #[error("{0}")]
    Protocol(String),
    /// A setting that cannot be honoured, or a file of this machine that cannot be read. `failed`.
    #[error("{0}")]
    Setup(String),
}

impl ConnectionError {
    /// Whether the host counts as unreachable; the others are failures of the task.
    #[must_use]
    pub fn is_unreachable(&self) -> bool {
        matches!(
            self,
            Self::Unreachable(_)
                | Self::Auth(_)
                | Self::Lost(_)
                | Self::Timeout(_)
                | Self::Waited(_)
                | Self::Bootstrap(_)
                | Self::Plugin(_)
        )
    }

    /// What the user can do about it, where that can be told.
    #[must_use]
    pub fn hint(&self) -> Option<&'static str> {
        Some(match self {
            Self::Auth(_) => {
                "Check the user (ansible_user) and the key (ansible_ssh_private_key_file, --private-key): its public half must stand \
                 in the user's ~/.ssh/authorized_keys on the host."
            }
            Self::Unreachable(text) if text.contains("Host key verification failed") => {
                "If the machine was made anew, remove its old key with `ssh-keygen -R HOST`; a key that changed by itself is a \
                 reason to look closer."
            }
            Self::Unreachable(_) | Self::Timeout(_) => {
                "Check that the machine is up, that ansible_host and ansible_port are right, and that no firewall is in the way."
            }
            Self::Lost(_) => {
                "Whether the task had an effect is not known: look at the host before you run it again."
            }
            Self::Bootstrap(_) => {
                "Check that the user's home on the host can be written to and has room, and is not mounted noexec."
            }
            Self::Plugin(_) | Self::Become(_) | Self::Waited(_) | Self::Protocol(_) | Self::Setup(_) => {
                return None;
            }
        })
    }

    /// Whether trying to connect again may help and harms nobody (a refused password is never tried twice).
    pub(crate) fn may_retry(&self) -> bool {
        matches!(self, Self::Unreachable(_) | Self::Timeout(_))
    }
}
