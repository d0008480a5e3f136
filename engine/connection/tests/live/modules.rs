//! The modules that the tests' agent has.

use std::{
    io::Read,
    os::unix::process::CommandExt,
    process::{Command, Stdio},
};

use rustible_agent::{Context, Modules};
use rustible_protocol::{Call, Dict, Reply, Value, hash};

/// `test.echo`, `test.run`, `test.attachment`, `test.panic`, `test.me`.
pub(crate) struct TestModules;

impl Modules for TestModules {
    fn run(&self, call: &Call, context: &Context) -> Option<Reply> {
        let result = match call.module.as_str() {
            "test.echo" => call.args.clone(),
            "test.me" => me(),
            "test.run" => run(&text(call, "command"), context),
            "test.attachment" => attachment(&text(call, "name"), context),
            "test.full" if !lean() => me(),
            "test.panic" => panic!("as it was told"),
            _ => return None,
        };
        Some(Reply { result, ..Reply::default() })
    }
}

/// Whether this program is the copy that plays the lean agent: its file ends in a letter that the program has not.
fn lean() -> bool {
    std::fs::read("/proc/self/exe").unwrap().last() == Some(&LEAN)
}

/// What the lean copy ends in.
pub(crate) const LEAN: u8 = b'L';

fn text(call: &Call, name: &str) -> String {
    call.args.get(name).and_then(Value::as_str).unwrap_or_default().to_string()
}

fn me() -> Dict {
    let uid = Command::new("id").arg("-un").output().unwrap();
    let home = std::env::var("HOME").unwrap_or_default();
    let user = String::from_utf8_lossy(&uid.stdout).trim().to_string();
    [
        ("user", Value::str(user)),
        ("home", Value::str(home)),
        ("pid", Value::Int(i64::from(std::process::id()))),
    ]
    .into_iter()
    .collect()
}

fn run(command: &str, context: &Context) -> Dict {
    let mut shell = Command::new("/bin/sh");
    shell
        .args(["-c", command])
        .process_group(0)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null());
    let mut child = shell.spawn().unwrap();
    let running = context.cancel.started(child.id());
    let status = child.wait().unwrap();
    drop(running);
    [("rc", Value::Int(i64::from(status.code().unwrap_or(-1))))].into_iter().collect()
}

fn attachment(name: &str, context: &Context) -> Dict {
    let mut bytes = Vec::new();
    match context.attachments.open(name).and_then(|mut content| content.read_to_end(&mut bytes)) {
        Ok(size) => [("size", Value::Int(size as i64)), ("hash", Value::str(hash::content(&bytes)))]
            .into_iter()
            .collect(),
        Err(e) => [("failed", Value::Bool(true)), ("msg", Value::str(e.to_string()))].into_iter().collect(),
    }
}
