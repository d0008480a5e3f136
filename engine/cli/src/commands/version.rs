//! `--version`, with the first line that job runners read.

use crate::{
    config::Config,
    setup::{redactor, screen},
};

/// The version of the language that is spoken.
pub(super) const LANGUAGE: &str = "2.21.5";

pub(super) fn main(program: &str) -> u8 {
    let config = Config::load().unwrap_or_default();
    let display = screen(&config, &redactor(), None);
    display.line(&told(program, &config), None);
    0
}

/// What is told of this program, several lines.
pub(crate) fn told(program: &str, config: &Config) -> String {
    let file = config.file.as_ref().map_or_else(|| "None".to_string(), |file| file.display().to_string());
    let roles: Vec<String> =
        config.paths("DEFAULT_ROLES_PATH").iter().map(|p| p.display().to_string()).collect();
    let exe = std::env::current_exe().unwrap_or_default();
    let lines = [
        format!("{program} [core {LANGUAGE}]"),
        format!("  config file = {file}"),
        format!("  roles path = {}", roles.join(":")),
        format!("  executable location = {}", exe.display()),
        format!("  rustible version = {}", env!("CARGO_PKG_VERSION")),
    ];
    lines.join("\n")
}
