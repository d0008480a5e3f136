//! Making, copying and removing machines.

use std::sync::Arc;

use anyhow::anyhow;
use serde_json::Value;

use super::ask::{Ask, Outcome, Params, Refusal};
use super::config::{
    self, NO_CONFIG, born_with, is_drive, new_mac, option, remove_volumes, root_only, stem, volume_of,
};
use super::state::{Centre, Vm, World};
use super::tasks::{Job, start};
use super::{auth, power};

/// Refuses values that this user may not set.
pub(super) fn may_set(centre: &Centre, user: &str, params: &Params) -> Result<(), Refusal> {
    let user_is_root = user == "root@pam";
    for (key, values) in &params.without(NO_CONFIG).0 {
        let refused = values.iter().find_map(|value| root_only(key, value)).filter(|_| !user_is_root);
        if let Some(reason) = refused {
            return Err(Refusal::died(reason));
        }
    }
    if params.flag("skiplock") && !user_is_root {
        return Err(Refusal::param("skiplock", "Only root may use this option."));
    }
    let storages = params.0.iter().filter(|(key, _)| is_drive(key)).filter_map(|(_, values)| values.last());
    for value in storages {
        let Some((storage, _)) = volume_of(value).split_once(':') else { continue };
        centre.world().storage(storage)?;
    }
    Ok(())
}

/// `POST /nodes/N/qemu`
pub(super) fn create(centre: &Arc<Centre>, ask: &Ask) -> Outcome {
    let (vmid, node, params) = (ask.vmid(), ask.node().to_owned(), ask.params.clone());
    if !auth::has(centre, &ask.user, "VM.Allocate") {
        return Err(Refusal::new(403, format!("Permission check failed (/vms/{vmid}, VM.Allocate)")));
    }
    if params.one("archive").is_some() {
        return Err(Refusal::new(501, "this double does not restore from an archive"));
    }
    may_set(centre, &ask.user, &params)?;
    let pool = params.one("pool").map(str::to_owned);
    {
        let mut world = centre.world();
        if let Some(known) = world.vms.get(&vmid) {
            let place = &known.node;
            return Err(Refusal::died(format!(
                "unable to create VM {vmid} - VM {vmid} already exists on node '{place}'"
            )));
        }
        if let Some(pool) = pool.as_ref().filter(|pool| !world.pools.contains_key(*pool)) {
            return Err(Refusal::died(format!("pool '{pool}' does not exist")));
        }
        world.vms.insert(vmid, Vm { node: node.clone(), pool, ..Vm::default() });
    }
    let job = Job {
        kind: "qmcreate",
        node: &node,
        id: vmid.to_string(),
        user: &ask.user,
        lock: Some((vmid, "create")),
    };
    let begin = params.flag("start");
    Ok(start(centre, &job, move |centre, log| {
        let made = furnish(centre, vmid, &params);
        if let Err(reason) = made {
            forget(&mut centre.world(), vmid);
            return Err(anyhow!("unable to create VM {vmid} - {reason}"));
        }
        for volume in centre.world().vms.get(&vmid).map(disks).unwrap_or_default() {
            log.line(format!("successfully created disk '{volume}'"));
        }
        if begin { power::begin(centre, vmid, log) } else { Ok(()) }
    }))
}

fn furnish(centre: &Centre, vmid: u32, params: &Params) -> Result<(), String> {
    full_storage(centre, params)?;
    let mut world = centre.world();
    let mut stored = config::store(&mut world, centre.facts, vmid, params)?;
    born_with(&mut stored, "10.1.2");
    let vm = world.vms.get_mut(&vmid).ok_or("the machine is gone")?;
    vm.config = stored;
    Ok(())
}

/// The error of a storage that a test has filled.
pub(super) fn full_storage(centre: &Centre, params: &Params) -> Result<(), String> {
    let full = centre.conditions().full.clone();
    let wanted = params.0.iter().filter(|(key, _)| is_drive(key)).filter_map(|(_, values)| values.last());
    for value in wanted {
        let volume = volume_of(value);
        let Some((storage, rest)) = volume.split_once(':') else { continue };
        if rest.parse::<f64>().is_ok() && full.iter().any(|one| one == storage) {
            return Err(format!("lvcreate '{storage}' error: no space left on device"));
        }
    }
    Ok(())
}

/// Removes a machine's configuration and volumes.
pub(super) fn forget(world: &mut World, vmid: u32) {
    remove_volumes(world, vmid);
    world.vms.remove(&vmid);
}

fn disks(vm: &Vm) -> Vec<String> {
    vm.config
        .iter()
        .filter(|(key, value)| is_drive(key) && !value.contains("media=cdrom"))
        .map(|(_, value)| value.clone())
        .collect()
}

