//! The collection `ansible.posix`: each module is one file of its name.

mod authorized_key;
mod support;
mod sysctl;

rustible_sdk::modules!["ansible.posix": authorized_key, sysctl];
