//! The collection `community.general`: each module is one file of its name.

mod modprobe;
mod support;
mod ufw;

rustible_sdk::modules!["community.general": modprobe, ufw];
