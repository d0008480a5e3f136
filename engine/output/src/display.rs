//! Where lines go, how wide and in which colour, and what was said already.

use std::{
    collections::HashSet,
    io::Write,
    sync::{Arc, Mutex, PoisonError},
};

use unicode_width::UnicodeWidthStr;

use rustible_protocol::event::{TaskInfo, TaskResult};

use crate::{log::Log, redact::Redactor, settings::Settings};

/// The reference's colours.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Color {
    /// Nothing to do, rescued.
    Ok,
    /// Changed.
    Changed,
    /// Failed.
    Error,
    /// Not reached.
    Unreachable,
    /// Skipped, included.
    Skip,
    /// Warnings, ignored failures.
    Warn,
    /// Deprecations.
    Deprecate,
    /// Retries, paths, polls.
    Debug,
    /// `-v` lines.
    Verbose,
}

impl Color {
    /// The one that the reference's settings call so, or that has that name there by itself.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Some(match name {
            "green" => Self::Ok,
            "yellow" => Self::Changed,
            "red" => Self::Error,
            "bright red" => Self::Unreachable,
            "cyan" => Self::Skip,
            "bright purple" => Self::Warn,
            "purple" => Self::Deprecate,
            "dark gray" => Self::Debug,
            "blue" => Self::Verbose,
            _ => return None,
        })
    }
    /// Its SGR code.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Self::Ok => "0;32",
            Self::Changed => "0;33",
            Self::Error => "0;31",
            Self::Unreachable => "1;31",
            Self::Skip => "0;36",
            Self::Warn => "1;35",
            Self::Deprecate => "0;35",
            Self::Debug => "1;30",
            Self::Verbose => "0;34",
        }
    }
}

/// Two streams.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sink {
    /// Standard output.
    Out,
    /// Standard error.
    Err,
}

/// Writes lines. Clones share streams and memory.
#[derive(Clone)]
pub struct Display {
    shared: Arc<Mutex<Inner>>,
    /// What the user gave to this run may stand in what is shown.
    asked: bool,
}

struct Inner {
    out: Box<dyn Write + Send>,
    err: Box<dyn Write + Send>,
    color: bool,
    width: usize,
    redactor: Redactor,
    said: HashSet<String>,
    log: Option<Log>,
    held: Option<Vec<(Sink, String)>>,
    waiting: [String; 2],
}

impl Drop for Inner {
    fn drop(&mut self) {
        self.flush();
    }
}

impl Inner {
    /// Writes the marks that wait.
    fn flush(&mut self) {
        for sink in [Sink::Out, Sink::Err] {
            if !self.waiting[sink as usize].is_empty() {
                self.write(sink, String::new());
            }
        }
    }

    fn write(&mut self, sink: Sink, text: String) {
        if let Some(held) = &mut self.held {
            return held.push((sink, text));
        }
        let marks = std::mem::take(&mut self.waiting[sink as usize]);
        let stream = match sink {
            Sink::Out => &mut self.out,
            Sink::Err => &mut self.err,
        };
        // A closed terminal is no reason to stop what runs.
        let _written = stream.write_all((marks + &text).as_bytes()).and_then(|()| stream.flush());
    }
}

impl Display {
    /// A display on these streams. `columns` is the terminal's width when there is one.
    #[must_use]
    pub fn new(
        out: Box<dyn Write + Send>,
        err: Box<dyn Write + Send>,
        color: bool,
        columns: Option<usize>,
        redactor: Redactor,
    ) -> Self {
        let width = columns.map_or(79, |columns| columns.saturating_sub(1).max(79));
        let inner = Inner {
            out,
            err,
            color,
            width,
            redactor,
            said: HashSet::new(),
            log: None,
            held: None,
            waiting: Default::default(),
        };
        Self { shared: Arc::new(Mutex::new(inner)), asked: false }
    }

    /// The display for results of that task: what the user has a `debug` show is shown, a password they typed as well. The
    /// log and what is kept for others have it masked all the same.
    pub(crate) fn of_task(&self, task: &TaskInfo) -> Self {
        Self { shared: self.shared.clone(), asked: task.resolved == "ansible.builtin.debug" }
    }

    fn inner(&self) -> std::sync::MutexGuard<'_, Inner> {
        self.shared.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Write all that is shown to a file as well.
    pub fn log_to(&self, log: Log) {
        self.inner().log = Some(log);
    }

    /// Columns that banners fill.
    #[must_use]
    pub fn columns(&self) -> usize {
        self.inner().width
    }

    /// Whether lines are coloured.
    #[must_use]
    pub fn colored(&self) -> bool {
        self.inner().color
    }

