//! `ansible.builtin.service`: services of whichever manager the host has: systemd, or scripts in `init.d`.

use rustible_sdk::prelude::*;

use crate::systemd_service;

/// Manage services.
#[derive(Args)]
#[args(check = full, required_one_of(state, enabled))]
pub(crate) struct Args {
    /// The service.
    name: String,
    /// What it is to be.
    #[arg(choices("started", "stopped", "reloaded", "restarted"))]
    state: Option<String>,
    /// Seconds between stop and start of a restart, for scripts.
    sleep: Option<i64>,
    /// What a process list shows when it runs, for scripts.
    pattern: Option<String>,
    /// Whether it starts at boot.
    enabled: Option<bool>,
    /// Runlevel, for OpenRC.
    #[arg(default = "default")]
    runlevel: String,
    /// More words for a script.
    #[arg(default = "", alias("args"))]
    arguments: String,
    /// Manager to use; found out by default.
    #[arg(name = "use", default = "auto")]
    manager: String,
}

pub(crate) fn run(args: Args, host: &mut Host) -> Result<Outcome> {
    let systemd = match args.manager.as_str() {
        "auto" => host.exists("/run/systemd/system")?,
        "systemd" | "ansible.builtin.systemd" | "ansible.builtin.systemd_service" => true,
        "service" | "sysvinit" => false,
        other => fail!("the service manager {other} is not supported, only systemd and init scripts"),
    };
    if !systemd {
        return script(&args, host);
    }
    for (given, name) in [
        (args.sleep.is_some(), "sleep"),
        (args.pattern.is_some(), "pattern"),
        (!args.arguments.is_empty(), "arguments"),
    ] {
        if given {
            host.warn(format!("Ignoring \"{name}\" as it is not used in \"systemd\""));
        }
    }
    let mut forwarded = dict! { "name" => args.name };
    for (key, value) in [("state", Value::from(args.state)), ("enabled", Value::from(args.enabled))] {
        forwarded.insert(key, value);
    }
    let spec = <systemd_service::Args as Arguments>::spec("ansible.builtin.systemd_service");
    let forwarded = rustible_sdk::validate(&spec, &forwarded)?;
    systemd_service::run(Arguments::from_args(&forwarded)?, host)
}

fn script(args: &Args, host: &mut Host) -> Result<Outcome> {
    if args.runlevel != "default" {
        fail!("runlevel is not supported with init scripts");
    }
    let path = Path::new("/etc/init.d").join(&args.name);
    if !host.exists(&path)? {
        fail!("Could not find the requested service {}: host", args.name);
    }
    let path = path.to_string_lossy().into_owned();
    let words: Vec<String> = args.arguments.split_whitespace().map(str::to_string).collect();
    let command = |word: &str| Command::new([path.as_str(), word]).args(words.clone()).plain_language();
    let mut result = dict! { "name" => args.name.as_str() };
    if let Some(wanted) = args.enabled {
        let links = host.glob(Path::new("/"), &format!("etc/rc[2345].d/S??{}", args.name))?;
        if links.is_empty() == wanted {
            let word = if wanted { "enable" } else { "disable" };
            let program = host.need_program("update-rc.d")?;
            let output = host.change(&Command::new([program.as_str(), &args.name, word]))?;
            output.or_fail(|o| format!("Unable to {word} service {}: {}", args.name, o.stderr))?;
        }
        result.insert("enabled", wanted);
    }
    if let Some(state) = args.state.as_deref() {
        let running = match &args.pattern {
            Some(pattern) => host.query(&Command::new(["ps", "auxww"]))?.stdout.contains(pattern.as_str()),
            None => host.query(&command("status"))?.ok(),
        };
        let steps: &[&str] = match (state, running) {
            ("started", true) | ("stopped", false) => &[],
            ("started", false) | ("reloaded", false) => &["start"],
            ("stopped", true) => &["stop"],
            ("reloaded", true) => &["reload"],
            _ if args.sleep.is_some() => &["stop", "start"],
            _ => &["restart"],
        };
        for (at, step) in steps.iter().enumerate() {
            if at > 0 && !host.check_mode() {
                let pause = args.sleep.unwrap_or(0).unsigned_abs();
                let _ = host.cancel().sleep(std::time::Duration::from_secs(pause));
                host.still_wanted()?;
            }
            let output = host.change(&command(step))?;
            output
                .or_fail(|o| format!("Unable to {step} service {}: {}{}", args.name, o.stdout, o.stderr))?;
        }
        result.insert("state", if state == "stopped" { "stopped" } else { "started" });
    }
    result.insert("changed", host.is_changed());
    Ok(Outcome(result))
}
