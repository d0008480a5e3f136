//! The lists of packages: how old they are, and renewing them.

use std::time::{Duration, SystemTime};

use rustible_sdk::prelude::*;

use super::{Args, plan};

/// What became of the lists.
pub(super) struct Updated {
    pub(super) updated: bool,
    /// Seconds since 1970 of the last renewal.
    pub(super) time: u64,
}

const STAMPS: [&str; 2] = ["/var/lib/apt/periodic/update-success-stamp", "/var/lib/apt/lists"];

fn stamp(host: &Host) -> Result<SystemTime> {
    let mut newest = SystemTime::UNIX_EPOCH;
    for path in STAMPS {
        if let Some(stat) = host.stat(path, true)? {
            newest = newest.max(stat.modified()?);
        }
    }
    Ok(newest)
}

fn seconds(time: SystemTime) -> u64 {
    time.duration_since(SystemTime::UNIX_EPOCH).map_or(0, |d| d.as_secs())
}

pub(super) fn update(args: &Args, host: &mut Host) -> Result<Updated> {
    let before = stamp(host)?;
    let valid = Duration::from_secs(args.cache_valid_time.unsigned_abs());
    let wanted = args.update_cache.unwrap_or(args.cache_valid_time > 0);
    let fresh = before.elapsed().is_ok_and(|age| age <= valid) && args.cache_valid_time > 0;
    if !wanted || fresh {
        return Ok(Updated { updated: false, time: seconds(before) });
    }
    if host.check_mode() {
        return Ok(Updated { updated: true, time: seconds(before) });
    }
    let tries = (args.update_cache_retries, args.update_cache_retry_max_delay);
    renew(&plan::apt_get(args, &["update".to_string()], false), tries, host)?;
    let after = stamp(host)?;
    Ok(Updated { updated: after != before, time: seconds(after) })
}

/// Let apt fetch its lists, again when that fails: how often at most, and the longest pause in seconds.
///
/// # Errors
/// What apt said at last.
pub(crate) fn renew(command: &Command, (tries, longest): (i64, i64), host: &Host) -> Result<()> {
    let mut said = String::new();
    for try_number in 0..tries.max(1) {
        let output = host.query(command)?;
        // A list that could not be fetched is only a warning to apt-get.
        let fetched =
            !output.stderr.lines().any(|l| l.starts_with("W: Failed to fetch") || l.starts_with("E: "));
        if output.ok() && fetched {
            return Ok(());
        }
        said = output.stderr.trim().to_string();
        let pause = 2u64.saturating_pow(u32::try_from(try_number).unwrap_or(u32::MAX));
        if host.cancel().sleep(Duration::from_secs(pause.min(longest.unsigned_abs()))) {
            host.still_wanted()?;
        }
    }
    fail!("Failed to update apt cache after {tries} retries: {said}")
}
