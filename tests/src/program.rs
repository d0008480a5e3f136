//! The program under test.

use std::{
    io,
    path::{Path, PathBuf},
    process::Command,
};

/// Where it lies, built now unless the whole workspace was (`tests/run` says so).
///
/// # Errors
/// When it cannot be built.
pub fn program() -> io::Result<PathBuf> {
    if std::env::var_os("RUSTIBLE_TESTS_BUILT").is_none() {
        let output = Command::new(env!("CARGO"))
            .args(["build", "--quiet", "--locked", "-p", "rustible"])
            .current_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join(".."))
            .output()?;
        if !output.status.success() {
            return Err(io::Error::other(String::from_utf8_lossy(&output.stderr).into_owned()));
        }
    }
    let test = std::env::current_exe()?;
    let target = test.ancestors().nth(2).ok_or_else(|| io::Error::other("no target folder"))?;
    Ok(target.join("rustible"))
}
