//! What the controller asks of an agent, and what comes back.

use serde::{Deserialize, Serialize};

use crate::{value::Dict, wire::Blob};

/// One module call. Everything a module may know of the run is in here.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct Call {
    /// Full name of the module: `ansible.builtin.lineinfile`.
    pub module: String,
    /// Arguments, templated, without `omit`; validated and coerced on the target against the module's spec.
    pub args: Dict,
    /// Predict only; the target may not change.
    pub check: bool,
    /// Return `diff`.
    pub diff: bool,
    /// Number of `-v` given.
    pub verbosity: u8,
    /// The result may not be logged on the target either (syslog, audit).
    pub no_log: bool,
    /// Variables of the `environment` keyword, in order.
    pub environment: Vec<(String, String)>,
    /// Files of the controller that the module may read, by name.
    pub attachments: Vec<Attachment>,
    /// Run in the background and answer at once (`async`).
    pub job: Option<Job>,
    /// Seconds after which the call is ended (task keyword `timeout`); 0 for never.
    pub timeout: u32,
    /// Folder for temporary files on the target (`ansible_remote_tmp`), `~` not yet expanded.
    pub remote_tmp: String,
}

/// A background job (`async`).
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Job {
    /// `ansible_job_id`: unique on the target.
    pub id: String,
    /// Seconds after which it is ended.
    pub limit: u64,
    /// Folder of the status files (`~/.ansible_async` unless set), `~` not yet expanded.
    pub dir: String,
}

/// A file of the controller that goes with a call.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct Attachment {
    /// Name by which the module asks for it.
    pub name: String,
    /// Size in bytes.
    pub size: u64,
    /// SHA-1 of the content, lower-case hexadecimal (what Ansible's modules compare and return).
    pub sha1: String,
    /// The content when it is small; otherwise the agent asks for it with `Message::Want`, only when needed.
    pub content: Option<Blob>,
}

/// Largest content that travels inside the call, in bytes.
pub const INLINE_LIMIT: u64 = 256 * 1024;

/// The answer to a call.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct Reply {
    /// The result as a playbook sees it (`changed`, `failed`, `msg`, `diff`, ...).
    pub result: Dict,
    /// The argument that was wrong, so that the controller can point at its place in the playbook.
    pub bad_argument: Option<String>,
    /// The agent does not have this module (a lean agent asked for one of the full binary).
    pub unknown_module: bool,
}
