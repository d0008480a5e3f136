//! Callbacks: what a person, a job runner or another program sees of a run.

mod artifacts;
mod awx;
mod default;
mod diff;
mod difflib;
mod display;
mod jobs;
mod json;
mod junit;
mod log;
mod minimal;
mod profile;
mod redact;
mod result;
mod retry;
mod said;
mod settings;
mod timer;
mod told;
mod tree;

pub use artifacts::{Artifacts, Outcome};
pub use awx::{Awx, AwxSettings};
pub use default::Default;
pub use display::{Color, Display, Sink};
pub use json::{Form, Json};
pub use junit::{Junit, JunitSettings};
pub use log::Log;
pub use minimal::{Minimal, Oneline};
pub use profile::ProfileTasks;
pub use redact::Redactor;
pub use retry::Retry;
pub use said::said;
pub use settings::{ResultFormat, Settings};
pub use timer::Timer;
pub use tree::Tree;

use rustible_protocol::event::Callback;
use rustible_source::{Diagnostic, Kind};

/// The callback that prints, by its name in `stdout_callback`.
///
/// # Errors
/// When there is none of that name; the message says which there are.
pub fn callback(name: &str, settings: Settings, display: Display) -> Result<Box<dyn Callback>, Diagnostic> {
    match name.strip_prefix("ansible.builtin.").unwrap_or(name) {
        "json" | "ansible.posix.json" => Ok(Box::new(Json::new(Form::Whole, settings, display))),
        "ansible.posix.jsonl" => Ok(Box::new(Json::new(Form::Lines, settings, display))),
        "default" => Ok(Box::new(Default::new(settings, display))),
        "minimal" => Ok(Box::new(Minimal::new(settings, display))),
        "oneline" => Ok(Box::new(Oneline::new(settings, display))),
        other if !other.contains('.') && !FOREIGN.contains(&other) => {
            Err(Diagnostic::new(format!("Could not load '{other}' callback plugin.")))
        }
        other => Err(Diagnostic::new(format!(
            "the callback '{other}' is not supported by rustible; there are default, minimal, oneline, ansible.posix.json and ansible.posix.jsonl"
        ))
        .of_kind(Kind::General)),
    }
}

/// Callbacks of collections that go by a short name, too.
const FOREIGN: [&str; 38] = [
    "actionable",
    "aws_resource_actions",
    "cgroup_memory_recap",
    "cgroup_perf_recap",
    "context_demo",
    "counter_enabled",
    "debug",
    "default_without_diff",
    "dense",
    "diy",
    "elastic",
    "foreman",
    "full_skip",
    "grafana_annotations",
    "hipchat",
    "jabber",
    "log_plays",
    "loganalytics",
    "logdna",
    "logentries",
    "logstash",
    "mail",
    "nrdp",
    "null",
    "opentelemetry",
    "osx_say",
    "print_task",
    "profile_roles",
    "say",
    "selective",
    "skippy",
    "slack",
    "splunk",
    "stderr",
    "sumologic",
    "syslog_json",
    "unixy",
    "yaml",
];

/// Where callbacks that write files put them.
#[derive(Debug, Clone, Default)]
pub struct FileSettings {
    /// Folder of `tree`.
    pub tree: std::path::PathBuf,
    /// What `junit` writes, and where.
    pub junit: JunitSettings,
}

/// A callback beside the one that prints, by its name in `callbacks_enabled`; nothing where the name is of one that prints.
///
/// # Errors
/// When there is none of that name; the message says which there are.
pub fn beside(
    name: &str,
    files: &FileSettings,
    display: &Display,
) -> Result<Option<Box<dyn Callback>>, Diagnostic> {
    let display = display.clone();
    let callback: Box<dyn Callback> = match name.strip_prefix("ansible.builtin.").unwrap_or(name) {
        // There is one already that prints.
        "default" | "minimal" | "oneline" | "json" | "ansible.posix.json" | "ansible.posix.jsonl" => {
            return Ok(None);
        }
        "timer" | "ansible.posix.timer" => Box::new(Timer::new(display)),
        "profile_tasks" | "ansible.posix.profile_tasks" => Box::new(ProfileTasks::new(display)),
        "junit" => Box::new(Junit::new(files.junit.clone(), display)?),
        "tree" => {
            let folder = &files.tree;
            Box::new(Tree::new(folder, files.junit.verbosity, display).map_err(|error| {
                Diagnostic::new(format!("cannot write results to {}: {error}", folder.display()))
            })?)
        }
        other => {
            return Err(Diagnostic::new(format!(
                "the callback '{other}' in callbacks_enabled is not supported by rustible; there are junit, tree, ansible.posix.timer and ansible.posix.profile_tasks"
            )));
        }
    };
    Ok(Some(callback))
}
