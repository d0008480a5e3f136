//! The collection `ansible.posix`: each module is one file of its name.

rustible_sdk::modules!["ansible.posix":];
