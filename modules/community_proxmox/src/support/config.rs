//! Configurations of virtual machines held against what is wanted.

use std::collections::{BTreeMap, BTreeSet};

use rustible_sdk::{Dict, repr};

/// Wanted settings that the machine does not have.
pub(crate) fn missing(live: &Dict, wanted: &[(String, String)]) -> Vec<(String, String)> {
    let differs = |(key, value): &&(String, String)| {
        let now = live.get(key).map(repr::str).unwrap_or_default();
        !has(key, &now, value)
    };
    wanted.iter().filter(differs).cloned().collect()
}

/// Whether a setting that reads `live` already is what `wanted` asks for.
pub(crate) fn has(key: &str, live: &str, wanted: &str) -> bool {
    if key == "tags" {
        let set = |text: &str| text.split([';', ',', ' ']).map(str::to_string).collect::<BTreeSet<_>>();
        return set(live) == set(wanted);
    }
    // A password cannot be read back.
    if key == "cipassword" {
        return !live.is_empty();
    }
    let (live, wanted) = (parts(key, live), parts(key, wanted));
    wanted.iter().all(|(name, value)| match live.get(name) {
        Some(now) if name == "file" => same_volume(now, value),
        // What a server leaves out is off.
        Some(now) => now == value || (now.is_empty() && value == "0"),
        None => matches!(value.as_str(), "0" | ""),
    })
}

/// Whether a disk is the wanted one: `local-lvm:50` asks for any disk of that storage.
fn same_volume(now: &str, wanted: &str) -> bool {
    match wanted.split_once(':') {
        Some((storage, size)) if !size.is_empty() && size.bytes().all(|b| b.is_ascii_digit()) => {
            now.split(':').next() == Some(storage)
        }
        Some((storage, "cloudinit")) => now.starts_with(&format!("{storage}:")) && now.contains("cloudinit"),
        _ => now == wanted,
    }
}

/// A value of several parts: `virtio=AA:..,bridge=vmbr0`.
fn parts(key: &str, text: &str) -> BTreeMap<String, String> {
    let bare = key.trim_end_matches(|c: char| c.is_ascii_digit());
    let first_name = match bare {
        "net" => "model",
        "cpu" => "cputype",
        "hostpci" => "host",
        "agent" => "enabled",
        "boot" => "order",
        "scsi" | "virtio" | "sata" | "ide" => "file",
        _ => "",
    };
    let mut parts = BTreeMap::new();
    if first_name.is_empty() {
        parts.insert(String::new(), normal(text));
        return parts;
    }
    for (at, part) in text.split(',').filter(|part| !part.trim().is_empty()).enumerate() {
        match part.split_once('=') {
            // A network device names its model with its hardware address.
            Some((model, mac)) if bare == "net" && at == 0 && model != "model" => {
                parts.insert("model".to_string(), model.to_string());
                parts.insert("macaddr".to_string(), mac.to_uppercase());
            }
            Some((name, value)) if name == "macaddr" => {
                drop(parts.insert(name.to_string(), value.to_uppercase()));
            }
            Some((name, value)) => drop(parts.insert(name.to_string(), normal(value))),
            None => drop(parts.insert(first_name.to_string(), normal(part))),
        }
    }
    parts
}

fn normal(value: &str) -> String {
    match value.trim() {
        "on" | "yes" | "true" | "True" => "1".to_string(),
        "off" | "no" | "false" | "False" => "0".to_string(),
        text => text.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_server_writes_differently_is_the_same() {
        assert!(has("net0", "virtio=BC:24:11:00:00:01,bridge=vmbr0", "virtio,bridge=vmbr0"));
        assert!(has(
            "net0",
            "virtio=BC:24:11:00:00:01,bridge=vmbr0",
            "model=virtio,macaddr=bc:24:11:00:00:01"
        ));
        assert!(has("hostpci0", "0000:01:00,pcie=1", "0000:01:00,pcie=1,x-vga=0"));
        assert!(has("agent", "enabled=1", "1") && has("memory", "8192", "8192") && has("onboot", "", "0"));
        assert!(has("scsi0", "local-lvm:vm-104-disk-0,size=50G", "local-lvm:50"));
        assert!(has("ide2", "local:iso/u.iso,media=cdrom,size=3G", "local:iso/u.iso,media=cdrom"));
        assert!(has("tags", "a;b", "b,a") && has("cipassword", "**********", "x"));
        assert!(
            !has("scsi0", "local-lvm:vm-104-disk-0,size=50G", "ceph:50") && !has("scsi1", "", "local-lvm:5")
        );
        assert!(!has("net0", "virtio=BC:24:11:00:00:01,bridge=vmbr1", "virtio,bridge=vmbr0"));
        assert!(!has("cores", "2", "4") && !has("hostpci0", "", "0000:01:00,pcie=1"));
    }
}
