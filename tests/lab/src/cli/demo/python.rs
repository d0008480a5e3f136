//! Packages from the Python index for the Python of the machines.

use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result};

use crate::cli::prefetch;
use crate::command::output;

/// The Python of the machines' tree.
pub(super) const VERSION: &str = "3.13";

/// Installs the packages into a folder, from the index that pip is configured with. Errors when pip cannot be installed or fails.
pub(super) fn packages(place: &Path, packages: &[&str]) -> Result<()> {
    if !Command::new("python3")
        .args(["-m", "pip", "--version"])
        .output()
        .is_ok_and(|told| told.status.success())
    {
        prefetch::install(&["python3-pip"])?;
    }
    let mut pip = Command::new("python3");
    pip.args(["-m", "pip", "install", "--quiet", "--root-user-action", "ignore", "--target"]).arg(place);
    // For the Python of the machines, not for the one that runs pip.
    pip.args(["--ignore-requires-python", "--only-binary=:all:", "--implementation", "cp"]);
    pip.args(["--python-version", VERSION, "--platform", "any"]);
    for abi in ["cp313", "abi3", "none"] {
        pip.args(["--abi", abi]);
    }
    for age in ["manylinux_2_28", "manylinux_2_17", "manylinux2014"] {
        pip.args(["--platform", &format!("{age}_{}", std::env::consts::ARCH)]);
    }
    output(pip.args(packages)).context("python3 -m pip")?;
    Ok(())
}
