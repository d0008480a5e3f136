//! Changing a machine that exists: configuration, disk sizes, drives taken away.

use std::sync::Arc;

use anyhow::anyhow;
use serde_json::Value;

use super::ask::{Ask, Outcome, Params, Refusal};
use super::config::{self, bytes, digest, human, is_drive, option, stem, volume_of};
use super::life::{done, full_storage, may_set};
use super::state::{Centre, Vm, World};
use super::tasks::{Job, start};

/// `PUT …/config`: at once.
pub(super) fn now(centre: &Centre, ask: &Ask) -> Outcome {
    prepare(centre, ask)?;
    apply(centre, ask.vmid(), &ask.params).map_err(Refusal::died)?;
    Ok(done())
}

/// `POST …/config`: as a task.
pub(super) fn later(centre: &Arc<Centre>, ask: &Ask) -> Outcome {
    prepare(centre, ask)?;
    let (vmid, params) = (ask.vmid(), ask.params.clone());
    let job = Job { kind: "qmconfig", node: ask.node(), id: vmid.to_string(), user: &ask.user, lock: None };
    Ok(start(centre, &job, move |centre, log| {
        apply(centre, vmid, &params).map_err(|reason| anyhow!(reason))?;
        log.line(format!("update VM {vmid}"));
        Ok(())
    }))
}

fn prepare(centre: &Centre, ask: &Ask) -> Result<(), Refusal> {
    may_set(centre, &ask.user, &ask.params)?;
    let mut world = centre.world();
    let vm = if ask.params.flag("skiplock") {
        world.vm_mut(ask.node(), ask.vmid())?
    } else {
        world.free_vm(ask.node(), ask.vmid())?
    };
    match ask.params.one("digest") {
        Some(known) if known != digest(&vm.config) => {
            Err(Refusal::died("detected modified configuration - file changed by other user? Try again."))
        }
        _ => Ok(()),
    }
}

fn apply(centre: &Centre, vmid: u32, params: &Params) -> Result<(), String> {
    full_storage(centre, params)?;
    let running = centre.running(vmid);
    let mut world = centre.world();
    let stored = config::store(&mut world, centre.facts, vmid, params)?;
    let mut orphans = Vec::new();
    let vm = world.vms.get_mut(&vmid).ok_or("the machine is gone")?;
    for key in names(params, "revert") {
        vm.pending.shift_remove(&key);
    }
    for key in names(params, "delete") {
        if stored.contains_key(&key) {
            return Err(format!("unable to set and delete '{key}' at the same time"));
        }
        vm.pending.shift_remove(&key);
        if running && !hot(&key) && vm.config.contains_key(&key) {
            vm.pending.insert(key, None);
        } else if let Some(old) = vm.config.shift_remove(&key) {
            orphans.extend(released(vm, &key, &old));
        }
    }
    for (key, value) in stored {
        vm.pending.shift_remove(&key);
        if vm.config.get(&key) == Some(&value) {
            continue;
        }
        if running && !hot(&key) {
            vm.pending.insert(key, Some(value));
        } else if let Some(old) = vm.config.insert(key.clone(), value.clone())
            && volume_of(&old) != volume_of(&value)
        {
            orphans.extend(released(vm, &key, &old));
        }
    }
    orphans.iter().for_each(|volume| drop(world.remove_volume(volume)));
    Ok(())
}

fn names(params: &Params, list: &str) -> Vec<String> {
    let text = params.or(list, "");
    text.split([',', ';', ' ']).filter(|name| !name.is_empty()).map(str::to_owned).collect()
}

/// Whether a key takes effect on a running machine.
fn hot(key: &str) -> bool {
    const FAST: &[&str] = &[
        "cicustom",
        "cipassword",
        "ciuser",
        "description",
        "hookscript",
        "hotplug",
        "lock",
        "name",
        "nameserver",
        "onboot",
        "protection",
        "searchdomain",
        "shares",
        "cpuunits",
        "sshkeys",
        "startup",
        "tags",
        "vmstatestorage",
    ];
    FAST.contains(&key)
        || matches!(stem(key), "scsi" | "virtio" | "net" | "usb" | "unused" | "ipconfig")
        || key == "ide2"
}

