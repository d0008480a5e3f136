//! From a way to run commands to a running agent: look, upload when it is missing, become, greet.

use std::{
    sync::{Arc, LazyLock},
    time::Duration,
};

use rustible_protocol::frame::{Hello, MAGIC, Message, VERSION};
use tokio::{io::AsyncWriteExt, time::timeout};

use crate::{
    ConnectionError, Target,
    agent::{Agent, Counters, Incoming, Tail, split},
    args::quote,
    binary::{AgentBinary, Loaded},
    escalate::{self, Watch},
    pool::Way,
    stream::Stream,
};

/// The shell part, as one line.
static SCRIPT: LazyLock<String> = LazyLock::new(|| {
    let lines = include_str!("bootstrap.sh").lines().map(str::trim).filter(|line| !line.starts_with('#'));
    lines.collect::<Vec<_>>().join(" ")
});
/// Seconds of silence after which an agent gives its controller up.
const LEASE: u32 = 120;
const NEED: &[u8] = b"\nRUSTIBLE-NEED-1 ";
const FAIL: &[u8] = b"\nRUSTIBLE-FAIL-1 ";
/// How much may come before the agent's greeting (banners, messages of the day).
const NOISE: usize = 1024 * 1024;

/// What the other side says first.
pub(crate) enum First {
    Agent,
    Need(String),
    Fail(usize, String),
}

/// Start the agent of `binary` on the other end of `way`, as the target's user.
///
/// # Errors
/// When no folder there will do, rights are not given, or nothing answers in time.
pub(crate) async fn start(
    target: &Target,
    way: &Way,
    binary: &AgentBinary,
    counters: &Arc<Counters>,
) -> Result<Agent, ConnectionError> {
    let loaded = binary.load().map_err(ConnectionError::Setup)?;
    let all = folders(target);
    let mut from = 0;
    loop {
        let command = command(target, loaded, &all[from..])?;
        match attempt(target, way, &command, loaded, counters).await? {
            Ok(agent) => return Ok(agent),
            // The folder with this number will not do; the ones behind it may.
            Err((number, _)) if number > 0 && from + number < all.len() => from += number,
            Err((_, why)) => {
                return Err(ConnectionError::Bootstrap(format!(
                    "The agent cannot be started on {}: {why}",
                    target.name
                )));
            }
        }
    }
}

/// Where an agent may lie. `%u` is the user's number there.
pub(crate) fn folders(target: &Target) -> Vec<String> {
    let temporary = target.remote_tmp.trim_end_matches('/');
    let mut folders = vec!["~/.cache/rustible/agents".to_string()];
    // A name with `$` or blanks would mean something else to the shell than to Ansible; the others will do.
    if !temporary.is_empty() && !temporary.contains(['$', '\'', '"', '\\', '%']) {
        folders.push(format!("{temporary}/rustible-%u"));
    }
    let shared = ["/var/tmp", "/tmp", "/dev/shm", "/run"];
    folders.extend(shared.map(|folder| format!("{folder}/.rustible-%u")));
    folders
}

/// The command that runs the script as the wanted user.
fn command(target: &Target, binary: &Loaded, folders: &[String]) -> Result<String, ConnectionError> {
    let inner = script(binary, folders, LEASE);
    match &target.escalation {
        None => Ok(inner),
        Some(escalation) => escalate::command(escalation, &inner),
    }
}

/// The command that runs the script as the user who runs it. A lease of 0 lets calls end after their input has.
pub(crate) fn script(binary: &Loaded, folders: &[String], lease: u32) -> String {
    let mut inner = format!(
        "/bin/sh -c {} rustible {} {} {} {lease}",
        quote(&SCRIPT),
        binary.hash,
        binary.sha256,
        binary.bytes.len()
    );
    for folder in folders {
        inner.push(' ');
        inner.push_str(&quote(folder));
    }
    inner
}

type Attempt = Result<Agent, (usize, String)>;

async fn attempt(
    target: &Target,
    way: &Way,
    command: &str,
    binary: &Loaded,
    counters: &Arc<Counters>,
) -> Result<Attempt, ConnectionError> {
    let stream = timeout(target.timeout, way.run(command)).await.map_err(|_| slow(target, "a command"))??;
    let (mut incoming, mut input, mut tail) = split(stream);
    let mut watch = Watch::new(target.escalation.as_ref(), &target.transport);
    let mut patience = target.timeout.max(Duration::from_secs(3));
    loop {
        let first = first(&mut incoming, &mut input, &mut tail, &mut watch, target);
        match timeout(patience, first).await {
            Err(_) => return Err(watch.impatient(target).unwrap_or_else(|| slow(target, "the agent"))),
            Ok(Err(e)) => return Err(e),
            Ok(Ok(First::Fail(number, why))) => return Ok(Err((number, why))),
            Ok(Ok(First::Need(how))) => {
                // From here the other user's rights are given and data flow: the upload has time of its own.
                upload(&mut input, &how, binary).await.map_err(|e| {
                    ConnectionError::Lost(format!("The agent could not be sent to {}: {e}", target.name))
                })?;
                patience = Duration::from_secs(300);
            }
            Ok(Ok(First::Agent)) => break,
        }
    }
    let hello = greeting(&mut incoming, target).await?;
    if !(hello.build.is_empty() || hello.build == binary.hash) {
        return Err(ConnectionError::Bootstrap(format!(
            "The agent on {} is not the one that was sent",
            target.name
        )));
    }
    Ok(Ok(Agent::start(&target.name, hello, incoming, (input, tail.guard), counters.clone())))
}

