//! `rustible`: one program for all of Ansible's commands, and for the agent on the target.

mod args;
mod commands;
mod config;
mod definitions;
mod embedded;
mod exit;
mod modules;
mod setup;

use std::process::ExitCode;

fn main() -> ExitCode {
    ExitCode::from(commands::dispatch(std::env::args().collect()))
}
