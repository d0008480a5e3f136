//! A machine's own control groups: one in every hierarchy of this computer.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use sha2::{Digest, Sha256};

/// Makes the groups of the machine in `folder` and gives their `cgroup.procs` files. Errors when one cannot be made.
pub(super) fn make(folder: &Path) -> Result<Vec<PathBuf>> {
    let name = name(folder);
    hierarchies()?.iter().map(|mount| group(mount, &name)).collect()
}

/// A name that no machine of another lab on this computer has.
fn name(folder: &Path) -> String {
    let lab = folder.parent().unwrap_or(folder);
    format!("{}{}", prefix(lab), folder.file_name().unwrap_or_default().to_string_lossy())
}

/// How the groups of all machines begin whose folders lie in `lab`.
pub(super) fn prefix(lab: &Path) -> String {
    let sum = Sha256::digest(lab.as_os_str().as_encoded_bytes());
    let place: String = sum.iter().take(4).map(|byte| format!("{byte:02x}")).collect();
    format!("rustible-lab-{place}-")
}

fn hierarchies() -> Result<Vec<PathBuf>> {
    let mounts = fs::read_to_string("/proc/self/mountinfo").context("cannot read /proc/self/mountinfo")?;
    let mounts = mounts.lines().filter_map(|line| {
        let (place, kind) = line.split_once(" - ")?;
        let kind = kind.split(' ').next()?;
        (kind == "cgroup" || kind == "cgroup2").then(|| place.split(' ').nth(4).map(PathBuf::from))?
    });
    Ok(mounts.collect())
}

fn group(mount: &Path, name: &str) -> Result<PathBuf> {
    let folder = mount.join(name);
    fs::create_dir_all(&folder).with_context(|| format!("cannot make {}", folder.display()))?;
    // A group of cpuset takes no process before it has processors and memory.
    for key in ["cpuset.cpus", "cpuset.mems"] {
        let (own, above) = (folder.join(key), mount.join(key));
        if own.exists() && above.exists() && fs::read_to_string(&own)?.trim().is_empty() {
            fs::write(&own, fs::read_to_string(&above)?.trim())?;
        }
    }
    Ok(folder.join("cgroup.procs"))
}

/// Removes the groups of an ended machine, those inside first. One that still has processes stays.
pub(super) fn remove(folder: &Path) -> Result<()> {
    let name = name(folder);
    for mount in hierarchies()? {
        clear(&mount.join(&name));
    }
    Ok(())
}

fn clear(folder: &Path) {
    for inner in fs::read_dir(folder).into_iter().flatten().flatten().filter(|one| one.path().is_dir()) {
        clear(&inner.path());
    }
    // A group that is busy or was never made stays as it is.
    let _left = fs::remove_dir(folder);
}