/// What becomes of a drive's volume when the drive goes: disks stay as `unusedN`, the rest is removed (returned).
fn released(vm: &mut Vm, key: &str, value: &str) -> Option<String> {
    if !is_drive(key) {
        return None;
    }
    let volume = volume_of(value).to_owned();
    if stem(key) == "unused" || volume.ends_with("-cloudinit") {
        return Some(volume);
    }
    if option(value, "media") != Some("cdrom") {
        keep_unused(vm, &volume);
    }
    None
}

/// Notes a volume under the next free `unusedN`.
pub(super) fn keep_unused(vm: &mut Vm, volume: &str) {
    let free = (0_u32..256).map(|number| format!("unused{number}")).find(|key| !vm.config.contains_key(key));
    if let Some(key) = free {
        vm.config.insert(key, volume.to_owned());
    }
}

/// What waited for a restart takes effect.
pub(super) fn settle(world: &mut World, vmid: u32) {
    let Some(vm) = world.vms.get_mut(&vmid) else { return };
    let mut orphans = Vec::new();
    for (key, value) in std::mem::take(&mut vm.pending) {
        let old = match value {
            Some(value) => vm.config.insert(key.clone(), value),
            None => vm.config.shift_remove(&key),
        };
        orphans.extend(old.and_then(|old| released(vm, &key, &old)));
    }
    orphans.iter().for_each(|volume| drop(world.remove_volume(volume)));
}

/// `PUT …/resize`
pub(super) fn resize(centre: &Arc<Centre>, ask: &Ask) -> Outcome {
    let (vmid, disk, size) =
        (ask.vmid(), ask.params.or("disk", "").to_owned(), ask.params.or("size", "").to_owned());
    prepare(centre, ask)?;
    let (volume, old) = {
        let world = centre.world();
        let value = world.vm(ask.node(), vmid)?.config.get(&disk).cloned();
        let value = value.ok_or_else(|| Refusal::died(format!("disk '{disk}' does not exist")))?;
        if option(&value, "media") == Some("cdrom") {
            return Err(Refusal::died("you can't resize a cdrom"));
        }
        let volume = volume_of(&value).to_owned();
        let old = world.volume(&volume).map_or(0, |volume| volume.size);
        (volume, old)
    };
    let given = bytes(size.trim_start_matches('+')).unwrap_or(0);
    let new = if size.starts_with('+') { old + given } else { given };
    if new < old {
        return Err(Refusal::died("shrinking disks is not supported"));
    }
    let job = Job { kind: "resize", node: ask.node(), id: vmid.to_string(), user: &ask.user, lock: None };
    Ok(start(centre, &job, move |centre, _| {
        let mut world = centre.world();
        let place = volume.split(':').next().unwrap_or_default().to_owned();
        let storage = world.storage_mut(&place).map_err(|refusal| anyhow!(refusal.message))?;
        if storage.used() + (new - old) > storage.settings.total {
            return Err(anyhow!("unable to resize '{volume}': no space left on storage '{place}'"));
        }
        if let Some(known) = storage.volumes.get_mut(&volume) {
            known.size = new;
        }
        let vm = world.vms.get_mut(&vmid).ok_or_else(|| anyhow!("the machine is gone"))?;
        if let Some(value) = vm.config.get_mut(&disk) {
            *value = value.replace(&format!("size={}", human(old)), &format!("size={}", human(new)));
        }
        Ok(())
    }))
}

/// `PUT …/unlink`
pub(super) fn unlink(centre: &Centre, ask: &Ask) -> Outcome {
    prepare(centre, ask)?;
    let mut params = Params::default();
    params.add("delete", ask.params.or("idlist", "").to_owned());
    apply(centre, ask.vmid(), &params).map_err(Refusal::died)?;
    if ask.params.flag("force") {
        let mut world = centre.world();
        let vm = world.vm_mut(ask.node(), ask.vmid())?;
        let unused: Vec<String> = vm
            .config
            .iter()
            .filter(|(key, _)| stem(key) == "unused")
            .map(|(_, value)| value.clone())
            .collect();
        vm.config.retain(|key, _| stem(key) != "unused");
        unused.iter().for_each(|volume| drop(world.remove_volume(volume)));
    }
    Ok(Value::Null)
}
