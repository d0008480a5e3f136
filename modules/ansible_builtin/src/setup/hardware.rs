//! Processors, memory, mounts, firmware.

use rustible_sdk::{host::users::Room, prelude::*};

use super::{Args, Facts, text};

pub(super) fn hardware(_: &Args, host: &mut Host, facts: &mut Facts) -> Result<()> {
    processors(host, facts);
    memory(host, facts);
    let uptime = text(host, "/proc/uptime");
    let seconds = uptime.split(['.', ' ']).next().and_then(|s| s.parse::<i64>().ok()).unwrap_or(0);
    facts.insert("uptime_seconds", seconds);
    for (fact, file) in [
        ("bios_date", "bios_date"),
        ("bios_vendor", "bios_vendor"),
        ("bios_version", "bios_version"),
        ("board_asset_tag", "board_asset_tag"),
        ("board_name", "board_name"),
        ("board_serial", "board_serial"),
        ("board_vendor", "board_vendor"),
        ("board_version", "board_version"),
        ("chassis_vendor", "chassis_vendor"),
        ("product_name", "product_name"),
        ("product_serial", "product_serial"),
        ("product_uuid", "product_uuid"),
        ("product_version", "product_version"),
        ("system_vendor", "sys_vendor"),
    ] {
        let said = text(host, &format!("/sys/class/dmi/id/{file}"));
        let said = said.trim();
        facts.insert(fact, if said.is_empty() { "NA" } else { said });
    }
    Ok(())
}

fn processors(host: &Host, facts: &mut Facts) {
    let info = text(host, "/proc/cpuinfo");
    let (mut list, mut sockets): (Vec<Value>, Vec<String>) = (Vec::new(), Vec::new());
    let (mut count, mut cores, mut siblings) = (0i64, 0i64, 0i64);
    for (key, value) in info.lines().filter_map(|line| line.split_once(':')) {
        let value = value.trim();
        match key.trim() {
            "processor" => {
                count += 1;
                list.push(value.into());
            }
            "model name" | "vendor_id" | "cpu" | "Processor" => list.push(value.into()),
            "physical id" if !sockets.iter().any(|s| s == value) => sockets.push(value.to_string()),
            "cpu cores" => cores = value.parse().unwrap_or(0),
            "siblings" => siblings = value.parse().unwrap_or(0),
            "flags" | "Features" => {
                facts.insert("flags", value.split(' ').map(Value::from).collect::<Vec<_>>());
            }
            _ => {}
        }
    }
    let packages = i64::try_from(sockets.len()).unwrap_or(0);
    let (packages, cores) = if packages == 0 || cores == 0 { (count, 1) } else { (packages, cores) };
    let threads = if siblings > 0 { (siblings / cores).max(1) } else { 1 };
    facts.insert("processor", list);
    facts.insert("processor_count", packages);
    facts.insert("processor_cores", cores);
    facts.insert("processor_threads_per_core", threads);
    facts.insert("processor_vcpus", packages * cores * threads);
    facts.insert("processor_nproc", count);
}

fn memory(host: &Host, facts: &mut Facts) {
    let info = text(host, "/proc/meminfo");
    let of = |name: &str| {
        let line = info.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':'));
        line.and_then(|rest| rest.split_whitespace().next()?.parse::<i64>().ok()).unwrap_or(0) / 1024
    };
    let (total, free, swap, swap_free) = (of("MemTotal"), of("MemFree"), of("SwapTotal"), of("SwapFree"));
    let idle = free + of("Cached") + of("Buffers");
    facts.insert("memtotal_mb", total);
    facts.insert("memfree_mb", free);
    facts.insert("swaptotal_mb", swap);
    facts.insert("swapfree_mb", swap_free);
    facts.insert("memory_mb", dict! {
        "real" => dict! { "total" => total, "used" => total - free, "free" => free },
        "nocache" => dict! { "free" => idle, "used" => total - idle },
        "swap" => dict! {
            "total" => swap, "free" => swap_free, "used" => swap - swap_free, "cached" => of("SwapCached"),
        },
    });
}

pub(super) fn loadavg(_: &Args, host: &mut Host, facts: &mut Facts) -> Result<()> {
    let load: Vec<f64> =
        text(host, "/proc/loadavg").split(' ').take(3).filter_map(|n| n.parse().ok()).collect();
    if let [one, five, fifteen] = load.as_slice() {
        facts.insert("loadavg", dict! { "1m" => *one, "5m" => *five, "15m" => *fifteen });
    }
    Ok(())
}

pub(super) fn mounts(args: &Args, host: &mut Host, facts: &mut Facts) -> Result<()> {
    let mut all: Vec<Value> = Vec::new();
    let begun = std::time::Instant::now();
    for line in text(host, "/proc/mounts").lines() {
        if begun.elapsed().as_secs() >= args.gather_timeout.unsigned_abs() {
            host.warn("Not all mounts were looked at within gather_timeout");
            break;
        }
        let fields: Vec<String> = line.split(' ').map(unescape).collect();
        let [device, mount, fstype, options, ..] = fields.as_slice() else { continue };
        if !device.starts_with(['/', '\\']) && !device.contains(":/") || fstype == "none" {
            continue;
        }
        let mut entry = dict! {
            "mount" => mount, "device" => device, "fstype" => fstype, "options" => options, "dump" => 0, "passno" => 0,
            "uuid" => "N/A",
        };
        if let Some(room) = host.room(mount) {
            entry.extend(&space(&room));
        }
        all.push(Value::Dict(entry));
    }
    facts.insert("mounts", all);
    Ok(())
}

/// Room of a file system as facts say it.
pub(crate) fn space(room: &Room) -> Dict {
    dict! {
        "size_total" => room.blocks * room.block_size, "size_available" => room.available * room.block_size,
        "block_size" => room.block_size, "block_total" => room.blocks, "block_available" => room.available,
        "block_used" => room.blocks.saturating_sub(room.available), "inode_total" => room.inodes,
        "inode_available" => room.inodes_available,
        "inode_used" => room.inodes.saturating_sub(room.inodes_available),
    }
}

/// Blanks in fields are written as octal numbers.
fn unescape(field: &str) -> String {
    field.replace("\\040", " ").replace("\\011", "\t").replace("\\012", "\n").replace("\\134", "\\")
}
