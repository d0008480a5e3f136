//! `when`, `until`, `changed_when`, `failed_when`, `break_when`.

use rustible_protocol::Value;
use rustible_source::Diagnostic;
use rustible_template::Templar;

use crate::keyword::merged;

/// The first condition that is false, in order; later ones are not looked at.
pub(crate) fn first_false<'a>(
    keyword: &str,
    conditions: &[&'a Value],
    templar: &Templar,
) -> Result<Option<&'a Value>, Diagnostic> {
    for condition in conditions {
        // Nothing, as a template that emits nothing leaves it, is no condition.
        if matches!(condition, Value::Null) {
            continue;
        }
        match templar.condition(condition) {
            Ok(true) => {}
            Ok(false) => return Ok(Some(condition)),
            Err(error) => {
                let at = error.origin.clone().or_else(|| condition.origin().cloned());
                let error = merged(error, at.as_ref());
                let article = if keyword.starts_with(['a', 'e', 'i', 'o', 'u']) { "An" } else { "A" };
                return Err(error.context(format!("{article} '{keyword}' expression failed"), at.as_ref()));
            }
        }
    }
    Ok(None)
}

/// Whether all conditions of a keyword's value are true.
pub(crate) fn all_true(keyword: &str, value: &Value, templar: &Templar) -> Result<bool, Diagnostic> {
    let conditions: Vec<&Value> = match value {
        Value::List(list) => list.iter().collect(),
        other => vec![other],
    };
    Ok(first_false(keyword, &conditions, templar)?.is_none())
}
