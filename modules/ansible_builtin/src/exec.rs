//! What `command` and `shell` have in common.

use std::time::{Duration, SystemTime};

use rustible_sdk::prelude::*;

/// Where, when and with what a command runs.
pub(crate) struct Plan {
    pub(crate) argv: Vec<String>,
    /// `cmd` of the result.
    pub(crate) shown: Value,
    pub(crate) chdir: Option<PathBuf>,
    pub(crate) creates: Option<String>,
    pub(crate) removes: Option<String>,
    pub(crate) stdin: Option<String>,
    pub(crate) stdin_add_newline: bool,
    pub(crate) strip_empty_ends: bool,
}

/// Whether the command was given in exactly one of its three ways.
///
/// # Errors
/// When it was not.
pub(crate) fn exactly_one(given: [bool; 3]) -> Result<()> {
    match given.iter().filter(|given| **given).count() {
        0 => fail!("one of the following is required: _raw_params, cmd, argv"),
        1 => Ok(()),
        _ => fail!("parameters are mutually exclusive: _raw_params|cmd|argv"),
    }
}

/// The folder to run in is not there.
fn no_folder(plan: &Plan, dir: &Path) -> Failure {
    let text = "Unable to change directory before execution";
    let cause = format!("{text}: [Errno 2] No such file or directory: b'{}'", dir.display());
    let nothing = |failure: Failure, key| failure.with(key, Value::Null);
    let failure = Failure::new(format!("{text}."))
        .with("_ansible_rustible_error", cause)
        .with("cmd", plan.shown.clone())
        .with("stdout", "")
        .with("stderr", "");
    let mut failure = ["start", "end", "delta"].into_iter().fold(failure, nothing);
    add_lines(&mut failure.data, "", "");
    failure
}

/// The result, as `command` and `shell` return it.
pub(crate) fn run(plan: Plan, host: &mut Host) -> Result<Outcome> {
    let empty = |msg: String, changed: bool| {
        let mut all = dict! {
            "changed" => changed, "stdout" => "", "stderr" => "", "rc" => 0, "cmd" => plan.shown.clone(),
            "start" => Value::Null, "end" => Value::Null, "delta" => Value::Null, "msg" => msg,
        };
        add_lines(&mut all, "", "");
        Outcome(all)
    };
    if let Some(dir) = plan.chdir.as_ref().filter(|dir| !host.is_dir(dir).unwrap_or(false)) {
        return Err(no_folder(&plan, dir));
    }
    let base = plan.chdir.clone().unwrap_or_default();
    let would = if host.check_mode() { "Would" } else { "Did" };
    if let Some(pattern) = &plan.creates
        && !host.glob(&base, pattern)?.is_empty()
    {
        let skipped = format!("{would} not run command since '{pattern}' exists");
        return Ok(with_skip(empty(skipped, false), &format!("skipped, since {pattern} exists")));
    }
    if let Some(pattern) = &plan.removes
        && host.glob(&base, pattern)?.is_empty()
    {
        let skipped = format!("{would} not run command since '{pattern}' does not exist");
        return Ok(with_skip(empty(skipped, false), &format!("skipped, since {pattern} does not exist")));
    }
    if host.check_mode() {
        if plan.creates.is_some() || plan.removes.is_some() {
            return Ok(empty("Command would have run if not in check mode".to_string(), true));
        }
        let skipped = empty("Command would have run if not in check mode".to_string(), false);
        return Ok(skipped.with("skipped", true));
    }
    let mut command = Command::new(plan.argv.clone());
    command.cwd.clone_from(&plan.chdir);
    command.stdin = plan.stdin.as_ref().map(|text| {
        let newline = if plan.stdin_add_newline { "\n" } else { "" };
        format!("{text}{newline}").into_bytes()
    });
    let (start, clock) = (SystemTime::now(), std::time::Instant::now());
    let ran = host.query(&command);
    let delta = clock.elapsed();
    let out = match ran {
        Ok(out) => out,
        Err(mut failure) => {
            add_lines(&mut failure.data, "", "");
            return Err(failure);
        }
    };
    let trim = |text: &str| match plan.strip_empty_ends {
        true => text.trim_end_matches(['\r', '\n']).to_string(),
        false => text.to_string(),
    };
    let (stdout, stderr) = (trim(&out.stdout), trim(&out.stderr));
    let mut all = dict! {
        "changed" => true, "stdout" => stdout.as_str(), "stderr" => stderr.as_str(), "rc" => out.rc,
        "cmd" => plan.shown.clone(), "start" => stamp(start), "end" => stamp(start + delta), "delta" => elapsed(delta),
        "msg" => "",
    };
    add_lines(&mut all, &stdout, &stderr);
    if out.rc != 0 {
        all.remove("msg");
        return Err(Failure {
            msg: "The command exited with a non-zero return code.".to_string(),
            data: all,
            arg: None,
        });
    }
    Ok(Outcome(all))
}

/// `stdout` says too that nothing was run.
fn with_skip(outcome: Outcome, text: &str) -> Outcome {
    let mut all = outcome.with("stdout", text);
    add_lines(&mut all.0, text, "");
    all
}

/// `stdout_lines` and `stderr_lines`.
pub(crate) fn add_lines(result: &mut Dict, stdout: &str, stderr: &str) {
    let lines = |text: &str| text.lines().map(Value::from).collect::<Vec<_>>();
    result.insert("stdout_lines", lines(stdout));
    result.insert("stderr_lines", lines(stderr));
}

fn stamp(time: SystemTime) -> String {
    let time = jiff::Timestamp::try_from(time).unwrap_or_default();
    time.to_zoned(jiff::tz::TimeZone::system()).strftime("%Y-%m-%d %H:%M:%S%.6f").to_string()
}

fn elapsed(delta: Duration) -> String {
    let s = delta.as_secs();
    format!("{}:{:02}:{:02}.{:06}", s / 3600, s / 60 % 60, s % 60, delta.subsec_micros())
}
