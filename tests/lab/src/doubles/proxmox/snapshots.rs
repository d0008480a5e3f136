//! Snapshots: of the configuration only. Disks are not taken back, which the lab's machines cannot do.

use std::sync::Arc;

use anyhow::anyhow;
use indexmap::IndexMap;
use serde_json::{Value, json};

use super::ask::{Ask, Outcome, Refusal};
use super::config::digest;
use super::state::{Centre, Snapshot, Vm, seconds};
use super::tasks::{Job, start};

fn job<'a>(ask: &'a Ask, kind: &'a str, lock: &'a str) -> Job<'a> {
    Job {
        kind,
        node: ask.node(),
        id: ask.vmid().to_string(),
        user: &ask.user,
        lock: Some((ask.vmid(), lock)),
    }
}

/// `GET …/snapshot`
pub(super) fn list(centre: &Centre, ask: &Ask) -> Outcome {
    let world = centre.world();
    let vm = world.vm(ask.node(), ask.vmid())?;
    let mut list: Vec<Value> = vm
        .snapshots
        .iter()
        .map(|(name, one)| {
            let mut entry =
                json!({"name": name, "description": one.description, "snaptime": one.time, "vmstate": 0});
            if let (Some(parent), Some(fields)) = (&one.parent, entry.as_object_mut()) {
                fields.insert("parent".to_owned(), json!(parent));
            }
            entry
        })
        .collect();
    let mut now = json!({
        "name": "current", "description": "You are here!", "digest": digest(&vm.config), "running": u8::from(vm.started),
    });
    if let (Some(parent), Some(fields)) = (&vm.parent, now.as_object_mut()) {
        fields.insert("parent".to_owned(), json!(parent));
    }
    list.push(now);
    Ok(Value::Array(list))
}

/// `GET …/snapshot/S/config`
pub(super) fn config(centre: &Centre, ask: &Ask) -> Outcome {
    let world = centre.world();
    let name = ask.params.or("snapname", "");
    let found = world.vm(ask.node(), ask.vmid())?.snapshots.get(name).map(|one| json!(one.config));
    found.ok_or_else(|| missing(name))
}

fn missing(name: &str) -> Refusal {
    Refusal::died(format!("snapshot '{name}' does not exist"))
}

/// `POST …/snapshot`
pub(super) fn create(centre: &Arc<Centre>, ask: &Ask) -> Outcome {
    let (vmid, name) = (ask.vmid(), ask.params.or("snapname", "").to_owned());
    let description = ask.params.one("description").map(|text| format!("{text}\n")).unwrap_or_default();
    if centre.world().free_vm(ask.node(), vmid)?.snapshots.contains_key(&name) {
        return Err(Refusal::died(format!("snapshot name '{name}' already used")));
    }
    if name == "current" {
        return Err(Refusal::param("snapname", "can't use reserved snapshot name 'current'"));
    }
    Ok(start(centre, &job(ask, "qmsnapshot", "snapshot"), move |centre, _| {
        with(centre, vmid, |vm| {
            let config: IndexMap<String, String> = vm.config.clone();
            let one =
                Snapshot { config, description, time: seconds(), parent: vm.parent.replace(name.clone()) };
            vm.snapshots.insert(name, one);
        })
    }))
}

/// `DELETE …/snapshot/S`
pub(super) fn remove(centre: &Arc<Centre>, ask: &Ask) -> Outcome {
    let (vmid, name) = (ask.vmid(), ask.params.or("snapname", "").to_owned());
    if !centre.world().free_vm(ask.node(), vmid)?.snapshots.contains_key(&name) {
        return Err(missing(&name));
    }
    Ok(start(centre, &job(ask, "qmdelsnapshot", "snapshot-delete"), move |centre, _| {
        with(centre, vmid, |vm| {
            let gone = vm.snapshots.shift_remove(&name);
            let parent = gone.and_then(|gone| gone.parent);
            for one in vm.snapshots.values_mut().filter(|one| one.parent.as_ref() == Some(&name)) {
                one.parent.clone_from(&parent);
            }
            if vm.parent.as_ref() == Some(&name) {
                vm.parent = parent;
            }
        })
    }))
}

/// `POST …/snapshot/S/rollback`
pub(super) fn rollback(centre: &Arc<Centre>, ask: &Ask) -> Outcome {
    let (vmid, name) = (ask.vmid(), ask.params.or("snapname", "").to_owned());
    let found = centre.world().free_vm(ask.node(), vmid)?.snapshots.get(&name).map(|one| one.config.clone());
    let config = found.ok_or_else(|| missing(&name))?;
    Ok(start(centre, &job(ask, "qmrollback", "rollback"), move |centre, _| {
        with(centre, vmid, |vm| {
            vm.config = config;
            vm.parent = Some(name);
        })
    }))
}

fn with(centre: &Centre, vmid: u32, act: impl FnOnce(&mut Vm)) -> anyhow::Result<()> {
    let mut world = centre.world();
    act(world.vms.get_mut(&vmid).ok_or_else(|| anyhow!("the machine is gone"))?);
    drop(world);
    Ok(())
}
