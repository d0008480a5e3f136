//! Questions at the terminal.

use std::{
    io::{IsTerminal, Write},
    time::Duration,
};

use super::keys;
use async_trait::async_trait;
use rustible_executor::{Asker, Pause, Step};
use rustible_playbook::VarsPrompt;
use rustible_protocol::{Text, Value};
use rustible_source::{Diagnostic, Kind};
use rustix::termios::{LocalModes, OptionalActions, tcgetattr, tcsetattr};

/// The person at the terminal.
pub(super) struct Terminal;

/// A line that is typed without being shown.
pub(crate) fn password(prompt: &str) -> Result<String, Diagnostic> {
    read(prompt, false)
}

/// A line that is typed for all to see.
pub(crate) fn line(prompt: &str) -> Result<String, Diagnostic> {
    read(prompt, true)
}

fn read(prompt: &str, echo: bool) -> Result<String, Diagnostic> {
    let mut err = std::io::stderr();
    let _shown = err.write_all(prompt.as_bytes()).and_then(|()| err.flush());
    let stdin = std::io::stdin();
    let before = if echo || !stdin.is_terminal() { None } else { tcgetattr(&stdin).ok() };
    if let Some(before) = &before {
        let mut quiet = before.clone();
        quiet.local_modes.remove(LocalModes::ECHO);
        let _hidden = tcsetattr(&stdin, OptionalActions::Flush, &quiet);
    }
    let mut line = String::new();
    let outcome = stdin.read_line(&mut line);
    if let Some(before) = &before {
        let _restored = tcsetattr(&stdin, OptionalActions::Flush, before);
        let _newline = err.write_all(b"\n");
    }
    match outcome {
        Ok(0) => Err(Diagnostic::new("nothing was typed: the input has ended")),
        Ok(_) => Ok(line.trim_end_matches(['\n', '\r']).to_string()),
        Err(error) => Err(Diagnostic::new(format!("cannot read what is typed: {error}"))),
    }
}

#[async_trait]
impl Asker for Terminal {
    async fn prompt(&self, prompt: &VarsPrompt, text: &str) -> Result<Value, Diagnostic> {
        if prompt.encrypt.is_some() {
            return Err(Diagnostic::new(format!(
                "vars_prompt '{}': 'encrypt' is not supported by rustible",
                prompt.name
            ))
            .of_kind(Kind::Parse));
        }
        let default = prompt.default.clone();
        if !std::io::stdin().is_terminal() {
            return Ok(default.unwrap_or_else(|| Value::str("")));
        }
        let shown = match &default {
            Some(value) => format!("{text} [{}]: ", rustible_protocol::json::key_text(value)),
            None => format!("{text}: "),
        };
        loop {
            let answer = read(&shown, !prompt.private)?;
            if answer.is_empty()
                && let Some(default) = default
            {
                return Ok(default);
            }
            if prompt.confirm && read(&format!("confirm {shown}"), !prompt.private)? != answer {
                continue;
            }
            return Ok(Value::Str(
                Text::untrusted(answer).with_trust(!prompt.is_unsafe).with_secret(prompt.private),
            ));
        }
    }

    async fn step(&self, task: &str) -> Step {
        match read(&format!("Perform task: TASK: {task} (N)o/(y)es/(c)ontinue: "), true) {
            Ok(answer) => match answer.trim().to_lowercase().as_str() {
                "y" | "yes" => Step::Yes,
                "c" | "continue" => Step::Continue,
                _ => Step::No,
            },
            Err(_) => Step::No,
        }
    }

    async fn pause(&self, prompt: &str, echo: bool, limit: Option<Duration>) -> Pause {
        if !std::io::stdin().is_terminal() {
            return Pause::Nobody;
        }
        keys::pause(prompt, echo, limit)
    }
}
