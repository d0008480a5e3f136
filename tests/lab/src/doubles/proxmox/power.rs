//! Starting and stopping machines.

use std::sync::Arc;

use anyhow::{Result, anyhow, bail};
use serde_json::{Value, json};

use super::ask::{Ask, Outcome, Refusal};
use super::change::settle;
use super::config::{bytes, is_drive, option, stem, volume_of};
use super::hypervisor::{Card, Plan};
use super::state::{Centre, Vm, World, seconds};
use super::tasks::{Job, Log, start};

/// `POST …/status/start`
pub(super) fn start_vm(centre: &Arc<Centre>, ask: &Ask) -> Outcome {
    let vmid = ask.vmid();
    if centre.world().free_vm(ask.node(), vmid)?.is_template() {
        return Err(Refusal::died("you can't start a vm if it's a template"));
    }
    Ok(start(centre, &job(ask, "qmstart"), move |centre, log| begin(centre, vmid, log)))
}

fn job<'a>(ask: &'a Ask, kind: &'a str) -> Job<'a> {
    Job { kind, node: ask.node(), id: ask.vmid().to_string(), user: &ask.user, lock: None }
}

/// Starts a machine inside a task.
pub(super) fn begin(centre: &Arc<Centre>, vmid: u32, log: &Log) -> Result<()> {
    if centre.running(vmid) {
        bail!("VM {vmid} already running");
    }
    let plan = {
        let mut world = centre.world();
        settle(&mut world, vmid);
        plan(&world, vmid)?
    };
    if let Some(card) = plan.cards.iter().find(|card| !centre.settings.bridges.contains(&card.bridge)) {
        bail!("bridge '{}' does not exist", card.bridge);
    }
    let known = |device: &str| centre.settings.pci.iter().any(|one| device.starts_with(one.as_str()));
    if let Some(device) = plan.pci.iter().find(|device| !known(device) && !device.contains("mapping=")) {
        bail!("no PCI device found for '{}'", device.split(',').next().unwrap_or_default());
    }
    let express = plan.pci.iter().any(|device| option(device, "pcie") == Some("1"));
    if express && !plan.config.get("machine").is_some_and(|machine| machine.contains("q35")) {
        bail!("q35 machine model is not enabled");
    }
    centre.hypervisor.start(&plan)?;
    let mut world = centre.world();
    let vm = world.vms.get_mut(&vmid).ok_or_else(|| anyhow!("the machine is gone"))?;
    (vm.started, vm.made, vm.since) = (true, true, seconds());
    drop(world);
    log.line(format!("VM {vmid} started"));
    Ok(())
}

fn plan(world: &World, vmid: u32) -> Result<Plan> {
    let vm = world.vms.get(&vmid).ok_or_else(|| anyhow!("the machine is gone"))?;
    let number =
        |key: &str, default: u64| vm.config.get(key).and_then(|text| text.parse().ok()).unwrap_or(default);
    let mut plan = Plan {
        vmid,
        name: vm.name(vmid),
        cores: u32::try_from(number("sockets", 1) * number("cores", 1)).unwrap_or(1),
        memory_mb: number("memory", 512),
        disk_gb: 0,
        iso: None,
        cards: Vec::new(),
        pci: Vec::new(),
        config: vm.config.clone(),
    };
    for (key, value) in &vm.config {
        match stem(key) {
            _ if is_drive(key) && option(value, "media") == Some("cdrom") => {
                let volume = volume_of(value);
                if !matches!(volume, "none" | "cdrom") && !volume.ends_with("-cloudinit") {
                    let known =
                        world.volume(volume).ok_or_else(|| anyhow!("volume '{volume}' does not exist"))?;
                    plan.iso = plan.iso.or_else(|| known.path.clone());
                }
            }
            "ide" | "sata" | "scsi" | "virtio" if plan.disk_gb == 0 => plan.disk_gb = disk_gb(value),
            "net" => plan.cards.push(Card {
                mac: value.split(['=', ',']).nth(1).unwrap_or_default().to_owned(),
                bridge: option(value, "bridge").unwrap_or_default().to_owned(),
            }),
            "hostpci" => plan.pci.push(value.clone()),
            _ => {}
        }
    }
    Ok(plan)
}

fn disk_gb(value: &str) -> u64 {
    option(value, "size").and_then(bytes).unwrap_or_default() >> 30
}

