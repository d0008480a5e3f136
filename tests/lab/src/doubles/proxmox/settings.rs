//! How a double is set up, and the conditions that a test puts it under.

use std::path::PathBuf;
use std::time::Duration;

use serde::{Deserialize, Serialize};

/// The data centre that the double plays.
#[derive(Clone, Debug)]
pub struct Settings {
    /// The names of its nodes; requests to any node are answered here.
    pub nodes: Vec<String>,
    /// Who may log in.
    pub users: Vec<User>,
    /// The storages, the same on every node.
    pub storages: Vec<StorageSettings>,
    /// The network bridges of every node.
    pub bridges: Vec<String>,
    /// PCI devices of every node, as `0000:01:00`.
    pub pci: Vec<String>,
    /// Processors of a node.
    pub cores: u32,
    /// Memory of a node in MiB.
    pub memory_mb: u64,
    /// How long every task takes at least.
    pub task_time: Duration,
    /// The version it reports, `9.1.1` for instance.
    pub version: String,
    /// The certificate (PEM) to trust besides the usual ones when it downloads from a URL.
    pub trust: Option<String>,
    /// The address that every host name of such a URL stands for; the name server's answer when absent.
    pub route: Option<std::net::IpAddr>,
    /// The file that keeps machines and volumes for the next process; nothing is kept when absent.
    pub state_file: Option<PathBuf>,
}

/// A user of the double.
#[derive(Clone, Debug)]
pub struct User {
    /// `name@realm`.
    pub name: String,
    /// The password.
    pub password: String,
    /// API tokens: id and secret.
    pub tokens: Vec<(String, String)>,
    /// The privileges that it has; all when absent.
    pub privileges: Option<Vec<String>>,
}

/// A storage of the double.
#[derive(Clone, Debug)]
pub struct StorageSettings {
    /// The id, `local-lvm` for instance.
    pub id: String,
    /// The type: `dir` (with a folder) or `lvmthin`.
    pub kind: String,
    /// What it may hold: `iso`, `vztmpl`, `import`, `images` …
    pub content: Vec<String>,
    /// Its size in bytes.
    pub total: u64,
    /// The folder of its files; only storages with one take uploads.
    pub path: Option<PathBuf>,
}

impl Settings {
    /// One node `pve` with `local` (files in `folder`), `local-lvm`, bridge `vmbr0` and the user `root@pam`.
    pub fn small(folder: PathBuf, password: &str) -> Self {
        Self {
            nodes: vec!["pve".to_owned()],
            users: vec![User {
                name: "root@pam".to_owned(),
                password: password.to_owned(),
                tokens: Vec::new(),
                privileges: None,
            }],
            storages: vec![
                StorageSettings {
                    id: "local".to_owned(),
                    kind: "dir".to_owned(),
                    content: ["iso", "vztmpl", "import", "backup", "snippets"].map(str::to_owned).to_vec(),
                    total: 100 << 30,
                    path: Some(folder),
                },
                StorageSettings {
                    id: "local-lvm".to_owned(),
                    kind: "lvmthin".to_owned(),
                    content: ["images", "rootdir"].map(str::to_owned).to_vec(),
                    total: 1 << 40,
                    path: None,
                },
            ],
            bridges: vec!["vmbr0".to_owned()],
            pci: vec!["0000:01:00".to_owned()],
            cores: 16,
            memory_mb: 65_536,
            task_time: Duration::ZERO,
            version: "9.1.1".to_owned(),
            trust: None,
            route: None,
            state_file: None,
        }
    }
}

/// What a test asks the double to do wrong beyond the faults of a connection. Every count goes down as it is used.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Conditions {
    /// Tasks that end with an error or warning.
    pub tasks: Vec<TaskEnd>,
    /// How many questions to the guest agent get no answer.
    pub silent_agent: u32,
    /// How many times the next free id is given a second time.
    pub repeated_ids: u32,
    /// Storages that have no space left.
    pub full: Vec<String>,
    /// Tickets given until now are no longer valid.
    pub expire_tickets: bool,
}

/// How tasks of one kind end.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct TaskEnd {
    /// The kind: `qmcreate`, `qmstart`, `imgcopy` …
    pub kind: String,
    /// The exit status: an error's text, or `WARNINGS: 1`.
    pub exit: String,
    /// How many tasks.
    pub count: u32,
}
