//! `awx_display`: what a job runner reads. Each event is a file, and marks in the text say which lines are its own.

use std::{
    fs::DirBuilder,
    io,
    os::unix::fs::DirBuilderExt,
    path::{Path, PathBuf},
};

use base64::{Engine, engine::general_purpose::STANDARD};
use rustible_protocol::{
    Dict, Value,
    event::{Callback, Event},
    json::{self, Style},
};

use crate::{
    artifacts::save,
    display::{Display, Sink},
    jobs::{JobEvent, Jobs},
    redact::Redactor,
};

/// What the job runner asks for in the environment.
#[derive(Debug, Clone, Default)]
pub struct AwxSettings {
    /// `AWX_ISOLATED_DATA_DIR`: folder for `job_events`; without it there are marks only.
    pub folder: Option<PathBuf>,
    /// `RUNNER_OMIT_EVENTS`: nothing is told with events.
    pub omit: bool,
    /// `RUNNER_ONLY_FAILED_EVENTS`: something is told with failures only.
    pub only_failed: bool,
    /// `MAX_EVENT_RES`: longer results, in bytes of JSON, are left out.
    pub max_result: usize,
    /// `job_id` and the like, copied into each event.
    pub ids: Vec<(&'static str, i64)>,
}

/// Puts marks around what another callback prints.
pub struct Awx {
    settings: AwxSettings,
    display: Display,
    redactor: Redactor,
    inner: Box<dyn Callback>,
    jobs: Jobs,
}

impl Awx {
    /// Around the callback that prints to that display.
    ///
    /// # Errors
    /// When the folder for events cannot be made.
    pub fn new(
        settings: AwxSettings,
        display: Display,
        redactor: Redactor,
        inner: Box<dyn Callback>,
    ) -> io::Result<Self> {
        if let Some(folder) = &settings.folder {
            DirBuilder::new().recursive(true).mode(0o700).create(folder.join("job_events"))?;
        }
        Ok(Self { settings, display, redactor, inner, jobs: Jobs::default() })
    }

    /// The event's file, and its first mark on that stream.
    fn begin(&self, told: JobEvent, sink: Sink) {
        let uuid: Dict = [("uuid", told.uuid.as_str())].into_iter().collect();
        if let Some(folder) = &self.settings.folder
            && let Err(error) = self.write(folder, told)
        {
            self.display.warning(&format!("cannot write an event for the job runner: {error}"));
        }
        self.display.mark(sink, &mark(&json::dumps(&Value::Dict(uuid))));
    }

    fn end(&self, sink: Sink) {
        self.display.mark(sink, &mark("{}"));
    }

    /// What is said beside events is an event only when it is shown, each text one of its own.
    fn said(&mut self, event: &Event) {
        self.display.hold();
        self.inner.on(event);
        for (sink, text) in self.display.release() {
            if let Some(told) = self.jobs.event(event) {
                self.begin(told, sink);
                self.display.raw(sink, &text);
                self.end(sink);
            }
        }
    }

    fn write(&self, folder: &Path, told: JobEvent) -> io::Result<()> {
        let mut event = Dict::new();
        event.insert("uuid", told.uuid.as_str());
        event.insert("event", told.name);
        event.insert("created", jiff::Timestamp::now().to_string());
        event.insert("pid", std::process::id());
        if let Some(parent) = &told.parent {
            event.insert("parent_uuid", parent.as_str());
        }
        if let Some(verbosity) = told.verbosity {
            event.insert("verbosity", i64::from(verbosity));
        }
        for (name, number) in &self.settings.ids {
            event.insert(*name, *number);
        }
        event.insert("event_data", self.data(told.name, told.data));
        let text = json::write(&Value::Dict(event), Style { ascii: true, ..Style::default() });
        let path = folder.join("job_events").join(format!("{}-partial.json", told.uuid));
        save(&path, &self.redactor.mask(&text))
    }

    fn data(&self, name: &str, mut data: Dict) -> Dict {
        let failed = ["runner_on_failed", "runner_on_async_failed", "runner_item_on_failed"].contains(&name);
        if self.settings.omit || self.settings.only_failed && !failed {
            return Dict::new();
        }
        let long = |res: &Value| json::dumps(res).len() > self.settings.max_result;
        if self.settings.max_result > 0 && name != "playbook_on_stats" && data.get("res").is_some_and(long) {
            data.insert("res", Dict::new());
        }
        data
    }
}

impl Callback for Awx {
    fn on(&mut self, event: &Event) {
        if !self.jobs.begun() && !matches!(event, Event::PlaybookStart(_)) {
            // What is said while playbooks are read is no event.
            return self.inner.on(event);
        }
        if matches!(event, Event::Warning(_) | Event::Deprecated(_) | Event::Error(_) | Event::Verbose { .. })
        {
            return self.said(event);
        }
        if let Some(told) = self.jobs.event(event) {
            self.begin(told, Sink::Out);
            self.inner.on(event);
            self.end(Sink::Out);
        }
        // The reference's buffers are written when it starts a worker; readers of what went before see whole events then.
        if matches!(event, Event::HostStart(..) | Event::Stats(_)) {
            self.display.flush();
        }
    }
}

/// Text that a terminal does not show: base64 in pieces, each wiped by moving back over it.
fn mark(text: &str) -> String {
    let coded = STANDARD.encode(text);
    let pieces = coded.as_bytes().chunks(78).map(|piece| {
        let piece = String::from_utf8_lossy(piece);
        format!("{piece}\u{1b}[{}D", piece.len())
    });
    format!("\u{1b}[K{}\u{1b}[K", pieces.collect::<String>())
}

#[cfg(test)]
mod tests {
    #[test]
    fn a_mark_is_what_job_runners_look_for() {
        assert_eq!(super::mark("{}"), "\u{1b}[Ke30=\u{1b}[4D\u{1b}[K");
        let long = super::mark(&"x".repeat(100));
        assert_eq!(long.matches("\u{1b}[78D").count(), 1);
        assert!(long.ends_with("\u{1b}[58D\u{1b}[K"));
    }
}
