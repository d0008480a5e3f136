//! The command line of the lab.

mod demo;
mod enter;
mod lab;
mod prefetch;

use std::io::Write;
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Context, Result, bail};
use clap::{Parser, Subcommand};

/// Machines, a small internet and a Proxmox, on one computer.
#[derive(Parser)]
#[command(name = "rustible-lab", version)]
struct Arguments {
    /// The lab's folder [default: ~/.local/state/rustible-lab]
    #[arg(long, global = true)]
    state: Option<PathBuf>,
    #[command(subcommand)]
    action: Action,
}

#[derive(Subcommand)]
enum Action {
    /// Fill the cache: build the cluster's programs, the machines' tree and the images
    Prefetch {
        /// The reference as well, for both-ways
        #[arg(long)]
        reference: bool,
    },
    /// Bring the lab up, the controller included
    Up,
    /// Run a command in the controller
    Run {
        /// The command with its arguments
        #[arg(last = true, required = true)]
        command: Vec<String>,
    },
    /// Open a shell in a machine
    Shell {
        /// The machine: controller, or vm-<id>
        #[arg(default_value = "controller")]
        machine: String,
    },
    /// Run the main job in a fresh lab and check its end state from outside; the lab stays up
    Demo {
        /// This rustible in place of a build from the project
        #[arg(long, value_name = "FILE")]
        rustible: Option<PathBuf>,
        #[command(flatten)]
        wish: demo::Wish,
    },
    /// Break one thing after the other: see that the main job says what, where, and what to do, and completes after the repair
    Failures {
        /// This rustible in place of the one in the lab, or a build from the project
        #[arg(long, value_name = "FILE")]
        rustible: Option<PathBuf>,
    },
    /// Let ansible-runner run the main job over the lab that is up: it sees of rustible what it saw of the reference
    JobRunner {
        /// Run the reference, and write down what is seen of it
        #[arg(long)]
        record: bool,
    },
    /// Run the main job and the reference one over the other, in fresh labs: neither changes what the other one built
    BothWays {
        /// This rustible in place of a build from the project
        #[arg(long, value_name = "FILE")]
        rustible: Option<PathBuf>,
    },
    /// Stop all machines, end the lab and remove its folder; the cache stays
    Down,
    /// What `up` leaves in the background
    #[command(hide = true)]
    Serve,
}

/// Does what the command line asks. The status is that of the command for `run` and `shell`, else 1 for any failure.
pub fn main() -> ExitCode {
    let arguments = Arguments::parse();
    match act(arguments) {
        Ok(status) => ExitCode::from(status),
        Err(error) => {
            say(&format!("rustible-lab: {error:#}"));
            ExitCode::FAILURE
        }
    }
}

fn act(arguments: Arguments) -> Result<u8> {
    if !rustix::process::geteuid().is_root() {
        bail!("the lab boots machines and makes a bridge: run it as root");
    }
    let state = match arguments.state {
        Some(folder) => std::path::absolute(folder)?,
        None => {
            PathBuf::from(std::env::var_os("HOME").context("HOME is not set: name the folder with --state")?)
                .join(".local/state/rustible-lab")
        }
    };
    match arguments.action {
        Action::Prefetch { reference } => {
            prefetch::all()?;
            if reference {
                demo::both_ways::fetch()?;
            }
            Ok(0)
        }
        Action::Up => lab::up(&state).map(|()| 0),
        Action::Run { command } => enter::run(&state, "controller", &command),
        Action::Shell { machine } => enter::run(&state, &machine, &["bash".to_owned(), "-l".to_owned()]),
        Action::Demo { rustible, wish } => demo::run(&state, rustible, wish),
        Action::BothWays { rustible } => demo::both_ways::run(&state, rustible),
        Action::JobRunner { record } => demo::job_runner::run(&state, record),
        Action::Failures { rustible } => demo::failures::run(&state, rustible),
        Action::Down => lab::down(&state).map(|()| 0),
        Action::Serve => lab::serve(&state).map(|()| 0),
    }
}

/// A line for the person at the terminal.
fn say(line: &str) {
    // Nobody is left to tell when standard error is closed.
    let _closed = writeln!(std::io::stderr().lock(), "{line}");
}
