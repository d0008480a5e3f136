//! Commands on the target.

use std::{
    ffi::OsString,
    io::{self, Read, Write},
    os::unix::process::{CommandExt, ExitStatusExt},
    path::{Path, PathBuf},
    process::{Child, Stdio},
    sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel},
    thread,
    time::Duration,
};

use crate::{Failure, Host, Result};

/// How long output may be silent once its command has ended while something it left behind holds the pipe.
const SILENCE: Duration = Duration::from_secs(1);

/// Starts a program with at most so many open files, or as many as the system lets it have.
const LIMITED: &str =
    r#"ulimit -S -n "$0" 2>/dev/null || ulimit -S -n "$(ulimit -H -n)" 2>/dev/null; exec "$@""#;

/// A command: a program and its arguments, no shell.
#[derive(Debug, Clone, Default)]
pub struct Command {
    /// Program and arguments.
    pub argv: Vec<String>,
    /// Folder it runs in.
    pub cwd: Option<PathBuf>,
    /// Variables on top of the task's.
    pub env: Vec<(String, String)>,
    /// What it reads.
    pub stdin: Option<Vec<u8>>,
}

impl Command {
    /// A program with arguments.
    #[must_use]
    pub fn new<S: Into<String>>(argv: impl IntoIterator<Item = S>) -> Self {
        Self { argv: argv.into_iter().map(Into::into).collect(), ..Self::default() }
    }
    /// One more argument.
    #[must_use]
    pub fn arg(mut self, arg: impl Into<String>) -> Self {
        self.argv.push(arg.into());
        self
    }
    /// More arguments.
    #[must_use]
    pub fn args<S: Into<String>>(mut self, args: impl IntoIterator<Item = S>) -> Self {
        self.argv.extend(args.into_iter().map(Into::into));
        self
    }
    /// A variable of its environment.
    #[must_use]
    pub fn env(mut self, name: &str, value: impl Into<String>) -> Self {
        self.env.push((name.to_string(), value.into()));
        self
    }
    /// Messages in English, whatever the target speaks.
    #[must_use]
    pub fn plain_language(self) -> Self {
        ["LANG", "LC_ALL", "LC_MESSAGES", "LC_CTYPE"]
            .iter()
            .fold(self, |command, name| command.env(name, "C"))
    }
    /// The folder it runs in.
    #[must_use]
    pub fn dir(mut self, cwd: impl Into<PathBuf>) -> Self {
        self.cwd = Some(cwd.into());
        self
    }
    /// What it reads.
    #[must_use]
    pub fn stdin(mut self, bytes: impl Into<Vec<u8>>) -> Self {
        self.stdin = Some(bytes.into());
        self
    }
}

/// What a command came to.
#[derive(Debug, Clone, Default)]
pub struct Output {
    /// Exit status; minus the number of the signal that ended it.
    pub rc: i32,
    /// What it wrote.
    pub stdout: String,
    /// What it wrote on standard error.
    pub stderr: String,
}

impl Output {
    /// Whether it ended with 0.
    #[must_use]
    pub fn ok(&self) -> bool {
        self.rc == 0
    }
    /// It, or a failure with that message and `rc`, `stdout`, `stderr`.
    ///
    /// # Errors
    /// When it did not end with 0.
    pub fn or_fail(self, msg: impl FnOnce(&Self) -> String) -> Result<Self> {
        if self.ok() { Ok(self) } else { Err(self.failure(msg(&self))) }
    }
    /// A failure with that message and `rc`, `stdout`, `stderr`.
    #[must_use]
    pub fn failure(&self, msg: impl Into<String>) -> Failure {
        Failure::new(msg)
            .with("rc", self.rc)
            .with("stdout", self.stdout.as_str())
            .with("stderr", self.stderr.as_str())
    }
}

impl Host {
    /// Run a command that only looks; also in check mode.
    ///
    /// # Errors
    /// When it cannot be started, or the call is ended. Its exit status is the caller's to judge.
    pub fn query(&self, command: &Command) -> Result<Output> {
        self.still_wanted()?;
        if let Some(script) = self.script() {
            return script.answer(command);
        }
        let failed = |e: io::Error| {
            let name = command.argv.first().map_or("", String::as_str);
            let words: Vec<String> = command.argv.iter().map(|word| quote(word)).collect();
            let cause = format!("Error executing command: {}: b'{name}'", crate::outcome::errno_text(&e));
            Failure::new("Error executing command.")
                .with("_ansible_rustible_error", cause)
                .with("rc", e.raw_os_error().unwrap_or(257))
                .with("cmd", words.join(" "))
                .with("stdout", "")
                .with("stderr", "")
        };
        self.spawn(command).map_err(failed)
    }

