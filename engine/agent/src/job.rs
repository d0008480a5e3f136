//! Background jobs (`async`): a copy of the agent that runs one call and leaves its state in a file.
//!
//! The agent starts `agent job`, which leaves the session and starts `agent job-run`, which is nobody's child then. The
//! call travels through their standard input. The state file has the form that `async_status` of Ansible reads.

use std::{
    fs::{self, DirBuilder, File},
    io::{self, Write},
    os::unix::{
        fs::{DirBuilderExt, MetadataExt},
        process::CommandExt,
    },
    path::{Path, PathBuf},
    process::{Command, Stdio},
    sync::Arc,
};

use rustible_protocol::{
    Call, Cancel, Dict, Reply, Value,
    call::Job,
    frame::{self, Message},
    json,
};

use crate::{
    context::{Attachments, Context, Modules},
    files,
    link::Incoming,
    work::{self, Clock},
};

/// This very program, also when its file has been replaced meanwhile.
const SELF: &str = "/proc/self/exe";

/// Start a call in the background; the reply says where its state is.
pub(crate) fn start(call: &Call, job: &Job, context: &Context) -> Reply {
    match try_start(call, job, context) {
        Ok(path) => {
            let result: Dict = [
                ("failed", Value::Bool(false)),
                ("changed", Value::Bool(true)),
                ("started", Value::Bool(true)),
                ("finished", Value::Bool(false)),
                ("ansible_job_id", Value::str(job.id.as_str())),
                ("results_file", Value::str(path.to_string_lossy())),
            ]
            .into_iter()
            .collect();
            Reply { result, ..Reply::default() }
        }
        Err(text) => work::failed(&text),
    }
}

fn try_start(call: &Call, job: &Job, context: &Context) -> Result<PathBuf, String> {
    if job.id.is_empty() || job.id.starts_with('.') || job.id.contains(['/', '\0']) {
        return Err(format!("'{}' is not a job's name", job.id));
    }
    let folder = files::expand(&job.dir);
    prepare(&folder).map_err(|e| format!("could not create directory: {} - {e}", folder.display()))?;
    let path = folder.join(&job.id);
    let attachments =
        context.attachments.inlined().map_err(|e| format!("could not get the call's files: {e}"))?;
    let call = Call { attachments, ..call.clone() };
    let bytes = frame::encode(0, &Message::Call(Box::new(call)));
    let bytes = bytes.map_err(|e| format!("the call cannot go into the background: {e}"))?;
    let begun: Dict = [
        ("started", Value::Bool(true)),
        ("finished", Value::Bool(false)),
        ("ansible_job_id", Value::str(job.id.as_str())),
    ]
    .into_iter()
    .collect();
    let failed = |e: io::Error| format!("could not start the job {}: {e}", job.id);
    write(&path, &begun).map_err(failed)?;
    launch(&bytes).inspect_err(|_| drop(fs::remove_file(&path))).map_err(failed)?;
    Ok(path)
}

/// A folder of this user's that nobody else can write to.
pub(crate) fn prepare(folder: &Path) -> io::Result<()> {
    DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
    let meta = fs::symlink_metadata(folder)?;
    let own = meta.uid() == rustix::process::geteuid().as_raw();
    if meta.is_dir() && own && meta.mode() & 0o022 == 0 {
        return Ok(());
    }
    Err(io::Error::other("it is not a directory of this user's that only this user can write to"))
}

fn launch(call: &[u8]) -> io::Result<()> {
    let mut command = Command::new(SELF);
    command.args(["agent", "job"]).stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null());
    let mut child = command.spawn()?;
    let written = match child.stdin.take() {
        Some(mut input) => input.write_all(call),
        None => Err(io::Error::other("no pipe")),
    };
    let status = child.wait()?;
    written?;
    if status.success() {
        Ok(())
    } else {
        Err(io::Error::other(format!("its first step ended with {status}")))
    }
}

/// The first step: leave the session, start the second step with the same input, end.
pub(crate) fn detach() -> i32 {
    // A process that leads its session already has left the old one.
    let _ = rustix::process::setsid();
    let mut command = Command::new(SELF);
    command.args(["agent", "job-run"]).stdin(Stdio::inherit()).stdout(Stdio::null()).stderr(Stdio::null());
    // Not waited for on purpose: this process ends, and the job becomes a child of the system's first one. It cannot
    // read its call before this process' starter has written it, which is the order wanted.
    match command.process_group(0).spawn() {
        Ok(_) => 0,
        Err(_) => 1,
    }
}

/// The second step: read the call, run it, leave the result.
pub(crate) fn run(modules: &'static dyn Modules) -> i32 {
    let Some((call, job)) = receive() else { return 1 };
    let path = files::expand(&job.dir).join(&job.id);
    let attachments = Arc::new(Attachments::inline(call.attachments.clone()));
    let context = Context { cancel: Cancel::default(), attachments };
    let (late_path, pid) = (path.clone(), std::process::id());
    let (expired, expiry) = std::sync::mpsc::channel();
    let clock = Clock::start(job.limit, &context.cancel, move || {
        let result: Dict = [
            ("failed", Value::Bool(true)),
            ("msg", Value::str("Timeout exceeded")),
            ("child_pid", Value::Int(i64::from(pid))),
        ]
        .into_iter()
        .collect();
        let _ = expired.send(write(&late_path, &result));
    });
    let worker = std::thread::Builder::new().spawn(move || {
        let reply = work::reply(modules, &call, &context);
        if clock.stop() { write(&path, &reply.result) } else { Ok(()) }
    });
    let Ok(worker) = worker else { return 1 };
    // Whichever comes first. The sender is dropped when the clock was stopped, and a module that does not notice its
    // end goes with the process.
    if let Ok(written) = expiry.recv() {
        return i32::from(written.is_err());
    }
    i32::from(!matches!(worker.join(), Ok(Ok(()))))
}

fn receive() -> Option<(Call, Job)> {
    let input = File::from(rustix::io::fcntl_dupfd_cloexec(rustix::stdio::stdin(), 3).ok()?);
    rustix::stdio::dup2_stdin(File::open("/dev/null").ok()?).ok()?;
    let Ok(Some((_, Message::Call(mut call)))) = Incoming::of(input).next() else { return None };
    let job = call.job.take()?;
    // A background job has its own limit.
    call.timeout = 0;
    Some((*call, job))
}

fn write(path: &Path, result: &Dict) -> io::Result<()> {
    let text = json::dumps(&Value::Dict(result.clone()));
    files::whole(path, |file| file.write_all(text.as_bytes()))
}
