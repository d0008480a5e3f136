//! `ansible.builtin.debug`: show a message or an expression.

use rustible_executor::{Context, Failure};
use rustible_protocol::{Dict, Kind, Text, Value, repr};

use crate::spec::{With, action, field, result, spec};

action!(
    Debug,
    spec(
        "ansible.builtin.debug",
        "Show a message or the value of an expression.",
        vec![
            field("msg", Kind::Raw, "What to show."),
            field("var", Kind::Raw, "Expression whose value is shown."),
            field("verbosity", Kind::Int, "Show it only from that many `-v` on.").or(0),
        ],
    ),
    raw = &["var"],
    |context| show(context)
);

fn show(context: &Context<'_>) -> Result<Dict, Failure> {
    if context.args.contains_key("msg") && context.args.contains_key("var") {
        return Err(Failure::msg("parameters are mutually exclusive: msg|var"));
    }
    let wanted = context.args.get("verbosity").and_then(Value::as_int).unwrap_or(0);
    if wanted > i64::from(context.settled.verbosity) {
        return Ok(result([
            ("skipped_reason", "Verbosity threshold not met.".into()),
            ("skipped", true.into()),
            ("_ansible_verbose_always", true.into()),
        ]));
    }
    let mut shown = match context.args.get("var") {
        Some(var) => variable(context, var)?,
        None => {
            let message = context.args.get("msg").cloned().unwrap_or_else(|| "Hello world!".into());
            result([("msg", message)])
        }
    };
    shown.insert("_ansible_verbose_always", true);
    Ok(shown)
}

/// `var` is an expression; the key it is shown under is its text.
fn variable(context: &Context<'_>, var: &Value) -> Result<Dict, Failure> {
    let (key, value) = match var {
        Value::Str(text) => (text.clone(), expression(context, text)?),
        Value::List(_) | Value::Dict(_) => {
            let rendered = context.render(var)?.unwrap_or_default();
            (Text::untrusted(format!("<class '{}'>", var.type_name())), rendered)
        }
        other => (Text::untrusted(repr::str(other)), other.clone()),
    };
    let mut shown = Dict::new();
    shown.insert(Value::Str(key.with_trust(false)), value);
    Ok(shown)
}

fn expression(context: &Context<'_>, text: &Text) -> Result<Value, Failure> {
    // A template yields the name of the expression.
    let inner = if text.may_be_template() {
        match context.render(&Value::Str(text.clone()))? {
            Some(Value::Str(name)) => name.with_trust(true),
            Some(other) => return Ok(other),
            None => return Ok(Value::Null),
        }
    } else {
        text.clone()
    };
    match context.templar.expression(&inner) {
        Ok(value) => Ok(value),
        Err(error)
            if error.summary().contains("is undefined") || error.summary().contains("has no attribute") =>
        {
            let text = error.summary();
            Ok(Value::from(format!("VARIABLE IS NOT DEFINED!: {text}").trim_end_matches(": ").to_string()))
        }
        Err(error) => Err(error.into()),
    }
}
