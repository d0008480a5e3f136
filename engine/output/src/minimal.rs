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
const COMMANDS: [&str; 3] = ["ansible.builtin.command", "ansible.builtin.shell", "ansible.builtin.raw"];

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
        self.display.warnings_of(result, &self.settings);
        if let Some(error) = &result.error {
            self.display.error(Sink::Out, error);
        }
        if result.status == Status::Skipped {
            return self.display.line(&format!("{} | SKIPPED", result.host), Some(color));
        }
        let spoken = is_command
            && !result.result.contains_key("ansible_job_id")
            && !matches!(result.status, Status::Unreachable { .. });
        let text = if spoken {
            command_output(&result.host, word, &result.result)
        } else {
            let settings = Settings { pretty: Some(true), ..self.settings.clone() };
            // A `debug` that fails shows everything, as the reference does.
            let failed = matches!(result.status, Status::Failed { .. });
            let shown = if failed { result.result.clone() } else { cleaned(result) };
            format!("{} | {word} => {}", result.host, dump(&shown, &settings))
        };
        self.display.of_task(&result.task).line(&text, Some(color));
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
    out.push_str(&text("msg"));
    out + "\n"
}

impl Callback for Minimal {
    fn on(&mut self, event: &Event) {
        match event {
            Event::Diff(result) => {
                if let Some(found) = result.result.get("diff").filter(|d| d.truthy())
                    && result.result.get("changed").is_some_and(Value::truthy)
                {
                    let text = diff::text(found, &self.settings, self.display.colored());
                    if !text.is_empty() {
                        self.display.line(&text, None);
                    }
                }
            }
            Event::Result(result) => self.result(result),
            Event::Warning(text) => self.display.warning(text),
            Event::Deprecated(text) if self.settings.deprecations => self.display.deprecated(text),
            Event::Error(text) => self.display.error(Sink::Err, text),
            Event::Verbose { level, host, text } => {
                self.display.verbose(self.settings.verbosity, *level, host.as_deref(), text);
            }
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

    fn result(&self, result: &TaskResult) {
        let (word, color) = state(result);
        let host = &result.host;
        let text = |key: &str| result.result.get(key).map(rustible_protocol::repr::str).unwrap_or_default();
        let is_command = COMMANDS.contains(&result.task.resolved.as_str());
        let dumped = || {
            // Indented as anywhere else, then made one line: blanks stay where the indent was.
            let pretty = self.settings.pretty.or(Some(true));
            let always = result.result.get("_ansible_verbose_always").is_some_and(Value::truthy);
            let indented = always || self.settings.verbosity > 2 || self.settings.pretty == Some(true);
            let indentation = if indented { self.settings.indentation } else { 0 };
            let settings = Settings { pretty, indentation, ..self.settings.clone() };
            format!("{host} | {word} => {}", dump(&result.result, &settings).replace('\n', ""))
        };
        let line = match result.status {
            Status::Skipped => format!("{host} | SKIPPED"),
            Status::Unreachable { .. } => format!("{host} | UNREACHABLE!: {}", text("msg")),
            Status::Failed { .. } => {
                if is_command && result.error.is_some() {
                    self.display.line(&spoken(host, "FAILED", &result.result), Some(color));
                }
                dumped()
            }
            Status::Ok if is_command && !result.result.contains_key("ansible_job_id") => {
                spoken(host, word, &result.result)
            }
            Status::Ok => dumped(),
        };
        self.display.of_task(&result.task).line(&line, Some(color));
    }
}

/// A program's output in one line.
fn spoken(host: &str, word: &str, result: &Dict) -> String {
    let text = |key: &str| result.get(key).map(rustible_protocol::repr::str).unwrap_or_default();
    let flat = |key: &str| text(key).replace('\n', "\\n").replace('\r', "\\r");
    let rc = result.get("rc").map_or_else(|| "-1".into(), rustible_protocol::repr::str);
    let err = flat("stderr");
    let err = if err.is_empty() { err } else { format!(" (stderr) {err}") };
    format!("{host} | {word} | rc={rc} | (stdout) {}{err}", flat("stdout"))
}

impl Callback for Oneline {
    fn on(&mut self, event: &Event) {
        match event {
            Event::Result(result) => self.result(result),
            Event::Warning(text) => self.display.warning(text),
            Event::Deprecated(text) if self.settings.deprecations => self.display.deprecated(text),
            Event::Error(text) => self.display.error(Sink::Err, text),
            Event::Verbose { level, host, text } => {
                self.display.verbose(self.settings.verbosity, *level, host.as_deref(), text);
            }
            _ => {}
        }
    }
}
