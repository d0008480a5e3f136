//! The `default` callback: the reference's text, line for line.

use rustible_protocol::{
    Value,
    event::{Callback, Event, HostStats, PlaybookInfo, Stats, Status, TaskInfo, TaskResult},
    json::{self, Style},
};

use crate::{
    diff,
    display::{Color, Display, Sink, paint},
    result::{cleaned, dump, verbose},
    settings::Settings,
};

/// Prints what happens.
pub struct Default {
    settings: Settings,
    display: Display,
    last_banner: Option<String>,
    /// Whether the hosts of the play are at the same task.
    lockstep: bool,
}

impl Default {
    fn playbook(&mut self, info: &PlaybookInfo) {
        if self.settings.verbosity > 1 {
            let name = info.file.rsplit('/').next().unwrap_or_default();
            self.display.banner(&format!("PLAYBOOK: {name}"));
            if let Some(plays) = info.plays {
                self.display.line(&format!("{plays} plays in {}", info.file), Some(Color::Verbose));
            }
        }
        if self.settings.check && self.settings.check_markers {
            self.display.banner("DRY RUN");
        }
    }

    /// A callback on that display.
    #[must_use]
    pub fn new(settings: Settings, display: Display) -> Self {
        Self { settings, display, last_banner: None, lockstep: true }
    }

    fn failures(&self) -> Sink {
        if self.settings.failed_stderr { Sink::Err } else { Sink::Out }
    }

    fn task_start(&mut self, task: &std::sync::Arc<TaskInfo>) {
        // Where each host goes its own way, a banner is shown with the first result.
        if !self.lockstep {
            return;
        }
        self.last_banner = None;
        if self.settings.ok_hosts && self.settings.skipped_hosts {
            self.banner(task);
        }
    }

    fn banner(&mut self, task: &TaskInfo) {
        if self.last_banner.as_deref() == Some(&task.uuid) {
            return;
        }
        let prefix = if task.handler { "RUNNING HANDLER" } else { "TASK" };
        let mut args = String::new();
        if self.settings.args && !task.no_log {
            let parts = task
                .args
                .iter()
                .map(|(k, v)| format!("{}={}", json::key_text(k), rustible_protocol::repr::str(v)));
            args = format!(" {}", parts.collect::<Vec<_>>().join(", "));
        }
        let check = if task.check && self.settings.check_markers { " [CHECK MODE]" } else { "" };
        self.display.banner(&format!("{prefix} [{}{args}]{check}", task.name.trim()));
        if self.settings.verbosity >= 2 && !task.path.is_empty() {
            self.display.line(&format!("task path: {}", task.path), Some(Color::Debug));
        }
        self.last_banner = Some(task.uuid.clone());
    }

    /// What came with a result: warnings, deprecations and the error.
    fn beside(&self, result: &TaskResult) {
        self.display.warnings_of(result, &self.settings);
        if let Some(error) = &result.error {
            self.display.error(self.failures(), error);
        }
    }

    fn differences(&mut self, result: &TaskResult) {
        if !result.result.get("changed").is_some_and(Value::truthy) {
            return;
        }
        let Some(found) = result.result.get("diff").filter(|diff| diff.truthy()) else { return };
        let text = diff::text(found, &self.settings, self.display.colored());
        if !text.is_empty() {
            self.banner(&result.task);
            self.display.line(&text, None);
        }
    }

    fn result(&mut self, result: &TaskResult) {
        match result.status {
            Status::Ok => self.ok(result),
            Status::Failed { ignored } => self.failed(result, ignored),
            Status::Skipped => self.skipped(result),
            Status::Unreachable { ignored } => self.unreachable(result, ignored),
        }
    }

    fn ok(&mut self, result: &TaskResult) {
        let changed = result.result.get("changed").is_some_and(Value::truthy);
        if is_include(result) {
            // Who enters is told by the include itself.
            return self.banner(&result.task);
        }
        if !changed && !self.settings.ok_hosts {
            return;
        }
        self.banner(&result.task);
        self.beside(result);
        if result.looped {
            return;
        }
        let (word, color) = if changed { ("changed", Color::Changed) } else { ("ok", Color::Ok) };
        let mut line = format!("{word}: [{}]", host(result));
        if verbose(result, &self.settings, 1) {
            line.push_str(&format!(" => {}", dump(&cleaned(result), &self.settings)));
        }
        self.display.line(&line, Some(color));
    }

