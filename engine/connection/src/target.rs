//! Where a call goes and as whom: plain data, made by the executor from a host's variables.

use std::time::Duration;

use crate::Secret;

/// A machine, the way to it, and the user to be there. Equal targets share one connection.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Target {
    /// Name in the inventory, for messages.
    pub name: String,
    /// The way to it.
    pub transport: Transport,
    /// Whom to become there; `None` stays the user that logged in.
    pub escalation: Option<Become>,
    /// Folder for temporary files there (`ansible_remote_tmp`), `~` not expanded; one of the places for the agent.
    pub remote_tmp: String,
    /// Whether what runs on this machine may use the terminal of whoever started the run
    /// (`ansible_worker_session_isolation` is false).
    pub terminal: bool,
    /// How long connecting, logging in and becoming may take, each (`ansible_timeout`).
    pub timeout: Duration,
}

/// How bytes get there.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Transport {
    /// This machine.
    Local,
    /// SSH; our own client when it can honour every setting, the system's `ssh` otherwise.
    Ssh(SshOptions),
    /// Always the system's `ssh`.
    SystemSsh(SshOptions),
    /// A connection plugin in Python.
    Plugin(Plugin),
}

/// A connection plugin and what it is given.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Plugin {
    /// Its name as the inventory has it.
    pub name: String,
    /// `ansible_host`, or the inventory name.
    pub host: String,
    /// `ansible_port` or the keyword.
    pub port: Option<u16>,
    /// `ansible_user` or the keyword.
    pub user: Option<String>,
    /// What the one who runs it wants to know, as JSON: there may be passwords among its options.
    pub settings: Secret,
}

/// What inventory and configuration say about SSH. An absent value comes from the user's and system's `ssh_config`.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
pub struct SshOptions {
    /// `ansible_host`, or the inventory name.
    pub host: String,
    /// `ansible_port`.
    pub port: Option<u16>,
    /// `ansible_user`.
    pub user: Option<String>,
    /// `ansible_password`.
    pub password: Option<Secret>,
    /// `ansible_ssh_private_key_file`, `~` not expanded.
    pub private_key_file: Option<String>,
    /// `ansible_private_key`: the key's text.
    pub private_key: Option<Secret>,
    /// `ansible_private_key_passphrase`, for either of the two.
    pub passphrase: Option<Secret>,
    /// `ansible_ssh_args`; `None` for the default, which only concerns `ssh` processes.
    pub ssh_args: Option<String>,
    /// `ansible_ssh_common_args`.
    pub common_args: String,
    /// `ansible_ssh_extra_args`.
    pub extra_args: String,
    /// `ansible_ssh_executable`; a value other than `ssh` asks for that program.
    pub executable: Option<String>,
    /// `ansible_host_key_checking`; `false` accepts any key as the reference does.
    pub host_key_checking: bool,
    /// `ansible_ssh_retries`: how often a connection that could not be opened is tried again.
    pub retries: u32,
}

/// `become` and its settings.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Become {
    /// How.
    pub method: Method,
    /// Whom (`become_user`), `root` unless set.
    pub user: String,
    /// Program instead of the method's own (`ansible_become_exe`).
    pub exe: Option<String>,
    /// Options instead of the method's own (`ansible_become_flags`), shell words.
    pub flags: Option<String>,
    /// Where to be before the rights change (`ansible_sudo_chdir`); `sudo` alone has it.
    pub folder: Option<String>,
    /// `ansible_become_password`.
    pub password: Option<Secret>,
    /// What `su` may ask with, instead of the words for "password" that are known (`ansible_su_prompt_l10n`).
    pub prompts: Option<Vec<String>>,
    /// Whether raw commands keep what was printed before the rights were given
    /// (`ansible_local_become_strip_preamble` is false).
    pub preamble: bool,
}

/// Programs that give another user's rights.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Method {
    /// `sudo`, the classic and the one in Rust.
    Sudo,
    /// `su`.
    Su,
    /// `doas`.
    Doas,
}

impl Method {
    /// The method with that name in `become_method`, short or full.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        match name {
            "sudo" | "ansible.builtin.sudo" => Some(Self::Sudo),
            "su" | "ansible.builtin.su" => Some(Self::Su),
            "doas" | "community.general.doas" => Some(Self::Doas),
            _ => None,
        }
    }

    /// Its name in messages, and its program.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Sudo => "sudo",
            Self::Su => "su",
            Self::Doas => "doas",
        }
    }
}

impl Target {
    /// This machine as the current user.
    #[must_use]
    pub fn local(name: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            transport: Transport::Local,
            escalation: None,
            remote_tmp: "~/.ansible/tmp".to_string(),
            terminal: false,
            timeout: Duration::from_secs(10),
        }
    }

    /// A machine over SSH with everything unset.
    #[must_use]
    pub fn ssh(name: impl Into<String>, options: SshOptions) -> Self {
        Self { transport: Transport::Ssh(options), ..Self::local(name) }
    }

    /// The same machine as that user.
    #[must_use]
    pub fn with_become(mut self, escalation: Become) -> Self {
        self.escalation = Some(escalation);
        self
    }
}

impl SshOptions {
    /// A host with the default for everything else.
    #[must_use]
    pub fn to(host: impl Into<String>) -> Self {
        Self { host: host.into(), host_key_checking: true, ..Self::default() }
    }
}
