//! The agent that is sent to other machines: small and static, with the modules that need no heavy dependency.
//!
//! A module that is not in its tables makes the controller send the full program instead. The full program's `agent`
//! command takes the same arguments.

use std::{process::ExitCode, sync::LazyLock};

use rustible_agent::Entries;

/// Modules of the collections that are light enough.
static MODULES: LazyLock<Entries> = LazyLock::new(|| {
    Entries::new(&[
        rustible_ansible_builtin::modules(),
        rustible_ansible_posix::modules(),
        rustible_community_crypto::modules(),
        rustible_community_general::modules(),
    ])
});

fn main() -> ExitCode {
    let mut args: Vec<String> = std::env::args().skip(1).collect();
    if args.first().is_some_and(|word| word == "agent") {
        args.remove(0);
    }
    let code = rustible_agent::main(&*MODULES, false, &args);
    ExitCode::from(u8::try_from(code).unwrap_or(1))
}
