//! What a variable may be called.

use rustible_protocol::{Value, repr};
use rustible_source::Diagnostic;

/// Words that mean something else in expressions.
const KEYWORDS: [&str; 7] = ["true", "false", "none", "True", "False", "None", "not"];

/// Refuse what no variable can be called.
///
/// # Errors
/// When it is no text, or no word of letters, digits and underscores.
pub fn check_variable_name(name: &Value) -> Result<(), Diagnostic> {
    if name.as_str().is_some_and(is_name) {
        return Ok(());
    }
    let mut described = match name {
        Value::List(_) | Value::Dict(_) => "name".to_string(),
        other => format!("name '{}'", repr::str(other)),
    };
    if name.as_str().is_none() {
        described.push_str(&format!(" of type '{}'", name.type_name()));
    }
    Err(Diagnostic::new(format!("Invalid variable {described}.")).at(name.origin()).help(
        "Variable names must be strings starting with a letter or underscore character, and contain only letters, numbers and underscores.",
    ))
}

fn is_name(name: &str) -> bool {
    let mut chars = name.chars();
    chars.next().is_some_and(|c| c.is_ascii_alphabetic() || c == '_')
        && chars.all(|c| c.is_ascii_alphanumeric() || c == '_')
        && !KEYWORDS.contains(&name)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refusal(name: impl Into<Value>) -> String {
        check_variable_name(&name.into()).unwrap_err().message
    }

    #[test]
    fn only_words_that_expressions_can_name_are_variables() {
        assert!(check_variable_name(&Value::str("_a1")).is_ok());
        assert_eq!(refusal("true"), "Invalid variable name 'true'.");
        assert_eq!(refusal("a-b"), "Invalid variable name 'a-b'.");
        assert_eq!(refusal(200i64), "Invalid variable name '200' of type 'int'.");
    }
}
