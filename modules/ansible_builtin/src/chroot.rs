//! Whether a module sees another root than the machine's first process.

use std::os::unix::fs::MetadataExt;

use rustible_sdk::{Command, Host};

/// Whether it runs in a changed root.
pub(crate) fn is_chroot(host: &Host) -> bool {
    let id = |path: &str| host.stat(path, true).ok().flatten().map(|stat| (stat.dev(), stat.ino()));
    let own = id("/");
    match id("/proc/1/root/.") {
        _ if host.env("debian_chroot").is_some_and(|name| !name.is_empty()) => true,
        Some(first) => own != Some(first),
        // The first folder of a file system has a number of its own there.
        None => {
            let kind = host.query(&Command::new(["stat", "-f", "--format=%T", "/"])).map(|o| o.stdout);
            let top = match kind.unwrap_or_default().trim() {
                "btrfs" => 256,
                "xfs" => 128,
                _ => 2,
            };
            own.is_some_and(|(_, inode)| inode != top)
        }
    }
}
