//! Which command is meant: by the name the program was called under, or by its first word.

mod adhoc;
mod config;
mod console;
mod doc;
mod drive;
mod galaxy;
mod inventory;
mod links;
mod listing;
mod play;
mod pull;
mod toml;
mod vault;
pub(crate) mod version;

use crate::modules;

/// Names of the reference's commands that the program answers to.
pub(crate) const NAMES: [&str; 9] = [
    "ansible-playbook",
    "ansible",
    "ansible-inventory",
    "ansible-vault",
    "ansible-doc",
    "ansible-config",
    "ansible-galaxy",
    "ansible-console",
    "ansible-pull",
];

/// Run the command; the exit status.
pub(crate) fn dispatch(args: Vec<String>) -> u8 {
    let called =
        args.first().map(|path| path.rsplit('/').next().unwrap_or_default().to_string()).unwrap_or_default();
    let rest = args.get(1..).unwrap_or_default();
    match called.as_str() {
        "ansible-playbook" => play::main(&args),
        "ansible" => adhoc::main(&args),
        "ansible-config" => config::main(&args),
        "ansible-console" => console::main(&args),
        "ansible-doc" => doc::main(&args),
        "ansible-galaxy" => galaxy::main(&args),
        "ansible-inventory" => inventory::main(&args),
        "ansible-pull" => pull::main(&args),
        "ansible-vault" => vault::main(&args),
        _ => own(&args, rest),
    }
}

/// `rustible WORD ...`: a word that is a command, else playbooks.
fn own(args: &[String], rest: &[String]) -> u8 {
    let behind = |name: &str| -> Vec<String> {
        std::iter::once(name.to_string()).chain(rest.iter().skip(1).cloned()).collect()
    };
    match rest.first().map(String::as_str) {
        Some("agent") => u8::try_from(modules::agent(&rest[1..])).unwrap_or(1),
        Some("links") => links::main(&behind("rustible links")),
        Some("inventory") => inventory::main(&behind("rustible inventory")),
        Some("vault") => vault::main(&behind("rustible vault")),
        Some("console") => console::main(&behind("rustible console")),
        Some("config") => config::main(&behind("rustible config")),
        Some("doc") => doc::main(&behind("rustible doc")),
        Some("galaxy") => galaxy::main(&behind("rustible galaxy")),
        Some("pull") => pull::main(&behind("rustible pull")),
        Some("adhoc") => adhoc::main(&behind("rustible adhoc")),
        Some("play") => play::main(&behind("rustible play")),
        _ => play::main(args),
    }
}
