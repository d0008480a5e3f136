//! The collection `community.proxmox`, and this house's own module for virtual machines: each is one file of its name.

mod native;
mod proxmox_kvm;
mod proxmox_template;
mod proxmox_vm;
mod support;

use std::sync::OnceLock;

use rustible_sdk::Entry;

/// Modules that stand in for the collection's.
mod collection {
    use crate::{proxmox_kvm, proxmox_template};

    rustible_sdk::modules!["community.proxmox": proxmox_kvm, proxmox_template];
}

/// Every module of the crate.
#[must_use]
pub fn modules() -> &'static [Entry] {
    static ALL: OnceLock<Vec<Entry>> = OnceLock::new();
    ALL.get_or_init(|| [collection::modules(), native::modules()].concat())
}
