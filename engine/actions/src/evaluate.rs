//! `ansible._protomatter.debug`: the values of expressions, with notes for what is undefined.

use rustible_executor::{Context, Failure};
use rustible_protocol::{Dict, Kind, Value};

use crate::spec::{With, action, field, result, spec};

action!(
    Evaluate,
    spec(
        "ansible._protomatter.debug",
        "Evaluate expressions and return all their values.",
        vec![field("expression", Kind::Raw, "Expressions, without delimiters.").required()],
    ),
    raw = &["expression"],
    |context| evaluate(context)
);

fn evaluate(context: &mut Context<'_>) -> Result<Dict, Failure> {
    let Some(Value::List(expressions)) = context.args.get("expression").cloned() else {
        return Err(Failure::msg("argument 'expression' must be a list of strings"));
    };
    let mut values = Vec::new();
    for expression in &expressions {
        let Some(text) = expression.as_text() else {
            return Err(Failure::msg("Elements value for option 'expression' must be strings"));
        };
        values.push(context.templar.inspect(text, &mut context.notes)?);
    }
    let mut found = result([("expression_result", values.into())]);
    found.insert("_ansible_verbose_always", true);
    Ok(found)
}