/// `POST …/status/stop` and `…/shutdown`
pub(super) fn stop_vm(centre: &Arc<Centre>, ask: &Ask, in_order: bool) -> Outcome {
    let vmid = ask.vmid();
    centre.world().free_vm(ask.node(), vmid)?;
    let force = !in_order || ask.params.flag("forceStop");
    Ok(start(centre, &job(ask, if in_order { "qmshutdown" } else { "qmstop" }), move |centre, log| {
        if centre.running(vmid) {
            let ended = centre.hypervisor.stop(vmid, !in_order);
            match ended {
                Err(error) if in_order && force => {
                    log.line(format!("{error:#}"));
                    centre.hypervisor.stop(vmid, true)?;
                }
                ended => ended?,
            }
        }
        let mut world = centre.world();
        if let Some(vm) = world.vms.get_mut(&vmid) {
            vm.started = false;
        }
        settle(&mut world, vmid);
        drop(world);
        Ok(())
    }))
}

/// `POST …/status/reboot` and `…/reset`
pub(super) fn reboot_vm(centre: &Arc<Centre>, ask: &Ask, in_order: bool) -> Outcome {
    let vmid = ask.vmid();
    centre.world().free_vm(ask.node(), vmid)?;
    if !centre.running(vmid) {
        return Err(Refusal::died(format!("VM {vmid} not running")));
    }
    Ok(start(centre, &job(ask, if in_order { "qmreboot" } else { "qmreset" }), move |centre, _| {
        centre.hypervisor.reboot(vmid, !in_order)?;
        let mut world = centre.world();
        settle(&mut world, vmid);
        if let Some(vm) = world.vms.get_mut(&vmid) {
            vm.since = seconds();
        }
        drop(world);
        Ok(())
    }))
}

/// `GET …/status/current`
pub(super) fn current(centre: &Centre, ask: &Ask) -> Outcome {
    let vmid = ask.vmid();
    let vm = centre.world().vm(ask.node(), vmid)?.clone();
    let mut data = describe(centre, vmid, &vm);
    if let Value::Object(fields) = &mut data {
        let running = fields.get("status") == Some(&json!("running"));
        fields.insert("qmpstatus".to_owned(), json!(if running { "running" } else { "stopped" }));
        fields.insert("ha".to_owned(), json!({"managed": 0}));
        if agent_enabled(&vm) {
            fields.insert("agent".to_owned(), json!(1));
        }
        if running {
            fields.insert("running-machine".to_owned(), json!("pc-q35-10.1+pve0"));
            fields.insert("running-qemu".to_owned(), json!("10.1.2"));
        }
    }
    Ok(data)
}

/// Whether the configuration has a guest agent.
pub(super) fn agent_enabled(vm: &Vm) -> bool {
    let text = vm.config.get("agent").map(String::as_str).unwrap_or_default();
    let enabled = option(text, "enabled").unwrap_or_else(|| text.split(',').next().unwrap_or_default());
    super::ask::truth(enabled)
}

/// What lists show of a machine.
pub(super) fn describe(centre: &Centre, vmid: u32, vm: &Vm) -> Value {
    let running = vm.started && centre.hypervisor.running(vmid);
    let number =
        |key: &str, default: u64| vm.config.get(key).and_then(|text| text.parse().ok()).unwrap_or(default);
    let disk = vm
        .config
        .iter()
        .find(|(key, _)| is_drive(key) && stem(key) != "unused")
        .map_or(0, |(_, value)| disk_gb(value));
    let mut data = json!({
        "vmid": vmid,
        "name": vm.name(vmid),
        "status": if running { "running" } else { "stopped" },
        "cpus": number("sockets", 1) * number("cores", 1),
        "maxmem": number("memory", 512) << 20,
        "maxdisk": disk << 30,
        "cpu": 0, "mem": 0, "disk": 0, "netin": 0, "netout": 0, "diskread": 0, "diskwrite": 0,
        "uptime": if running { seconds().saturating_sub(vm.since) } else { 0 },
    });
    if let Value::Object(fields) = &mut data {
        for (name, value) in [("lock", vm.lock.clone()), ("tags", vm.config.get("tags").cloned())] {
            if let Some(value) = value {
                fields.insert(name.to_owned(), json!(value));
            }
        }
        if vm.is_template() {
            fields.insert("template".to_owned(), json!(1));
        }
        if running {
            fields.insert("pid".to_owned(), json!(10_000 + vmid));
        }
    }
    data
}
