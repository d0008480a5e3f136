//! `junit`: the playbook's tasks as test cases of a JUnit file.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
    time::{Instant, SystemTime},
};

use rustible_protocol::{
    Dict, Value,
    event::{Callback, Event, Status, TaskInfo, TaskResult},
    json::{self, Style},
    repr,
};
use rustible_source::Diagnostic;

use crate::{display::Display, result::printable};

/// What stands in the file, and where it is.
#[derive(Debug, Clone, Default)]
pub struct JunitSettings {
    /// Folder of the files.
    pub folder: PathBuf,
    /// A class is a file, without the line of the task.
    pub class_by_file: bool,
    /// Classes are paths from there.
    pub relative_to: Option<PathBuf>,
    /// In front of the names of files that are not below that folder.
    pub out_of_tree: Option<String>,
    /// A change is a failure.
    pub fail_on_change: bool,
    /// An ignored failure is a failure.
    pub fail_on_ignore: bool,
    /// Gathering of facts is left out.
    pub without_setup: bool,
    /// Arguments are not shown in names.
    pub hide_arguments: bool,
    /// Only tasks whose names begin so are cases, and those that fail.
    pub prefix: String,
    /// Number of `-v`.
    pub verbosity: u8,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Verdict {
    Good,
    Skipped,
    Failed,
}

/// A task on a host.
struct Case {
    host: String,
    verdict: Verdict,
    seconds: f64,
    result: Dict,
    /// What went wrong, rendered.
    error: Option<String>,
    /// Shown in place of the result.
    text: Option<String>,
}

struct Task {
    name: String,
    path: String,
    play: String,
    resolved: String,
    started: Instant,
    cases: Vec<Case>,
}

/// Writes the file when the playbook has ended.
pub struct Junit {
    settings: JunitSettings,
    display: Display,
    playbook: String,
    play: String,
    order: Vec<String>,
    tasks: BTreeMap<String, Task>,
}

impl Junit {
    /// A callback that writes into the folder, which is made when it is not there.
    ///
    /// # Errors
    /// When the folder cannot be made.
    pub fn new(settings: JunitSettings, display: Display) -> Result<Self, Diagnostic> {
        fs::create_dir_all(&settings.folder).map_err(|error| {
            Diagnostic::new(format!("cannot make the folder {}: {error}", settings.folder.display()))
        })?;
        let (playbook, play) = (String::new(), String::new());
        Ok(Self { settings, display, playbook, play, order: Vec::new(), tasks: BTreeMap::new() })
    }

    fn start(&mut self, task: &TaskInfo) {
        if self.tasks.contains_key(&task.uuid) {
            return;
        }
        let mut name = task.name.trim().to_string();
        if !self.settings.hide_arguments && !task.args.is_empty() {
            let shown = |(key, value): (&Value, &Value)| format!("{}={}", repr::str(key), repr::str(value));
            name += &format!(" {}", task.args.iter().map(shown).collect::<Vec<_>>().join(", "));
        }
        let (path, resolved) = (task.path.clone(), task.resolved.clone());
        let started = Instant::now();
        let task_data = Task { name, path, play: self.play.clone(), resolved, started, cases: Vec::new() };
        self.order.push(task.uuid.clone());
        self.tasks.insert(task.uuid.clone(), task_data);
    }