    /// Run a command that changes the target: marks the change, and does not run it in check mode (an empty success).
    ///
    /// # Errors
    /// As [`Host::query`].
    pub fn change(&mut self, command: &Command) -> Result<Output> {
        let output = if self.check_mode() { Output::default() } else { self.query(command)? };
        self.mark_changed();
        Ok(output)
    }

    /// Where a program is, looked for in `PATH` and the folders of the system's own programs.
    #[must_use]
    pub fn find_program(&self, name: &str) -> Option<PathBuf> {
        if let Some(script) = self.script() {
            return script.knows(name).then(|| PathBuf::from(name));
        }
        let path = self.env("PATH").unwrap_or_default();
        let folders = path.split(':').chain(["/sbin", "/usr/sbin", "/usr/local/sbin", "/bin", "/usr/bin"]);
        if name.contains('/') {
            return Self::is_program(Path::new(name)).then(|| PathBuf::from(name));
        }
        folders
            .filter(|folder| !folder.is_empty())
            .map(|f| Path::new(f).join(name))
            .find(|p| Self::is_program(p))
    }

    /// Where a program must be.
    ///
    /// # Errors
    /// When it is not there.
    pub fn need_program(&self, name: &str) -> Result<String> {
        match self.find_program(name) {
            Some(path) => Ok(path.to_string_lossy().into_owned()),
            None => {
                let path = self.env("PATH").unwrap_or_default();
                Err(Failure::new(format!("Failed to find required executable \"{name}\" in paths: {path}")))
            }
        }
    }

    /// Programs are the system's own, also where a folder stands for `/`.
    #[expect(clippy::disallowed_methods, reason = "the door itself")]
    fn is_program(path: &Path) -> bool {
        use std::os::unix::fs::PermissionsExt;
        std::fs::metadata(path).is_ok_and(|m| m.is_file() && m.permissions().mode() & 0o111 != 0)
    }

    /// Whether a program can be started: what cannot fails as it does without a limit.
    fn is_there(&self, program: &str, cwd: Option<&Path>) -> bool {
        match cwd {
            Some(cwd) if program.contains('/') => Self::is_program(&self.at(cwd).join(program)),
            _ => self.find_program(program).is_some(),
        }
    }

    #[expect(clippy::disallowed_methods, reason = "the door itself")]
    fn spawn(&self, command: &Command) -> io::Result<Output> {
        let none = || io::Error::new(io::ErrorKind::InvalidInput, "no command given");
        let (program, arguments) = command.argv.split_first().ok_or_else(none)?;
        let mut process = std::process::Command::new(OsString::from(program));
        if self.open_files > 0 && self.is_there(program, command.cwd.as_deref()) {
            process = std::process::Command::new("/bin/sh");
            process.args(["-c", LIMITED, &self.open_files.to_string()]).arg(program);
        }
        process.args(arguments);
        process.envs(self.task_environment().iter().map(|(k, v)| (k, v)));
        process.envs(command.env.iter().map(|(k, v)| (k, v)));
        if let Some(cwd) = &command.cwd {
            process.current_dir(self.at(cwd));
        }
        process.stdin(if command.stdin.is_some() { Stdio::piped() } else { Stdio::null() });
        process.stdout(Stdio::piped()).stderr(Stdio::piped()).process_group(0);
        let mut child = process.spawn()?;
        let _running = self.cancel().started(child.id());
        if self.cancel().is_cancelled() {
            let _ = child.kill();
        }
        if let (Some(mut input), Some(bytes)) = (child.stdin.take(), command.stdin.clone()) {
            // A command that does not read all of it has seen enough.
            thread::Builder::new().spawn(move || drop(input.write_all(&bytes)))?;
        }
        let (sender, receiver) = channel();
        if let Some(out) = child.stdout.take() {
            pump(out, false, sender.clone())?;
        }
        if let Some(err) = child.stderr.take() {
            pump(err, true, sender)?;
        }
        collect(&mut child, &receiver)
    }
}

type Piece = (bool, Vec<u8>);

