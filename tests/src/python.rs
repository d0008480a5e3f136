//! Environments of Python for tests that need foreign programs.

use std::{
    fs, io,
    path::{Path, PathBuf},
    process::Command,
    sync::{Mutex, PoisonError},
};

/// The `bin` folder of an environment with these packages, made once under the user's cache from the index that pip is
/// configured with; `name` must change when they do. `None` without a Python of 3.12 or newer.
///
/// # Errors
/// When the environment cannot be made.
pub fn environment(name: &str, packages: &[&str]) -> io::Result<Option<PathBuf>> {
    static ONCE: Mutex<()> = Mutex::new(());
    let _one_at_a_time = ONCE.lock().unwrap_or_else(PoisonError::into_inner);
    let Some(python) = python() else { return Ok(None) };
    let home = || std::env::var_os("HOME").map(|home| PathBuf::from(home).join(".cache"));
    let cache = std::env::var_os("XDG_CACHE_HOME").map(PathBuf::from).or_else(home);
    let place = cache.ok_or_else(|| io::Error::other("no HOME"))?.join("rustible").join(name);
    let ready = place.join("ready");
    if !ready.exists() {
        let _not_there = fs::remove_dir_all(&place);
        run(Command::new(python).args(["-m", "venv"]).arg(&place))?;
        run(Command::new(place.join("bin/pip")).args(["install", "--quiet"]).args(packages))?;
        fs::write(&ready, packages.join("\n"))?;
    }
    Ok(Some(place.join("bin")))
}

/// A Python of 3.12 or newer that can make environments.
#[must_use]
pub fn python() -> Option<PathBuf> {
    pythons().into_iter().find(|python| new_enough(python))
}

/// Where a Python may be: by name, and where pyenv keeps its versions.
fn pythons() -> Vec<PathBuf> {
    let mut found: Vec<PathBuf> =
        ["python3.14", "python3.13", "python3.12", "python3"].map(PathBuf::from).to_vec();
    let versions = std::env::var_os("HOME").map(|home| PathBuf::from(home).join(".pyenv/versions"));
    let entries = versions.and_then(|versions| fs::read_dir(versions).ok()).into_iter().flatten().flatten();
    found.extend(entries.map(|entry| entry.path().join("bin/python3")));
    found
}

fn new_enough(python: &Path) -> bool {
    let check = "import sys, ensurepip, venv; sys.exit(sys.version_info < (3, 12))";
    Command::new(python).args(["-c", check]).output().is_ok_and(|output| output.status.success())
}

fn run(command: &mut Command) -> io::Result<()> {
    let output = command.output()?;
    if output.status.success() {
        return Ok(());
    }
    Err(io::Error::other(format!("{command:?}: {}", String::from_utf8_lossy(&output.stderr))))
}
