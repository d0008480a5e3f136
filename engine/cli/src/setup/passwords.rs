//! Passwords of the command line: typed, from files, from scripts.

use std::{
    io::Read,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    process::Command,
};

use rustible_source::Diagnostic;

use super::ask;
use crate::{args::Play, config::Config};

/// What was given for the run.
#[derive(Default)]
pub(super) struct Passwords {
    /// To log in.
    pub(super) connection: Option<String>,
    /// To become another user.
    pub(super) becoming: Option<String>,
}

impl Passwords {
    /// Asks for them, or reads them; listings need none.
    ///
    /// # Errors
    /// When a file cannot be read, a script fails or either gives nothing.
    pub(super) fn of(args: &Play, config: &Config) -> Result<Self, Diagnostic> {
        if args.syntax_check || args.list_tasks || args.list_tags || args.list_hosts && args.adhoc.is_none() {
            return Ok(Self::default());
        }
        let given = &args.connection;
        let file = |path: Option<&PathBuf>, setting: &str| {
            path.cloned().or_else(|| config.paths(setting).into_iter().next())
        };
        let typed = given.ask_pass || config.flag("DEFAULT_ASK_PASS");
        let mut found = Self::default();
        if typed {
            found.connection = ask::typed("SSH password: ")?;
            if found.connection.is_none() {
                return Ok(found);
            }
        } else if let Some(path) = file(given.connection_password_file.as_ref(), "CONNECTION_PASSWORD_FILE") {
            found.connection = Some(from_file(&path)?);
        }
        if given.ask_become_pass || config.flag("DEFAULT_BECOME_ASK_PASS") {
            let method = if config.flag("AGNOSTIC_BECOME_PROMPT") {
                Some("become".to_string())
            } else {
                given.become_method.clone().or_else(|| config.text("DEFAULT_BECOME_METHOD"))
            };
            let method = method.unwrap_or_else(|| "sudo".to_string()).to_uppercase();
            let either = if typed { "[defaults to SSH password]" } else { "" };
            let answer = ask::typed(&format!("{method} password{either}: "))?;
            found.becoming = answer.filter(|answer| !typed || !answer.is_empty());
            if found.becoming.is_none() && typed {
                found.becoming = found.connection.clone();
            }
        } else if let Some(path) = file(given.become_password_file.as_ref(), "BECOME_PASSWORD_FILE") {
            found.becoming = Some(from_file(&path)?);
        }
        Ok(found)
    }
}

/// The text of a file, of standard input (`-`), or what a script says.
fn from_file(path: &Path) -> Result<String, Diagnostic> {
    let shown = std::path::absolute(path).unwrap_or_else(|_| path.to_path_buf());
    let shown = shown.display();
    let told = if path == Path::new("-") {
        let mut told = Vec::new();
        let read = std::io::stdin().lock().read_to_end(&mut told);
        read.map_err(|error| {
            Diagnostic::new(format!("cannot read a password from standard input: {error}"))
        })?;
        told
    } else {
        let Ok(meta) = path.metadata() else {
            return Err(Diagnostic::new(format!("The password file {shown} was not found")));
        };
        if meta.permissions().mode() & 0o111 == 0 {
            std::fs::read(path)
                .map(|text| text.trim_ascii().to_vec())
                .map_err(|error| Diagnostic::new(format!("Could not read password file {shown}: {error}")))?
        } else {
            said(path, &shown)?
        }
    };
    let text = String::from_utf8_lossy(&told).trim_matches(['\r', '\n']).to_string();
    if text.is_empty() {
        return Err(Diagnostic::new(format!("Empty password was provided from file ({shown})")));
    }
    Ok(text)
}

/// What a script says.
fn said(path: &Path, shown: &dyn std::fmt::Display) -> Result<Vec<u8>, Diagnostic> {
    let output = Command::new(std::path::absolute(path).unwrap_or_else(|_| path.to_path_buf())).output();
    let output = output.map_err(|error| {
        Diagnostic::new(format!(
            "Problem occurred when trying to run the password script {shown} ({error}). \
             If this is not a script, remove the executable bit from the file."
        ))
    })?;
    if output.status.success() {
        return Ok(output.stdout);
    }
    let code = output.status.code().unwrap_or(-1);
    let error = String::from_utf8_lossy(&output.stderr);
    Err(Diagnostic::new(format!(
        "The password script {shown} returned an error (rc={code}): {}",
        error.trim_end()
    )))
}
