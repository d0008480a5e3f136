//! A double of the Proxmox VE API.

pub mod hypervisor;
