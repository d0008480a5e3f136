//! The project that the lab belongs to.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail};

use crate::cli::say;

/// Its folder.
pub(super) fn root() -> PathBuf {
    let own = Path::new(env!("CARGO_MANIFEST_DIR"));
    own.ancestors().nth(2).unwrap_or(own).to_path_buf()
}

/// Builds rustible and gives the program. Errors when cargo fails.
pub(super) fn build() -> Result<PathBuf> {
    say("building rustible ...");
    let mut cargo = Command::new("cargo");
    cargo.args([
        "build",
        "--release",
        "--package",
        "rustible",
        "--message-format",
        "json-render-diagnostics",
    ]);
    let built = cargo.current_dir(root()).stdin(Stdio::null()).stderr(Stdio::inherit()).output()?;
    if !built.status.success() {
        bail!("cargo build of rustible failed");
    }
    let told = String::from_utf8_lossy(&built.stdout);
    let mut programs = told.lines().filter_map(|line| {
        let message: serde_json::Value = serde_json::from_str(line).ok()?;
        let named = message.pointer("/target/name")? == "rustible";
        named.then(|| message.get("executable")?.as_str().map(PathBuf::from)).flatten()
    });
    programs.next_back().context("cargo told of no program rustible")
}
