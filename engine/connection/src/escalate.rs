//! `sudo`, `su` and `doas`: their command lines, prompts and refusals.
//!
//! A password goes to the program's standard input when it asks, once: a second question means that it was wrong, and
//! asking for more tries would lock accounts. Prompts are recognised on standard error, the texts of the classic and of
//! the Rust `sudo` alike (the latter ignores `-p`).

use crate::{Become, ConnectionError, Method, Target, Transport, args::quote};

/// The prompt that `sudo` is told to show; wrappers of `sudo` on targets know its beginning from the reference.
const PROMPT: &str = "[sudo via ansible] password:";
/// What "password" looks like in a prompt of `su` or of a translated PAM.
const WORDS: &[&str] = &[
    "password",
    "passwort",
    "passphrase",
    "mot de passe",
    "contraseña",
    "contrasenya",
    "senha",
    "parola",
    "пароль",
    "лозинка",
    "パスワード",
    "密码",
    "密碼",
    "口令",
    "암호",
    "wachtwoord",
    "hasło",
    "lösenord",
    "heslo",
    "jelszó",
    "salasana",
    "adgangskode",
    "passord",
    "lykilorð",
    "slaptažodis",
    "parole",
    "pasahitza",
    "סיסמה",
    "aðgangsorð",
];
/// Texts after a wrong password.
const WRONG: &[&str] = &[
    "sorry, try again",
    "authentication failed, try again",
    "incorrect password attempt",
    "authentication failure",
    "authentication failed",
    "incorrect password",
    "maximum 3 incorrect authentication attempts",
];
/// Texts when a password is needed and there is none.
const MISSING: &[&str] =
    &["a password is required", "interactive authentication is required", "authorization required"];
/// How much of the program's text is kept for messages, in bytes.
const KEPT: usize = 4096;

/// The command line that runs `inner` (a shell command) with the wanted rights.
///
/// # Errors
/// When the user's name would be taken for an option, or the method cannot do what is asked.
pub(crate) fn command(escalation: &Become, inner: &str) -> Result<String, ConnectionError> {
    let user = &escalation.user;
    if user.is_empty() || user.starts_with('-') {
        return Err(ConnectionError::Setup(format!("'{user}' is not a user name for become_user")));
    }
    let exe = escalation.exe.as_deref().unwrap_or_else(|| escalation.method.name());
    let has_password = escalation.password.is_some();
    let user = quote(user);
    Ok(match escalation.method {
        Method::Sudo => {
            let flags = escalation.flags.as_deref().unwrap_or("-H -S -n");
            let exe = match &escalation.folder {
                Some(folder) => format!("cd {} && {exe}", quote(folder)),
                None => exe.to_string(),
            };
            if has_password {
                format!("{exe} {} -p {} -u {user} {inner}", asking(flags), quote(PROMPT))
            } else {
                format!("{exe} {flags} -u {user} {inner}")
            }
        }
        Method::Su => {
            let flags = escalation.flags.as_deref().unwrap_or("");
            format!("{exe} {flags} {user} -c {}", quote(inner))
        }
        Method::Doas => {
            if has_password {
                // doas reads from a terminal only, and a terminal changes the bytes of our frames.
                return Err(ConnectionError::Setup(
                    "doas takes a password from a terminal only; use a nopass rule, sudo or su".to_string(),
                ));
            }
            format!("{exe} {} -n -u {user} {inner}", escalation.flags.as_deref().unwrap_or(""))
        }
    })
}

/// The flags of a `sudo` that asks for a password and reads it from its input.
fn asking(flags: &str) -> String {
    let silent = |flag: &&str| matches!(*flag, "-n" | "--non-interactive");
    let mut flags: Vec<String> = flags
        .split_whitespace()
        .filter(|flag| !silent(flag))
        .map(|flag| {
            // Several letters behind one sign: `-Hn`.
            let letters = flag.strip_prefix('-').filter(|rest| !rest.starts_with('-')).unwrap_or_default();
            let end = letters.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(letters.len());
            match letters[..end].rfind('n') {
                Some(at) => format!("-{}{}", &letters[..at], &letters[at + 1..]),
                None => flag.to_string(),
            }
        })
        .collect();
    let reads = |flag: &String| {
        flag == "--stdin" || flag.starts_with('-') && !flag.starts_with("--") && flag.contains('S')
    };
    if !flags.iter().any(reads) {
        flags.push("-S".to_string());
    }
    flags.join(" ")
}

