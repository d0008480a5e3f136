//! A module's deprecations as they are told.

use rustible_protocol::{Value, json};

/// The value as words of a message.
pub(crate) fn text_of(value: &Value) -> String {
    value.as_str().map_or_else(|| json::key_text(value), str::to_string)
}

/// The text of one: what, by whom and when.
#[must_use]
pub fn text(deprecation: &Value) -> String {
    let of = |name: &str| deprecation.get(name).filter(|value| !value.is_null());
    let message = of("msg").map_or_else(|| text_of(deprecation), text_of);
    if !matches!(deprecation, Value::Dict(_)) {
        return message;
    }
    let (plugin, collection) = source(deprecation);
    let when = match (&collection, of("date"), of("version")) {
        (None, ..) => "in the future".to_string(),
        (_, Some(date), _) => format!("in a release after {}", text_of(date)),
        (_, None, Some(version)) => format!("version {}", text_of(version)),
        (_, None, None) => "in a future release".to_string(),
    };
    let collection = match collection.as_deref() {
        Some("ansible.builtin") => "ansible-core".to_string(),
        Some(name) => format!("collection '{name}'"),
        None => String::new(),
    };
    let link = if !plugin.is_empty() && !collection.is_empty() { "in" } else { "" };
    let from = if plugin.is_empty() && collection.is_empty() { "" } else { "from" };
    let words = ["This feature will be removed", from, &plugin, link, &collection, &when];
    let rest: Vec<&str> = words.into_iter().filter(|word| !word.is_empty()).collect();
    let message = message.trim();
    let stop = if message.is_empty() || message.ends_with(['.', '!', '?']) { "" } else { "." };
    format!("{message}{stop} {}.", rest.join(" ")).trim_start().to_string()
}

/// The text for a plugin of which a routing table says that it will go away.
#[must_use]
pub fn of_routing(name: &str, collection: &str, told: &Value) -> String {
    let of = |key: &str| told.get(key).cloned().unwrap_or_default();
    let advice = text_of(&of("warning_text"));
    let message = format!("{name} has been deprecated. {advice}");
    let all = [
        ("msg", Value::from(message.trim())),
        ("collection_name", collection.into()),
        ("version", of("removal_version")),
        ("date", of("removal_date")),
    ];
    text(&all.into_iter().collect::<rustible_protocol::Dict>().into())
}

/// The plugin and the collection that say it.
fn source(deprecation: &Value) -> (String, Option<String>) {
    let deprecator = deprecation.get("deprecator");
    let of = |name: &str| deprecator.and_then(|d| d.get(name)).and_then(Value::as_str);
    let Some(kind) = of("type") else {
        let named = deprecation.get("collection_name").and_then(Value::as_str);
        return (String::new(), of("resolved_name").or(named).map(str::to_string));
    };
    let kind = if kind == "module" { kind.to_string() } else { format!("{kind} plugin") };
    let name = of("resolved_name").unwrap_or_default();
    if name == "ansible.builtin" {
        return (format!("the {kind} API"), Some(name.to_string()));
    }
    let parts: Vec<&str> = name.split('.').collect();
    let collection = (parts.len() > 2).then(|| parts[..2].join("."));
    (format!("{kind} '{}'", parts.last().unwrap_or(&"")), collection)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_deprecation_names_its_source_and_its_end() {
        let read = |text: &str| rustible_protocol::json::read(text).unwrap();
        let cases = [
            (r#"{"msg": "d"}"#, "d. This feature will be removed in the future."),
            (
                r#"{"msg": "d!", "version": "9", "deprecator": {"resolved_name": "a.b.c", "type": "module"}}"#,
                "d! This feature will be removed from module 'c' in collection 'a.b' version 9.",
            ),
            (
                r#"{"msg": "d", "date": "2030-01-01", "deprecator": {"resolved_name": "ansible.builtin", "type": null}}"#,
                "d. This feature will be removed from ansible-core in a release after 2030-01-01.",
            ),
        ];
        for (given, shown) in cases {
            assert_eq!(text(&read(given)), shown);
        }
    }
}
