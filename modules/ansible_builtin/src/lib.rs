//! The collection `ansible.builtin`: each module is one file of its name.

mod apt;
mod async_status;
mod command;
mod copy;
mod exec;
mod file;
mod find;
mod get_url;
mod getent;
mod group;
mod lineinfile;
mod ping;
mod service;
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
    apt, async_status, command, copy, file, find, get_url, getent, group, lineinfile, ping, service,
    setup, shell, slurp, stat, systemd_service, tempfile, unarchive, uri, user, wait_for,
];
