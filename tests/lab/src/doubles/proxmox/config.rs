//! A machine's configuration: what is asked becomes what is read back (volume names, sizes, hardware addresses).

use indexmap::IndexMap;
use serde_json::{Map, Value, json};
use sha1::{Digest, Sha1};

use super::ask::{Params, truth};
use super::facts::Facts;
use super::formats;
use super::state::{Centre, Vm, Volume, World, seconds};

/// Parameters of create and change that are no configuration.
pub(super) const NO_CONFIG: &[&str] = &[
    "node",
    "vmid",
    "archive",
    "background_delay",
    "bwlimit",
    "delete",
    "digest",
    "force",
    "ha-managed",
    "import-working-storage",
    "live-restore",
    "pool",
    "revert",
    "skiplock",
    "start",
    "storage",
    "unique",
];

const UPDATE_PATH: &str = "/nodes/n/qemu/100/config";

/// The name without its number: `scsi` of `scsi0`.
pub(super) fn stem(key: &str) -> &str {
    key.trim_end_matches(|letter: char| letter.is_ascii_digit())
}

/// Whether the key names a drive.
pub(super) fn is_drive(key: &str) -> bool {
    stem(key) != key
        && matches!(stem(key), "ide" | "sata" | "scsi" | "virtio" | "efidisk" | "tpmstate" | "unused")
}

/// What only root may set, when this value is such a thing.
pub(super) fn root_only(key: &str, value: &str) -> Option<String> {
    match stem(key) {
        "args" | "lock" => Some(format!("only root can set '{key}' config")),
        "hostpci" | "usb"
            if !value.contains("mapping=") && value != "spice" && !value.starts_with("spice") =>
        {
            Some(format!("only root can set '{key}' config for non-mapped devices"))
        }
        "parallel" => Some(format!("only root can set '{key}' config")),
        _ => None,
    }
}

/// Turns every asked value into the one that is stored, making volumes on the way. Errors leave the volumes that were made
/// before; the caller removes them ([`remove_volumes`]).
pub(super) fn store(
    world: &mut World,
    facts: &Facts,
    vmid: u32,
    asked: &Params,
) -> Result<IndexMap<String, String>, String> {
    let mut stored = IndexMap::new();
    for (key, values) in &asked.without(NO_CONFIG).0 {
        let Some(value) = values.last() else { continue };
        let value = match stem(key) {
            _ if is_drive(key) => drive(world, facts, vmid, key, value)?,
            "net" if stem(key) != key => card(facts, key, value)?,
            "tags" => tags(value),
            "cipassword" => "**********".to_owned(),
            "description" if !value.ends_with('\n') => format!("{value}\n"),
            _ if is_boolean(facts, key) => u8::from(truth(value)).to_string(),
            _ => value.clone(),
        };
        stored.insert(key.clone(), value);
    }
    Ok(stored)
}

/// What a new machine has besides what was asked.
pub(super) fn born_with(config: &mut IndexMap<String, String>, version: &str) {
    if !config.contains_key("boot") {
        let is_cd = |value: &str| value.contains("media=cdrom");
        let disk =
            config.iter().find(|(key, value)| is_drive(key) && !is_cd(value)).map(|(key, _)| key.clone());
        let cd = config.iter().find(|(key, value)| is_drive(key) && is_cd(value)).map(|(key, _)| key.clone());
        let net = config.keys().find(|key| stem(key) == "net").cloned();
        let order: Vec<String> = [disk, cd, net].into_iter().flatten().collect();
        if !order.is_empty() {
            config.insert("boot".to_owned(), format!("order={}", order.join(";")));
        }
    }
    config.insert("meta".to_owned(), format!("creation-qemu={version},ctime={}", seconds()));
    config.entry("smbios1".to_owned()).or_insert_with(|| format!("uuid={}", uuid()));
    config.entry("vmgenid".to_owned()).or_insert_with(uuid);
}