/// What a start writes on standard error, and what to do about it.
pub(crate) struct Watch<'a> {
    escalation: Option<&'a Become>,
    text: String,
    /// Where in `text` the part begins that came after the password was sent.
    answered: Option<usize>,
    /// Standard output so far.
    output: String,
    /// How much of standard output had come when the password was sent, in bytes.
    shown: usize,
    /// Without a machine between: the reference tells then what it waited for and all that was said.
    local: bool,
}

impl<'a> Watch<'a> {
    pub(crate) fn new(escalation: Option<&'a Become>, transport: &Transport) -> Self {
        let local = matches!(transport, Transport::Local);
        Self { escalation, text: String::new(), answered: None, output: String::new(), shown: 0, local }
    }

    /// More text came; the answer is what to send.
    ///
    /// # Errors
    /// When the text says that rights are refused.
    pub(crate) fn errors(&mut self, piece: &[u8]) -> Result<Option<String>, ConnectionError> {
        self.text.push_str(&String::from_utf8_lossy(piece));
        if self.text.len() > 2 * KEPT {
            let wanted = self.text.len() - KEPT;
            let cut = (wanted..).find(|&at| self.text.is_char_boundary(at)).unwrap_or(wanted);
            self.text.drain(..cut);
            self.answered = self.answered.map(|at| at.saturating_sub(cut));
        }
        let Some(escalation) = self.escalation else { return Ok(None) };
        let name = escalation.method.name();
        let new = self.text[self.answered.unwrap_or(0)..].to_lowercase();
        let asked = is_prompt(&new, escalation.prompts.as_deref());
        let says = |known: &[&str]| !self.local && known.iter().any(|text| new.contains(text));
        if self.answered.is_some() && (asked || says(WRONG)) {
            return Err(self.wrong(name));
        }
        if self.answered.is_none() && (asked || says(MISSING)) {
            return match &escalation.password {
                Some(password) if asked => {
                    self.answered = Some(self.text.len());
                    Ok(Some(format!("{}\n", password.reveal())))
                }
                _ => Err(ConnectionError::Become(format!("Missing {name} password"))),
            };
        }
        Ok(None)
    }

    /// All that standard output holds so far; the answer is what to send. Wrappers of `sudo` may ask there, with the
    /// prompt that they are told to show.
    ///
    /// # Errors
    /// When the password is asked for again.
    pub(crate) fn output(&mut self, all: &[u8]) -> Result<Option<String>, ConnectionError> {
        let Some(escalation) = self.escalation else { return Ok(None) };
        self.output = String::from_utf8_lossy(all).into_owned();
        let new = all.get(self.shown..).unwrap_or_default();
        if !new.trim_ascii_end().ends_with(PROMPT.as_bytes()) {
            return Ok(None);
        }
        match &escalation.password {
            Some(password) if self.answered.is_none() => {
                (self.answered, self.shown) = (Some(self.text.len()), all.len());
                Ok(Some(format!("{}\n", password.reveal())))
            }
            _ => Err(self.wrong(escalation.method.name())),
        }
    }

    fn wrong(&self, name: &str) -> ConnectionError {
        ConnectionError::Become(if self.local {
            self.waited("Duplicate become password prompt encountered")
        } else {
            format!("Incorrect {name} password")
        })
    }

    /// What was waited for in vain, and all that was said meanwhile.
    fn waited(&self, reason: &str) -> String {
        let mut text = format!("{reason} waiting for become success");
        let may_ask = self.escalation.is_some_and(|escalation| escalation.password.is_some());
        if may_ask && self.answered.is_none() {
            text.push_str(" or become password prompt");
        }
        text.push('.');
        for (name, said) in [("Output", &self.output), ("Error", &self.text)] {
            if !said.is_empty() {
                text.push_str(&format!("\n>>> Standard {name}\n{}", said.trim_end_matches('\n')));
            }
        }
        text
    }

    /// Time is up; what the reference says when a prompt was not understood.
    pub(crate) fn impatient(&self, target: &Target) -> Option<ConnectionError> {
        self.escalation.map(|_| {
            let text = self.text.trim();
            ConnectionError::Waited(match target.transport {
                Transport::Local => self.waited("Timed out"),
                _ => format!(
                    "Timeout ({}s) waiting for privilege escalation prompt: {text}",
                    target.timeout.as_secs()
                ),
            })
        })
    }

