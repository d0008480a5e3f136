//! `ansible.builtin.wait_for`: a port, a file or a text in one of them.

mod drained;

use std::{
    io::Read,
    time::{Duration, Instant},
};

use rustible_sdk::prelude::*;

/// Waits for a condition before continuing.
#[derive(Args)]
#[args(check = none)]
pub(crate) struct Args {
    /// Name or address of the machine.
    #[arg(default = "127.0.0.1")]
    host: String,
    /// Seconds to wait at most.
    #[arg(default = 300)]
    timeout: u64,
    /// Seconds to wait for one connection at most.
    #[arg(default = 5)]
    connect_timeout: u64,
    /// Seconds before the first look.
    #[arg(default = 0)]
    delay: u64,
    /// Port to connect to.
    port: Option<i64>,
    /// States of connections that count as active.
    #[arg(default = Value::from(drained::STATES.iter().map(|s| Value::str(*s)).collect::<Vec<_>>()))]
    active_connection_states: Vec<String>,
    /// File to look for.
    path: Option<PathBuf>,
    /// Regular expression that the file or what the port sends must have.
    search_regex: Option<String>,
    /// What is waited for.
    #[arg(default = "started")]
    state: State,
    /// Machines whose connections do not count.
    exclude_hosts: Option<Vec<String>>,
    /// Seconds between looks.
    #[arg(default = 1)]
    sleep: u64,
    /// Text of the failure instead of the usual one.
    msg: Option<String>,
}

#[derive(Choice, Clone, Copy, PartialEq)]
pub(crate) enum State {
    Absent,
    Drained,
    Present,
    Started,
    Stopped,
}

/// Groups of the match, by number and by name.
type Groups = (Vec<Value>, Dict);

pub(crate) fn run(args: Args, host: &mut Host) -> Result<Outcome> {
    let pattern = args.search_regex.as_ref().map(|source| Pattern::new(&format!("(?m){source}"))).transpose();
    let pattern = pattern.map_err(|e| Failure::new(format!("Invalid regular expression: {e}")))?;
    args.sensible()?;
    let start = Instant::now();
    pause(host, args.delay)?;
    let mut groups = Groups::default();
    if args.port.is_none() && args.path.is_none() && args.state != State::Drained {
        pause(host, args.timeout)?;
    } else {
        let end = start + Duration::from_secs(args.timeout);
        loop {
            if Instant::now() >= end {
                let msg = args.msg.clone().unwrap_or_else(|| args.too_late());
                return Err(Failure::new(msg).with("elapsed", start.elapsed().as_secs()));
            }
            if let Some(found) = args.look(host, pattern.as_ref(), end, start)? {
                groups = found;
                break;
            }
            pause(host, args.sleep)?;
        }
    }
    let mut result = dict! {
        "changed" => false, "state" => args.state.as_str(), "port" => args.port, "search_regex" => args.search_regex,
        "match_groups" => groups.0, "match_groupdict" => groups.1,
        "path" => args.path.as_ref().map(|path| path.to_string_lossy().into_owned()),
        "elapsed" => start.elapsed().as_secs(),
    };
    if let Some(path) = &args.path {
        host.add_path_info(&mut result, path)?;
    }
    Ok(Outcome(result))
}

fn pause(host: &Host, seconds: u64) -> Result<()> {
    if seconds > 0 {
        let _ = host.cancel().sleep(Duration::from_secs(seconds));
    }
    host.still_wanted()
}

impl Args {
    fn sensible(&self) -> Result<()> {
        let only_port = |state: &str| {
            format!("state={state} should only be used for checking a port in the wait_for module")
        };
        let strange = self.active_connection_states.iter().find(|s| drained::state_code(s).is_none());
        let msg = if self.port.is_some() && self.path.is_some() {
            "port and path parameter can not both be passed to wait_for".to_string()
        } else if self.path.is_some() && matches!(self.state, State::Stopped | State::Drained) {
            only_port(self.state.as_str())
        } else if self.exclude_hosts.is_some() && self.state != State::Drained {
            "exclude_hosts should only be with state=drained".to_string()
        } else if let Some(strange) = strange {
            format!("unknown active_connection_state ({strange}) defined")
        } else {
            return Ok(());
        };
        Err(Failure::new(msg).with("elapsed", 0))
    }

