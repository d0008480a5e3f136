//! What can be set: the settings of all commands and the options of plugins, each with its type, its default and where its
//! value may come from. Those of rustible's own plugins stand in tables, those of the user's plugins in their documentation.

mod convert;
mod lookup;
mod plugins;
mod settle;

use std::sync::OnceLock;

use rustible_protocol::{Dict, Value, json};

use crate::config::{Config, SETTINGS, Setting};

pub(crate) use lookup::Settings;
pub(crate) use plugins::{KINDS, Plugins};
pub(crate) use settle::{Asked, Failure};

/// The settings that every command knows, by name.
pub(crate) fn settings() -> &'static Dict {
    static TABLE: OnceLock<Dict> = OnceLock::new();
    TABLE.get_or_init(|| table(include_str!("settings.json")))
}

fn table(text: &str) -> Dict {
    match json::read(text) {
        Ok(Value::Dict(table)) => table,
        _ => Dict::new(),
    }
}

/// A setting that every command knows, rustible's own among them.
pub(crate) fn base(name: &str) -> Option<Dict> {
    let known = settings().get(name).and_then(Value::as_dict).cloned();
    known.or_else(|| ours().find(|setting| setting.name == name).map(own))
}

/// The settings that the reference does not have.
pub(crate) fn ours() -> impl Iterator<Item = &'static Setting> {
    SETTINGS.iter().filter(|setting| setting.name.starts_with("RUSTIBLE_"))
}

/// The file in use.
pub(crate) fn file(config: &Config) -> Value {
    config.file.as_ref().map(|file| Value::from(file.display().to_string())).into()
}

/// A setting of rustible's own, as the reference's are described.
pub(crate) fn own(setting: &Setting) -> Dict {
    let named = |name: &&str| Value::Dict([("name", *name)].into_iter().collect());
    let place = |(section, key): &(&str, &str)| {
        Value::Dict([("key", *key), ("section", *section)].into_iter().collect())
    };
    let mut described = Dict::new();
    described.insert("default", crate::config::value::default(setting));
    described.insert("env", setting.env.iter().map(named).collect::<Vec<_>>());
    described.insert("ini", setting.ini.iter().map(place).collect::<Vec<_>>());
    described
}

/// The options of a server of Galaxy that the configuration names.
pub(crate) fn galaxy_server(server: &str, config: &Config) -> Dict {
    const OPTIONS: [(&str, &str); 9] = [
        ("url", "str"),
        ("username", "str"),
        ("password", "str"),
        ("token", "str"),
        ("auth_url", "str"),
        ("validate_certs", "bool"),
        ("client_id", "str"),
        ("client_secret", "str"),
        ("timeout", "int"),
    ];
    let mut options = Dict::new();
    for (key, kind) in OPTIONS {
        let mut described = Dict::new();
        let place: Dict =
            [("key", key.to_string()), ("section", format!("galaxy_server.{server}"))].into_iter().collect();
        described.insert("ini", vec![Value::Dict(place)]);
        let variable = format!("ANSIBLE_GALAXY_SERVER_{}_{}", server.to_uppercase(), key.to_uppercase());
        let named: Dict = [("name", variable)].into_iter().collect();
        described.insert("env", vec![Value::Dict(named)]);
        described.insert("required", key == "url");
        described.insert("type", kind);
        if key == "timeout" {
            let seconds = config.text("GALAXY_SERVER_TIMEOUT").and_then(|text| text.parse::<i64>().ok());
            described.insert("default", seconds);
        }
        options.insert(key, described);
    }
    options
}

/// The entries of a place where a value may come from: `env`, `ini`, `vars`, `cli`.
pub(crate) fn sources<'a>(definition: &'a Dict, place: &str) -> impl Iterator<Item = &'a Dict> + use<'a> {
    let entries = definition.get(place).and_then(Value::as_list);
    entries.into_iter().flat_map(|entries| entries.iter()).filter_map(Value::as_dict)
}

/// A text under a key.
pub(crate) fn text<'a>(of: &'a Dict, key: &str) -> Option<&'a str> {
    of.get(key).and_then(Value::as_str)
}