    /// The command ended without an agent.
    pub(crate) fn ended(&self, host: &str, code: Option<i32>) -> ConnectionError {
        let text = self.text.replace('\r', "");
        let text = text.trim();
        let Some(escalation) = self.escalation else {
            return not_started(host, code, text);
        };
        if self.local {
            return ConnectionError::Become(self.waited("Premature end of stream"));
        }
        let name = escalation.method.name();
        let low = text.to_lowercase();
        if WRONG.iter().any(|known| low.contains(known)) {
            let which = if self.answered.is_some() { "Incorrect" } else { "Missing" };
            return ConnectionError::Become(format!("{which} {name} password"));
        }
        if text.is_empty() {
            let code = code.map_or_else(|| "no status".to_string(), |code| format!("status {code}"));
            return ConnectionError::Become(format!("{name} on {host} ended with {code}"));
        }
        ConnectionError::Become(text.to_string())
    }
}

fn not_started(host: &str, code: Option<i32>, text: &str) -> ConnectionError {
    match code {
        // The system's ssh ends so when it has no connection.
        Some(255) if text.contains("Permission denied (") => ConnectionError::Auth(text.to_string()),
        Some(255) if !text.is_empty() => ConnectionError::Unreachable(text.to_string()),
        Some(code) => ConnectionError::Bootstrap(format!(
            "The agent cannot be started on {host}: the shell ended with status {code}: {text}"
        )),
        None => {
            ConnectionError::Lost(format!("The connection to {host} was lost while the agent was started"))
        }
    }
}

/// Whether the text, in small letters, ends in a question for a password.
fn is_prompt(text: &str, prompts: Option<&[String]>) -> bool {
    let line = text.rsplit('\n').next().unwrap_or_default().trim();
    let asks = line.ends_with([':', '：']) || line.ends_with("> ");
    asks && match prompts {
        Some(prompts) => prompts.iter().any(|word| line.contains(&word.to_lowercase())),
        None => WORDS.iter().any(|word| line.contains(word)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Secret;

    fn ssh() -> Transport {
        Transport::Ssh(crate::SshOptions::default())
    }

    fn with(method: Method, password: Option<&str>) -> Become {
        let password = password.map(Secret::new);
        let user = "root".into();
        Become {
            method,
            user,
            exe: None,
            flags: None,
            folder: None,
            password,
            prompts: None,
            preamble: false,
        }
    }

    #[test]
    fn a_password_is_given_once_and_a_second_question_means_that_it_was_wrong() {
        let escalation = with(Method::Sudo, Some("s3"));
        let mut watch = Watch::new(Some(&escalation), &ssh());
        assert_eq!(watch.errors(b"We trust you have received the usual lecture.\n").unwrap(), None);
        assert_eq!(watch.errors(PROMPT.as_bytes()).unwrap().as_deref(), Some("s3\n"));
        assert_eq!(watch.errors(b"\n").unwrap(), None);
        let refused = watch.errors(b"[sudo: authenticate] Password: ").unwrap_err();
        assert_eq!(refused.to_string(), "Incorrect sudo password");
    }

    #[test]
    fn a_question_without_a_password_is_a_missing_one() {
        for text in ["sudo: a password is required\n", "[sudo: authenticate] Password: ", "Passwort: "] {
            let escalation = with(Method::Sudo, None);
            let refused = Watch::new(Some(&escalation), &ssh()).errors(text.as_bytes()).unwrap_err();
            assert_eq!(refused.to_string(), "Missing sudo password", "{text}");
        }
    }

    #[test]
    fn a_prompt_behind_a_long_lecture_is_still_a_prompt() {
        let escalation = with(Method::Sudo, Some("s3"));
        let mut watch = Watch::new(Some(&escalation), &ssh());
        for _ in 0..500 {
            assert_eq!(watch.errors("Große Macht, große Verantwortung.\n".as_bytes()).unwrap(), None);
        }
        assert_eq!(watch.errors("Passwort: ".as_bytes()).unwrap().as_deref(), Some("s3\n"));
    }

    #[test]
    fn a_user_that_looks_like_an_option_is_refused() {
        for (flags, asks) in [
            ("-H -S -n", "-H -S"),
            ("-HSn", "-HS"),
            ("--set-home --stdin --non-interactive --x n", "--set-home --stdin --x n"),
            ("-E", "-E -S"),
        ] {
            assert_eq!(asking(flags), asks);
        }
        let elsewhere = Become { folder: Some("/a b".into()), ..with(Method::Sudo, None) };
        assert_eq!(command(&elsewhere, "true").unwrap(), "cd '/a b' && sudo -H -S -n -u root true");
        let escalation = Become { user: "-s".into(), ..with(Method::Su, None) };
        assert!(command(&escalation, "true").is_err());
        let quoted = command(&with(Method::Su, Some("x")), "echo 'a b'").unwrap();
        assert_eq!(quoted, r"su  root -c 'echo '\''a b'\'''");
    }
}
