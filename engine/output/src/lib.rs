//! Callbacks: what a person, a job runner or another program sees of a run.

mod artifacts;
mod awx;
mod default;
mod diff;
mod difflib;
mod display;
mod jobs;
mod json;
mod minimal;
mod profile;
mod redact;
mod result;
mod said;
mod settings;
mod timer;
mod tree;

pub use artifacts::{Artifacts, Outcome};
pub use awx::{Awx, AwxSettings};
pub use default::Default;
pub use display::{Color, Display, Sink};
pub use json::{Form, Json};
pub use minimal::{Minimal, Oneline};
pub use profile::ProfileTasks;
pub use redact::Redactor;
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
        other => Err(Diagnostic::new(format!(
            "the callback '{other}' is not supported by rustible; there are default, minimal, oneline, ansible.posix.json and ansible.posix.jsonl"
        ))
        .of_kind(Kind::General)),
    }
}

/// A callback beside the one that prints, by its name in `callbacks_enabled`.
///
/// # Errors
/// When there is none of that name; the message says which there are.
pub fn beside(name: &str, display: Display) -> Result<Box<dyn Callback>, Diagnostic> {
    match name {
        "timer" | "ansible.posix.timer" => Ok(Box::new(Timer::new(display))),
        "profile_tasks" | "ansible.posix.profile_tasks" => Ok(Box::new(ProfileTasks::new(display))),
        other => Err(Diagnostic::new(format!(
            "the callback '{other}' in callbacks_enabled is not supported by rustible; there are ansible.posix.timer and ansible.posix.profile_tasks"
        ))),
    }
}
