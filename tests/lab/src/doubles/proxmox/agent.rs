//! The guest agent: what the machine behind reports, in the shape of QEMU's agent.

use std::net::IpAddr;
use std::sync::Arc;

use serde_json::{Value, json};

use super::ask::{Ask, Outcome, Refusal};
use super::hypervisor::{Interface, Ran};
use super::power::agent_enabled;
use super::state::Centre;

/// The interfaces of a machine whose agent answers now.
fn reach(centre: &Centre, ask: &Ask) -> Result<Vec<Interface>, Refusal> {
    let vmid = ask.vmid();
    let enabled = agent_enabled(centre.world().vm(ask.node(), vmid)?);
    if !enabled {
        return Err(Refusal::died("No QEMU guest agent configured"));
    }
    if !centre.running(vmid) {
        return Err(Refusal::died(format!("VM {vmid} is not running")));
    }
    let silent = {
        let mut conditions = centre.conditions();
        let silent = conditions.silent_agent > 0;
        conditions.silent_agent = conditions.silent_agent.saturating_sub(1);
        silent
    };
    let answer = if silent { None } else { centre.hypervisor.interfaces(vmid) };
    answer.ok_or_else(|| Refusal::died("QEMU guest agent is not running"))
}

/// `GET …/agent/network-get-interfaces`
pub(super) fn interfaces(centre: &Centre, ask: &Ask) -> Outcome {
    let list: Vec<Value> = reach(centre, ask)?
        .into_iter()
        .map(|interface| {
            let addresses: Vec<Value> = interface
                .addresses
                .iter()
                .map(|(address, prefix)| {
                    let family = if matches!(address, IpAddr::V4(_)) { "ipv4" } else { "ipv6" };
                    json!({"ip-address": address.to_string(), "ip-address-type": family, "prefix": prefix})
                })
                .collect();
            let mut entry = json!({
                "name": interface.name,
                "hardware-address": interface.mac.to_ascii_lowercase(),
                "statistics": {"rx-bytes": 0, "tx-bytes": 0, "rx-packets": 0, "tx-packets": 0},
            });
            if let (false, Some(fields)) = (addresses.is_empty(), entry.as_object_mut()) {
                fields.insert("ip-addresses".to_owned(), Value::Array(addresses));
            }
            entry
        })
        .collect();
    Ok(json!({"result": list}))
}

/// `POST …/agent/ping`, and the plain `POST …/agent {command: ping}`
pub(super) fn ping(centre: &Centre, ask: &Ask) -> Outcome {
    reach(centre, ask)?;
    Ok(json!({"result": {}}))
}

/// `POST …/agent`: the old way to call the agent; other commands have paths of their own.
pub(super) fn call(centre: &Centre, ask: &Ask) -> Outcome {
    match ask.params.or("command", "") {
        "ping" => ping(centre, ask),
        "network-get-interfaces" => interfaces(centre, ask),
        "get-host-name" => host_name(centre, ask),
        other => Err(Refusal::new(501, format!("this double's guest agent does not know '{other}'"))),
    }
}

/// `GET …/agent/get-host-name`
pub(super) fn host_name(centre: &Centre, ask: &Ask) -> Outcome {
    let name = run(centre, ask, &["hostname"], &[])?;
    Ok(json!({"result": {"host-name": String::from_utf8_lossy(&name.stdout).trim()}}))
}

/// `GET …/agent/get-osinfo`
pub(super) fn system(centre: &Centre, ask: &Ask) -> Outcome {
    let release = run(centre, ask, &["cat", "/etc/os-release"], &[])?;
    let text = String::from_utf8_lossy(&release.stdout).into_owned();
    let field = |name: &str| {
        let value = text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix('='));
        value.map(|value| value.trim_matches('"').to_owned()).unwrap_or_default()
    };
    Ok(json!({"result": {
        "id": field("ID"), "name": field("NAME"), "pretty-name": field("PRETTY_NAME"), "version-id": field("VERSION_ID"),
    }}))
}

/// `GET …/agent/info`
pub(super) fn info(centre: &Centre, ask: &Ask) -> Outcome {
    reach(centre, ask)?;
    let commands = ["guest-ping", "guest-exec", "guest-exec-status", "guest-network-get-interfaces"];
    let commands: Vec<Value> = commands
        .iter()
        .map(|name| json!({"name": name, "enabled": true, "success-response": true}))
        .collect();
    Ok(json!({"result": {"version": "9.0.0", "supported_commands": commands}}))
}

fn run(centre: &Centre, ask: &Ask, command: &[&str], input: &[u8]) -> Result<Ran, Refusal> {
    reach(centre, ask)?;
    let command: Vec<String> = command.iter().map(|word| (*word).to_owned()).collect();
    centre
        .hypervisor
        .run(ask.vmid(), &command, input)
        .map_err(|error| Refusal::died(format!("Agent error: {error:#}")))
}

/// `POST …/agent/exec`: the command has ended when this answers.
pub(super) fn exec(centre: &Arc<Centre>, ask: &Ask) -> Outcome {
    let command: Vec<&str> = ask.params.list("command").iter().map(String::as_str).collect();
    let ran = run(centre, ask, &command, ask.params.or("input-data", "").as_bytes())?;
    let mut world = centre.world();
    world.processes += 1;
    let pid = u64::from(world.processes) + 900;
    world.vm_mut(ask.node(), ask.vmid())?.ran.insert(pid, ran);
    Ok(json!({"pid": pid}))
}

/// `GET …/agent/exec-status`
pub(super) fn exec_status(centre: &Centre, ask: &Ask) -> Outcome {
    reach(centre, ask)?;
    let pid = ask.params.number("pid").unwrap_or_default();
    let world = centre.world();
    let ran = world.vm(ask.node(), ask.vmid())?.ran.get(&pid).cloned();
    let ran = ran.ok_or_else(|| Refusal::died(format!("Agent error: PID {pid} does not exist")))?;
    Ok(json!({
        "exited": 1,
        "exitcode": ran.status,
        "out-data": String::from_utf8_lossy(&ran.stdout),
        "err-data": String::from_utf8_lossy(&ran.stderr),
    }))
}

/// `GET …/agent/file-read`
pub(super) fn read(centre: &Centre, ask: &Ask) -> Outcome {
    let file = ask.params.or("file", "");
    let ran = run(centre, ask, &["cat", "--", file], &[])?;
    if ran.status != 0 {
        return Err(Refusal::died(format!("Agent error: failed to open file '{file}'")));
    }
    Ok(json!({"content": String::from_utf8_lossy(&ran.stdout)}))
}

/// `POST …/agent/file-write`
pub(super) fn write(centre: &Centre, ask: &Ask) -> Outcome {
    let file = ask.params.or("file", "");
    if ask.params.one("encode").is_some_and(|encode| !super::ask::truth(encode)) {
        return Err(Refusal::new(501, "this double writes text that the server encodes (encode=1)"));
    }
    let ran = run(centre, ask, &["tee", "--", file], ask.params.or("content", "").as_bytes())?;
    if ran.status != 0 {
        return Err(Refusal::died(format!("Agent error: failed to open file '{file}'")));
    }
    Ok(Value::Null)
}
