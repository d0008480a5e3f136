//! What is run over connections, told to those who want to see it.

use std::sync::{Arc, OnceLock};

use crate::{SshOptions, args::quote};

/// Takes what is done: from how many `-v` on it is shown, the machine's name, the text.
pub type Tell = Arc<dyn Fn(u8, &str, &str) + Send + Sync>;

/// Tells what happens on one machine.
#[derive(Clone)]
pub(crate) struct Teller {
    told: Arc<OnceLock<Tell>>,
    host: String,
}

impl Teller {
    pub(crate) fn new(told: &Arc<OnceLock<Tell>>, host: &str) -> Self {
        Self { told: told.clone(), host: host.to_string() }
    }

    fn tell(&self, text: &str) {
        if let Some(tell) = self.told.get() {
            tell(3, &self.host, text);
        }
    }

    /// A connection to this machine by the one who runs us.
    pub(crate) fn local(&self, user: &str) {
        self.tell(&format!("ESTABLISH LOCAL CONNECTION FOR USER: {user}"));
    }

    /// A connection over SSH.
    pub(crate) fn ssh(&self, options: &SshOptions) {
        let user = options.user.as_deref().unwrap_or("None");
        self.tell(&format!("ESTABLISH SSH CONNECTION FOR USER: {user}"));
    }

    /// A shell command over there.
    pub(crate) fn exec(&self, command: &str) {
        self.tell(&format!("EXEC {command}"));
    }

    /// A program of this machine that carries a command.
    pub(crate) fn carried(&self, words: &[String]) {
        let line: Vec<String> = words.iter().map(|word| quote(word)).collect();
        self.tell(&format!("SSH: EXEC {}", line.join(" ")));
    }
}
