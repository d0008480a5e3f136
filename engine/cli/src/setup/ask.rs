//! Questions at the terminal.

use std::{
    io::{IsTerminal, Write},
    time::Duration,
};

use super::keys;
use async_trait::async_trait;
use rustible_executor::{Asker, Pause, Step};
use rustible_output::{Display, Sink};
use rustible_playbook::VarsPrompt;
use rustible_protocol::{Text, Value};
use rustible_source::Diagnostic;
use rustix::termios::{LocalModes, OptionalActions, tcgetattr, tcsetattr};

/// The person at the terminal, and where they are told of mistakes.
pub(super) struct Terminal(pub(super) Display);

/// A line that is typed without being shown.
pub(crate) fn password(prompt: &str) -> Result<String, Diagnostic> {
    read(prompt, false)
}

/// The same; `None` when nothing will be typed.
pub(super) fn typed(prompt: &str) -> Result<Option<String>, Diagnostic> {
    reply(prompt, false)
}

/// A line that is typed for all to see.
pub(crate) fn line(prompt: &str) -> Result<String, Diagnostic> {
    read(prompt, true)
}

/// A line as it was typed behind a prompt on standard output; `None` at the end.
pub(crate) fn answered(prompt: &str) -> Option<String> {
    let mut out = std::io::stdout();
    let _shown = out.write_all(prompt.as_bytes()).and_then(|()| out.flush());
    let mut line = String::new();
    match std::io::stdin().read_line(&mut line) {
        Ok(0) | Err(_) => None,
        Ok(_) => Some(line),
    }
}

fn read(prompt: &str, echo: bool) -> Result<String, Diagnostic> {
    reply(prompt, echo)?.ok_or_else(|| Diagnostic::new("nothing was typed: the input has ended"))
}

fn reply(prompt: &str, echo: bool) -> Result<Option<String>, Diagnostic> {
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
        Ok(0) => Ok(None),
        Ok(_) => Ok(Some(line.trim_end_matches(['\n', '\r']).to_string())),
        Err(error) => Err(Diagnostic::new(format!("cannot read what is typed: {error}"))),
    }
}

/// What was typed, twice alike where that is asked for.
fn asked(prompt: &VarsPrompt, text: &str) -> Result<String, Diagnostic> {
    let shown = match &prompt.default {
        Some(value) => format!("{text} [{}]: ", rustible_protocol::json::key_text(value)),
        None => format!("{text}: "),
    };
    loop {
        let answer = read(&shown, !prompt.private)?;
        if !prompt.confirm || read(&format!("confirm {shown}"), !prompt.private)? == answer {
            return Ok(answer);
        }
        let mut out = std::io::stdout();
        let _told = out.write_all(b"***** VALUES ENTERED DO NOT MATCH ****\n").and_then(|()| out.flush());
    }
}

#[async_trait]
impl Asker for Terminal {
    async fn prompt(&self, prompt: &VarsPrompt, text: &str) -> Result<Value, Diagnostic> {
        let mut answer = if std::io::stdin().is_terminal() {
            Some(asked(prompt, text)?)
        } else {
            self.0.warning("Not prompting as we are not in interactive mode");
            None
        };
        if answer.as_ref().is_none_or(String::is_empty)
            && let Some(default) = &prompt.default
        {
            answer = Some(rustible_protocol::json::key_text(default));
        }
        // Nobody's answer is what the reference makes of nothing.
        let mut answer = answer.unwrap_or_else(|| "None".into());
        if let Some(kind) = &prompt.encrypt {
            let size = prompt.salt_size.and_then(|size| usize::try_from(size).ok());
            answer = rustible_template::hashed(&answer, kind, prompt.salt.clone(), size)?;
        }
        Ok(Value::Str(Text::untrusted(answer).with_trust(!prompt.is_unsafe).with_secret(prompt.private)))
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

    async fn line(&self, prompt: &str) -> Option<String> {
        answered(prompt)
    }

    async fn tell(&self, text: &str) {
        self.0.show(Sink::Out, text, None);
    }
}
