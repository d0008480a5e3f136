//! The collection `ansible.builtin`: each module is one file of its name.

mod apt;
mod apt_key;
mod apt_repository;
mod assemble;
mod async_status;
mod attributed;
mod blockinfile;
mod chroot;
mod command;
mod copy;
mod cron;
mod deb822_repository;
mod debconf;
mod dpkg_selections;
mod encoding;
mod exec;
mod file;
mod find;
mod get_url;
mod getent;
mod group;
mod hostname;
mod iptables;
mod known_hosts;
mod lineinfile;
mod mount_facts;
mod package;
mod package_facts;
mod ping;
mod pip;
mod replace;
mod service;
mod service_facts;
mod setup;
mod shell;
mod slurp;
mod stat;
mod systemd_service;
mod tempfile;
mod unarchive;
mod uri;
mod user;
mod wait_for;
mod web;

rustible_sdk::modules![
    "ansible.builtin":
    apt, apt_key, apt_repository, assemble, async_status, blockinfile, command, copy, cron, deb822_repository,
    debconf, dpkg_selections, file, find, get_url, getent, group, hostname, iptables, known_hosts, lineinfile, mount_facts,
    package, package_facts, ping, pip, replace, service, service_facts, setup, shell, slurp, stat, systemd_service,
    tempfile, unarchive, uri, user, wait_for,
];

/// The module of that short name, for tests.
#[cfg(test)]
fn entry(name: &str) -> &'static rustible_sdk::Entry {
    let full = format!("ansible.builtin.{name}");
    modules().iter().find(|entry| (entry.spec)().name == full).unwrap()
}
