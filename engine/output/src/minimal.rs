//! `minimal` and `oneline`: what ad hoc commands print.

use rustible_protocol::{
    Dict, Value,
    event::{Callback, Event, Status, TaskResult},
};

use crate::{
    diff,
    display::{Color, Display, Sink},
    result::{cleaned, dump},
    settings::Settings,
};

/// Modules whose output is shown as it is.
const COMMANDS: [&str; 4] =
    ["ansible.builtin.command", "ansible.builtin.shell", "ansible.builtin.raw", "ansible.builtin.script"];

/// `host | SUCCESS => {...}`.
pub struct Minimal {
    settings: Settings,
    display: Display,
}

impl Minimal {
    /// A callback on that display.
    #[must_use]
    pub fn new(settings: Settings, display: Display) -> Self {
        Self { settings, display }
    }

    fn result(&self, result: &TaskResult) {
        let (word, color) = state(result);
        let is_command = COMMANDS.contains(&result.task.resolved.as_str());
        if let Some(error) = &result.error {
            self.display.error(Sink::Out, error);
        }
        let spoken = result.result.contains_key("rc") && is_command;
        let text = if spoken {
            command_output(&result.host, word, &result.result)
        } else {
            let settings = Settings { pretty: Some(true), ..self.settings.clone() };
            format!("{} | {word} => {}", result.host, dump(&cleaned(result), &settings))
        };
        self.display.line(&text, Some(color));
    }
}

fn state(result: &TaskResult) -> (&'static str, Color) {
    match result.status {
        Status::Failed { .. } => ("FAILED!", Color::Error),
        Status::Unreachable { .. } => ("UNREACHABLE!", Color::Unreachable),
        Status::Skipped => ("SKIPPED", Color::Skip),
        Status::Ok if result.result.get("changed").is_some_and(Value::truthy) => ("CHANGED", Color::Changed),
        Status::Ok => ("SUCCESS", Color::Ok),
    }
}

fn command_output(host: &str, word: &str, result: &Dict) -> String {
    let text = |key: &str| result.get(key).map(rustible_protocol::repr::str).unwrap_or_default();
    let word = word.trim_end_matches('!');
    let rc = result.get("rc").map_or_else(|| "-1".into(), rustible_protocol::repr::str);
    let mut out = format!("{host} | {word} | rc={rc} >>\n{}{}", text("stdout"), text("stderr"));
    if word == "FAILED" {
        out.push_str(&text("msg"));
    }
    out + "\n"
}

impl Callback for Minimal {
    fn on(&mut self, event: &Event) {
        match event {
            Event::Result(result) => {
                if let Some(found) = result.result.get("diff").filter(|d| d.truthy())
                    && result.result.get("changed").is_some_and(Value::truthy)
                {
                    let text = diff::text(found, &self.settings, self.display.colored());
                    if !text.is_empty() {
                        self.display.line(&text, None);
                    }
                }
                self.result(result);
            }
            Event::Warning(text) => self.display.warning(text),
            Event::Error(text) => self.display.error(Sink::Err, text),
            Event::NoHostsMatched => {
                self.display.line("[WARNING]: No hosts matched, nothing to do", Some(Color::Warn));
            }
            _ => {}
        }
    }
}

/// One line a host.
pub struct Oneline {
    settings: Settings,
    display: Display,
}

impl Oneline {
    /// A callback on that display.
    #[must_use]
    pub fn new(settings: Settings, display: Display) -> Self {
        Self { settings, display }
    }
}

impl Callback for Oneline {
    fn on(&mut self, event: &Event) {
        match event {
            Event::Result(result) => {
                let (word, color) = state(result);
                let is_command = COMMANDS.contains(&result.task.resolved.as_str());
                let text =
                    |key: &str| result.result.get(key).map(rustible_protocol::repr::str).unwrap_or_default();
                let line = if is_command && result.result.contains_key("rc") {
                    let (word, out) = (
                        word.trim_end_matches('!'),
                        text("stdout").replace('\n', "\\n").replace('\r', "\\r"),
                    );
                    let err = text("stderr").replace('\n', "\\n").replace('\r', "\\r");
                    let err = if err.is_empty() { err } else { format!(" (stderr) {err}") };
                    format!("{} | {word} | rc={} | (stdout) {out}{err}", result.host, text("rc"))
                } else {
                    let settings = Settings { pretty: Some(false), ..self.settings.clone() };
                    format!("{} | {word} => {}", result.host, dump(&cleaned(result), &settings))
                };
                self.display.line(&line, Some(color));
            }
            Event::Warning(text) => self.display.warning(text),
            Event::Error(text) => self.display.error(Sink::Err, text),
            _ => {}
        }
    }
}