fn drive(world: &mut World, facts: &Facts, vmid: u32, key: &str, value: &str) -> Result<String, String> {
    let fields = fields(facts, key).ok_or("not a drive")?;
    let mut parts = formats::split(fields, key, value)?;
    let file = parts.shift_remove("file").unwrap_or_default();
    let size = parts.shift_remove("size");
    if matches!(file.as_str(), "none" | "cdrom") {
        parts.insert("media".to_owned(), "cdrom".to_owned());
        return Ok(print(&file, parts));
    }
    let (storage, rest) =
        file.split_once(':').ok_or_else(|| format!("unable to parse volume ID '{file}'"))?;
    if rest == "cloudinit" {
        let volid = allocate(world, storage, &format!("vm-{vmid}-cloudinit"), vmid, 4 << 20, None)?;
        parts.insert("media".to_owned(), "cdrom".to_owned());
        return Ok(print(&volid, parts));
    }
    let Ok(wanted) = rest.parse::<f64>() else {
        let known = world.volume(&file).map(|volume| volume.size);
        let found = known.ok_or_else(|| format!("volume {file} does not exist"))?;
        parts.insert("size".to_owned(), size.filter(|_| known.is_none()).unwrap_or_else(|| human(found)));
        return Ok(print(&file, parts));
    };
    let source = parts.shift_remove("import-from");
    let bytes = match (stem(key), source) {
        ("efidisk", _) => {
            if parts.get("efitype").is_some_and(|kind| kind == "4m") {
                4 << 20
            } else {
                528 << 10
            }
        }
        ("tpmstate", _) => 4 << 20,
        (_, Some(source)) => {
            world.volume(&source).ok_or_else(|| format!("volume {source} does not exist"))?.size
        }
        _ => gibibytes(wanted),
    };
    let format = parts.shift_remove("format");
    let volid = allocate(world, storage, "", vmid, bytes, format.as_deref())?;
    parts.insert("size".to_owned(), human(bytes));
    Ok(print(&volid, parts))
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "sizes are positive and far below 2^52"
)]
fn gibibytes(count: f64) -> u64 {
    (count.max(0.0) * 1_073_741_824.0) as u64
}

/// Makes a volume on a storage, with the next free name when `name` is empty. The error is what the task dies of.
pub(super) fn allocate(
    world: &mut World,
    storage: &str,
    name: &str,
    vmid: u32,
    size: u64,
    format: Option<&str>,
) -> Result<String, String> {
    let place =
        world.storages.get_mut(storage).ok_or_else(|| format!("storage '{storage}' does not exist"))?;
    if !place.holds("images") {
        return Err(format!("storage '{storage}' does not support content-type 'images'"));
    }
    if place.used() + size > place.settings.total {
        return Err(no_space(&place.settings.kind, size));
    }
    let in_folder = place.settings.path.is_some();
    let format = format.unwrap_or(if in_folder { "qcow2" } else { "raw" });
    let volid = |name: &str| match in_folder {
        true => format!("{storage}:{vmid}/{name}.{format}"),
        false => format!("{storage}:{name}"),
    };
    let volid = if name.is_empty() {
        (0_u32..)
            .map(|number| volid(&format!("vm-{vmid}-disk-{number}")))
            .find(|one| !place.volumes.contains_key(one))
    } else {
        Some(volid(name))
    }
    .ok_or("no free volume name")?;
    let volume = Volume {
        content: "images".to_owned(),
        format: format.to_owned(),
        size,
        ctime: seconds(),
        vmid: Some(vmid),
        path: None,
    };
    place.volumes.insert(volid.clone(), volume);
    Ok(volid)
}

fn no_space(kind: &str, size: u64) -> String {
    match kind {
        "dir" | "nfs" => "unable to create image: No space left on device".to_owned(),
        _ => format!(
            "lvcreate error: Volume group \"pve\" has insufficient free space: {} extents required",
            size >> 22
        ),
    }
}

fn card(facts: &Facts, key: &str, value: &str) -> Result<String, String> {
    let fields = fields(facts, key).ok_or("not a network card")?;
    let mut parts = formats::split(fields, key, value)?;
    let model = parts.shift_remove("model").unwrap_or_default();
    let mac = parts.shift_remove("macaddr").map_or_else(new_mac, |mac| mac.to_ascii_uppercase());
    Ok(print(&format!("{model}={mac}"), parts))
}

/// A new hardware address in the block that Proxmox uses.
pub(super) fn new_mac() -> String {
    let [a, b, c]: [u8; 3] = rand::random();
    format!("BC:24:11:{a:02X}:{b:02X}:{c:02X}")
}

fn tags(value: &str) -> String {
    let mut tags: Vec<String> =
        value.split([',', ';', ' ']).filter(|tag| !tag.is_empty()).map(str::to_ascii_lowercase).collect();
    tags.sort();
    tags.dedup();
    tags.join(";")
}

fn uuid() -> String {
    let value: u128 = rand::random();
    let hex = format!("{value:032x}");
    let part = |from, to| hex.get(from..to).unwrap_or_default();
    format!("{}-{}-4{}-8{}-{}", part(0, 8), part(8, 12), part(13, 16), part(17, 20), part(20, 32))
}

fn fields<'a>(facts: &'a Facts, key: &str) -> Option<&'a IndexMap<String, super::facts::Field>> {
    let format = facts
        .route(UPDATE_PATH)
        .and_then(|route| route.method("PUT"))
        .and_then(|method| Facts::field(method, key))
        .and_then(|field| field.format.as_deref())?;
    facts.formats.get(format.trim_start_matches('#'))
}

fn kind<'a>(facts: &'a Facts, key: &str) -> Option<&'a str> {
    let method = facts.route(UPDATE_PATH)?.method("PUT")?;
    Facts::field(method, key).map(super::facts::Field::kind)
}

