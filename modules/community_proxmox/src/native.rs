//! `rustible.native`: modules of this house that no collection has.

use crate::proxmox_vm;

rustible_sdk::modules!["rustible.native": proxmox_vm];
