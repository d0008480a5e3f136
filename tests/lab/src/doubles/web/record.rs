//! The record of a site's requests: what a checker reads afterwards. Secrets are masked before they are kept.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{SystemTime, UNIX_EPOCH};

use anyhow::{Context, Result};
use serde::{Deserialize, Serialize};

/// What stands in the place of a secret.
const MASK: &str = "********";

/// One request and its outcome.
#[derive(Clone, Debug, Serialize, Deserialize, PartialEq, Eq)]
pub struct Entry {
    /// Milliseconds since 1970.
    pub at: u64,
    /// Who asked, as an address without port.
    pub peer: String,
    /// The method.
    pub method: String,
    /// The host name asked.
    pub host: String,
    /// The path, decoded.
    pub path: String,
    /// The parameters of query and body, secrets masked.
    pub params: Vec<(String, String)>,
    /// Names of parameters in the URL that hold secrets: a client must never have one.
    pub secrets_in_url: Vec<String>,
    /// The status that was answered; 0 when the connection was reset instead.
    pub status: u16,
    /// The fault that was injected, if any.
    pub fault: Option<String>,
}

impl Entry {
    /// Whether this request may have changed something: any method but GET, HEAD and OPTIONS. Logging in and asking whether
    /// somebody is there are no changes.
    pub fn writes(&self) -> bool {
        const HARMLESS: &[&str] = &["/access/ticket", "/oauth/token", "/agent/ping"];
        !matches!(self.method.as_str(), "GET" | "HEAD" | "OPTIONS")
            && !HARMLESS.iter().any(|ending| self.path.ends_with(ending))
    }

    /// The first value of the parameter `name`.
    pub fn param(&self, name: &str) -> Option<&str> {
        self.params.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }
}

/// Where a site notes what it read from a request's body.
#[derive(Clone, Default)]
pub struct Note(Arc<Mutex<Vec<(String, String)>>>);

impl Note {
    /// Adds one parameter.
    pub fn param(&self, name: &str, value: &str) {
        locked(&self.0).push((name.to_owned(), value.to_owned()));
    }

    /// Everything noted so far.
    pub(super) fn take(&self) -> Vec<(String, String)> {
        std::mem::take(&mut *locked(&self.0))
    }
}

/// All requests of one site, in memory and, if asked, line by line as JSON in a file.
#[derive(Default)]
pub struct Record {
    entries: Mutex<Vec<Entry>>,
    file: Option<PathBuf>,
}

impl Record {
    /// A record that is also appended to `file`, one JSON object a line, so that another process can read it.
    pub fn in_file(file: &Path) -> Self {
        Self { entries: Mutex::default(), file: Some(file.to_path_buf()) }
    }

    /// Reads a record's file. Errors when it is there and is not a record.
    pub fn read_file(file: &Path) -> Result<Vec<Entry>> {
        let text = match std::fs::read_to_string(file) {
            Ok(text) => text,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
            Err(error) => return Err(error).with_context(|| format!("cannot read {}", file.display())),
        };
        text.lines()
            .map(|line| {
                serde_json::from_str(line).with_context(|| format!("{}: not a record", file.display()))
            })
            .collect()
    }

    /// Every request so far, oldest first.
    pub fn entries(&self) -> Vec<Entry> {
        locked(&self.entries).clone()
    }

    /// The requests that may have changed something.
    pub fn writes(&self) -> Vec<Entry> {
        locked(&self.entries).iter().filter(|entry| entry.writes()).cloned().collect()
    }

    /// Forgets everything, the file included.
    pub fn clear(&self) {
        locked(&self.entries).clear();
        if let Some(file) = &self.file {
            // A file that is not there is as good as an empty one.
            let _gone = std::fs::remove_file(file);
        }
    }

    pub(super) fn add(&self, mut entry: Entry) {
        for (name, value) in &mut entry.params {
            if is_secret(name) {
                MASK.clone_into(value);
            }
        }
        if let Some(file) = &self.file
            && let Err(error) = append(file, &entry)
        {
            entry.fault = Some(format!("{} (record file: {error})", entry.fault.unwrap_or_default()));
        }
        locked(&self.entries).push(entry);
    }
}

fn append(file: &Path, entry: &Entry) -> std::io::Result<()> {
    let mut line = serde_json::to_vec(entry)?;
    line.push(b'\n');
    std::fs::OpenOptions::new().create(true).append(true).open(file)?.write_all(&line)
}

/// Whether a parameter of this name is secret in the interfaces that the lab doubles.
pub(super) fn is_secret(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    ["password", "passwd", "secret", "token", "otp", "ticket", "private"]
        .iter()
        .any(|word| name.contains(word))
}

pub(super) fn now() -> u64 {
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .ok()
        .and_then(|since| u64::try_from(since.as_millis()).ok())
        .unwrap_or_default()
}

/// A lock's content even if another thread died while holding it: the data are plain lists.
pub(crate) fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
