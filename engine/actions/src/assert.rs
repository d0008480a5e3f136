//! `ansible.builtin.assert`: fail when a condition is false.

use rustible_executor::{Context, Failure};
use rustible_protocol::{Dict, Kind, Value};
use rustible_template::Rendered;

use crate::spec::{With, action, field, result, spec};

action!(
    Assert,
    spec(
        "ansible.builtin.assert",
        "Fail when one of some conditions is false.",
        vec![
            field("that", Kind::List, "The conditions, as `when` has them.").required(),
            field("fail_msg", Kind::Raw, "What to say when one is false.").alias(&["msg"]),
            field("success_msg", Kind::Raw, "What to say when all are true."),
            field("quiet", Kind::Bool, "Say less when all are true.").or(false),
        ],
    ),
    raw = &["that"],
    validated = true,
    |context| check(context)
);

fn check(context: &Context<'_>) -> Result<Dict, Failure> {
    let quiet = context.flag("quiet", false)?;
    let message = message(context, "fail_msg")?.or(message(context, "msg")?);
    let conditions: Vec<Value> = match context.args.get("that") {
        Some(Value::List(list)) => list.to_vec(),
        // The whole list may come out of a template.
        Some(Value::Str(text)) if text.trim().starts_with("{{") && text.trim().ends_with("}}") => {
            match context.templar.container(text) {
                Ok(Rendered::Value(Value::List(list))) => list.to_vec(),
                _ => vec![Value::Str(text.clone())],
            }
        }
        Some(other) => vec![other.clone()],
        None => Vec::new(),
    };
    for condition in &conditions {
        let good = context.templar.condition(condition)?;
        if good {
            continue;
        }
        let said = message.clone().unwrap_or_else(|| Value::from("Assertion failed"));
        let mut failed = result([("msg", said)]);
        if !quiet {
            failed.insert("_ansible_verbose_always", true);
        }
        failed.insert("evaluated_to", false);
        failed.insert("assertion", condition.clone().into_untrusted());
        return Err(Failure::Result(failed));
    }
    let said = context.args.get("success_msg").filter(|m| m.truthy()).cloned();
    let mut good = result([
        ("changed", false.into()),
        ("msg", said.unwrap_or_else(|| Value::from("All assertions passed"))),
    ]);
    if !quiet {
        good.insert("_ansible_verbose_always", true);
    }
    Ok(good)
}

fn message(context: &Context<'_>, name: &str) -> Result<Option<Value>, Failure> {
    match context.args.get(name) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::Str(text)) => Ok(Some(Value::Str(text.clone()))),
        Some(Value::List(list)) if list.iter().all(|item| item.as_str().is_some()) => {
            Ok(Some(Value::List(list.clone())))
        }
        Some(Value::List(_)) => {
            Err(Failure::msg("Type of one of the elements in fail_msg or msg list is not string type"))
        }
        Some(other) => Err(Failure::msg(format!(
            "Incorrect type for fail_msg or msg, expected a string or list and got <class '{}'>",
            other.type_name()
        ))),
    }
}
