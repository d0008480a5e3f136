//! Named value formats: node names, volume ids, and compound values such as `virtio,bridge=vmbr0`.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use fancy_regex::Regex;
use indexmap::IndexMap;

use super::check::value_error;
use super::facts::{Facts, Field};

/// What is wrong with `value` in the format `format`, if anything.
pub(super) fn error(facts: &Facts, format: &str, name: &str, value: &str) -> Option<String> {
    if let Some(known) = format.strip_prefix('#') {
        return facts.formats.get(known).and_then(|fields| compound_error(facts, fields, name, value));
    }
    if let Some(keys) = keys(format) {
        return keys_error(keys, name, value);
    }
    if let Some(single) = format.strip_suffix("-list") {
        return value
            .split([',', ';', ' ', '\0'])
            .filter(|piece| !piece.is_empty())
            .find_map(|piece| single_error(single, piece));
    }
    if format == "pve-qm-ide" {
        return error(facts, "#ideN_94dc", name, value);
    }
    single_error(format, value)
}

fn single_error(format: &str, value: &str) -> Option<String> {
    let wrong = |what: &str| Some(format!("invalid format - value does not look like a valid {what}\n"));
    let by_pattern = |pattern: &str, what: &str| if matches(pattern, value) { None } else { wrong(what) };
    match format {
        "pve-vmid" => by_pattern(r"[1-9][0-9]{2,8}", "VM ID"),
        "pve-node" => by_pattern(r"[a-zA-Z0-9]([a-zA-Z0-9-]*[a-zA-Z0-9])?", "node name"),
        "pve-configid" => by_pattern(r"(?i)[a-z][a-z0-9_-]+", "configuration ID"),
        "pve-storage-id" => by_pattern(r"(?i)[a-z][a-z0-9\-_.]*[a-z0-9]", "storage ID"),
        "pve-poolid" => by_pattern(r"[A-Za-z0-9._-]+(/[A-Za-z0-9._-]+){0,2}", "pool name"),
        "pve-userid" => by_pattern(r"[^\s:/]+@[A-Za-z][A-Za-z0-9._-]+", "user name"),
        "pve-realm" => by_pattern(r"[A-Za-z][A-Za-z0-9._-]+", "realm"),
        "pve-iface" => by_pattern(r"(?i)[a-z][a-z0-9_]{1,20}([:.]\d+)?", "network interface name"),
        "pve-volume-id" => by_pattern(r"[^:\s]+:\S+|none|/.+", "volume ID"),
        "pve-storage-content" => {
            by_pattern(r"images|rootdir|vztmpl|iso|backup|snippets|import|none", "content type")
        }
        "dns-name" => {
            by_pattern(r"(?i)([a-z0-9]([a-z0-9-]*[a-z0-9])?\.)*[a-z0-9]([a-z0-9-]*[a-z0-9])?", "DNS name")
        }
        "pve-tag" => by_pattern(r"(?i)[a-z0-9_][a-z0-9_\-+.]*", "tag"),
        "pve-cpuset" => by_pattern(r"\d+(-\d+)?(,\d+(-\d+)?)*", "CPU set"),
        "urlencoded" => by_pattern(r"[-%a-zA-Z0-9_.!~*'()]*", "percent-encoded text"),
        "address" => {
            if value.parse::<IpAddr>().is_ok() || matches(r"[A-Za-z0-9.-]+", value) {
                None
            } else {
                wrong("address")
            }
        }
        "ipv4" => {
            if value.parse::<Ipv4Addr>().is_ok() {
                None
            } else {
                wrong("IPv4 address")
            }
        }
        "ipv6" => {
            if value.parse::<Ipv6Addr>().is_ok() {
                None
            } else {
                wrong("IPv6 address")
            }
        }
        "pve-hotplug-features" => {
            by_pattern(r"0|1|((network|disk|cpu|memory|usb|cloudinit),?)+", "hotplug feature list")
        }
        "pve-qm-bootdisk" => by_pattern(r"(ide|sata|scsi|virtio)\d+", "boot disk"),
        _ => None,
    }
}

