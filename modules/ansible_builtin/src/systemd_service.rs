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
    /// Where the user's own systemd is spoken to, when the environment does not say it.
    runtime: Option<String>,
}

impl Systemctl {
    fn new(args: &Args, host: &Host) -> Result<Self> {
        let mut start = vec![host.need_program("systemctl")?];
        if args.scope != "system" {
            start.push(format!("--{}", args.scope));
        }
        for (wanted, option) in [(args.no_block, "--no-block"), (args.force, "--force")] {
            if wanted {
                start.push(option.to_string());
            }
        }
        let own = || format!("/run/user/{}", host.own_uid());
        Ok(Self { start, runtime: host.env("XDG_RUNTIME_DIR").is_none().then(own) })
    }

    fn command(&self, words: &[&str]) -> Command {
        let command = Command::new(self.start.clone()).args(words.iter().copied()).plain_language();
        match &self.runtime {
            Some(folder) => command.env("XDG_RUNTIME_DIR", folder.as_str()),
            None => command,
        }
    }
}

/// A unit as it was found.
struct Unit<'a> {
    name: &'a str,
    found: bool,
    /// There is a script of that name in `init.d`.
    script: bool,
    status: Dict,
}

/// Answers of `is-enabled` for units that there are.
const ENABLED_STATES: [&str; 11] = [
    "enabled",
    "enabled-runtime",
    "linked",
    "linked-runtime",
    "masked",
    "masked-runtime",
    "static",
    "indirect",
    "disabled",
    "generated",
    "transient",
];

pub(crate) fn run(args: Args, host: &mut Host) -> Result<Outcome> {
    if let Some(name) = &args.name
        && let Some(pattern) = ["*", "?", "["].iter().find(|pattern| name.contains(**pattern))
    {
        fail!(
            "This module does not currently support using glob patterns, found '{pattern}' in service name: {name}"
        );
    }
    let ctl = Systemctl::new(&args, host)?;
    for (wanted, word) in [(args.daemon_reload, "daemon-reload"), (args.daemon_reexec, "daemon-reexec")] {
        if wanted && !host.check_mode() {
            reload(&ctl, word, host)?;
        }
    }
    let mut result = dict! { "name" => args.name.clone(), "changed" => false, "status" => Dict::new() };
    if let Some(name) = &args.name {
        let unit = find(&ctl, name, host)?;
        result.insert("status", unit.status.clone());
        if unit.script && !unit.found {
            host.warn(format!(
                "The service ({name}) is actually an init script but the system is managed by systemd"
            ));
        }
        let unit = Unit { found: unit.found || unit.script, ..unit };
        mask(&args, &ctl, &unit, host)?;
        enable(&args, &ctl, &unit, host, &mut result)?;
        change_state(&args, &ctl, &unit, host, &mut result)?;
    }
    result.insert("changed", host.is_changed());
    Ok(Outcome(result))
}

/// Whether there is no systemd to be expected here.
fn offline(host: &Host) -> bool {
    host.env("SYSTEMD_OFFLINE").as_deref() == Some("1") || crate::chroot::is_chroot(host)
}

fn reload(ctl: &Systemctl, word: &str, host: &mut Host) -> Result<()> {
    let output = host.query(&ctl.command(&[word]))?;
    if output.ok() {
        return Ok(());
    }
    if !offline(host) {
        return output.or_fail(|o| format!("failure {} during {word}: {}", o.rc, o.stderr)).map(drop);
    }
    host.warn(format!(
        "{word} failed, but target is a chroot or systemd is offline. Continuing. Error was: {} / {}",
        output.rc, output.stderr
    ));
    Ok(())
}

/// What is known of a unit; `found` is systemd's own word alone.
fn find<'a>(ctl: &Systemctl, name: &'a str, host: &Host) -> Result<Unit<'a>> {
    let script = host.exists(Path::new("/etc/init.d").join(name))?;
    let output = host.query(&ctl.command(&["show", name]))?;
    let ignored = |text: &str| {
        !text.contains('=') && (text.contains("ignoring request") || text.contains("ignoring command"))
    };
    let mut unit = Unit { name, found: false, script, status: Dict::new() };
    if output.ok() && !ignored(&output.stdout) && !ignored(&output.stderr) {
        unit.status = shown(&output.stdout);
        let loaded = text(&unit.status, "LoadState");
        unit.found = !matches!(loaded, "" | "not-found");
        let error = text(&unit.status, "LoadError");
        if unit.found && loaded != "masked" && !error.is_empty() {
            fail!("Error loading unit file '{name}': {error}");
        }
    } else if output.rc == 1 && output.stderr.contains("Failed to parse bus message") {
        unit.status = shown(&output.stdout);
        let base = name.split_inclusive('@').next().unwrap_or(name);
        let listed = host.query(&ctl.command(&["list-unit-files", &format!("{base}*")]))?;
        unit.found = listed.stdout.contains(base);
        let active = host.query(&ctl.command(&["is-active", name]))?;
        unit.status.insert("ActiveState", active.stdout.trim_end_matches('\n'));
    } else {
        let enabled = host.query(&ctl.command(&["is-enabled", name]))?;
        unit.found = ENABLED_STATES.contains(&enabled.stdout.trim())
            || host.query(&ctl.command(&["list-unit-files", name]))?.ok();
        if !unit.found {
            // Whether there is a systemd to be asked at all.
            host.query(&ctl.command(&[]))?.or_fail(|o| o.stderr.trim().to_string())?;
        }
    }
    Ok(unit)
}

