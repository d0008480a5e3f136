//! What a job runner tells in the environment.

use std::{env, path::PathBuf};

use rustible_output::{Awx, AwxSettings, Display, Redactor};
use rustible_protocol::event::Callback;
use rustible_source::Diagnostic;

/// The callback's name that a job runner sets.
pub(super) const NAME: &str = "awx_display";

/// The callback whose text is printed under [`NAME`]; `fallback` when the job runner names none.
pub(super) fn original(fallback: &str) -> String {
    env::var("ORIGINAL_STDOUT_CALLBACK").ok().filter(|name| !name.is_empty()).unwrap_or(fallback.into())
}

/// Marks and event files around what that callback prints.
pub(super) fn around(
    inner: Box<dyn Callback>,
    display: &Display,
    redactor: &Redactor,
) -> Result<Box<dyn Callback>, Diagnostic> {
    let flag = |name: &str| env::var(name).is_ok_and(|value| matches!(value.as_str(), "True" | "true" | "1"));
    let ids = [
        ("JOB_ID", "job_id"),
        ("AD_HOC_COMMAND_ID", "ad_hoc_command_id"),
        ("PROJECT_UPDATE_ID", "project_update_id"),
    ];
    let number = |name: &str| env::var(name).ok().and_then(|text| text.parse::<i64>().ok());
    let settings = AwxSettings {
        folder: env::var_os("AWX_ISOLATED_DATA_DIR").map(PathBuf::from),
        omit: flag("RUNNER_OMIT_EVENTS"),
        only_failed: flag("RUNNER_ONLY_FAILED_EVENTS"),
        max_result: number("MAX_EVENT_RES").and_then(|n| usize::try_from(n).ok()).unwrap_or(700_000),
        ids: ids.iter().filter_map(|(variable, key)| number(variable).map(|n| (*key, n))).collect(),
    };
    let callback = Awx::new(settings, display.clone(), redactor.clone(), inner)
        .map_err(|error| Diagnostic::new(format!("cannot write events for the job runner: {error}")))?;
    Ok(Box::new(callback))
}