    fn finish(&mut self, result: &TaskResult) {
        self.start(&result.task);
        let Some(task) = self.tasks.get_mut(&result.task.uuid) else { return };
        let changed = result.result.get("changed").is_some_and(Value::truthy);
        let verdict = match result.status {
            Status::Unreachable { .. } => return,
            Status::Skipped => Verdict::Skipped,
            Status::Failed { ignored: true } if !self.settings.fail_on_ignore => Verdict::Good,
            Status::Failed { .. } => Verdict::Failed,
            Status::Ok if changed && self.settings.fail_on_change => Verdict::Failed,
            Status::Ok => Verdict::Good,
        };
        let verdict = match verdict {
            Verdict::Failed if task.name.contains("EXPECTED FAILURE") => Verdict::Good,
            Verdict::Failed if task.name.contains("TOGGLE RESULT") => Verdict::Good,
            Verdict::Good if task.name.contains("TOGGLE RESULT") => Verdict::Failed,
            other => other,
        };
        if verdict == Verdict::Failed || task.name.starts_with(&self.settings.prefix) {
            task.cases.push(Case {
                host: result.host.to_string(),
                verdict,
                seconds: task.started.elapsed().as_secs_f64(),
                result: result.result.clone(),
                error: result.error.clone(),
                text: None,
            });
        }
    }

    fn included(&mut self, info: &TaskInfo, what: &str, hosts: &[std::sync::Arc<str>]) {
        self.start(info);
        let Some(task) = self.tasks.get_mut(&info.uuid) else { return };
        let seconds = task.started.elapsed().as_secs_f64();
        let text = format!("{what}: [{}]", hosts.join(", "));
        if let Some(case) = task.cases.iter_mut().find(|case| case.text.is_some()) {
            let before = case.text.take().unwrap_or_default();
            case.text = Some(format!("{before}\n{text}"));
            return;
        }
        task.cases.push(Case {
            host: "include".into(),
            verdict: Verdict::Good,
            seconds,
            result: [("changed", Value::Bool(false))].into_iter().collect(),
            error: None,
            text: Some(text),
        });
    }

    fn report(&self) -> String {
        let (mut body, mut counts, mut total, mut time) = (String::new(), [0_usize; 3], 0_usize, 0.0);
        for task in self.order.iter().filter_map(|uuid| self.tasks.get(uuid)) {
            let setup =
                matches!(task.resolved.as_str(), "ansible.builtin.setup" | "ansible.builtin.gather_facts");
            if setup && self.settings.without_setup {
                continue;
            }
            for case in &task.cases {
                let (kind, inner) = self.inner(case);
                if let Some(count) = kind.and_then(|kind| counts.get_mut(kind)) {
                    *count += 1;
                }
                total += 1;
                time += case.seconds;
                let name = format!("[{}] {}: {}", case.host, task.play, task.name);
                body += &format!(
                    "\t\t<testcase classname=\"{}\" name=\"{}\" time=\"{}\">\n\t\t\t{inner}\n\t\t</testcase>\n",
                    quoted(&self.class(&task.path)),
                    quoted(&name),
                    case.seconds
                );
            }
        }
        let [errors, failures, skipped] = counts;
        let playbook = quoted(&self.playbook);
        format!(
            "<?xml version=\"1.0\" ?>\n<testsuites disabled=\"0\" errors=\"{errors}\" failures=\"{failures}\" tests=\"{total}\" time=\"{time}\">\n\t<testsuite disabled=\"0\" errors=\"{errors}\" failures=\"{failures}\" name=\"{playbook}\" skipped=\"{skipped}\" tests=\"{total}\" time=\"{time}\">\n{body}\t</testsuite>\n</testsuites>\n"
        )
    }

    /// Which count the case belongs to (errors, failures, skipped), and its element.
    fn inner(&self, case: &Case) -> (Option<usize>, String) {
        let text = |key: &str| case.result.get(key).map(repr::str);
        let tested = |tag: &str, message: &str, output: &str| {
            format!("<{tag} message=\"{}\" type=\"{tag}\">{}</{tag}>", quoted(message), escaped(output))
        };
        match (case.verdict, &case.error) {
            (Verdict::Good, _) => {
                let shown = case.text.clone().unwrap_or_else(|| self.dump(&case.result));
                (None, format!("<system-out>{}</system-out>", escaped(&shown)))
            }
            (Verdict::Skipped, _) => {
                let why = text("skip_reason").unwrap_or_else(|| "skipped".into());
                (Some(2), format!("<skipped>{}</skipped>", escaped(&why)))
            }
            (Verdict::Failed, Some(error)) => {
                let end = error.find("\nOrigin: ").or_else(|| error.find("\n\n")).unwrap_or(error.len());
                (Some(0), tested("error", error[..end].trim_end(), error))
            }
            (Verdict::Failed, None) => {
                let rc = text("rc").unwrap_or_else(|| "0".into());
                let message = text("msg").unwrap_or_else(|| format!("rc={rc}"));
                (Some(1), tested("failure", &message, &self.dump(&case.result)))
            }
        }
    }

