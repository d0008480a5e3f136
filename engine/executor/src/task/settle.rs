//! A task's keywords, rendered for one host and item.

use std::sync::Arc;

use rustible_connection::Target;
use rustible_protocol::{Call, Dict, Origin, Value, repr};
use rustible_source::Diagnostic;
use rustible_template::Rendered;

use crate::{
    keyword::{Keywords, processing, text_of},
    options::Options,
};

/// A task's keywords with their final values.
#[derive(Debug, Clone)]
pub struct Settled {
    /// Nothing may be changed.
    pub check: bool,
    /// Differences are wanted.
    pub diff: bool,
    /// Results may not be shown.
    pub no_log: bool,
    /// Whether modules return their arguments.
    pub invocation: bool,
    /// A failure lets the play go on.
    pub ignore_errors: bool,
    /// A host that is not reached lets the play go on.
    pub ignore_unreachable: bool,
    /// Environment of the module, in order.
    pub environment: Vec<(String, String)>,
    /// Run in the background for at most so many seconds; 0 for not.
    pub background: u64,
    /// Look at a background job each so many seconds; 0 for never.
    pub poll: u64,
    /// Attempts beyond the first.
    pub retries: Option<i64>,
    /// Seconds between attempts.
    pub delay: f64,
    /// Seconds after which an attempt is ended; 0 for never.
    pub timeout: i64,
    /// At most so many hosts at once; 0 for no limit.
    pub throttle: i64,
    /// Handlers to notify.
    pub notify: Vec<String>,
    /// Facts belong to the delegate.
    pub delegate_facts: bool,
    /// Number of `-v`.
    pub verbosity: u8,
    /// Folder for temporary files where modules run.
    pub remote_tmp: String,
    /// Soft limit of open files where modules run; 0 for none.
    pub open_files: u64,
    /// Action's full name.
    pub action: String,
    /// Where modules run.
    pub target: Arc<Target>,
}

impl Settled {
    /// A call with everything that does not depend on the module.
    #[must_use]
    pub fn call(&self) -> Call {
        Call {
            check: self.check,
            diff: self.diff,
            verbosity: self.verbosity,
            no_log: self.no_log,
            invocation: self.invocation,
            environment: self.environment.clone(),
            timeout: u32::try_from(self.timeout).unwrap_or_default(),
            remote_tmp: self.remote_tmp.clone(),
            open_files: self.open_files,
            ..Call::default()
        }
    }
}

/// The keywords that decide what of a result is shown; needed even when the others cannot be settled.
pub(super) fn no_log(keywords: &Keywords<'_>, options: &Options) -> Result<bool, Diagnostic> {
    Ok(keywords.flag("no_log")?.unwrap_or(options.no_log))
}

/// Whether modules are to return their arguments: a variable of the host, or the configuration, asks for it.
fn invocation(keywords: &Keywords<'_>, options: &Options) -> Result<bool, Diagnostic> {
    let Some(value) = keywords.templar.scope().get("ansible_inject_invocation") else {
        return Ok(options.inject_invocation);
    };
    let value = match keywords.templar.render(&value)? {
        Rendered::Value(value) => value,
        Rendered::Omit => return Ok(options.inject_invocation),
    };
    Ok(crate::keyword::to_bool(&value).unwrap_or(options.inject_invocation))
}

/// How many files programs may have open: a variable of the host says it, or the configuration.
fn open_files(keywords: &Keywords<'_>, options: &Options) -> Result<u64, Diagnostic> {
    let Some(value) = keywords.templar.scope().get("ansible_python_module_rlimit_nofile") else {
        return Ok(options.foreign.open_files);
    };
    let Rendered::Value(value) = keywords.templar.render(&value)? else { return Ok(0) };
    let text = crate::keyword::text_of(&value);
    let number = text.trim().parse::<i64>().map_err(|_| {
        Diagnostic::new(format!(
            "invalid literal for int() with base 10: {}",
            rustible_protocol::repr::repr(&value)
        ))
    })?;
    Ok(u64::try_from(number).unwrap_or_default())
}

