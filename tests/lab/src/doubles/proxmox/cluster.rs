//! The cluster as a whole: version, nodes, resources, free ids, pools.

use serde_json::{Value, json};

use super::ask::{Ask, Outcome, Refusal};
use super::power::describe;
use super::state::{Centre, Vm};

/// `GET /version`
pub(super) fn version(centre: &Centre) -> Value {
    let version = &centre.settings.version;
    let release: Vec<&str> = version.split('.').take(2).collect();
    json!({"version": version, "release": release.join("."), "repoid": "0000lab0", "console": "html5"})
}

/// `GET /nodes`
pub(super) fn nodes(centre: &Centre) -> Value {
    Value::Array(centre.settings.nodes.iter().map(|name| node(centre, name)).collect())
}

fn node(centre: &Centre, name: &str) -> Value {
    json!({
        "node": name, "id": format!("node/{name}"), "type": "node", "status": "online", "level": "",
        "maxcpu": centre.settings.cores, "maxmem": centre.settings.memory_mb << 20, "maxdisk": 100_u64 << 30,
        "cpu": 0.01, "mem": used_memory(centre, name), "disk": 10_u64 << 30, "uptime": 86_400,
    })
}

fn used_memory(centre: &Centre, node: &str) -> u64 {
    let vms = centre.world().vms.clone();
    vms.iter()
        .filter(|(id, vm)| vm.node == node && vm.started && centre.hypervisor.running(**id))
        .filter_map(|(_, vm)| vm.config.get("memory")?.parse::<u64>().ok())
        .sum::<u64>()
        << 20
}

/// `GET /nodes/N/status`
pub(super) fn node_status(centre: &Centre, ask: &Ask) -> Value {
    let memory = centre.settings.memory_mb << 20;
    let used = used_memory(centre, ask.node());
    json!({
        "uptime": 86_400, "cpu": 0.01, "wait": 0, "loadavg": ["0.10", "0.10", "0.10"],
        "pveversion": format!("pve-manager/{}/0000lab0", centre.settings.version),
        "cpuinfo": {"cpus": centre.settings.cores, "sockets": 1, "cores": centre.settings.cores, "model": "rustible lab"},
        "memory": {"total": memory, "used": used, "free": memory - used},
        "rootfs": {"total": 100_u64 << 30, "used": 10_u64 << 30, "avail": 90_u64 << 30, "free": 90_u64 << 30},
        "swap": {"total": 0, "used": 0, "free": 0},
    })
}

/// `GET /cluster/status`
pub(super) fn status(centre: &Centre) -> Value {
    let list = (1_u32..).zip(&centre.settings.nodes).map(|(number, name)| {
        json!({"id": format!("node/{name}"), "name": name, "type": "node", "nodeid": number, "online": 1, "local": u8::from(number == 1)})
    });
    Value::Array(list.collect())
}

/// `GET /cluster/resources`
pub(super) fn resources(centre: &Centre, ask: &Ask) -> Value {
    let wanted = ask.params.one("type");
    let mut list = Vec::new();
    if wanted.is_none_or(|kind| kind == "vm") {
        let vms = centre.world().vms.clone();
        list.extend(vms.iter().map(|(vmid, vm)| resource(centre, *vmid, vm)));
    }
    if wanted.is_none_or(|kind| kind == "node") {
        list.extend(centre.settings.nodes.iter().map(|name| node(centre, name)));
    }
    if wanted.is_none_or(|kind| kind == "storage") {
        let world = centre.world();
        for node in &centre.settings.nodes {
            list.extend(world.storages.values().map(|storage| {
                let known = &storage.settings;
                json!({
                    "id": format!("storage/{node}/{}", known.id), "type": "storage", "storage": known.id, "node": node,
                    "status": "available", "shared": 0, "plugintype": known.kind, "content": known.content.join(","),
                    "disk": storage.used(), "maxdisk": known.total,
                })
            }));
        }
    }
    if wanted.is_none() {
        list.extend(
            centre
                .world()
                .pools
                .keys()
                .map(|pool| json!({"id": format!("/pool/{pool}"), "type": "pool", "pool": pool})),
        );
    }
    Value::Array(list)
}

