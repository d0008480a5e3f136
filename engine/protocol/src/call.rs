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
    /// Return the arguments as `invocation` (`inject_invocation`).
    pub invocation: bool,
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
    /// Soft limit of open files for the programs that the module runs; 0 for none of our own.
    #[serde(default)]
    pub open_files: u64,
    /// A module that no agent has in itself: its program comes with the call.
    #[serde(default)]
    pub foreign: Option<Foreign>,
}

/// A module of the user's tree, of a collection or of an installed ansible-core, and how it is run.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Foreign {
    /// How it is started and gets its arguments.
    pub style: Style,
    /// Words in front of it: its interpreter with arguments. Empty for [`Style::Binary`].
    pub interpreter: Vec<String>,
    /// Interpreters to look for on the target, best first, when none is known; the one found takes the first word's
    /// place and is returned as the fact `discovered_interpreter_python`.
    pub discover: Vec<String>,
    /// Whether nothing is said of what was discovered.
    pub silent: bool,
    /// Name of the attachment with its program, which is the content's hash.
    pub payload: String,
    /// File name of the program.
    pub file_name: String,
    /// For [`Style::Python`]: the full Python name that is run.
    pub full_name: String,
    /// Folder it runs in; the agent's own when there is none.
    pub folder: Option<String>,
    /// The host's name in the inventory, for messages.
    pub host: String,
    /// What it writes on standard error becomes part of the result, as of background jobs.
    #[serde(default)]
    pub keep_errors: bool,
}

/// How a foreign module is started and gets its arguments.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Style {
    /// Python that uses `ansible.module_utils`: an archive with all that it imports.
    Python,
    /// Any language: the arguments' JSON is put into its text.
    JsonArgs,
    /// Any language: reads JSON from the file its first argument names.
    WantJson,
    /// Any language: reads `key=value` words from the file its first argument names.
    Old,
    /// A program: reads JSON from the file its first argument names.
    Binary,
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
