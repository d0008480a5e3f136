//! `ansible.builtin.reboot`: restart the target and wait until it is back.

use std::time::{Duration, Instant};

use rustible_executor::{Context, Failure};
use rustible_protocol::{Dict, Kind, Value};

use crate::{
    raw::quote,
    spec::{With, action, field, result, spec},
    wait_for_connection::reach,
};

const BOOT_ID: &str = "cat /proc/sys/kernel/random/boot_id";

action!(
    Reboot,
    spec(
        "ansible.builtin.reboot",
        "Reboot the target and wait until it is back.",
        vec![
            field("pre_reboot_delay", Kind::Int, "Seconds before the reboot.")
                .or(0)
                .alias(&["pre_reboot_delay_sec"]),
            field("post_reboot_delay", Kind::Int, "Seconds to wait after the command.")
                .or(0)
                .alias(&["post_reboot_delay_sec"]),
            field("reboot_timeout", Kind::Int, "Seconds until it must be back.")
                .or(600)
                .alias(&["reboot_timeout_sec"]),
            field("connect_timeout", Kind::Int, "Seconds for each try to connect.")
                .alias(&["connect_timeout_sec"]),
            field("test_command", Kind::Str, "Command that must succeed when it is back.").or("whoami"),
            field("msg", Kind::Str, "Message for users that are logged in.")
                .or("Reboot initiated by Ansible"),
            field("search_paths", Kind::List, "Folders with the shutdown command.").of(Kind::Str),
            field("boot_time_command", Kind::Str, "Command whose output differs after a reboot.").or(BOOT_ID),
            field("reboot_command", Kind::Str, "Command that reboots."),
        ],
    ),
    strict = true,
    |context| reboot(context).await
);

async fn reboot(context: &mut Context<'_>) -> Result<Dict, Failure> {
    if matches!(context.target.transport, rustible_connection::Transport::Local) {
        let text = "Running ansible.builtin.reboot with local connection would reboot the control node.";
        return Err(Failure::Result(result([
            ("changed", false.into()),
            ("elapsed", 0.into()),
            ("rebooted", false.into()),
            ("msg", text.into()),
        ])));
    }
    if context.check() {
        return Ok(result([("changed", true.into()), ("elapsed", 0.into()), ("rebooted", true.into())]));
    }
    let started = Instant::now();
    let seconds = |name: &str, default: u64| {
        let given = context.args.get(name).and_then(Value::as_int);
        Duration::from_secs(given.and_then(|s| u64::try_from(s).ok()).unwrap_or(default))
    };
    let (limit, after) = (seconds("reboot_timeout", 600), seconds("post_reboot_delay", 0));
    let text =
        |name: &str, default: &str| context.text(name).map_or_else(|| default.to_string(), |t| t.to_string());
    let boot_time = text("boot_time_command", BOOT_ID);
    let before = boot_id(context, &boot_time).await?;
    order(context, seconds("pre_reboot_delay", 0).as_secs()).await?;
    tokio::time::sleep(after).await;
    let mut target = context.target.clone();
    target.timeout = seconds("connect_timeout", 10);
    let deadline = started + limit;
    loop {
        context.runner.pool.reset(&context.target).await;
        context.runner.pool.reset(&target).await;
        let left = deadline.saturating_duration_since(Instant::now());
        reach(context, &target, Instant::now(), Duration::from_secs(1), left)
            .await
            .map_err(|error| late(started, &error))?;
        match boot_id(context, &boot_time).await {
            Ok(now) if now != before => break,
            Ok(_) | Err(Failure::Unreachable { .. }) => {}
            Err(other) => return Err(other),
        }
        if Instant::now() >= deadline {
            return Err(late(started, "boot time has not changed"));
        }
        tokio::time::sleep(Duration::from_millis(500)).await;
    }
    let test = text("test_command", "whoami");
    loop {
        let good = run(context, &test).await;
        if matches!(&good, Ok((0, _))) {
            break;
        }
        if Instant::now() >= deadline {
            return Err(late(started, &format!("the test command '{test}' failed")));
        }
        tokio::time::sleep(Duration::from_secs(1)).await;
    }
    let elapsed = i64::try_from(started.elapsed().as_secs()).unwrap_or(i64::MAX);
    Ok(result([("changed", true.into()), ("rebooted", true.into()), ("elapsed", elapsed.into())]))
}

fn late(started: Instant, why: &str) -> Failure {
    let elapsed = i64::try_from(started.elapsed().as_secs()).unwrap_or(i64::MAX);
    let text = format!("Timed out waiting for last boot time check (timeout={elapsed}): {why}");
    Failure::Result(result([("msg", text.into()), ("rebooted", true.into()), ("elapsed", elapsed.into())]))
}

/// Give the order to reboot; the connection may end before the command does.
async fn order(context: &Context<'_>, delay: u64) -> Result<(), Failure> {
    let message =
        context.text("msg").map_or_else(|| "Reboot initiated by Ansible".to_string(), |m| m.to_string());
    let command = match context.text("reboot_command") {
        Some(command) => command.to_string(),
        None => {
            let minutes = delay / 60;
            format!(
                "PATH=/sbin:/bin:/usr/sbin:/usr/bin:/usr/local/sbin:$PATH shutdown -r {minutes} {}",
                quote(&message)
            )
        }
    };
    match run(context, &command).await {
        // Ended by the shutdown itself.
        Ok((0, _)) | Err(Failure::Unreachable { .. }) => Ok(()),
        Ok((code, output)) if !(0..128).contains(&code) => {
            drop(output);
            Ok(())
        }
        Ok((code, output)) => Err(Failure::Result(result([
            ("msg", format!("Reboot command failed. Error was: '{}'", output.trim()).into()),
            ("rebooted", false.into()),
            ("rc", code.into()),
        ]))),
        Err(other) => Err(other),
    }
}

async fn boot_id(context: &Context<'_>, command: &str) -> Result<String, Failure> {
    let (code, output) = run(context, command).await?;
    if code != 0 {
        let text = format!("Failed to get host boot time info, rc: {code}, output: {}", output.trim());
        return Err(Failure::Result(result([("msg", text.into()), ("rebooted", false.into())])));
    }
    Ok(output)
}

async fn run(context: &Context<'_>, command: &str) -> Result<(i64, String), Failure> {
    let done = context
        .module("ansible.builtin.shell", result([("_raw_params", command.into())]), Vec::new())
        .await?;
    let text = |name: &str| done.get(name).map(rustible_protocol::repr::str).unwrap_or_default();
    Ok((done.get("rc").and_then(Value::as_int).unwrap_or(-1), text("stdout") + &text("stderr")))
}
