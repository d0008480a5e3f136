//! `ansible.builtin.pause`: wait for a time or for a key.

use std::time::{Duration, Instant, SystemTime};

use rustible_executor::{Context, Failure, Pause as Paused};
use rustible_protocol::{Dict, Kind, Value, repr};

use crate::spec::{With, action, field, spec};

action!(
    Pause,
    spec(
        "ansible.builtin.pause",
        "Wait for a time or for a key.",
        vec![
            field("minutes", Kind::Raw, "Minutes to wait, without what is behind the point."),
            field("seconds", Kind::Raw, "Seconds to wait, without what is behind the point."),
            field("prompt", Kind::Str, "What to show."),
            field("echo", Kind::Bool, "Show what is typed.").or(true),
        ],
    ),
    once = true,
    validated = true,
    |context| pause(context).await
);

async fn pause(context: &mut Context<'_>) -> Result<Dict, Failure> {
    let echo = context.flag("echo", true)?;
    if context.args.contains_key("minutes") && context.args.contains_key("seconds") {
        return Err(Failure::msg("parameters are mutually exclusive: minutes|seconds"));
    }
    let seconds = duration(context)?;
    let mut result = Dict::new();
    result.insert("changed", false);
    result.insert("rc", 0);
    result.insert("stderr", "");
    result.insert("echo", echo);
    let started = SystemTime::now();
    let clock = Instant::now();
    let typed = wait(context, seconds, echo).await?;
    result.insert("user_input", typed);
    let passed = clock.elapsed();
    let (amount, unit) = match context.args.contains_key("minutes") {
        true => (passed.as_secs_f64() / 60.0, "minutes"),
        false => (passed.as_secs_f64(), "seconds"),
    };
    result.insert("delta", i64::try_from(passed.as_secs()).unwrap_or(i64::MAX));
    result.insert(
        "stdout",
        format!("Paused for {} {unit}", rustible_protocol::json::float((amount * 100.0).round() / 100.0)),
    );
    result.insert("start", stamp(started));
    result.insert("stop", stamp(SystemTime::now()));
    Ok(result)
}

/// Wait, for the time given or for a key; what was typed.
async fn wait(context: &mut Context<'_>, seconds: Option<u64>, echo: bool) -> Result<String, Failure> {
    const KEYS: &str = "(ctrl+C then 'C' = continue early, ctrl+C then 'A' = abort)\r";
    let hidden = if echo { "" } else { " (output is hidden)" };
    let asked = context.text("prompt").filter(|prompt| !prompt.is_empty());
    let question = asked.as_deref().unwrap_or("Press enter to continue, Ctrl+C to interrupt");
    let mut prompt = format!("[{}]\n{question}{hidden}:", context.task_name);
    if let Some(seconds) = seconds {
        let emitter = &context.runner.emitter;
        emitter.verbose(0, None, format!("Pausing for {seconds} seconds{hidden}"));
        match asked {
            Some(_) => emitter.verbose(0, None, KEYS),
            None => prompt = KEYS.to_string(),
        }
    }
    let limit = seconds.map(Duration::from_secs);
    match (context.runner.asker.pause(&prompt, echo && seconds.is_none(), limit).await, limit) {
        (Paused::Typed(text), None) => Ok(text),
        (Paused::Typed(_), Some(_)) => Ok(String::new()),
        (Paused::Aborted, _) => Err(Failure::msg("user requested abort!")),
        (Paused::Nobody, Some(limit)) => {
            tokio::time::sleep(limit).await;
            Ok(String::new())
        }
        (Paused::Nobody, None) => {
            context.notes.push(rustible_source::Diagnostic::new(
                "Not waiting for response to prompt as stdin is not interactive",
            ));
            Ok(String::new())
        }
    }
}

/// Seconds to wait, at least one.
fn duration(context: &Context<'_>) -> Result<Option<u64>, Failure> {
    for (name, factor) in [("minutes", 60), ("seconds", 1)] {
        let Some(value) = context.args.get(name).filter(|value| !value.is_null()) else { continue };
        let number = whole(value).ok_or_else(|| {
            Failure::msg(format!(
                "argument '{name}' is of type {} and we were unable to convert to int: invalid literal for int() with base 10: {}",
                value.type_name(),
                repr::repr(value)
            ))
        })?;
        return Ok(Some(u64::try_from(number.saturating_mul(factor)).unwrap_or(1).max(1)));
    }
    Ok(None)
}

/// A whole number as Python's `int()` makes it.
fn whole(value: &Value) -> Option<i64> {
    match value {
        Value::Int(number) => Some(*number),
        Value::Bool(flag) => Some(i64::from(*flag)),
        #[expect(clippy::cast_possible_truncation, reason = "int() of Python cuts off as well")]
        Value::Float(number) if number.is_finite() => Some(*number as i64),
        Value::Str(text) => text.trim().parse().ok(),
        _ => None,
    }
}

/// A point in time as Python's `str(datetime)` has it, in local time.
pub(crate) fn stamp(time: SystemTime) -> String {
    let zoned = jiff::Timestamp::try_from(time).map(|t| t.to_zoned(jiff::tz::TimeZone::system()));
    zoned.map(|z| z.strftime("%Y-%m-%d %H:%M:%S.%6f").to_string()).unwrap_or_default()
}
