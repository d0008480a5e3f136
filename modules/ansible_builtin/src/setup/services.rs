//! Package manager, service manager, virtualization.

use rustible_sdk::prelude::*;

use super::{Args, Facts, text};

const PACKAGE_MANAGERS: &[(&str, &str)] = &[
    ("/usr/bin/apt-get", "apt"),
    ("/usr/bin/dnf5", "dnf5"),
    ("/usr/bin/dnf", "dnf"),
    ("/usr/bin/yum", "yum"),
    ("/usr/bin/zypper", "zypper"),
    ("/usr/bin/pacman", "pacman"),
    ("/sbin/apk", "apk"),
    ("/usr/bin/emerge", "portage"),
    ("/usr/bin/xbps-install", "xbps"),
    ("/usr/bin/nix", "nix"),
];

pub(super) fn pkg_mgr(_: &Args, host: &mut Host, facts: &mut Facts) -> Result<()> {
    let found = PACKAGE_MANAGERS.iter().find(|(path, _)| host.exists(path).unwrap_or(false));
    facts.insert("pkg_mgr", found.map_or("unknown", |(_, name)| name));
    Ok(())
}

pub(super) fn service_mgr(_: &Args, host: &mut Host, facts: &mut Facts) -> Result<()> {
    let first = text(host, "/proc/1/comm").trim().to_string();
    let manager = if host.exists("/run/systemd/system")? || first == "systemd" {
        "systemd".to_string()
    } else {
        match first.as_str() {
            "runit-init" => "runit".to_string(),
            "init" if host.exists("/sbin/openrc")? => "openrc".to_string(),
            "init" if host.exists("/etc/init.d")? => "sysvinit".to_string(),
            "" | "init" | "sh" | "bash" => "service".to_string(),
            other => other.to_string(),
        }
    };
    facts.insert("service_mgr", manager);
    Ok(())
}

pub(super) fn virtualization(_: &Args, host: &mut Host, facts: &mut Facts) -> Result<()> {
    let product = text(host, "/sys/class/dmi/id/product_name");
    let vendor = text(host, "/sys/class/dmi/id/sys_vendor");
    let first = text(host, "/proc/1/environ");
    let groups = text(host, "/proc/1/cgroup");
    let cpu = text(host, "/proc/cpuinfo");
    let mut guest: Vec<Value> = Vec::new();
    let mut name = None;
    let docker = host.exists("/.dockerenv")? || groups.contains("/docker");
    if docker || host.exists("/run/.containerenv")? || first.contains("container=") {
        name = Some(match first.split('\0').find_map(|line| line.strip_prefix("container=")) {
            Some(kind) if !docker => kind.to_string(),
            _ => if docker { "docker" } else { "podman" }.to_string(),
        });
        guest.push("container".into());
    } else if cpu
        .lines()
        .any(|line| line.starts_with("flags") && line.split_whitespace().any(|f| f == "hypervisor"))
    {
        let known = [
            ("VMware", "VMware"),
            ("VirtualBox", "virtualbox"),
            ("innotek", "virtualbox"),
            ("Xen", "xen"),
            ("Microsoft", "VirtualPC"),
            ("OpenStack", "openstack"),
            ("QEMU", "kvm"),
            ("KVM", "kvm"),
            ("Amazon", "kvm"),
            ("Google", "kvm"),
            ("Hetzner", "kvm"),
        ];
        let found = known.iter().find(|(word, _)| product.contains(word) || vendor.contains(word));
        name = Some(found.map_or("kvm", |(_, name)| name).to_string());
    }
    let hosts: Vec<Value> = if host.exists("/dev/kvm")? { vec!["kvm".into()] } else { Vec::new() };
    let role = match (&name, hosts.is_empty()) {
        (Some(_), _) => "guest",
        (None, false) => "host",
        (None, true) => "NA",
    };
    let shown = name.clone().unwrap_or_else(|| if hosts.is_empty() { "NA" } else { "kvm" }.to_string());
    if let Some(name) = name {
        guest.push(name.into());
    }
    facts.insert("virtualization_type", shown);
    facts.insert("virtualization_role", role);
    facts.insert("virtualization_tech_guest", guest);
    facts.insert("virtualization_tech_host", hosts);
    Ok(())
}
