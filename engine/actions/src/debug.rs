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
    validated = true,
    |context| show(context)
);

fn show(context: &mut Context<'_>) -> Result<Dict, Failure> {
    if context.args.contains_key("msg") && context.args.contains_key("var") {
        return Err(Failure::msg("parameters are mutually exclusive: msg|var"));
    }
    let wanted = context.args.get("verbosity").and_then(Value::as_int).unwrap_or(0);
    if wanted > i64::from(context.settled.verbosity) {
        return Ok(result([
            ("skipped_reason", "Verbosity threshold not met.".into()),
            ("skipped", true.into()),
        ]));
    }
    let given = |name: &str| context.args.get(name).filter(|value| !value.is_null()).cloned();
    let mut shown = match (given("var"), context.args.get("msg").cloned()) {
        (Some(Value::Str(var)), _) if !var.is_empty() => variable(context, &var)?,
        (Some(Value::Str(_)) | None, None) => result([("msg", "Hello world!".into())]),
        (_, Some(Value::Null)) => Dict::new(),
        (_, Some(message)) => result([("msg", message)]),
        (Some(other), None) => {
            let (kind, text) = (other.type_name(), repr::str(&other));
            return Err(Failure::msg(format!(
                "argument 'var' is of type {kind} and we were unable to convert to _check_type_str_no_conversion: '{text}' is not a string and conversion is not allowed"
            )));
        }
    };
    shown.insert("_ansible_verbose_always", true);
    Ok(shown)
}

/// `var` is an expression; the key it is shown under is its text.
fn variable(context: &mut Context<'_>, text: &Text) -> Result<Dict, Failure> {
    let value = context.templar.inspect(text, &mut context.notes).map_err(|error| {
        let place = text.origin().cloned().or_else(|| error.origin.clone());
        error.context("Error while resolving `var` expression", place.as_ref())
    })?;
    let mut shown = Dict::new();
    shown.insert(Value::Str(text.clone().with_trust(false)), value);
    Ok(shown)
}