    fn too_late(&self) -> String {
        let path = self.path.as_ref().map(|path| path.to_string_lossy().into_owned()).unwrap_or_default();
        let place = format!(
            "{}:{}",
            self.host,
            self.port.map_or_else(|| "None".to_string(), |port| port.to_string())
        );
        match (self.state, &self.search_regex) {
            (State::Drained, _) => format!("Timeout when waiting for {place} to drain"),
            (State::Absent | State::Stopped, _) if self.port.is_some() => {
                format!("Timeout when waiting for {place} to stop.")
            }
            (State::Absent | State::Stopped, _) => format!("Timeout when waiting for {path} to be absent."),
            (_, Some(text)) if self.port.is_some() => {
                format!("Timeout when waiting for search string {text} in {place}")
            }
            (_, None) if self.port.is_some() => format!("Timeout when waiting for {place}"),
            (_, Some(text)) => format!("Timeout when waiting for search string {text} in {path}"),
            (_, None) => format!("Timeout when waiting for file {path}"),
        }
    }

    /// Whether it is as wanted.
    fn look(
        &self,
        host: &Host,
        pattern: Option<&Pattern>,
        end: Instant,
        start: Instant,
    ) -> Result<Option<Groups>> {
        let done = |yes: bool| Ok(yes.then(Groups::default));
        match (self.state, &self.path) {
            (State::Drained, _) => done(drained::active(host, self)? == 0),
            (State::Absent | State::Stopped, Some(path)) => {
                done(!matches!(host.stat(path, true), Ok(Some(_))))
            }
            (State::Absent | State::Stopped, None) => {
                let wait = Duration::from_secs(self.connect_timeout.max(1));
                done(host.connect(&self.host, self.tcp_port()?, wait).is_err())
            }
            (_, Some(path)) => self.look_at_file(host, path, pattern, start),
            (_, None) => self.look_at_port(host, pattern, end),
        }
    }

    fn tcp_port(&self) -> Result<u16> {
        let port = self.port.unwrap_or_default();
        u16::try_from(port).map_err(|_| Failure::new(format!("{port} is no port of TCP")).of_arg("port"))
    }

    fn look_at_file(
        &self,
        host: &Host,
        path: &Path,
        pattern: Option<&Pattern>,
        start: Instant,
    ) -> Result<Option<Groups>> {
        let there = host.stat(path, true).map_err(|e| {
            let said = format!("Failed to stat {}, {}", path.display(), e.msg);
            Failure::new(self.msg.clone().unwrap_or(said)).with("elapsed", start.elapsed().as_secs())
        })?;
        let (Some(_), Some(pattern)) = (&there, pattern) else { return Ok(there.map(|_| Groups::default())) };
        // What cannot be read now may be readable at the next look.
        let bytes = host.read(path).ok().flatten().unwrap_or_default();
        Ok(groups(pattern, &String::from_utf8_lossy(&bytes)))
    }

    fn look_at_port(&self, host: &Host, pattern: Option<&Pattern>, end: Instant) -> Result<Option<Groups>> {
        let left =
            |end: Instant| end.saturating_duration_since(Instant::now()).max(Duration::from_millis(10));
        let wait = Duration::from_secs(self.connect_timeout.max(1)).min(left(end));
        let Ok(mut stream) = host.connect(&self.host, self.tcp_port()?, wait) else { return Ok(None) };
        let Some(pattern) = pattern else { return Ok(Some(Groups::default())) };
        let (mut heard, mut piece) = (Vec::new(), [0; 1024]);
        while Instant::now() < end {
            host.still_wanted()?;
            // Short silences, so that a cancelled task is noticed.
            stream.set_read_timeout(Some(left(end).min(Duration::from_millis(500))))?;
            match stream.read(&mut piece) {
                Ok(0) => break,
                Ok(size) => heard.extend(piece.iter().take(size)),
                Err(e)
                    if matches!(e.kind(), std::io::ErrorKind::WouldBlock | std::io::ErrorKind::TimedOut) =>
                {
                    continue;
                }
                Err(_) => break,
            }
            if groups(pattern, &String::from_utf8_lossy(&heard)).is_some() {
                return Ok(Some(Groups::default()));
            }
        }
        Ok(None)
    }
}

fn groups(pattern: &Pattern, text: &str) -> Option<Groups> {
    let captured = pattern.captures(text)?;
    let numbered = captured.groups.iter().map(|group| Value::from(*group)).collect();
    Some((numbered, captured.named.into_iter().collect()))
}