fn resource(centre: &Centre, vmid: u32, vm: &Vm) -> Value {
    let mut data = describe(centre, vmid, vm);
    if let Value::Object(fields) = &mut data {
        let cpus = fields.shift_remove("cpus").unwrap_or_default();
        fields.shift_remove("pid");
        fields.insert("maxcpu".to_owned(), cpus);
        fields.insert("id".to_owned(), json!(format!("qemu/{vmid}")));
        fields.insert("type".to_owned(), json!("qemu"));
        fields.insert("node".to_owned(), json!(vm.node));
        fields.insert("template".to_owned(), json!(u8::from(vm.is_template())));
        if let Some(pool) = &vm.pool {
            fields.insert("pool".to_owned(), json!(pool));
        }
    }
    data
}

/// `GET /cluster/nextid`: no reservation, as the real one.
pub(super) fn next_id(centre: &Centre, ask: &Ask) -> Outcome {
    let mut world = centre.world();
    if let Some(wanted) = ask.params.number("vmid").and_then(|id| u32::try_from(id).ok()) {
        return match world.vms.contains_key(&wanted) {
            true => Err(Refusal::param("vmid", format!("VM {wanted} already exists"))),
            false => Ok(json!(wanted.to_string())),
        };
    }
    let mut conditions = centre.conditions();
    if let Some(last) = world.last_id.filter(|_| conditions.repeated_ids > 0) {
        conditions.repeated_ids -= 1;
        return Ok(json!(last.to_string()));
    }
    let free = (100_u32..).find(|id| !world.vms.contains_key(id)).unwrap_or(100);
    world.last_id = Some(free);
    Ok(json!(free.to_string()))
}

/// `GET /pools`
pub(super) fn pools(centre: &Centre, ask: &Ask) -> Outcome {
    let wanted = ask.params.one("poolid");
    let world = centre.world();
    let found: Vec<Value> = world
        .pools
        .iter()
        .filter(|(name, _)| wanted.is_none_or(|wanted| wanted == *name))
        .map(|(name, comment)| {
            let mut entry = json!({"poolid": name, "comment": comment});
            if let (Some(_), Some(fields)) = (wanted, entry.as_object_mut()) {
                let members = world.vms.iter().filter(|(_, vm)| vm.pool.as_ref() == Some(name));
                let members = members.map(|(vmid, vm)| json!({"id": format!("qemu/{vmid}"), "vmid": vmid, "node": vm.node, "type": "qemu"}));
                fields.insert("members".to_owned(), Value::Array(members.collect()));
            }
            entry
        })
        .collect();
    match wanted {
        Some(wanted) if found.is_empty() => Err(Refusal::died(format!("pool '{wanted}' does not exist"))),
        _ => Ok(Value::Array(found)),
    }
}

/// `POST /pools`
pub(super) fn create_pool(centre: &Centre, ask: &Ask) -> Outcome {
    let name = ask.params.or("poolid", "").to_owned();
    let mut world = centre.world();
    if world.pools.contains_key(&name) {
        return Err(Refusal::died(format!("create pool failed: pool '{name}' already exists")));
    }
    world.pools.insert(name, ask.params.or("comment", "").to_owned());
    Ok(Value::Null)
}

/// `DELETE /pools`
pub(super) fn delete_pool(centre: &Centre, ask: &Ask) -> Outcome {
    let name = ask.params.or("poolid", "");
    let mut world = centre.world();
    if world.vms.values().any(|vm| vm.pool.as_deref() == Some(name)) {
        return Err(Refusal::died(format!("delete pool failed: pool '{name}' is not empty")));
    }
    match world.pools.shift_remove(name) {
        Some(_) => Ok(Value::Null),
        None => Err(Refusal::died(format!("delete pool failed: pool '{name}' does not exist"))),
    }
}

/// `GET /nodes/N/hardware/pci`
pub(super) fn pci(centre: &Centre) -> Value {
    let list = centre.settings.pci.iter().map(|address| {
        json!({
            "id": format!("{address}.0"), "class": "0x030000", "vendor": "0x10de", "device": "0x2684", "iommugroup": 14,
            "vendor_name": "NVIDIA Corporation", "device_name": "GPU of the rustible lab",
        })
    });
    Value::Array(list.collect())
}

/// `GET /nodes/N/network`
pub(super) fn networks(centre: &Centre) -> Value {
    let list = centre
        .settings
        .bridges
        .iter()
        .map(|name| json!({"iface": name, "type": "bridge", "active": 1, "autostart": 1}));
    Value::Array(list.collect())
}
