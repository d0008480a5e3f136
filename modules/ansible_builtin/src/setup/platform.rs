//! Kernel, names, command line, resolvers.

use rustible_sdk::prelude::*;

use super::{Args, Facts, text};

pub(super) fn platform(_: &Args, host: &mut Host, facts: &mut Facts) -> Result<()> {
    let [system, node, release, version, machine] = host.uname();
    let hostname = node.split('.').next().unwrap_or_default().to_string();
    let fqdn = fqdn(host, &node);
    let domain = fqdn.split_once('.').map_or(String::new(), |(_, domain)| domain.to_string());
    let bits = if machine.contains("64") || machine == "s390x" { "64" } else { "32" };
    facts.insert("system", system);
    facts.insert("kernel", release);
    facts.insert("kernel_version", version);
    facts.insert("machine", machine.as_str());
    facts.insert("architecture", if matches!(machine.as_str(), "i686" | "i586") { "i386" } else { &machine });
    facts.insert("userspace_bits", bits);
    facts.insert("userspace_architecture", machine);
    facts.insert("nodename", node);
    facts.insert("hostname", hostname);
    facts.insert("fqdn", fqdn);
    facts.insert("domain", domain);
    let id = text(host, "/etc/machine-id");
    let id = if id.trim().is_empty() { text(host, "/var/lib/dbus/machine-id") } else { id };
    facts.insert("machine_id", id.trim());
    Ok(())
}

/// The full name the hosts file gives the host; name services are not asked, which could take long.
pub(crate) fn fqdn(host: &Host, node: &str) -> String {
    if node.contains('.') {
        return node.to_string();
    }
    for line in text(host, "/etc/hosts").lines() {
        let line = line.split('#').next().unwrap_or_default();
        let names: Vec<&str> = line.split_whitespace().skip(1).collect();
        if names.contains(&node) {
            return names.iter().find(|n| n.contains('.')).or(names.first()).map_or(node, |n| n).to_string();
        }
    }
    node.to_string()
}

pub(super) fn cmdline(_: &Args, host: &mut Host, facts: &mut Facts) -> Result<()> {
    let mut all = Dict::new();
    for word in text(host, "/proc/cmdline").split_whitespace() {
        match word.split_once('=') {
            Some((key, value)) => drop(all.insert(key, value)),
            None => drop(all.insert(word, true)),
        }
    }
    facts.insert("cmdline", all.clone());
    facts.insert("proc_cmdline", all);
    Ok(())
}

pub(super) fn dns(_: &Args, host: &mut Host, facts: &mut Facts) -> Result<()> {
    let mut all = Dict::new();
    let mut servers: Vec<Value> = Vec::new();
    for line in text(host, "/etc/resolv.conf").lines() {
        let mut words = line.split_whitespace();
        match words.next() {
            Some("nameserver") => servers.extend(words.map(Value::from)),
            Some("domain") => drop(all.insert("domain", words.next())),
            Some("search") => drop(all.insert("search", words.map(Value::from).collect::<Vec<_>>())),
            Some("options") => {
                let options = words.map(|word| match word.split_once(':') {
                    Some((key, value)) => (key, Value::from(value)),
                    None => (word, Value::from(true)),
                });
                all.insert("options", options.collect::<Dict>());
            }
            _ => {}
        }
    }
    if !servers.is_empty() {
        all.insert("nameservers", servers);
    }
    facts.insert("dns", all);
    Ok(())
}

pub(super) fn fips(_: &Args, host: &mut Host, facts: &mut Facts) -> Result<()> {
    facts.insert("fips", text(host, "/proc/sys/crypto/fips_enabled").trim() == "1");
    Ok(())
}

pub(super) fn apparmor(_: &Args, host: &mut Host, facts: &mut Facts) -> Result<()> {
    let apparmor = if host.exists("/sys/kernel/security/apparmor")? { "enabled" } else { "disabled" };
    facts.insert("apparmor", dict! { "status" => apparmor });
    Ok(())
}

pub(super) fn selinux(_: &Args, host: &mut Host, facts: &mut Facts) -> Result<()> {
    let mode = match text(host, "/sys/fs/selinux/enforce").trim() {
        "1" => dict! { "status" => "enabled", "mode" => "enforcing" },
        "0" => dict! { "status" => "enabled", "mode" => "permissive" },
        _ => dict! { "status" => "disabled" },
    };
    facts.insert("selinux", mode);
    Ok(())
}
