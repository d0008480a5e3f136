//! The collection `ansible.builtin`: each module is one file of its name.

mod async_status;
mod command;
mod copy;
mod exec;
mod file;
mod find;
mod getent;
mod lineinfile;
mod ping;
mod shell;
mod slurp;
mod stat;
mod tempfile;
mod wait_for;

rustible_sdk::modules![
    "ansible.builtin":
    async_status, command, copy, file, find, getent, ping, shell, slurp, tempfile, wait_for,
];