    fn dump(&self, result: &Dict) -> String {
        let indent = if result.get("_ansible_verbose_always").is_some_and(Value::truthy) { 4 } else { 0 };
        let shown = Value::Dict(printable(result, self.settings.verbosity));
        json::write(&shown, Style { indent: Some(indent), sort_keys: true, ..Style::default() })
    }

    fn class(&self, path: &str) -> String {
        let settings = &self.settings;
        let mut class = match &settings.relative_to {
            Some(folder) if !path.is_empty() => relative(Path::new(path), folder),
            _ => path.to_string(),
        };
        if let Some(prefix) = settings.out_of_tree.as_ref().filter(|_| class.starts_with("../")) {
            class = format!("{prefix}{}", class.rsplit('/').next().unwrap_or_default());
        }
        match class.rsplit_once(':') {
            Some((file, line))
                if settings.class_by_file
                    && file.ends_with(".yml")
                    && line.bytes().all(|b| b.is_ascii_digit()) =>
            {
                file.trim_end_matches(".yml").to_string()
            }
            _ => class,
        }
    }

    fn write(&self) {
        let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
        let file = self.settings.folder.join(format!("{}-{:.6}.xml", self.playbook, now.as_secs_f64()));
        if let Err(error) = fs::write(&file, self.report()) {
            self.display.warning(&format!("Unable to write {}: {error}", file.display()));
        }
    }
}

impl Callback for Junit {
    fn on(&mut self, event: &Event) {
        match event {
            Event::PlaybookStart(playbook) => {
                let stem = Path::new(&playbook.file).file_stem().unwrap_or_default();
                self.playbook = stem.to_string_lossy().into_owned();
            }
            Event::PlayStart(play) => self.play.clone_from(&play.name),
            Event::TaskStart(task) => self.start(task),
            Event::Result(result) => self.finish(result),
            Event::Included { task, what, hosts, .. } => self.included(task, what, hosts),
            Event::Stats(_) => self.write(),
            _ => {}
        }
    }
}

fn relative(path: &Path, folder: &Path) -> String {
    let folder = std::path::absolute(folder).unwrap_or_else(|_| folder.to_path_buf());
    let (mut there, mut here) = (path.components().peekable(), folder.components().peekable());
    while there.peek().is_some() && there.peek() == here.peek() {
        there.next();
        here.next();
    }
    let up = here.map(|_| "..".into());
    let all: PathBuf = up.chain(there.map(|part| part.as_os_str().to_os_string())).collect();
    all.display().to_string()
}

fn escaped(text: &str) -> String {
    // XML has no other control characters.
    let clean: String =
        text.chars().map(|c| if c < ' ' && !"\n\r\t".contains(c) { '\u{fffd}' } else { c }).collect();
    clean.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

fn quoted(text: &str) -> String {
    let text = escaped(text).replace('"', "&quot;");
    text.replace('\n', "&#10;").replace('\r', "&#13;").replace('\t', "&#9;")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_class_is_a_path_from_the_folder_asked_for() {
        assert_eq!(relative(Path::new("/a/b/c.yml:3"), Path::new("/a/d")), "../b/c.yml:3");
        assert_eq!(relative(Path::new("/a/b/c.yml:3"), Path::new("/a")), "b/c.yml:3");
    }
}