fn pump(mut from: impl Read + Send + 'static, is_err: bool, to: Sender<Piece>) -> io::Result<()> {
    let work = move || {
        let mut buffer = vec![0; 32 * 1024];
        while let Ok(size) = from.read(&mut buffer) {
            let piece = buffer.get(..size).unwrap_or_default().to_vec();
            if size == 0 || to.send((is_err, piece)).is_err() {
                return;
            }
        }
    };
    thread::Builder::new().spawn(work).map(drop)
}

fn collect(child: &mut Child, pieces: &Receiver<Piece>) -> io::Result<Output> {
    let (mut stdout, mut stderr) = (Vec::new(), Vec::new());
    let status = child.wait()?;
    loop {
        match pieces.recv_timeout(SILENCE) {
            Ok((true, piece)) => stderr.extend(piece),
            Ok((false, piece)) => stdout.extend(piece),
            Err(RecvTimeoutError::Disconnected | RecvTimeoutError::Timeout) => break,
        }
    }
    let rc = status.code().unwrap_or_else(|| -status.signal().unwrap_or(1));
    let text = |bytes: Vec<u8>| String::from_utf8_lossy(&bytes).into_owned();
    Ok(Output { rc, stdout: text(stdout), stderr: text(stderr) })
}

/// A text split as a POSIX shell splits words (Python's `shlex.split`).
///
/// # Errors
/// When a quote is not closed, or nothing is escaped.
pub fn split(text: &str) -> Result<Vec<String>, String> {
    let (mut words, mut word, mut quote, mut any) = (Vec::new(), String::new(), None, false);
    let mut chars = text.chars();
    while let Some(c) = chars.next() {
        match (c, quote) {
            ('\\', None) => {
                word.push(chars.next().ok_or("No escaped character")?);
                any = true;
            }
            ('\\', Some('"')) => match chars.next() {
                Some(next @ ('"' | '\\')) => word.push(next),
                Some(next) => word.extend(['\\', next]),
                None => return Err("No closing quotation".to_string()),
            },
            (c, Some(open)) if c == open => quote = None,
            (c, Some(_)) => word.push(c),
            ('\'' | '"', None) => {
                quote = Some(c);
                any = true;
            }
            (c, None) if c.is_whitespace() => {
                if any {
                    words.push(std::mem::take(&mut word));
                    any = false;
                }
            }
            (c, None) => {
                word.push(c);
                any = true;
            }
        }
    }
    if quote.is_some() {
        return Err("No closing quotation".to_string());
    }
    if any {
        words.push(word);
    }
    Ok(words)
}

/// A word as a shell reads it back (Python's `shlex.quote`).
#[must_use]
pub fn quote(word: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "@%+=:,./-_".contains(c);
    if !word.is_empty() && word.chars().all(plain) {
        return word.to_string();
    }
    format!("'{}'", word.replace('\'', "'\"'\"'"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_split_as_a_shell_does() {
        assert_eq!(split("a 'b c' \"d\\\"e\" f\\ g ''").unwrap(), ["a", "b c", "d\"e", "f g", ""]);
        assert!(split("a 'b").is_err());
    }

    #[test]
    fn programs_may_have_as_many_open_files_as_the_call_says_and_the_system_lets() {
        let asked = |open_files, script: &str| {
            let call = crate::Call { open_files, ..crate::Call::default() };
            let host = Host::new(&call, crate::HostContext::default());
            host.query(&Command::new(["sh", "-c", script, "zero", "a b"])).unwrap().stdout
        };
        assert_eq!(asked(57, "ulimit -S -n; echo $1"), "57\na b\n");
        let unlimited = asked(0, "ulimit -S -n");
        assert_ne!(unlimited, "57\n");
        let most = asked(0, "ulimit -H -n");
        assert_eq!(asked(1 << 40, "ulimit -S -n"), most);
        let call = crate::Call { open_files: 57, ..crate::Call::default() };
        let host = Host::new(&call, crate::HostContext::default());
        assert!(host.query(&Command::new(["/not/there"])).is_err());
    }

    #[test]
    fn a_command_that_leaves_a_process_behind_does_not_hold_the_call() {
        let host = Host::new(&crate::Call::default(), crate::HostContext::default());
        let begun = std::time::Instant::now();
        let out = host.query(&Command::new(["sh", "-c", "sleep 20 & echo hi"])).unwrap();
        assert_eq!((out.rc, out.stdout.as_str()), (0, "hi\n"));
        assert!(begun.elapsed() < Duration::from_secs(10));
    }
}
