//! Tasks of a server: followed to their end.

use std::{
    thread,
    time::{Duration, Instant},
};

use rustible_sdk::{Failure, Host, Result, Value, fail, repr};

use super::client::{Server, encoded, no_room};

/// Follow a task until it ends; its warnings count as success.
///
/// # Errors
/// When it fails (with the end of its log), or takes longer than that many seconds.
pub(crate) fn finish(server: &Server, host: &Host, upid: &Value, what: &str, timeout: u64) -> Result<()> {
    // Some calls are done at once and name no task.
    let Some(upid) = upid.as_str().filter(|upid| upid.starts_with("UPID:")) else { return Ok(()) };
    let node = upid.split(':').nth(1).unwrap_or_default();
    let path = format!("/nodes/{node}/tasks/{}", encoded(upid));
    let (begun, mut pause) = (Instant::now(), Duration::from_millis(200));
    loop {
        host.still_wanted()?;
        // A node that cannot be reached for a moment does not end the task.
        let status = match server.get(&format!("{path}/status"), &[]) {
            Err(e) if e.status != 0 && e.status < 595 => return Err(e.into()),
            other => other.unwrap_or_default(),
        };
        if status.get("status").and_then(Value::as_str) == Some("stopped") {
            let end = status.get("exitstatus").map(repr::str).unwrap_or_default();
            if end == "OK" || end.starts_with("WARN") {
                return Ok(());
            }
            let log = log(server, &path);
            // What a program of the task said may tell more than how the task ended.
            let full = log.iter().map(repr::str).find(|line| no_room(line).is_some());
            let more =
                full.filter(|_| no_room(&end).is_none()).map(|line| format!(" ({line})")).unwrap_or_default();
            let msg = format!("{what} failed: {end}{more}");
            let hint = no_room(&msg);
            let failure = Failure::new(msg).with("log", log).with("upid", upid);
            return Err(match hint {
                Some(hint) => failure.hint(hint),
                None => failure,
            });
        }
        if begun.elapsed() > Duration::from_secs(timeout) {
            let last = log(server, &path).pop();
            let last = last.map(|line| repr::str(&line)).unwrap_or_default();
            fail!("Reached timeout while waiting for {what}. Last line in task before timeout: {last}");
        }
        thread::sleep(pause);
        pause = (pause * 3 / 2).min(Duration::from_secs(2));
    }
}

/// The last lines of its log.
fn log(server: &Server, path: &str) -> Vec<Value> {
    let lines = server.get(&format!("{path}/log"), &[("limit", "0")]).unwrap_or_default();
    let lines = lines.as_list().cloned().unwrap_or_default();
    let texts: Vec<Value> = lines.iter().filter_map(|line| line.get("t").cloned()).collect();
    texts.get(texts.len().saturating_sub(20)..).unwrap_or_default().to_vec()
}