fn is_boolean(facts: &Facts, key: &str) -> bool {
    kind(facts, key) == Some("boolean")
}

fn print(first: &str, mut parts: IndexMap<String, String>) -> String {
    parts.sort_keys();
    parts.into_iter().fold(first.to_owned(), |text, (key, value)| format!("{text},{key}={value}"))
}

/// A size as Proxmox writes it.
pub(super) fn human(bytes: u64) -> String {
    match bytes {
        bytes if bytes % 1024 != 0 => bytes.to_string(),
        bytes if bytes % (1 << 20) != 0 => format!("{}K", bytes >> 10),
        bytes if bytes % (1 << 30) != 0 => format!("{}M", bytes >> 20),
        bytes => format!("{}G", bytes >> 30),
    }
}

/// A size as Proxmox reads it: `50G`, `528K`, plain bytes.
pub(super) fn bytes(text: &str) -> Option<u64> {
    let (digits, shift) = match text.char_indices().last()? {
        (at, 'K') => (text.get(..at)?, 10),
        (at, 'M') => (text.get(..at)?, 20),
        (at, 'G') => (text.get(..at)?, 30),
        (at, 'T') => (text.get(..at)?, 40),
        _ => (text, 0),
    };
    digits.parse::<f64>().ok().map(|count| gibibytes(count / f64::from(1_u32 << 30) * exp2(shift)))
}

fn exp2(shift: i32) -> f64 {
    2.0_f64.powi(shift)
}

/// The volume that a drive's value names.
pub(super) fn volume_of(value: &str) -> &str {
    value.split(',').next().unwrap_or_default()
}

/// One option of a compound value.
pub(super) fn option<'a>(value: &'a str, name: &str) -> Option<&'a str> {
    value.split(',').find_map(|piece| piece.strip_prefix(name)?.strip_prefix('='))
}

/// Removes the volumes that belong to a machine.
pub(super) fn remove_volumes(world: &mut World, vmid: u32) {
    for storage in world.storages.values_mut() {
        storage.volumes.retain(|_, volume| volume.vmid != Some(vmid));
    }
}

/// The checksum of a configuration, for optimistic locking.
pub(super) fn digest(config: &IndexMap<String, String>) -> String {
    let mut sum = Sha1::new();
    for (key, value) in config {
        sum.update(format!("{key}: {value}\n"));
    }
    sum.finalize().iter().map(|byte| format!("{byte:02x}")).collect()
}

/// A value with the JSON type that the API gives it.
fn typed(facts: &Facts, key: &str, value: &str) -> Value {
    match kind(facts, key) {
        Some("integer" | "boolean") => {
            value.parse::<i64>().map_or_else(|_| json!(value), |number| json!(number))
        }
        _ => json!(value),
    }
}

/// `GET …/config`: with what waits for a restart, unless `current` is asked.
pub(super) fn shown(centre: &Centre, vm: &Vm, current: bool) -> Value {
    let mut config = vm.config.clone();
    if !current {
        for (key, value) in &vm.pending {
            match value {
                Some(value) => config.insert(key.clone(), value.clone()),
                None => config.shift_remove(key),
            };
        }
    }
    let mut data: Map<String, Value> =
        config.iter().map(|(key, value)| (key.clone(), typed(centre.facts, key, value))).collect();
    data.insert("digest".to_owned(), json!(digest(&vm.config)));
    if let Some(lock) = &vm.lock {
        data.insert("lock".to_owned(), json!(lock));
    }
    Value::Object(data)
}

/// `GET …/pending`
pub(super) fn pending(centre: &Centre, vm: &Vm) -> Value {
    let mut list = Vec::new();
    for (key, value) in &vm.config {
        let mut entry = json!({"key": key, "value": typed(centre.facts, key, value)});
        match (vm.pending.get(key), entry.as_object_mut()) {
            (Some(Some(new)), Some(entry)) => {
                entry.insert("pending".to_owned(), typed(centre.facts, key, new))
            }
            (Some(None), Some(entry)) => entry.insert("delete".to_owned(), json!(1)),
            _ => None,
        };
        list.push(entry);
    }
    for (key, value) in vm.pending.iter().filter(|(key, _)| !vm.config.contains_key(*key)) {
        if let Some(value) = value {
            list.push(json!({"key": key, "pending": typed(centre.facts, key, value)}));
        }
    }
    Value::Array(list)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_read_and_written_as_proxmox_does() {
        assert_eq!(bytes("50G"), Some(50 << 30));
        assert_eq!(bytes("1.5G"), Some(3 << 29));
        assert_eq!(bytes("528K"), Some(528 << 10));
        assert_eq!(human(50 << 30), "50G");
        assert_eq!(human(2_690_412 << 10), "2690412K");
    }
}
