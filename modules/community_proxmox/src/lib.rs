//! The collection `community.proxmox`: each module is one file of its name.

rustible_sdk::modules!["community.proxmox":];
