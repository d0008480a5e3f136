//! Modules that are not rustible's own: made ready, with the interpreter the host's variables name, and sent.

use rustible_connection::{SourceFile, Transport};
use rustible_foreign::Payload;
use rustible_protocol::{Attachment, Call, Dict, Foreign, Style, Value};
use rustible_source::Diagnostic;
use rustible_template::{Rendered, Scope};

use super::{Job, attempts::Attempt, background, dispatch::attempt, item::Ready};
use crate::{action::Failure, keyword::text_of, module};

/// Where Python is looked for on a target that says nothing, best first.
const PYTHONS: &[&str] = &[
    "python3.14",
    "python3.13",
    "python3.12",
    "python3.11",
    "python3.10",
    "python3.9",
    "/usr/bin/python3",
    "python3",
];

/// File systems that SELinux treats specially.
const SPECIAL: [&str; 6] = ["fuse", "nfs", "vboxsf", "ramfs", "9p", "vfat"];

/// Run the module of that full name.
pub(super) async fn run(job: &Job, ready: &Ready, name: &str, args: Dict) -> Attempt {
    let (call, files) = match prepare(job, ready, name, args) {
        Ok(prepared) => prepared,
        Err(error) => return attempt(Err(Failure::Error(Box::new(error))), Vec::new()),
    };
    if ready.settled.background > 0 {
        return background::run(job, ready, call, files).await;
    }
    let reply = module::call(&job.runner, &ready.settled.target, call, files).await;
    attempt(reply.map(|reply| reply.result), Vec::new())
}

fn prepare(job: &Job, ready: &Ready, name: &str, args: Dict) -> Result<(Call, Vec<SourceFile>), Diagnostic> {
    let payload = job.runner.registry.foreign().payload(name).map_err(Diagnostic::new)?;
    if payload.interpreter.is_empty() && payload.style != Style::Binary {
        return Err(Diagnostic::new(format!("module ({}) is missing interpreter line", job.task.action)));
    }
    let settled = &ready.settled;
    let mut foreign = Foreign {
        style: payload.style,
        interpreter: payload.interpreter.clone(),
        discover: Vec::new(),
        silent: false,
        payload: payload.hash.clone(),
        file_name: payload.file_name.clone(),
        full_name: payload.full_name.clone(),
        folder: match settled.target.transport {
            Transport::Local => variable(job, ready, "playbook_dir")?.map(|value| text_of(&value)),
            _ => None,
        },
        host: settled.target.name.clone(),
        keep_errors: settled.background > 0,
    };
    interpreter(job, ready, &payload, &mut foreign)?;
    let attachment = Attachment {
        name: payload.hash.clone(),
        size: payload.content.len() as u64,
        ..Attachment::default()
    };
    let call = Call {
        module: name.to_string(),
        args: arguments(job, ready, args)?,
        attachments: vec![attachment],
        open_files: if payload.style == Style::Python { settled.open_files } else { 0 },
        foreign: Some(foreign),
        ..settled.call()
    };
    Ok((call, vec![SourceFile::bytes(payload.hash.clone(), payload.content.clone())]))
}

/// The interpreter: for `python` the variable, the setting, what was discovered before, or discovery; for others the
/// variable or what the first line names.
fn interpreter(job: &Job, ready: &Ready, payload: &Payload, foreign: &mut Foreign) -> Result<(), Diagnostic> {
    let Some(first) = foreign.interpreter.first_mut() else { return Ok(()) };
    let short = first.rsplit('/').next().unwrap_or_default().to_string();
    let set = variable(job, ready, &format!("ansible_{short}_interpreter"))?;
    let set = set.map(|value| text_of(&value).trim().to_string()).filter(|text| !text.is_empty());
    if short != "python" {
        if let Some(set) = set {
            *first = set;
        }
        return Ok(());
    }
    // Arguments of a Python's own line are not used: the module does not come as the file that the line is in.
    if payload.style == Style::Python {
        foreign.interpreter.truncate(1);
    }
    let set = set.unwrap_or_else(|| job.runner.options.foreign.python.clone());
    if !matches!(set.as_str(), "" | "auto" | "auto_silent") {
        foreign.interpreter[0] = set;
        return Ok(());
    }
    let facts = variable(job, ready, "ansible_facts")?.unwrap_or_default();
    match facts.get("discovered_interpreter_python").and_then(Value::as_str) {
        Some(known) => foreign.interpreter[0] = known.to_string(),
        None => {
            foreign.discover = match variable(job, ready, "ansible_interpreter_python_fallback")? {
                Some(Value::List(names)) => names.iter().map(text_of).collect(),
                _ => PYTHONS.iter().map(|name| (*name).to_string()).collect(),
            };
            foreign.silent = set == "auto_silent";
        }
    }
    Ok(())
}

/// A variable of the host where the module runs, rendered.
fn variable(job: &Job, ready: &Ready, name: &str) -> Result<Option<Value>, Diagnostic> {
    let Some(raw) = ready.place.get(name) else { return Ok(None) };
    Ok(match job.templar(&ready.place).render(&raw)? {
        Rendered::Value(Value::Null) | Rendered::Omit => None,
        Rendered::Value(value) => Some(value),
    })
}

/// The task's arguments and those that the common code of modules reads.
fn arguments(job: &Job, ready: &Ready, mut args: Dict) -> Result<Dict, Diagnostic> {
    let settled = &ready.settled;
    let options = &job.runner.options.foreign;
    let text = |value: &str| if value.is_empty() { Value::Null } else { Value::str(value) };
    let facility = variable(job, ready, "ansible_syslog_facility")?;
    let more: [(&str, Value); 18] = [
        ("check_mode", settled.check.into()),
        ("no_log", (settled.no_log || options.no_target_syslog).into()),
        ("debug", false.into()),
        ("diff", settled.diff.into()),
        ("verbosity", u32::from(settled.verbosity).into()),
        ("version", job.runner.registry.foreign().version(rustible_vars::LANGUAGE_VERSION).into()),
        ("module_name", Value::str(job.task.action.as_str())),
        ("syslog_facility", facility.unwrap_or_else(|| Value::str(options.syslog_facility.as_str()))),
        ("selinux_special_fs", SPECIAL.iter().map(|name| Value::str(*name)).collect::<Vec<_>>().into()),
        ("socket", Value::Null),
        ("shell_executable", Value::str("/bin/sh")),
        ("keep_remote_files", false.into()),
        ("tmpdir", Value::Null),
        ("remote_tmp", Value::str(settled.remote_tmp.as_str())),
        ("ignore_unknown_opts", false.into()),
        ("target_log_info", text(&options.target_log_info)),
        ("tracebacks_for", options.traces.iter().map(Value::from).collect::<Vec<_>>().into()),
        ("inject_invocation", settled.invocation.into()),
    ];
    for (name, value) in more {
        args.insert(format!("_ansible_{name}"), value);
    }
    Ok(args)
}
