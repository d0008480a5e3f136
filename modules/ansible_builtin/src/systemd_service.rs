//! `ansible.builtin.systemd_service`: units of systemd.

use rustible_sdk::prelude::*;

/// Manage systemd units.
#[derive(Args)]
#[args(check = full)]
#[args(required_by(state => name), required_by(enabled => name), required_by(masked => name))]
#[args(required_one_of(state, enabled, masked, daemon_reload, daemon_reexec))]
pub(crate) struct Args {
    /// The unit.
    #[arg(alias("service", "unit"))]
    name: Option<String>,
    /// What it is to be.
    state: Option<State>,
    /// Whether it starts at boot.
    enabled: Option<bool>,
    /// Override links of the unit that are there.
    #[arg(default = false)]
    force: bool,
    /// Whether it cannot be started at all.
    masked: Option<bool>,
    /// Read all units again first.
    #[arg(default = false, alias("daemon-reload"))]
    daemon_reload: bool,
    /// Execute systemd again first.
    #[arg(default = false, alias("daemon-reexec"))]
    daemon_reexec: bool,
    /// Whose systemd.
    #[arg(default = "system", choices("system", "user", "global"))]
    scope: String,
    /// Do not wait for what was asked.
    #[arg(default = false)]
    no_block: bool,
}

#[derive(Choice, Clone, Copy, PartialEq, Eq)]
pub(crate) enum State {
    Reloaded,
    Restarted,
    Started,
    Stopped,
}

/// `systemctl` with the options of the task.
struct Systemctl {
    start: Vec<String>,
}

impl Systemctl {
    fn command(&self, words: &[&str]) -> Command {
        Command::new(self.start.clone()).args(words.iter().copied()).plain_language()
    }
}

pub(crate) fn run(args: Args, host: &mut Host) -> Result<Outcome> {
    let program = host.need_program("systemctl")?;
    let mut start = vec![program];
    if args.scope != "system" {
        start.push(format!("--{}", args.scope));
    }
    for (wanted, option) in [(args.no_block, "--no-block"), (args.force, "--force")] {
        if wanted {
            start.push(option.to_string());
        }
    }
    let ctl = Systemctl { start };
    let name = args.name.clone();
    if let Some(pattern) = name.as_ref().filter(|name| name.contains(['*', '?', '['])) {
        fail!(
            "This module does not currently support using glob patterns, found '{pattern}' in service name: {pattern}"
        );
    }
    for (wanted, word) in [(args.daemon_reload, "daemon-reload"), (args.daemon_reexec, "daemon-reexec")] {
        if wanted && !host.check_mode() {
            let output = host.query(&ctl.command(&[word]))?;
            output.or_fail(|o| format!("failure {} during {word}: {}", o.rc, o.stderr))?;
        }
    }
    let mut result = dict! { "name" => name.clone(), "changed" => false, "status" => Dict::new() };
    if let Some(unit) = &name {
        let status = show(&ctl, unit, host)?;
        let found = present(&ctl, unit, &status, host)?;
        result.insert("status", status.clone());
        mask(&args, &ctl, (unit, found), host)?;
        enable(&args, &ctl, (unit, found), host, &mut result)?;
        change_state(&args, &ctl, (unit, found, &status), host, &mut result)?;
    }
    result.insert("changed", host.is_changed());
    Ok(Outcome(result))
}

/// What `systemctl show` says; values with braces may go over many lines.
fn show(ctl: &Systemctl, unit: &str, host: &Host) -> Result<Dict> {
    let output = host.query(&ctl.command(&["show", unit]))?;
    if output.stderr.contains("System has not been booted with systemd")
        || output.stderr.contains("Failed to connect to bus")
    {
        fail!("failure {} running systemctl show for '{unit}': {}", output.rc, output.stderr);
    }
    let (mut all, mut open) = (Dict::new(), None::<(String, String)>);
    for line in output.stdout.lines() {
        if let Some((key, mut value)) = open.take() {
            value.push('\n');
            value.push_str(line);
            if line.trim_end().ends_with('}') {
                all.insert(key, value.trim().to_string());
            } else {
                open = Some((key, value));
            }
            continue;
        }
        let Some((key, value)) = line.split_once('=') else { continue };
        if key.starts_with("Exec") && value.starts_with('{') && !value.trim_end().ends_with('}') {
            open = Some((key.to_string(), value.to_string()));
        } else {
            all.insert(key, value);
        }
    }
    Ok(all)
}