/// What `systemctl show` says; values with braces may go over many lines.
fn shown(stdout: &str) -> Dict {
    let (mut all, mut open) = (Dict::new(), None::<(String, String)>);
    for line in stdout.lines() {
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
            all.insert(key, value.trim());
        }
    }
    all
}

fn text<'a>(status: &'a Dict, key: &str) -> &'a str {
    status.get(key).and_then(Value::as_str).unwrap_or_default()
}

fn needed(unit: &Unit<'_>) -> Result<()> {
    if unit.found {
        return Ok(());
    }
    Err(Failure::new(format!("Could not find the requested service {}: host", unit.name)))
}

fn mask(args: &Args, ctl: &Systemctl, unit: &Unit<'_>, host: &mut Host) -> Result<()> {
    let Some(wanted) = args.masked else { return Ok(()) };
    let output = host.query(&ctl.command(&["is-enabled", unit.name]))?;
    if (output.stdout.trim() == "masked") == wanted {
        return Ok(());
    }
    let word = if wanted { "mask" } else { "unmask" };
    let output = host.change(&ctl.command(&[word, unit.name]))?;
    if output.ok() {
        return Ok(());
    }
    // Some versions mask units that are not there; missing ones are only told of by others.
    needed(unit)?;
    fail!("Failed to {word} the service ({}): {}", unit.name, output.stderr.trim())
}

fn enable(args: &Args, ctl: &Systemctl, unit: &Unit<'_>, host: &mut Host, result: &mut Dict) -> Result<()> {
    let Some(wanted) = args.enabled else { return Ok(()) };
    needed(unit)?;
    let output = host.query(&ctl.command(&["is-enabled", unit.name, "-l"]))?;
    let said = output.stdout.trim();
    let enabled = match output.rc {
        // For the time being, by way of another unit, or under another name: asked for, it is made lasting.
        0 => !matches!(said, "enabled-runtime" | "indirect" | "alias"),
        1 => {
            args.scope == "system"
                && unit.script
                && !said.ends_with("disabled")
                && !host.glob(Path::new("/"), &format!("etc/rc?.d/S??{}", unit.name))?.is_empty()
        }
        _ => false,
    };
    result.insert("enabled", wanted);
    if enabled != wanted {
        let word = if wanted { "enable" } else { "disable" };
        let output = host.change(&ctl.command(&[word, unit.name]))?;
        if !output.ok() {
            fail!("Unable to {word} service {}: {}{}", unit.name, output.stdout, output.stderr);
        }
    }
    Ok(())
}

fn change_state(
    args: &Args,
    ctl: &Systemctl,
    unit: &Unit<'_>,
    host: &mut Host,
    result: &mut Dict,
) -> Result<()> {
    let Some(state) = args.state else { return Ok(()) };
    needed(unit)?;
    result.insert("state", if state == State::Stopped { "stopped" } else { "started" });
    let Some(active) = unit.status.get("ActiveState").and_then(Value::as_str) else {
        if !offline(host) {
            fail!(status = unit.status.clone(); "Service is in unknown state");
        }
        host.warn(
            "Target is a chroot or systemd is offline. This can lead to false positives or prevent the init system tools from working.",
        );
        return Ok(());
    };
    let running = matches!(active, "active" | "activating");
    let word = match state {
        State::Started if running => return Ok(()),
        State::Stopped if !running && active != "deactivating" => return Ok(()),
        State::Started => "start",
        State::Stopped => "stop",
        State::Reloaded if running => "reload",
        State::Restarted if running => "restart",
        State::Reloaded | State::Restarted => "start",
    };
    let output = host.change(&ctl.command(&[word, unit.name]))?;
    if !output.ok() {
        fail!("Unable to {word} service {}: {}", unit.name, output.stderr);
    }
    Ok(())
}
