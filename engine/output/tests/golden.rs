//! What the callbacks print, compared with recordings of the reference: its events, settings and text.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a recording that cannot be read fails the test")]

use std::{
    collections::BTreeMap,
    io::Write,
    path::Path,
    sync::{Arc, Mutex},
    time::SystemTime,
};

use rustible_output::{Display, Redactor, ResultFormat, Settings};
use rustible_protocol::{
    Dict, Value,
    event::{Event, HostStats, PlayInfo, PlaybookInfo, Stats, Status, TaskInfo, TaskResult},
    json,
};

#[derive(Clone, Default)]
struct Page(Arc<Mutex<Vec<u8>>>);

impl Write for Page {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }
    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

fn text(value: &Value, key: &str) -> String {
    optional(value, key).unwrap_or_default()
}

fn optional(value: &Value, key: &str) -> Option<String> {
    value.get(key).and_then(Value::as_str).map(str::to_string)
}

fn flag(value: &Value, key: &str) -> bool {
    value.get(key).is_some_and(Value::truthy)
}

fn task(event: &Value) -> Arc<TaskInfo> {
    let task = event.get("task").unwrap();
    Arc::new(TaskInfo {
        uuid: text(task, "uuid"),
        name: text(task, "name"),
        action: text(task, "action"),
        resolved: text(task, "resolved"),
        args: task.get("args").and_then(Value::as_dict).cloned().unwrap_or_default(),
        path: text(task, "path"),
        no_log: flag(task, "no_log"),
        handler: flag(task, "handler"),
        check: flag(task, "check"),
        ..TaskInfo::default()
    })
}

fn result(event: &Value) -> Box<TaskResult> {
    let ignored = flag(event, "ignored");
    let status = match text(event, "status").as_str() {
        "ok" => Status::Ok,
        "failed" => Status::Failed { ignored },
        "skipped" => Status::Skipped,
        "unreachable" => Status::Unreachable { ignored },
        other => panic!("no such status: {other}"),
    };
    let delegate = event.get("delegate").and_then(Value::as_list);
    let part = |list: &rustible_protocol::List, i: usize| list[i].as_str().unwrap().to_string();
    Box::new(TaskResult {
        task: task(event),
        host: text(event, "host").into(),
        delegate: delegate.map(|list| (part(list, 0).into(), part(list, 1))),
        status,
        result: event.get("result").and_then(Value::as_dict).cloned().unwrap(),
        label: optional(event, "label"),
        looped: flag(event, "looped"),
        warnings: Vec::new(),
        deprecations: Vec::new(),
        error: optional(event, "error"),
        started: SystemTime::UNIX_EPOCH,
        ended: SystemTime::UNIX_EPOCH,
    })
}

fn stats(event: &Value) -> Box<Stats> {
    let dict = |key: &str| event.get(key).and_then(Value::as_dict).cloned().unwrap();
    let mut stats = Stats::default();
    for (host, counts) in dict("hosts").texts() {
        let count = |key: &str| u64::try_from(counts.get(key).unwrap().as_int().unwrap()).unwrap();
        let counts = HostStats {
            ok: count("ok"),
            changed: count("changed"),
            unreachable: count("unreachable"),
            failed: count("failures"),
            skipped: count("skipped"),
            rescued: count("rescued"),
            ignored: count("ignored"),
        };
        stats.hosts.insert(host.shared().clone(), counts);
    }
    let custom = dict("custom");
    stats.custom = custom
        .texts()
        .map(|(key, value)| (key.to_string(), value.as_dict().cloned().unwrap()))
        .collect::<BTreeMap<String, Dict>>();
    Box::new(stats)
}