    fn failed(&mut self, result: &TaskResult, ignored: bool) {
        self.banner(&result.task);
        self.beside(result);
        // The results of `debug` are shown without those of its items: it is told as if there were none.
        if !result.looped || result.task.resolved == "ansible.builtin.debug" {
            if self.settings.verbosity < 2 && self.settings.path_on_failure && !result.task.path.is_empty() {
                self.display.line(&format!("task path: {}", result.task.path), Some(Color::Debug));
            }
            let line =
                format!("fatal: [{}]: FAILED! => {}", host(result), dump(&cleaned(result), &self.settings));
            self.display.show(self.failures(), &line, Some(Color::Error));
        }
        if ignored {
            self.display.line("...ignoring", Some(Color::Skip));
        }
    }

    fn skipped(&mut self, result: &TaskResult) {
        if !self.settings.skipped_hosts {
            return;
        }
        self.banner(&result.task);
        self.beside(result);
        let mut line = format!("skipping: [{}]", result.host);
        if verbose(result, &self.settings, 1) {
            let mut shown = cleaned(result);
            if result.looped {
                shown.remove("results");
            }
            line.push_str(&format!(" => {}", dump(&shown, &self.settings)));
        }
        self.display.line(&line, Some(Color::Skip));
    }

    fn unreachable(&mut self, result: &TaskResult, ignored: bool) {
        self.banner(&result.task);
        self.beside(result);
        let line =
            format!("fatal: [{}]: UNREACHABLE! => {}", host(result), dump(&cleaned(result), &self.settings));
        self.display.show(self.failures(), &line, Some(Color::Unreachable));
        if ignored {
            self.display.line("...ignoring", Some(Color::Skip));
        }
    }

    fn item(&mut self, result: &TaskResult) {
        let label = result.label.as_deref().unwrap_or_default();
        let (word, color) = match result.status {
            Status::Failed { .. } | Status::Unreachable { .. } => {
                self.banner(&result.task);
                self.beside(result);
                let dumped = dump(&cleaned(result), &self.settings);
                let line = format!("failed: [{}] (item={label}) => {dumped}", host(result));
                self.display.show(self.failures(), &line, Some(Color::Error));
                return;
            }
            Status::Skipped if !self.settings.skipped_hosts => return,
            Status::Skipped => ("skipping", Color::Skip),
            Status::Ok if is_include(result) => return,
            Status::Ok if result.result.get("changed").is_some_and(Value::truthy) => {
                ("changed", Color::Changed)
            }
            Status::Ok if !self.settings.ok_hosts => return,
            Status::Ok => ("ok", Color::Ok),
        };
        self.banner(&result.task);
        self.beside(result);
        let skipped = word == "skipping";
        let who = if skipped { result.host.to_string() } else { host(result) };
        let mut line = format!("{word}: [{who}] => (item={label})");
        if skipped {
            line.push(' ');
        }
        if verbose(result, &self.settings, 1) {
            line.push_str(&format!(" => {}", dump(&cleaned(result), &self.settings)));
        }
        self.display.line(&line, Some(color));
    }

    fn retry(&self, result: &TaskResult) {
        let number = |key: &str| result.result.get(key).and_then(Value::as_int).unwrap_or(0);
        let left = number("retries") - number("attempts");
        let mut line =
            format!("FAILED - RETRYING: [{}]: {} ({left} retries left).", host(result), result.task.name);
        if verbose(result, &self.settings, 2) {
            line.push_str(&format!("Result was: {}", dump(&result.result, &self.settings)));
        }
        self.display.line(&line, Some(Color::Debug));
    }

    fn job(&self, result: &TaskResult, polled: bool) {
        let field = |key: &str| {
            result.result.get(key).map(rustible_protocol::repr::str).unwrap_or_else(|| "None".into())
        };
        let (who, jid) = (&result.host, field("ansible_job_id"));
        let line = if polled {
            format!(
                "ASYNC POLL on {who}: jid={jid} started={} finished={}",
                field("started"),
                field("finished")
            )
        } else if matches!(result.status, Status::Failed { .. }) {
            format!("ASYNC FAILED on {who}: jid={jid}")
        } else {
            format!("ASYNC OK on {who}: jid={jid}")
        };
        self.display.line(&line, Some(Color::Debug));
    }

    fn stats(&self, stats: &Stats) {
        self.display.banner("PLAY RECAP");
        for (host, counts) in &stats.hosts {
            self.display.line(&recap(host, counts, self.display.colored()), None);
        }
        self.display.line("", None);
        if self.settings.custom_stats && !stats.custom.is_empty() {
            self.custom(stats);
        }
        if self.settings.check && self.settings.check_markers {
            self.display.banner("DRY RUN");
        }
    }

    fn custom(&self, stats: &Stats) {
        self.display.banner("CUSTOM STATS: ");
        let style = Style { indent: Some(1), sort_keys: true, ..Style::default() };
        let text = |value: &rustible_protocol::Dict| {
            json::write(&Value::Dict(value.clone()), style).replace('\n', "")
        };
        for (host, values) in stats.custom.iter().filter(|(host, _)| *host != "_run") {
            self.display.line(&format!("\t{host}: {}", text(values)), None);
        }
        if let Some(values) = stats.custom.get("_run") {
            self.display.line("", None);
            self.display.line(&format!("\tRUN: {}", text(values)), None);
        }
        self.display.line("", None);
    }
}

