//! Settings of rustible's own as values: typed by their defaults, with the place they come from.

use rustible_protocol::Value;

use super::{Config, Origin, Setting};

/// Where a setting's value comes from: `env: NAME` or the file.
pub(super) fn place(config: &Config, setting: &Setting, origin: Origin) -> String {
    match origin {
        Origin::Environment => format!("env: {}", config.variable(setting).unwrap_or_default()),
        Origin::File => config.file.as_ref().map(|file| file.display().to_string()).unwrap_or_default(),
    }
}

/// What a setting is when nobody set it.
pub(crate) fn default(setting: &Setting) -> Value {
    if setting.default.is_empty() { Value::Null } else { typed(setting.default, setting) }
}

/// Booleans and numbers as such: the default tells which a setting is.
fn typed(text: &str, setting: &Setting) -> Value {
    if matches!(setting.default, "true" | "false") {
        return matches!(text.trim().to_lowercase().as_str(), "1" | "true" | "yes" | "on" | "y" | "t").into();
    }
    match text.trim().parse::<i64>() {
        Ok(number) if setting.default.parse::<i64>().is_ok() => number.into(),
        _ => text.into(),
    }
}