/// Compound formats whose parts the schema does not spell out: known keys, the first being the default key.
fn keys(format: &str) -> Option<&'static [&'static str]> {
    Some(match format {
        "pve-qm-boot" => &["legacy", "order"],
        "pve-qm-hostpci" => &[
            "host",
            "device-id",
            "driver",
            "legacy-igd",
            "mapping",
            "mdev",
            "pcie",
            "rombar",
            "romfile",
            "sub-device-id",
            "sub-vendor-id",
            "vendor-id",
            "x-vga",
        ],
        "pve-vm-cpu-conf" => {
            &["cputype", "flags", "guest-phys-bits", "hidden", "hv-vendor-id", "phys-bits", "reported-model"]
        }
        "pve-qm-ipconfig" => &["", "gw", "gw6", "ip", "ip6"],
        "pve-qm-cicustom" => &["", "meta", "network", "user", "vendor"],
        "pve-startup-order" => &["order", "up", "down"],
        "pve-qm-rng" => &["source", "max_bytes", "period"],
        "pve-qm-watchdog" => &["model", "action"],
        "pve-qm-smbios1" => {
            &["", "base64", "family", "manufacturer", "product", "serial", "sku", "uuid", "version"]
        }
        _ => return None,
    })
}

fn keys_error(keys: &[&str], name: &str, value: &str) -> Option<String> {
    if value.is_empty() {
        return Some("invalid format - format error\n".to_owned());
    }
    value.split(',').enumerate().find_map(|(position, piece)| {
        let key = piece.split_once('=').map(|(key, _)| key);
        match key {
            Some(key) if !key.is_empty() && keys.contains(&key) => None,
            None if position == 0 && keys.first().is_some_and(|first| !first.is_empty()) => None,
            Some(key) => Some(undefined(name, key)),
            None => Some(
                "invalid format - format error\nmissing key in comma-separated list property\n".to_owned(),
            ),
        }
    })
}

fn undefined(name: &str, key: &str) -> String {
    format!(
        "invalid format - format error\n{name}.{key}: property is not defined in schema and the schema does not allow \
         additional properties\n"
    )
}

/// Splits a compound value into its parts by the schema's field names. The error is a text for the parameter.
pub(super) fn split(
    fields: &IndexMap<String, Field>,
    name: &str,
    value: &str,
) -> Result<IndexMap<String, String>, String> {
    let default = fields.iter().find(|(_, field)| field.is_default_key()).map(|(key, _)| key.clone());
    let mut parts = IndexMap::new();
    for piece in value.split(',') {
        let (key, part) = match piece.split_once('=') {
            Some((key, part)) if fields.contains_key(key) => (key.to_owned(), part.to_owned()),
            Some((key, _)) if !key.contains([':', '/']) => return Err(undefined(name, key)),
            _ => match &default {
                Some(default) if !parts.contains_key(default) => (default.clone(), piece.to_owned()),
                _ => {
                    return Err(
                        "invalid format - format error\nmissing key in comma-separated list property\n"
                            .to_owned(),
                    );
                }
            },
        };
        let field = fields.get(&key);
        // `virtio=MAC` is short for `model=virtio,macaddr=MAC`, and `file` for `volume`.
        if let Some(key_alias) = field.and_then(|field| field.key_alias.clone()) {
            parts.insert(key_alias, key.clone());
        }
        let target = field.and_then(|field| field.alias.clone()).unwrap_or(key);
        if parts.insert(target.clone(), part).is_some() {
            return Err(format!(
                "invalid format - format error\n{name}.{target}: duplicate key in comma-separated list\n"
            ));
        }
    }
    Ok(parts)
}

fn compound_error(
    facts: &Facts,
    fields: &IndexMap<String, Field>,
    name: &str,
    value: &str,
) -> Option<String> {
    let parts = match split(fields, name, value) {
        Ok(parts) => parts,
        Err(error) => return Some(error),
    };
    for (key, part) in &parts {
        let Some(field) = fields.get(key) else { continue };
        if let Some(error) = value_error(facts, field, &format!("{name}.{key}"), part) {
            return Some(format!("invalid format - format error\n{name}.{key}: {}\n", error.trim_end()));
        }
    }
    fields.iter().find_map(|(key, field)| {
        let missing = !field.optional() && field.alias.is_none() && !parts.contains_key(key);
        missing.then(|| {
            format!(
                "invalid format - format error\n{name}.{key}: property is missing and it is not optional\n"
            )
        })
    })
}

fn matches(pattern: &str, value: &str) -> bool {
    Regex::new(&format!("^(?:{pattern})$")).is_ok_and(|regex| regex.is_match(value).unwrap_or(false))
}
