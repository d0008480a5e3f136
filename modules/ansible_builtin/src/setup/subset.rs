//! Which facts `gather_subset` asks for.

use std::collections::BTreeSet;

use rustible_sdk::prelude::*;

use super::{Collector, distribution, hardware, local, more, network, platform, services, user_env};

/// Facts that are gathered together.
struct Group {
    /// Its name in a subset.
    name: &'static str,
    /// Names of single facts of it, each of which asks for the whole group.
    facts: &'static [&'static str],
    /// Part of the minimum.
    min: bool,
    /// Groups that it is made of.
    needs: &'static [&'static str],
    collect: &'static [Collector],
}

const fn group(name: &'static str, min: bool, collect: &'static [Collector]) -> Group {
    Group { name, facts: &[], min, needs: &[], collect }
}

const GROUPS: &[Group] = &[
    Group {
        facts: &["system", "machine", "kernel", "kernel_version", "architecture", "machine_id"],
        ..group("platform", true, &[platform::platform])
    },
    Group {
        facts: &["distribution_major_version", "distribution_release", "distribution_version", "os_family"],
        ..group("distribution", true, &[distribution::distribution])
    },
    group("lsb", true, &[distribution::lsb]),
    Group {
        facts: &[
            "user_id",
            "user_uid",
            "user_gid",
            "user_gecos",
            "user_dir",
            "user_shell",
            "real_user_id",
            "effective_user_id",
            "effective_group_ids",
        ],
        ..group("user", true, &[user_env::user])
    },
    group("env", true, &[user_env::env]),
    group("date_time", true, &[user_env::date_time]),
    group("cmdline", true, &[platform::cmdline]),
    group("dns", true, &[platform::dns]),
    group("fips", true, &[platform::fips]),
    group("apparmor", true, &[platform::apparmor]),
    group("selinux", true, &[platform::selinux]),
    Group {
        facts: &[
            "ssh_host_pub_keys",
            "ssh_host_key_dsa_public",
            "ssh_host_key_ecdsa_public",
            "ssh_host_key_ed25519_public",
            "ssh_host_key_rsa_public",
        ],
        ..group("ssh_pub_keys", true, &[user_env::host_keys])
    },
    Group { needs: &["distribution"], ..group("pkg_mgr", true, &[services::pkg_mgr]) },
    Group { needs: &["platform", "distribution"], ..group("service_mgr", true, &[services::service_mgr]) },
    group("local", true, &[local::local]),
    Group {
        facts: &["processor", "processor_cores", "processor_count", "mounts", "devices"],
        needs: &["platform"],
        ..group("hardware", false, &[hardware::hardware, hardware::mounts])
    },
    group("loadavg", false, &[hardware::loadavg]),
    Group {
        facts: &["interfaces", "all_ipv4_addresses", "all_ipv6_addresses", "default_ipv4", "default_ipv6"],
        needs: &["platform", "distribution"],
        ..group("network", false, &[network::network])
    },
    Group {
        facts: &[
            "virtualization_type",
            "virtualization_role",
            "virtualization_tech_guest",
            "virtualization_tech_host",
        ],
        ..group("virtual", false, &[services::virtualization])
    },
    Group {
        facts: &["system_capabilities", "system_capabilities_enforced"],
        ..group("caps", true, &[more::caps])
    },
    Group { facts: &["python_version"], ..group("python", true, &[more::python]) },
    Group { facts: &["is_chroot"], ..group("chroot", false, &[more::chroot]) },
    group("fibre_channel_wwn", false, &[more::fibre_channel]),
    group("iscsi", false, &[more::iscsi]),
    group("nvme", false, &[more::nvme]),
    group("systemd", false, &[more::systemd]),
    group("facter", false, &[more::facter]),
    group("ohai", false, &[more::ohai]),
];

impl Group {
    fn names(&self) -> impl Iterator<Item = &'static str> {
        std::iter::once(self.name).chain(self.facts.iter().copied())
    }
}

/// What collects the facts of a subset: the minimum and what is named, without what is named with `!` unless it is named
/// without it as well.
///
/// # Errors
/// When a name is none; one that is left out need not exist.
pub(super) fn chosen(subset: &[String]) -> Result<Vec<Collector>> {
    let all = || GROUPS.iter().flat_map(Group::names);
    let min = || GROUPS.iter().filter(|group| group.min).map(|group| group.name);
    let (mut wanted, mut out, mut named) = (BTreeSet::from_iter(min()), BTreeSet::new(), BTreeSet::new());
    for word in subset.iter().map(|word| word.trim()).filter(|word| !word.is_empty()) {
        match word {
            "min" => wanted.extend(min()),
            "all" => wanted.extend(all()),
            "!min" => out.extend(min()),
            "!all" => {
                let min: BTreeSet<&str> = min().collect();
                out.extend(all().filter(|name| !min.contains(name)));
            }
            word => match word.strip_prefix('!') {
                Some(bare) => match GROUPS.iter().find(|group| group.name == bare) {
                    Some(group) => out.extend(group.names()),
                    None => out.extend(all().find(|name| *name == bare)),
                },
                None => {
                    let Some(name) = all().find(|name| *name == word) else {
                        let known = BTreeSet::from_iter(all()).into_iter().collect::<Vec<_>>().join(", ");
                        fail!(
                            "Bad subset '{word}' given to Ansible. gather_subset options allowed: all, {known}"
                        );
                    };
                    wanted.insert(name);
                    named.insert(name);
                }
            },
        }
    }
    wanted.retain(|name| !out.contains(name) || named.contains(name));
    let direct = |group: &&Group| group.names().any(|name| wanted.contains(name));
    let needed: BTreeSet<&str> =
        GROUPS.iter().filter(direct).flat_map(|group| group.needs.iter().copied()).collect();
    let chosen = GROUPS.iter().filter(|group| direct(group) || needed.contains(group.name));
    Ok(chosen.flat_map(|group| group.collect.iter().copied()).collect())
}
