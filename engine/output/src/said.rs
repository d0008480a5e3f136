//! What plugins in Python show, in our own forms.

use rustible_protocol::{Dict, Value};

use crate::{Color, Display, Settings, Sink};

/// Show it: `how` it was said (`warning`, `display`, `verbose` ...), and the rest beside the text.
pub fn said(display: &Display, settings: &Settings, how: &str, said: &Dict) {
    let text_of = |name: &str| said.get(name).and_then(Value::as_str);
    let text = text_of("text").unwrap_or_default();
    match how {
        "warning" if settings.warnings => display.warning(text),
        "deprecated" if settings.deprecations => {
            display.deprecated(&deprecation(text, said));
        }
        "warning" | "deprecated" => {}
        "error" => display.error(Sink::Err, text),
        "verbose" => {
            let level = said.get("level").and_then(Value::as_int).and_then(|level| u8::try_from(level).ok());
            display.verbose(settings.verbosity, level.unwrap_or(1), text_of("host"), text);
        }
        "out" => display.raw(Sink::Out, text),
        "err" => display.raw(Sink::Err, text),
        _ => {
            let err = said.get("stderr").is_some_and(Value::truthy);
            let sink = if err { Sink::Err } else { Sink::Out };
            if said.get("newline").is_none_or(Value::truthy) {
                display.show(sink, text, text_of("color").and_then(Color::named));
            } else {
                display.raw(sink, text);
            }
        }
    }
}

fn deprecation(text: &str, said: &Dict) -> String {
    let given = |name: &str| said.get(name).and_then(Value::as_str).filter(|value| !value.is_empty());
    let from = match given("collection") {
        _ if given("source").is_some() => format!(" from {}", given("source").unwrap_or_default()),
        Some("ansible.builtin") => " from ansible-core".to_string(),
        Some(name) => format!(" from collection '{name}'"),
        // A version says nothing without the one whose version it is; the language's own tests of tests are that.
        None => given("version").map(|_| " from ansible-core".to_string()).unwrap_or_default(),
    };
    let when = match (given("date"), given("version")) {
        (Some(date), _) => format!("in a release after {date}"),
        (None, Some(version)) => format!("version {version}"),
        (None, None) => "in a future release".to_string(),
    };
    let stop = if text.ends_with(['.', '!', '?']) { "" } else { "." };
    let help = given("help").map(|help| format!(" {help}")).unwrap_or_default();
    format!("{text}{stop} This feature will be removed{from} {when}.{help}")
}