/// Settle the keywords.
pub(super) fn settle(
    keywords: &Keywords<'_>,
    options: &Options,
    action: &str,
    target: Arc<Target>,
) -> Result<Settled, Diagnostic> {
    let unsigned = |value: Option<i64>| value.and_then(|v| u64::try_from(v).ok());
    // Asked for before it is needed: what is no number is an error in any case.
    keywords.int("port")?;
    Ok(Settled {
        check: keywords.flag("check_mode")?.unwrap_or(options.check),
        diff: keywords.flag("diff")?.unwrap_or(options.diff),
        no_log: no_log(keywords, options)?,
        invocation: invocation(keywords, options)?,
        ignore_errors: keywords.flag("ignore_errors")?.unwrap_or(false),
        ignore_unreachable: keywords.flag("ignore_unreachable")?.unwrap_or(false),
        environment: environment(keywords, action)?,
        background: unsigned(keywords.int("async")?).unwrap_or(0),
        poll: unsigned(keywords.int("poll")?).unwrap_or(options.poll_interval),
        retries: keywords.int("retries")?,
        delay: keywords.float("delay")?.map_or(5.0, |d| if d < 0.0 { 1.0 } else { d }),
        timeout: keywords.int("timeout")?.unwrap_or_else(|| i64::from(options.task_timeout)),
        throttle: keywords.int("throttle")?.unwrap_or(0),
        notify: keywords.texts("notify")?,
        delegate_facts: keywords.flag("delegate_facts")?.unwrap_or(false),
        verbosity: options.verbosity,
        remote_tmp: target.remote_tmp.clone(),
        open_files: open_files(keywords, options)?,
        action: action.to_string(),
        target,
    })
}

/// Whether what is not defined is the environment among a host's facts, which `action` may have to gather first.
fn of_facts(error: &str, action: &str) -> bool {
    let gathers = matches!(action, "ansible.builtin.setup" | "ansible.builtin.gather_facts");
    error.contains("ansible_env") || gathers && error.contains("ansible_facts.env")
}

/// All `environment` mappings around, inner ones winning; what is none is told and passed over.
fn environment(keywords: &Keywords<'_>, action: &str) -> Result<Vec<(String, String)>, Diagnostic> {
    let mut merged = Dict::new();
    let all = keywords.frame.all("environment");
    // The list of what is set around and here was written nowhere.
    let shown = || repr::repr(&all.iter().copied().cloned().collect::<Vec<_>>().into());
    let render = |written: &Value| {
        keywords.templar.render(written).map_err(|cause| {
            cause.context(processing("environment"), Some(&Origin::of_value("<unknown>", &shown())))
        })
    };
    for written in &all {
        if let Value::Dict(dict) = written {
            for (key, value) in dict {
                match render(value) {
                    Ok(Rendered::Value(value)) => drop(merged.insert(key.clone(), value)),
                    Ok(Rendered::Omit) => {}
                    // The facts that it is made of are yet to be gathered.
                    Err(error) if error.undefined && of_facts(&error.summary(), action) => {}
                    Err(error) => return Err(error),
                }
            }
            continue;
        }
        match render(written)? {
            Rendered::Value(Value::Dict(dict)) => merged.extend(&dict),
            Rendered::Omit => {}
            Rendered::Value(_) => {
                let shown = shown();
                let text = format!("could not parse environment value, skipping: {shown}");
                keywords.templar.env().warning(&Diagnostic::new(text));
            }
        }
    }
    Ok(merged.iter().map(|(key, value)| (text_of(key), python_text(value))).collect())
}

/// A value of the environment as the reference writes it: Python's `str`.
fn python_text(value: &Value) -> String {
    match value {
        Value::Null => "None".into(),
        Value::Bool(true) => "True".into(),
        Value::Bool(false) => "False".into(),
        other => text_of(other),
    }
}
