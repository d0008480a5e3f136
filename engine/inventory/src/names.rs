//! Names of groups and variables: which are valid, and how the others are dealt with.

use crate::settings::Transform;

/// Names that mean this machine.
pub(crate) const LOCALHOST: [&str; 3] = ["127.0.0.1", "localhost", "::1"];

/// A group's name as it is kept, and the warning about it.
pub(crate) fn group(name: &str, transform: Transform) -> (String, Option<&'static str>) {
    let word = |c: char| c == '_' || c.is_alphanumeric();
    let starts_badly = name.starts_with(|c: char| c.is_numeric() || !word(c));
    if !starts_badly && name.chars().all(word) {
        return (name.to_string(), None);
    }
    match transform {
        Transform::Ignore => (name.to_string(), None),
        Transform::Never => {
            let text =
                "Invalid characters were found in group names but not replaced, use -vvvv to see details";
            (name.to_string(), Some(text))
        }
        Transform::Silently => (replaced(name), None),
        Transform::Always => {
            let text = "Invalid characters were found in group names and automatically replaced, use -vvvv to see details";
            (replaced(name), Some(text))
        }
    }
}

/// The name with an underscore for each character that no variable name may have.
pub(crate) fn replaced(name: &str) -> String {
    let word = |c: char| c == '_' || c.is_alphanumeric();
    name.chars()
        .enumerate()
        .map(|(i, c)| if word(c) && !(i == 0 && c.is_numeric()) { c } else { '_' })
        .collect()
}

/// Whether a variable may have this name.
pub(crate) fn is_variable(name: &str) -> bool {
    const RESERVED: [&str; 7] = ["False", "None", "True", "false", "none", "not", "true"];
    let start = name.starts_with(|c: char| c == '_' || c.is_ascii_alphabetic());
    start && name.bytes().all(|b| b == b'_' || b.is_ascii_alphanumeric()) && !RESERVED.contains(&name)
}
