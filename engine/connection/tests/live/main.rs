//! Connections for real: this program is the agent of its own tests, over pipes and over an `sshd` of its own.
//!
//! Tests of SSH need root and `sshd`; without them they are listed as skipped.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a test that meets what it did not expect has failed")]

mod local;
mod modules;
mod runner;
mod ssh;
mod ssh_faults;
mod sshd;

use std::process::ExitCode;

fn main() -> ExitCode {
    let args: Vec<String> = std::env::args().skip(1).collect();
    if args.first().is_some_and(|word| word == "agent") {
        let code = rustible_agent::main(&modules::TestModules, true, &args[1..]);
        return ExitCode::from(u8::try_from(code).unwrap_or(1));
    }
    if args.first().is_some_and(|word| word == "--jump") {
        return runner::say(ssh::jump_here(&args[1..]));
    }
    let mut tests = local::tests();
    tests.extend(ssh::tests());
    tests.extend(ssh_faults::tests());
    runner::run(tests, &args)
}
