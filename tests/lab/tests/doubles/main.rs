//! The doubles before clients that we did not write, and under faults.

#![expect(clippy::expect_used, clippy::panic, clippy::print_stderr, reason = "this whole program is tests")]

mod gitlab;
mod proxmox;
mod support;
