//! Lines for the console: with history and completion at a terminal, plain otherwise.

use std::{io::IsTerminal, path::PathBuf};

use rustyline::{
    Config, Context, Editor, Helper, completion::Completer, error::ReadlineError, highlight::Highlighter,
    hint::Hinter, history::DefaultHistory, validate::Validator,
};

/// Where lines come from.
pub(super) enum Input {
    /// A person.
    Terminal(Box<Editor<Words, DefaultHistory>>),
    /// A file or a pipe.
    Plain,
}

/// What the first word of a line can be.
pub(super) struct Words(Vec<String>);

impl Input {
    /// The program's input; `words` are offered for the first word of a line.
    pub(super) fn new(words: &[String]) -> Self {
        if !std::io::stdin().is_terminal() || !std::io::stdout().is_terminal() {
            return Self::Plain;
        }
        let config = Config::builder().auto_add_history(true).build();
        let Ok(mut editor) = Editor::with_config(config) else { return Self::Plain };
        editor.set_helper(Some(Words(words.to_vec())));
        if let Some(file) = history() {
            // The first time there is none.
            let _none = editor.load_history(&file);
        }
        Self::Terminal(Box::new(editor))
    }

    /// The next line; `None` at the end. A line that is broken off is empty.
    pub(super) fn line(&mut self, prompt: &str) -> Option<String> {
        match self {
            Self::Terminal(editor) => match editor.readline(prompt) {
                Ok(line) => Some(line),
                Err(ReadlineError::Interrupted) => Some(String::new()),
                Err(_) => None,
            },
            Self::Plain => crate::setup::answered(prompt),
        }
    }

    /// Keep the lines for the next time.
    pub(super) fn keep(&mut self) {
        if let Self::Terminal(editor) = self
            && let Some(file) = history()
        {
            let _kept = editor.save_history(&file);
        }
    }
}

/// The file with what was typed.
fn history() -> Option<PathBuf> {
    std::env::var_os("HOME").map(|home| PathBuf::from(home).join(".ansible-console_history"))
}

impl Completer for Words {
    type Candidate = String;

    fn complete(&self, line: &str, at: usize, _: &Context<'_>) -> rustyline::Result<(usize, Vec<String>)> {
        let typed = line.get(..at).unwrap_or(line);
        if typed.contains(' ') {
            return Ok((at, Vec::new()));
        }
        Ok((0, self.0.iter().filter(|word| word.starts_with(typed)).cloned().collect()))
    }
}
impl Hinter for Words {
    type Hint = String;
}
impl Highlighter for Words {}
impl Validator for Words {}
impl Helper for Words {}