/// `DELETE /nodes/N/qemu/ID`
pub(super) fn destroy(centre: &Arc<Centre>, ask: &Ask) -> Outcome {
    let (vmid, node) = (ask.vmid(), ask.node());
    {
        let mut world = centre.world();
        let vm = world.free_vm(node, vmid)?;
        if vm.config.get("protection").is_some_and(|value| value == "1") {
            return Err(Refusal::died(format!("can't remove VM {vmid} - protection mode enabled")));
        }
    }
    if centre.running(vmid) {
        return Err(Refusal::died(format!("VM {vmid} is running - destroy failed")));
    }
    let job =
        Job { kind: "qmdestroy", node, id: vmid.to_string(), user: &ask.user, lock: Some((vmid, "destroy")) };
    Ok(start(centre, &job, move |centre, log| {
        centre.hypervisor.destroy(vmid)?;
        forget(&mut centre.world(), vmid);
        log.line(format!("VM {vmid} removed"));
        Ok(())
    }))
}

/// `POST /nodes/N/qemu/ID/clone`
pub(super) fn clone(centre: &Arc<Centre>, ask: &Ask) -> Outcome {
    let (from, node, params) = (ask.vmid(), ask.node().to_owned(), ask.params.clone());
    let to = params.number("newid").and_then(|id| u32::try_from(id).ok()).unwrap_or_default();
    let target = params.or("target", &node).to_owned();
    {
        let mut world = centre.world();
        let source = world.free_vm(&node, from)?.clone();
        let full = params.one("full").map_or(!source.is_template(), |_| params.flag("full"));
        if !full && (params.one("storage").is_some() || params.one("format").is_some()) {
            let name = if params.one("storage").is_some() { "storage" } else { "format" };
            return Err(Refusal::param(name, "parameter is not allowed for linked clones."));
        }
        if !full && !source.is_template() {
            return Err(Refusal::died(
                "Linked clone feature is not supported for non-template machines in this double",
            ));
        }
        if !centre.settings.nodes.contains(&target) {
            return Err(Refusal::param("target", format!("no such cluster node '{target}'")));
        }
        if world.vms.contains_key(&to) {
            return Err(Refusal::died(format!("unable to create VM {to}: config file already exists")));
        }
        let snapshot = params.one("snapname").map(|name| {
            source
                .snapshots
                .get(name)
                .map(|one| one.config.clone())
                .ok_or_else(|| Refusal::died(format!("snapshot '{name}' does not exist")))
        });
        let config = snapshot.transpose()?.unwrap_or(source.config);
        let pool = params.one("pool").map(str::to_owned);
        world.vms.insert(to, Vm { node: target, config, pool, ..Vm::default() });
    }
    let job = Job {
        kind: "qmclone",
        node: &node,
        id: from.to_string(),
        user: &ask.user,
        lock: Some((to, "clone")),
    };
    Ok(start(centre, &job, move |centre, log| {
        let copied = copy(centre, from, to, &params, log);
        if copied.is_err() {
            forget(&mut centre.world(), to);
        }
        copied.map_err(|reason| anyhow!("clone failed: {reason}"))
    }))
}

fn copy(centre: &Centre, from: u32, to: u32, params: &Params, log: &super::tasks::Log) -> Result<(), String> {
    let made = centre.world().vms.get(&from).is_some_and(|vm| vm.made);
    if made {
        centre.hypervisor.copy(from, to).map_err(|error| format!("{error:#}"))?;
    }
    let mut world = centre.world();
    let mut config = world.vms.get(&to).ok_or("the new machine is gone")?.config.clone();
    for (key, value) in &mut config {
        if is_drive(key) && !value.contains("media=cdrom") {
            *value = copy_disk(&mut world, to, value, params)?;
            log.line(format!("create full clone of drive {key} ({value})"));
            log.line("transferred 1.0 GiB of 1.0 GiB (100.00%)");
        } else if stem(key) == "net" {
            *value = with_new_mac(value);
        }
    }
    config.shift_remove("template");
    let name =
        params.one("name").map_or_else(|| format!("Copy-of-VM-{}", name_of(&world, from)), str::to_owned);
    config.insert("name".to_owned(), name);
    if let Some(text) = params.one("description") {
        config.insert("description".to_owned(), format!("{text}\n"));
    }
    born_with(&mut config, "10.1.2");
    let vm = world.vms.get_mut(&to).ok_or("the new machine is gone")?;
    vm.config = config;
    vm.made = made;
    Ok(())
}

fn name_of(world: &World, vmid: u32) -> String {
    world.vms.get(&vmid).map(|vm| vm.name(vmid)).unwrap_or_default()
}

fn copy_disk(world: &mut World, to: u32, value: &str, params: &Params) -> Result<String, String> {
    let volid = volume_of(value).to_owned();
    let source = world.volume(&volid).ok_or_else(|| format!("volume {volid} does not exist"))?.clone();
    let storage = params.one("storage").or_else(|| volid.split(':').next()).unwrap_or_default().to_owned();
    let made = config::allocate(world, &storage, "", to, source.size, params.one("format"))?;
    Ok(value.replacen(&volid, &made, 1))
}

