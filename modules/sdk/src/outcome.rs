//! What a module comes to.

use std::{fmt, io};

use crate::{Dict, Value};

/// A result whose error fails the task.
pub type Result<T, E = Failure> = std::result::Result<T, E>;

/// What a module returns besides what its [`crate::Host`] recorded.
#[derive(Debug, Default, Clone)]
pub struct Outcome(pub Dict);

impl Outcome {
    /// Nothing but what the host recorded.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }
    /// A message.
    #[must_use]
    pub fn msg(text: impl Into<String>) -> Self {
        Self::new().with("msg", text.into())
    }
    /// One more key.
    #[must_use]
    pub fn with(mut self, key: &str, value: impl Into<Value>) -> Self {
        self.0.insert(key, value);
        self
    }
    /// One more key, when there is a value.
    #[must_use]
    pub fn with_some(self, key: &str, value: Option<impl Into<Value>>) -> Self {
        match value {
            Some(value) => self.with(key, value),
            None => self,
        }
    }
    /// `changed`, whatever the host recorded.
    #[must_use]
    pub fn changed(self, changed: bool) -> Self {
        self.with("changed", changed)
    }
    /// Facts (`ansible_facts`).
    #[must_use]
    pub fn facts(facts: Dict) -> Self {
        Self::new().with("ansible_facts", facts)
    }
}
impl From<Dict> for Outcome {
    fn from(dict: Dict) -> Self {
        Self(dict)
    }
}

/// Why a task fails.
#[derive(Debug, Clone, Default)]
pub struct Failure {
    /// What a playbook sees as `msg`.
    pub msg: String,
    /// More keys of the result.
    pub data: Dict,
    /// The argument that is to blame.
    pub arg: Option<String>,
}

impl Failure {
    /// A failure with a message.
    #[must_use]
    pub fn new(msg: impl Into<String>) -> Self {
        Self { msg: msg.into(), ..Self::default() }
    }
    /// One more key of the result.
    #[must_use]
    pub fn with(mut self, key: &str, value: impl Into<Value>) -> Self {
        self.data.insert(key, value);
        self
    }
    /// What the user can do about it. It is shown below the error and is no part of what a playbook sees.
    #[must_use]
    pub fn hint(self, advice: impl Into<String>) -> Self {
        self.with("_ansible_hint", advice.into())
    }
    /// The argument that is to blame.
    #[must_use]
    pub fn of_arg(mut self, arg: &str) -> Self {
        self.arg = Some(arg.to_string());
        self
    }
}
impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.msg)
    }
}
impl std::error::Error for Failure {}
impl From<io::Error> for Failure {
    fn from(e: io::Error) -> Self {
        Self::new(errno_text(&e))
    }
}
impl From<String> for Failure {
    fn from(msg: String) -> Self {
        Self::new(msg)
    }
}
impl From<crate::ArgError> for Failure {
    fn from(e: crate::ArgError) -> Self {
        Self { msg: e.msg, arg: (!e.arg.is_empty()).then_some(e.arg), ..Self::default() }
    }
}

/// An input/output error as Python words it: `[Errno 2] No such file or directory`.
#[must_use]
pub fn errno_text(e: &io::Error) -> String {
    let text = e.to_string();
    match e.raw_os_error() {
        Some(code) => format!("[Errno {code}] {}", text.split(" (os error").next().unwrap_or(&text)),
        None => text,
    }
}

/// Fail the task: `fail!("text {x}")`, `fail!(rc = 257, path = p; "text {x}")`.
#[macro_export]
macro_rules! fail {
    ($($key:ident = $value:expr),+; $($text:tt)+) => {
        return Err($crate::Failure::new(format!($($text)+))$(.with(stringify!($key), $value))+)
    };
    ($($text:tt)+) => { return Err($crate::Failure::new(format!($($text)+))) };
}