fn is_include(result: &TaskResult) -> bool {
    matches!(result.task.resolved.as_str(), "ansible.builtin.include_tasks" | "ansible.builtin.include_role")
}

/// The host as shown: `a`, `a -> b`, `a -> b(address)`.
pub(crate) fn host(result: &TaskResult) -> String {
    match &result.delegate {
        None => result.host.to_string(),
        Some((name, _)) if **name == *result.host => result.host.to_string(),
        Some((name, address)) if **name == **address => format!("{} -> {name}", result.host),
        Some((name, address)) => format!("{} -> {name}({address})", result.host),
    }
}

/// A host's line of the recap.
fn recap(host: &str, counts: &HostStats, color: bool) -> String {
    let cell = |name: &str, count: u64, hue: Color| {
        let text = format!("{name}={count:<4}");
        if color && count > 0 { paint(&text, hue) } else { text }
    };
    let name = if color {
        let hue = if counts.failed > 0 || counts.unreachable > 0 {
            Color::Error
        } else if counts.changed > 0 {
            Color::Changed
        } else {
            Color::Ok
        };
        format!("{:<37}", paint(host, hue))
    } else {
        format!("{host:<26}")
    };
    let cells = [
        cell("ok", counts.ok, Color::Ok),
        cell("changed", counts.changed, Color::Changed),
        cell("unreachable", counts.unreachable, Color::Unreachable),
        cell("failed", counts.failed, Color::Error),
        cell("skipped", counts.skipped, Color::Skip),
        cell("rescued", counts.rescued, Color::Ok),
        cell("ignored", counts.ignored, Color::Warn),
    ];
    format!("{name} : {}", cells.join(" "))
}

impl Default {
    /// Show a result of that task.
    fn told(&mut self, task: &TaskInfo, show: impl FnOnce(&mut Self)) {
        let display = self.display.of_task(task);
        let display = std::mem::replace(&mut self.display, display);
        show(self);
        self.display = display;
    }
}

impl Callback for Default {
    fn on(&mut self, event: &Event) {
        match event {
            Event::PlaybookStart(info) => self.playbook(info),
            Event::PlayStart(play) => {
                self.lockstep = play.lockstep;
                let check = if play.check && self.settings.check_markers { " [CHECK MODE]" } else { "" };
                let name = play.name.trim();
                let text =
                    if name.is_empty() { format!("PLAY{check}") } else { format!("PLAY [{name}]{check}") };
                self.display.banner(&text);
            }
            Event::NoHostsMatched => self.display.line("skipping: no hosts matched", Some(Color::Skip)),
            Event::NoHostsRemaining => self.display.banner("NO MORE HOSTS LEFT"),
            Event::Prompted(_) | Event::ImplicitStart(_) => {}
            Event::TaskStart(task) => self.task_start(task),
            Event::HostStart(task, host) => {
                if self.settings.host_start {
                    let kind = if task.handler { "HANDLER" } else { "TASK" };
                    self.display
                        .line(&format!(" [started {kind}: {} on {host}]", task.name), Some(Color::Ok));
                }
            }
            Event::Diff(result) => self.differences(result),
            Event::Result(result) => self.told(&result.task, |shown| shown.result(result)),
            Event::Item(result) => self.told(&result.task, |shown| shown.item(result)),
            Event::Retry(result) => self.retry(result),
            Event::AsyncPoll(result) => self.job(result, true),
            Event::AsyncEnd(result) => self.job(result, false),
            Event::Included { task, what, hosts, label } => {
                self.banner(task);
                if self.settings.included_hosts {
                    let label = label.as_ref().map(|label| format!(" => (item={label})")).unwrap_or_default();
                    let line = format!("included: {what} for {}{label}", hosts.join(", "));
                    self.display.line(&line, Some(Color::Skip));
                }
            }
            Event::Notified { handler, host } => {
                if self.settings.verbosity > 1 {
                    self.display
                        .line(&format!("NOTIFIED HANDLER {handler} for {host}"), Some(Color::Verbose));
                }
            }
            Event::Warning(text) => {
                if self.settings.warnings {
                    self.display.warning(text);
                }
            }
            Event::Deprecated(text) => {
                if self.settings.deprecations {
                    self.display.deprecated(text);
                }
            }
            Event::Error(text) => self.display.error(Sink::Err, text),
            Event::Verbose { level, host, text } => {
                self.display.verbose(self.settings.verbosity, *level, host.as_deref(), text);
            }
            Event::Stats(stats) => self.stats(stats),
        }
    }
}