fn text<'a>(status: &'a Dict, key: &str) -> &'a str {
    status.get(key).and_then(Value::as_str).unwrap_or_default()
}

/// Whether there is such a unit: systemd's own, or a script in `init.d`.
fn present(ctl: &Systemctl, unit: &str, status: &Dict, host: &Host) -> Result<bool> {
    let loaded = text(status, "LoadState");
    if !matches!(loaded, "" | "not-found") {
        return Ok(true);
    }
    let script = Path::new("/etc/init.d").join(unit.trim_end_matches(".service"));
    if host.exists(script)? {
        return Ok(true);
    }
    let listed = host.query(&ctl.command(&["list-unit-files", unit]))?;
    Ok(listed.ok() && listed.stdout.lines().any(|line| line.split_whitespace().next() == Some(unit)))
}

fn missing(unit: &str, what: &str) -> Failure {
    Failure::new(format!("Could not find the requested service {unit}: {what}"))
}

fn mask(args: &Args, ctl: &Systemctl, (unit, found): (&str, bool), host: &mut Host) -> Result<()> {
    let Some(wanted) = args.masked else { return Ok(()) };
    let output = host.query(&ctl.command(&["is-enabled", unit]))?;
    let masked = output.stdout.trim() == "masked";
    if masked == wanted {
        return Ok(());
    }
    if !found && !masked && !wanted {
        return Err(missing(unit, "host"));
    }
    let word = if wanted { "mask" } else { "unmask" };
    let output = host.change(&ctl.command(&[word, unit]))?;
    output.or_fail(|o| format!("Unable to {word} service {unit}: {}", o.stderr)).map(drop)
}

fn enable(
    args: &Args,
    ctl: &Systemctl,
    (unit, found): (&str, bool),
    host: &mut Host,
    result: &mut Dict,
) -> Result<()> {
    let Some(wanted) = args.enabled else { return Ok(()) };
    if !found {
        return Err(missing(unit, "host"));
    }
    let output = host.query(&ctl.command(&["is-enabled", unit]))?;
    let said = output.stdout.trim();
    let enabled = output.ok() && !matches!(said, "indirect" | "enabled-runtime" | "disabled");
    // An alias is enabled with its unit, a static unit cannot be.
    result.insert("enabled", enabled);
    if enabled != wanted {
        let word = if wanted { "enable" } else { "disable" };
        let output = host.change(&ctl.command(&[word, unit]))?;
        output.or_fail(|o| format!("Unable to {word} service {unit}: {}{}", o.stdout, o.stderr))?;
        result.insert("enabled", wanted);
    }
    Ok(())
}

fn change_state(
    args: &Args,
    ctl: &Systemctl,
    (unit, found, status): (&str, bool, &Dict),
    host: &mut Host,
    result: &mut Dict,
) -> Result<()> {
    let Some(state) = args.state else { return Ok(()) };
    if !found {
        return Err(missing(unit, "host"));
    }
    let active = text(status, "ActiveState");
    if active.is_empty() {
        fail!(status = status.clone(); "Service is in unknown state");
    }
    let running = matches!(active, "active" | "activating");
    result.insert("state", if state == State::Stopped { "stopped" } else { "started" });
    let word = match state {
        State::Started if running => return Ok(()),
        State::Stopped if !running && active != "deactivating" => return Ok(()),
        State::Started => "start",
        State::Stopped => "stop",
        State::Reloaded if running => "reload",
        State::Restarted if running => "restart",
        State::Reloaded | State::Restarted => "start",
    };
    let output = host.change(&ctl.command(&[word, unit]))?;
    output.or_fail(|o| format!("Unable to {word} service {unit}: {}", o.stderr))?;
    if !host.check_mode() && state != State::Stopped {
        result.insert("status", show(ctl, unit, host)?);
    }
    Ok(())
}