fn with_new_mac(value: &str) -> String {
    let (first, rest) = value.split_once(',').map_or((value, None), |(first, rest)| (first, Some(rest)));
    let model = first.split('=').next().unwrap_or(first);
    let first = format!("{model}={}", new_mac());
    rest.map_or(first.clone(), |rest| format!("{first},{rest}"))
}

/// `POST /nodes/N/qemu/ID/template`
pub(super) fn template(centre: &Arc<Centre>, ask: &Ask) -> Outcome {
    let (vmid, node) = (ask.vmid(), ask.node());
    if centre.world().free_vm(node, vmid)?.is_template() {
        return Err(Refusal::died("you can't convert a template to a template"));
    }
    if centre.running(vmid) {
        return Err(Refusal::died("you can't convert a VM to template if VM is running"));
    }
    let job =
        Job { kind: "qmtemplate", node, id: vmid.to_string(), user: &ask.user, lock: Some((vmid, "create")) };
    Ok(start(centre, &job, move |centre, _| {
        let mut world = centre.world();
        let vm = world.vms.get_mut(&vmid).ok_or_else(|| anyhow!("the machine is gone"))?;
        vm.config.insert("template".to_owned(), "1".to_owned());
        Ok(())
    }))
}

/// `POST /nodes/N/qemu/ID/migrate`
pub(super) fn migrate(centre: &Arc<Centre>, ask: &Ask) -> Outcome {
    let (vmid, node, target) = (ask.vmid(), ask.node().to_owned(), ask.params.or("target", "").to_owned());
    if target == node {
        return Err(Refusal::param("target", "target is local node."));
    }
    if !centre.settings.nodes.contains(&target) {
        return Err(Refusal::param("target", format!("no such cluster node '{target}'")));
    }
    centre.world().free_vm(&node, vmid)?;
    if centre.running(vmid) && !ask.params.flag("online") {
        return Err(Refusal::died("can't migrate running VM without --online"));
    }
    let job = Job {
        kind: "qmigrate",
        node: &node,
        id: vmid.to_string(),
        user: &ask.user,
        lock: Some((vmid, "migrate")),
    };
    Ok(start(centre, &job, move |centre, log| {
        let mut world = centre.world();
        let vm = world.vms.get_mut(&vmid).ok_or_else(|| anyhow!("the machine is gone"))?;
        log.line(format!("migration of VM {vmid} to node '{target}' finished"));
        vm.node = target;
        Ok(())
    }))
}

/// `POST /nodes/N/qemu/ID/move_disk`: to another storage of the same machine.
pub(super) fn move_disk(centre: &Arc<Centre>, ask: &Ask) -> Outcome {
    let (vmid, disk) = (ask.vmid(), ask.params.or("disk", "").to_owned());
    let Some(storage) = ask.params.one("storage").map(str::to_owned) else {
        return Err(Refusal::new(501, "this double moves disks to another storage only"));
    };
    let delete = ask.params.flag("delete");
    let format = ask.params.one("format").map(str::to_owned);
    {
        let mut world = centre.world();
        world.storage(&storage)?;
        let vm = world.free_vm(ask.node(), vmid)?;
        let value =
            vm.config.get(&disk).ok_or_else(|| Refusal::died(format!("disk '{disk}' does not exist")))?;
        if option(value, "media") == Some("cdrom") {
            return Err(Refusal::died("you can't move a cdrom"));
        }
    }
    let job = Job {
        kind: "qmmove",
        node: ask.node(),
        id: vmid.to_string(),
        user: &ask.user,
        lock: Some((vmid, "disk")),
    };
    Ok(start(centre, &job, move |centre, _| {
        let mut world = centre.world();
        let value = world.vms.get(&vmid).and_then(|vm| vm.config.get(&disk)).cloned();
        let value = value.ok_or_else(|| anyhow!("disk '{disk}' does not exist"))?;
        let old = volume_of(&value).to_owned();
        let size = world.volume(&old).map_or(0, |volume| volume.size);
        let made = config::allocate(&mut world, &storage, "", vmid, size, format.as_deref())
            .map_err(|text| anyhow!(text))?;
        if delete {
            world.remove_volume(&old);
        }
        let vm = world.vms.get_mut(&vmid).ok_or_else(|| anyhow!("the machine is gone"))?;
        vm.config.insert(disk, value.replacen(&old, &made, 1));
        if !delete {
            super::change::keep_unused(vm, &old);
        }
        Ok(())
    }))
}

/// The answer of a request whose work is done: no data.
pub(super) fn done() -> Value {
    Value::Null
}
