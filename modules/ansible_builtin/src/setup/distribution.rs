//! Which distribution it is.

use rustible_sdk::prelude::*;

use super::{Args, Facts, text};

/// `ID` of os-release, the name Ansible has for it, its family.
const KNOWN: &[(&str, &str, &str)] = &[
    ("debian", "Debian", "Debian"),
    ("ubuntu", "Ubuntu", "Debian"),
    ("raspbian", "Debian", "Debian"),
    ("linuxmint", "Linux Mint", "Debian"),
    ("pop", "Pop!_OS", "Debian"),
    ("kali", "Kali", "Debian"),
    ("devuan", "Devuan", "Debian"),
    ("rhel", "RedHat", "RedHat"),
    ("centos", "CentOS", "RedHat"),
    ("fedora", "Fedora", "RedHat"),
    ("rocky", "Rocky", "RedHat"),
    ("almalinux", "AlmaLinux", "RedHat"),
    ("ol", "OracleLinux", "RedHat"),
    ("amzn", "Amazon", "RedHat"),
    ("opensuse-leap", "openSUSE Leap", "Suse"),
    ("opensuse-tumbleweed", "openSUSE Tumbleweed", "Suse"),
    ("sles", "SLES", "Suse"),
    ("arch", "Archlinux", "Archlinux"),
    ("manjaro", "Manjaro", "Archlinux"),
    ("alpine", "Alpine", "Alpine"),
    ("gentoo", "Gentoo", "Gentoo"),
    ("flatcar", "Flatcar", "Flatcar"),
    ("nixos", "NixOS", "NixOS"),
];

fn pairs(text: &str) -> Dict {
    let unquote = |value: &str| value.trim().trim_matches(['"', '\'']).to_string();
    text.lines().filter_map(|line| line.split_once('=')).map(|(k, v)| (k.trim(), unquote(v))).collect()
}

pub(super) fn distribution(_: &Args, host: &mut Host, facts: &mut Facts) -> Result<()> {
    let release = pairs(&text(host, "/etc/os-release"));
    let get = |key: &str| release.get(key).and_then(Value::as_str).unwrap_or_default().to_string();
    let (id, mut version) = (get("ID"), get("VERSION_ID"));
    let known = KNOWN.iter().find(|(known, _, _)| *known == id);
    let name = known.map_or_else(|| get("NAME"), |(_, name, _)| (*name).to_string());
    let like = get("ID_LIKE");
    let relative = KNOWN.iter().find(|(known, _, _)| like.split_whitespace().any(|word| word == *known));
    let family = known.or(relative).map_or_else(|| name.clone(), |(_, _, family)| (*family).to_string());
    let major = version.split('.').next().unwrap_or_default().to_string();
    if id == "debian" {
        let full = text(host, "/etc/debian_version");
        if full.trim().starts_with(|c: char| c.is_ascii_digit()) {
            version = full.trim().to_string();
        }
        let minor = version.split('.').nth(1).unwrap_or_default().to_string();
        facts.insert("distribution_minor_version", minor);
    }
    if id == "arch" {
        version = "rolling".to_string();
    }
    let mut codename = get("VERSION_CODENAME");
    if codename.is_empty() {
        let full = get("VERSION");
        codename = full.split_once('(').map_or("NA", |(_, rest)| rest.trim_end_matches(')')).to_string();
    }
    facts.insert("distribution", name.as_str());
    facts.insert("distribution_version", version);
    facts.insert("distribution_major_version", major);
    facts.insert("distribution_release", codename);
    facts.insert("os_family", family);
    facts.insert("distribution_file_parsed", true);
    facts.insert("distribution_file_path", "/etc/os-release");
    facts.insert("distribution_file_variety", name);
    Ok(())
}

pub(super) fn lsb(_: &Args, host: &mut Host, facts: &mut Facts) -> Result<()> {
    let mut lsb = Dict::new();
    let release = pairs(&text(host, "/etc/lsb-release"));
    for (from, to) in [
        ("DISTRIB_ID", "id"),
        ("DISTRIB_RELEASE", "release"),
        ("DISTRIB_DESCRIPTION", "description"),
        ("DISTRIB_CODENAME", "codename"),
    ] {
        if let Some(value) = release.get(from) {
            lsb.insert(to, value.clone());
        }
    }
    if lsb.is_empty() && host.find_program("lsb_release").is_some() {
        let output = host.query(&Command::new(["lsb_release", "-a"]))?;
        for (key, value) in output.stdout.lines().filter_map(|line| line.split_once(':')) {
            let to = match key {
                "Distributor ID" => "id",
                "Release" => "release",
                "Description" => "description",
                "Codename" => "codename",
                _ => continue,
            };
            lsb.insert(to, value.trim());
        }
    }
    if let Some(release) = lsb.get("release").and_then(Value::as_str) {
        let major = release.split('.').next().unwrap_or_default().to_string();
        lsb.insert("major_release", major);
    }
    facts.insert("lsb", lsb);
    Ok(())
}
