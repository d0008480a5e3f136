//! Filling the cache.

use std::path::PathBuf;

use anyhow::{Result, anyhow};

use super::say;
use crate::cache::Cache;
use crate::command::{present, run};
use crate::{build, images, tree};

/// The programs that the lab needs on this computer, with the packages that have them.
const NEEDED: &[(&str, &str)] = &[
    ("systemd-nspawn", "systemd-container"),
    ("debootstrap", "debootstrap"),
    ("xorriso", "xorriso"),
    ("dpkg-deb", "dpkg"),
    ("gpg", "gpg"),
    ("ip", "iproute2"),
    ("cc", "gcc"),
    ("make", "make"),
];

/// What the cache holds.
pub(super) struct Made {
    pub cache: Cache,
    pub binaries: PathBuf,
    pub base: PathBuf,
    pub images: PathBuf,
}

/// Makes whatever is missing. Errors when a package cannot be installed or something cannot be made.
pub(super) fn all() -> Result<Made> {
    packages()?;
    let cache = Cache::of_user()?;
    say("machines' tree and the cluster's programs (a quarter of an hour the first time) ...");
    // One waits for the archive while the other computes.
    let (base, binaries) = std::thread::scope(|scope| {
        let base = scope.spawn(|| tree::base(&cache));
        let binaries = build::binaries(&cache);
        (base.join(), binaries)
    });
    let base = base.map_err(|_| anyhow!("the making of the machines' tree died"))??;
    let binaries = binaries?;
    say("images ...");
    let images = images::images(&cache, &binaries, &base)?;
    Ok(Made { cache, binaries, base, images })
}

fn packages() -> Result<()> {
    let missing: Vec<&str> =
        NEEDED.iter().filter(|(program, _)| !present(program)).map(|(_, package)| *package).collect();
    if missing.is_empty() { Ok(()) } else { install(&missing) }
}

/// Installs packages of this computer's archive. Errors when that fails.
pub(super) fn install(packages: &[&str]) -> Result<()> {
    say(&format!("installing {}", packages.join(" ")));
    run("apt-get", &["update", "-q"])?;
    run("apt-get", &[&["install", "-y", "-q", "--no-install-recommends"], packages].concat())?;
    Ok(())
}