/// Take over the agent of this machine, which was started without the script.
pub(crate) async fn start_local(
    target: &Target,
    stream: Stream,
    counters: &Arc<Counters>,
) -> Result<Agent, ConnectionError> {
    let (mut incoming, mut input, mut tail) = split(stream);
    let mut watch = Watch::new(None, &target.transport);
    let first = first(&mut incoming, &mut input, &mut tail, &mut watch, target);
    match timeout(target.timeout.max(Duration::from_secs(3)), first).await {
        Err(_) => return Err(slow(target, "the agent")),
        Ok(Err(e)) => return Err(e),
        Ok(Ok(First::Agent)) => {}
        Ok(Ok(_)) => return Err(ConnectionError::Protocol("the local agent asks for a program".to_string())),
    }
    let hello = greeting(&mut incoming, target).await?;
    Ok(Agent::start(&target.name, hello, incoming, (input, tail.guard), counters.clone()))
}

/// The agent's first frame.
pub(crate) async fn greeting(incoming: &mut Incoming, target: &Target) -> Result<Hello, ConnectionError> {
    let frame =
        timeout(target.timeout, incoming.frame()).await.map_err(|_| slow(target, "the agent's greeting"))?;
    match frame.map_err(|e| e.on(&target.name))? {
        Some((_, Message::Hello(hello))) if hello.version == VERSION => Ok(hello),
        Some((_, Message::Hello(hello))) => Err(ConnectionError::Protocol(format!(
            "The agent on {} speaks version {} of the protocol, not {VERSION}",
            target.name, hello.version
        ))),
        _ => Err(ConnectionError::Protocol(format!("The agent on {} does not greet", target.name))),
    }
}

fn slow(target: &Target, what: &str) -> ConnectionError {
    ConnectionError::Timeout(format!(
        "Timed out waiting for {what} on {} for {} seconds",
        target.name,
        target.timeout.as_secs()
    ))
}

type Input = Box<dyn tokio::io::AsyncWrite + Send + Unpin>;

/// Read until the other side says something of ours; answer prompts on the way.
async fn first(
    incoming: &mut Incoming,
    input: &mut Input,
    tail: &mut Tail,
    watch: &mut Watch<'_>,
    target: &Target,
) -> Result<First, ConnectionError> {
    loop {
        if let Some(first) = recognise(incoming) {
            return Ok(first);
        }
        if incoming.buffer.len() > NOISE {
            return Err(ConnectionError::Protocol(format!(
                "{} sends something else than an agent",
                target.name
            )));
        }
        let answer = tokio::select! {
            biased;
            Some(piece) = tail.errors.recv() => watch.errors(&piece)?,
            more = incoming.fill() => {
                if !matches!(more, Ok(true)) {
                    return Err(ended(tail, watch, target).await);
                }
                watch.output(&incoming.buffer)?
            }
        };
        if let Some(answer) = answer {
            let sent = async {
                input.write_all(answer.as_bytes()).await?;
                input.flush().await
            };
            sent.await.map_err(|e| ConnectionError::Become(e.to_string()))?;
        }
    }
}

/// The command ended without an agent: say why as well as is known.
async fn ended(tail: &mut Tail, watch: &mut Watch<'_>, target: &Target) -> ConnectionError {
    let rest = async {
        while let Some(piece) = tail.errors.recv().await {
            watch.errors(&piece)?;
        }
        Ok(())
    };
    if let Ok(Err(e)) = timeout(Duration::from_secs(3), rest).await {
        return e;
    }
    let code = timeout(Duration::from_secs(3), &mut tail.exit).await.ok().and_then(Result::ok);
    watch.ended(&target.name, code)
}

/// The first thing of ours in what was read; everything before it is dropped.
pub(crate) fn recognise(incoming: &mut Incoming) -> Option<First> {
    let bytes = &incoming.buffer;
    let find = |mark: &[u8]| bytes.windows(mark.len()).position(|window| window == mark);
    if let Some(at) = find(MAGIC) {
        let _ = incoming.buffer.split_to(at + MAGIC.len());
        return Some(First::Agent);
    }
    let (at, mark) = find(NEED).map(|at| (at, NEED)).or_else(|| find(FAIL).map(|at| (at, FAIL)))?;
    let rest = &bytes[at + mark.len()..];
    let end = rest.iter().position(|&byte| byte == b'\n')?;
    let line = String::from_utf8_lossy(&rest[..end]).into_owned();
    let _ = incoming.buffer.split_to(at + mark.len() + end + 1);
    if mark == NEED {
        return Some(First::Need(line));
    }
    let (number, why) = line.split_once(' ').unwrap_or((&line, ""));
    Some(First::Fail(number.parse().unwrap_or(0), why.to_string()))
}

/// Send the program, packed as the other side can unpack it, behind a line with the packed size.
async fn upload(input: &mut Input, how: &str, binary: &Loaded) -> std::io::Result<()> {
    let packed = binary.packed(how)?;
    input.write_all(format!("{}\n", packed.len()).as_bytes()).await?;
    input.write_all(packed).await?;
    input.flush().await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_script_survives_quoting_and_is_one_line() {
        assert!(!SCRIPT.contains('\'') && !SCRIPT.contains('\n'), "{}", *SCRIPT);
        let checked = std::process::Command::new("/bin/sh").args(["-n", "-c", &SCRIPT]).output().unwrap();
        assert!(checked.status.success(), "{}", String::from_utf8_lossy(&checked.stderr));
    }
}
