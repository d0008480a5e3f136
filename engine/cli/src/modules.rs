//! The tables of all modules: the agent's half runs them, the controller's half reads their interfaces.

use std::sync::LazyLock;

use rustible_agent::Entries;
use rustible_protocol::Spec;
use rustible_sdk::Entry;

/// Every crate's table.
fn tables() -> [&'static [Entry]; 6] {
    [
        rustible_ansible_builtin::modules(),
        rustible_ansible_posix::modules(),
        rustible_community_general::modules(),
        rustible_community_crypto::modules(),
        rustible_community_proxmox::modules(),
        rustible_kubernetes_core::modules(),
    ]
}

/// The interfaces of all modules.
pub(crate) fn specs() -> Vec<&'static Spec> {
    tables().into_iter().flatten().map(|entry| (entry.spec)()).collect()
}

/// Full names of the reference's own modules that are not here, so that they are refused by name and not as misspelt.
pub(crate) fn elsewhere() -> Vec<String> {
    const BUILTIN: &[&str] = &[
        "apt_key",
        "apt_repository",
        "assemble",
        "async_status",
        "async_wrapper",
        "blockinfile",
        "cron",
        "deb822_repository",
        "debconf",
        "dnf",
        "dnf5",
        "dpkg_selections",
        "expect",
        "find",
        "get_url",
        "getent",
        "git",
        "group",
        "hostname",
        "iptables",
        "known_hosts",
        "mount_facts",
        "package",
        "package_facts",
        "pip",
        "rpm_key",
        "service",
        "service_facts",
        "subversion",
        "systemd",
        "systemd_service",
        "sysvinit",
        "unarchive",
        "uri",
        "user",
        "wait_for",
        "yum",
        "yum_repository",
    ];
    BUILTIN.iter().map(|name| format!("ansible.builtin.{name}")).collect()
}

/// All tables as the agent sees them.
static TABLE: LazyLock<Entries> = LazyLock::new(|| Entries::new(&tables()));

/// Be the agent.
pub(crate) fn agent(args: &[String]) -> i32 {
    rustible_agent::main(&*TABLE, true, args)
}
