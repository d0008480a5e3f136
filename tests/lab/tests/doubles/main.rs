//! The doubles before clients that we did not write, and under faults.

mod gitlab;
mod proxmox;
mod support;
