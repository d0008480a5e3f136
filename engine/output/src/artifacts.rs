//! A folder for each run, as job runners keep it: command, text, status, events, and a stream of our own.

use std::{
    fs::{self, File, OpenOptions},
    io::{self, Write},
    os::unix::fs::{DirBuilderExt, OpenOptionsExt},
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError},
};

use rustible_protocol::{
    Dict, Value,
    event::{Callback, Event},
    json::{self, Style},
};

use crate::{
    jobs::{JobEvent, Jobs},
    redact::Redactor,
};

/// How a run ended, for the `status` file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// It runs.
    Running,
    /// Status 0.
    Successful,
    /// Any other status.
    Failed,
    /// Interrupted.
    Canceled,
}

/// Writes the folder. Clones share it.
#[derive(Clone)]
pub struct Artifacts(Arc<Mutex<Inner>>);

struct Inner {
    folder: PathBuf,
    ident: String,
    stream: File,
    text: File,
    redactor: Redactor,
    counter: u64,
    lines: u64,
    printed: String,
    jobs: Jobs,
}

impl Artifacts {
    /// Begin a folder for this run below `base`; `command` is what was asked, as it may be shown.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn begin(base: &Path, ident: &str, command: &[String], redactor: Redactor) -> io::Result<Self> {
        let folder = base.join(ident);
        fs::DirBuilder::new().recursive(true).mode(0o700).create(folder.join("job_events"))?;
        let mut described = Dict::new();
        described.insert(
            "command",
            command.iter().map(|word| Value::from(redactor.mask(word).as_ref())).collect::<Vec<_>>(),
        );
        described.insert("cwd", std::env::current_dir().unwrap_or_default().display().to_string());
        save(&folder.join("command"), &json::dumps(&Value::Dict(described)))?;
        let stream = private(&folder.join("rustible.jsonl"))?;
        let text = private(&folder.join("stdout"))?;
        drop(private(&folder.join("stderr"))?);
        let artifacts = Self(Arc::new(Mutex::new(Inner {
            folder,
            ident: ident.to_string(),
            stream,
            text,
            redactor,
            counter: 0,
            lines: 0,
            printed: String::new(),
            jobs: Jobs::default(),
        })));
        artifacts.status(Outcome::Running)?;
        Ok(artifacts)
    }

    fn inner(&self) -> std::sync::MutexGuard<'_, Inner> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A stream that keeps what is printed, for the display to write to beside the terminal.
    #[must_use]
    pub fn tee(&self, to: Box<dyn Write + Send>) -> Box<dyn Write + Send> {
        Box::new(Tee { artifacts: self.clone(), to })
    }

    fn status(&self, outcome: Outcome) -> io::Result<()> {
        let word = match outcome {
            Outcome::Running => "running",
            Outcome::Successful => "successful",
            Outcome::Failed => "failed",
            Outcome::Canceled => "canceled",
        };
        save(&self.inner().folder.join("status"), word)
    }

    /// The run ended with that status.
    ///
    /// # Errors
    /// When the files cannot be written.
    pub fn end(&self, rc: i32, canceled: bool) -> io::Result<()> {
        save(&self.inner().folder.join("rc"), &rc.to_string())?;
        self.status(match (canceled, rc) {
            (true, _) => Outcome::Canceled,
            (false, 0) => Outcome::Successful,
            _ => Outcome::Failed,
        })
    }
}

/// What is printed goes to the terminal and into the run's text.
struct Tee {
    artifacts: Artifacts,
    to: Box<dyn Write + Send>,
}

impl Write for Tee {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.to.write_all(bytes)?;
        let mut inner = self.artifacts.inner();
        // The terminal may show what the files may not.
        let kept = inner.redactor.mask(&String::from_utf8_lossy(bytes)).into_owned();
        inner.text.write_all(kept.as_bytes())?;
        inner.printed.push_str(&kept);
        Ok(bytes.len())
    }
    fn flush(&mut self) -> io::Result<()> {
        self.to.flush()
    }
}

fn private(path: &Path) -> io::Result<File> {
    OpenOptions::new().create(true).write(true).truncate(true).mode(0o600).open(path)
}

/// Write a file in one step: a reader sees all of it or nothing.
pub(crate) fn save(path: &Path, text: &str) -> io::Result<()> {
    let mut temporary = path.as_os_str().to_os_string();
    temporary.push(".tmp");
    let temporary = PathBuf::from(temporary);
    private(&temporary)?.write_all(text.as_bytes())?;
    fs::rename(temporary, path)
}

impl Inner {
    fn event(&mut self, told: JobEvent, stdout: String) {
        self.counter += 1;
        let JobEvent { name, uuid, parent, verbosity, data } = told;
        let count = stdout.matches('\n').count() as u64;
        let mut event = Dict::new();
        event.insert("uuid", uuid.as_str());
        event.insert("counter", self.counter);
        event.insert("stdout", self.redactor.mask(stdout.trim_end_matches('\n')).as_ref());
        event.insert("start_line", self.lines);
        event.insert("end_line", self.lines + count);
        event.insert("runner_ident", self.ident.as_str());
        event.insert("event", name);
        if let Some(parent) = parent {
            event.insert("parent_uuid", parent);
        }
        if let Some(verbosity) = verbosity {
            event.insert("verbosity", i64::from(verbosity));
        }
        event.insert("pid", std::process::id());
        event.insert("created", jiff::Timestamp::now().to_string());
        event.insert("event_data", data);
        self.lines += count;
        let text = json::write(&Value::Dict(event), Style { ascii: true, ..Style::default() });
        let text = self.redactor.mask(&text).into_owned();
        let path = self.folder.join("job_events").join(format!("{}-{uuid}.json", self.counter));
        // A full disk must not end the run; what is missing is seen by its counter.
        let _saved = save(&path, &text)
            .and_then(|()| self.stream.write_all(text.as_bytes()))
            .and_then(|()| self.stream.write_all(b"\n"));
    }
}

impl Callback for Artifacts {
    /// Must be told behind the callback that prints, so that the text belongs to the event.
    fn on(&mut self, event: &Event) {
        let mut inner = self.inner();
        let beside = matches!(
            event,
            Event::Warning(_) | Event::Deprecated(_) | Event::Error(_) | Event::Verbose { .. }
        );
        let text = std::mem::take(&mut inner.printed);
        // What is said beside events is an event only when it is shown.
        if beside && text.is_empty() {
            return;
        }
        if let Some(told) = inner.jobs.event(event) {
            inner.event(told, text);
        }
    }
}
