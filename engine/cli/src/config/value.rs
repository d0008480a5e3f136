//! Settings as values: typed, lists taken apart, with the place they come from.

use rustible_protocol::Value;

use super::{Config, Origin, SETTINGS, Setting};

impl rustible_template::Config for Config {
    fn setting(&self, name: &str) -> Option<(Value, String)> {
        SETTINGS.iter().find(|setting| setting.name == name).map(|setting| of(self, setting))
    }
}

/// A setting's value in force and where it comes from: `default`, `env: NAME` or the file.
pub(crate) fn of(config: &Config, setting: &Setting) -> (Value, String) {
    let Some((_, origin)) = config.raw(setting.name) else {
        return (in_force(config, setting, setting.default), "default".into());
    };
    let from = place(config, setting, origin);
    let text = config.text(setting.name).unwrap_or_default();
    (in_force(config, setting, &text), from)
}

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

/// A value as the program understands it: lists taken apart, paths complete.
fn in_force(config: &Config, setting: &Setting, text: &str) -> Value {
    const PATHS: [&str; 3] = ["COLLECTIONS_PATHS", "DEFAULT_HOST_LIST", "DEFAULT_ROLES_PATH"];
    const LISTS: [&str; 7] = [
        "CALLBACKS_ENABLED",
        "DEFAULT_VAULT_IDENTITY_LIST",
        "GALAXY_COLLECTION_SKELETON_IGNORE",
        "GALAXY_ROLE_SKELETON_IGNORE",
        "GALAXY_SERVER_LIST",
        "TAGS_RUN",
        "TAGS_SKIP",
    ];
    if PATHS.contains(&setting.name) && !text.is_empty() {
        let paths = config.paths(setting.name);
        return paths.iter().map(|path| Value::from(path.display().to_string())).collect::<Vec<_>>().into();
    }
    if LISTS.contains(&setting.name) {
        return config.list(setting.name).into_iter().map(Value::from).collect::<Vec<_>>().into();
    }
    if text.is_empty() { Value::Null } else { typed(text, setting) }
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