    /// A text, every line of it in the colour, with a line break behind it when it has none.
    pub fn show(&self, sink: Sink, text: &str, color: Option<Color>) {
        let mut inner = self.inner();
        let text = text.replace("\r\n", "\n");
        let mut masked = inner.redactor.mask(&text).into_owned();
        if let Some(log) = &mut inner.log {
            log.write(&masked);
        }
        if self.asked && inner.held.is_none() {
            masked = inner.redactor.mask_but_given(&text).into_owned();
        }
        let masked = masked.strip_suffix('\n').unwrap_or(&masked);
        let text = match color.filter(|_| inner.color) {
            Some(color) => paint(masked, color),
            None => masked.to_string(),
        };
        inner.write(sink, text + "\n");
    }

    /// Keep what is shown from now on instead of writing it.
    pub(crate) fn hold(&self) {
        self.inner().held = Some(Vec::new());
    }

    /// What was shown since [`Display::hold`], piece for piece. From now on it is written again.
    pub(crate) fn release(&self) -> Vec<(Sink, String)> {
        self.inner().held.take().unwrap_or_default()
    }

    /// A text as it is, without a line break.
    pub fn raw(&self, sink: Sink, text: &str) {
        let mut inner = self.inner();
        let masked = inner.redactor.mask(text).into_owned();
        inner.write(sink, masked);
    }

    /// A mark that waits for the next text of its stream, as in the stream's buffer: texts of the other stream overtake it.
    pub fn mark(&self, sink: Sink, text: &str) {
        self.inner().waiting[sink as usize].push_str(text);
    }

    /// Write the marks that wait.
    pub fn flush(&self) {
        self.inner().flush();
    }

    /// A text to standard output.
    pub fn line(&self, text: &str, color: Option<Color>) {
        self.show(Sink::Out, text, color);
    }

    /// `\nmessage ****`: a heading as wide as the terminal.
    pub fn banner(&self, message: &str) {
        let message = message.trim();
        let width = self.inner().width;
        // What moves the cursor takes no column.
        let shown = message.chars().filter(|c| !c.is_control()).collect::<String>().width();
        let stars = width.saturating_sub(shown).max(3);
        self.line(&format!("\n{message} {}", "*".repeat(stars)), None);
    }

    /// A text that is said only once in a run.
    pub fn once(&self, sink: Sink, text: &str, color: Color) {
        if self.inner().said.insert(text.to_string()) {
            self.show(sink, text, Some(color));
        }
    }

    /// `[WARNING]: text`.
    pub fn warning(&self, text: &str) {
        self.once(Sink::Err, &apart(&format!("[WARNING]: {text}")), Color::Warn);
    }

    /// `[DEPRECATION WARNING]: text`, and once how to be rid of such.
    pub fn deprecated(&self, text: &str) {
        self.warning(
            "Deprecation warnings can be disabled by setting `deprecation_warnings=False` in ansible.cfg.",
        );
        self.once(Sink::Err, &apart(&format!("[DEPRECATION WARNING]: {text}")), Color::Deprecate);
    }

    /// The warnings and deprecations of a result.
    pub(crate) fn warnings_of(&self, result: &TaskResult, settings: &Settings) {
        for text in result.warnings.iter().filter(|_| settings.warnings) {
            self.warning(text);
        }
        for text in result.deprecations.iter().filter(|_| settings.deprecations) {
            self.deprecated(text);
        }
    }

    /// A text that is shown from `level` times `-v` on, `verbosity` of which were given; the log may want more.
    pub fn verbose(&self, verbosity: u8, level: u8, host: Option<&str>, text: &str) {
        let who = host.map(|host| format!("<{host}> ")).unwrap_or_default();
        let text = format!("{who}{text}");
        if verbosity >= level {
            return self.line(&text, Some(Color::Verbose));
        }
        let mut inner = self.inner();
        let masked = inner.redactor.mask(&text).into_owned();
        if let Some(log) = inner.log.as_mut().filter(|log| log.verbosity >= level) {
            log.write(&masked);
        }
    }

    /// `[ERROR]: text`.
    pub fn error(&self, sink: Sink, text: &str) {
        self.once(sink, &apart(&format!("[ERROR]: {text}")), Color::Error);
    }
}

/// A message of several lines has an empty line behind it.
fn apart(text: &str) -> String {
    let body = text.trim();
    if body.contains('\n') { format!("{body}\n\n") } else { body.to_string() }
}

/// Each line between its own escapes.
pub(crate) fn paint(text: &str, color: Color) -> String {
    let code = color.code();
    text.split('\n').map(|line| format!("\u{1b}[{code}m{line}\u{1b}[0m")).collect::<Vec<_>>().join("\n")
}