fn event(event: &Value) -> Event {
    match text(event, "event").as_str() {
        "playbook" => Event::PlaybookStart(Arc::new(PlaybookInfo {
            file: text(event, "file"),
            plays: None,
            uuid: String::new(),
        })),
        "play" => Event::PlayStart(Arc::new(PlayInfo {
            name: text(event, "name"),
            check: flag(event, "check"),
            lockstep: true,
            ..PlayInfo::default()
        })),
        "no_hosts" => Event::NoHostsMatched,
        "none_left" => Event::NoHostsRemaining,
        "task" => Event::TaskStart(task(event)),
        "start" => Event::HostStart(task(event), text(event, "host").into()),
        "result" => Event::Result(result(event)),
        "item" => Event::Item(result(event)),
        "retry" => Event::Retry(result(event)),
        "notify" => Event::Notified { handler: text(event, "handler"), host: text(event, "host").into() },
        "include" => Event::Included {
            task: Arc::default(),
            what: text(event, "what"),
            hosts: event
                .get("hosts")
                .and_then(Value::as_list)
                .unwrap()
                .iter()
                .map(|host| host.as_str().unwrap().into())
                .collect(),
            label: optional(event, "label"),
        },
        "stats" => Event::Stats(stats(event)),
        other => panic!("no such event: {other}"),
    }
}

fn settings(given: &Value) -> Settings {
    let number = |key: &str| given.get(key).and_then(Value::as_int);
    let on = |key: &str, default: bool| given.get(key).map_or(default, Value::truthy);
    Settings {
        verbosity: number("verbosity").map_or(0, |n| u8::try_from(n).unwrap()),
        check: on("check", false),
        pretty: given.get("pretty").map(Value::truthy),
        format: if on("yaml", false) { ResultFormat::Yaml } else { ResultFormat::Json },
        indentation: number("indentation").map_or(4, |n| usize::try_from(n).unwrap()),
        ok_hosts: on("ok_hosts", true),
        skipped_hosts: on("skipped_hosts", true),
        included_hosts: on("included_hosts", true),
        failed_stderr: on("failed_stderr", false),
        args: on("args", false),
        path_on_failure: on("path_on_failure", false),
        host_start: on("host_start", false),
        custom_stats: on("custom_stats", false),
        check_markers: on("check_markers", false),
        diff_context: number("diff_context").map_or(3, |n| usize::try_from(n).unwrap()),
        ..Settings::default()
    }
}

/// What our callback prints for the recording, and what the reference printed.
fn both(file: &Path) -> (String, String) {
    let recording = json::read(&std::fs::read_to_string(file).unwrap()).unwrap();
    let given = recording.get("settings").unwrap();
    let page = Page::default();
    let display = Display::new(
        Box::new(page.clone()),
        Box::new(std::io::sink()),
        flag(given, "color"),
        None,
        Redactor::default(),
    );
    let name = optional(given, "callback").unwrap_or_else(|| "default".into());
    let mut callback = rustible_output::callback(&name, settings(given), display).unwrap();
    let mut last = Arc::default();
    for recorded in recording.get("events").and_then(Value::as_list).unwrap() {
        let mut told = event(recorded);
        match &mut told {
            Event::Result(result) => last = result.task.clone(),
            // Recorded without its task, which is the one that ended last.
            Event::Included { task, .. } => task.clone_from(&last),
            _ => {}
        }
        if let Event::Result(result) | Event::Item(result) = &told
            && result.status == Status::Ok
            && result.result.contains_key("diff")
        {
            callback.on(&Event::Diff(result.clone()));
        }
        callback.on(&told);
    }
    let printed = page.0.lock().unwrap().clone();
    (String::from_utf8(printed).unwrap(), text(&recording, "stdout"))
}

#[test]
fn every_recording_is_printed_as_the_reference_printed_it() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden");
    let mut files: Vec<_> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    assert!(files.len() >= 30, "the recordings are missing");
    let mut wrong = Vec::new();
    for file in &files {
        let (ours, reference) = both(file);
        if ours == reference {
            continue;
        }
        let at = ours.lines().zip(reference.lines()).position(|(a, b)| a != b);
        let at = at.unwrap_or_else(|| ours.lines().count().min(reference.lines().count()));
        let line = |text: &str| text.lines().nth(at).unwrap_or("<end>").to_string();
        wrong.push(format!(
            "{}:{}\n  ours:      {:?}\n  reference: {:?}",
            file.file_name().unwrap().display(),
            at + 1,
            line(&ours),
            line(&reference)
        ));
    }
    assert!(wrong.is_empty(), "{} of {} differ:\n{}", wrong.len(), files.len(), wrong.join("\n"));
}
