//! Files of the controller as tests.

use std::{fs, os::unix::fs::MetadataExt, path::Path};

use super::Table;
use crate::{
    filters::path::{expand_user, realpath},
    registry::TestRun,
    repr,
    rt::{Args, Res, Rt, fail},
};

const DIRECTORY: TestRun = |_, v, _| Ok(Path::new(&name(v)?).is_dir());
const FILE: TestRun = |_, v, _| Ok(Path::new(&name(v)?).is_file());
const LINK: TestRun = |_, v, _| Ok(Path::new(&name(v)?).is_symlink());
const ABSOLUTE: TestRun = |_, v, _| Ok(name(v)?.starts_with('/'));
const SAME: TestRun = |_, v, a| same(v, &a);
const MOUNT: TestRun = |_, v, _| mount(&name(v)?);

pub(crate) const TABLE: Table = &[
    ("directory", DIRECTORY),
    ("is_dir", DIRECTORY),
    ("file", FILE),
    ("is_file", FILE),
    ("link", LINK),
    ("is_link", LINK),
    ("exists", |_, v, _| Ok(Path::new(&name(v)?).exists())),
    ("link_exists", |_, v, _| Ok(fs::symlink_metadata(name(v)?).is_ok())),
    ("abs", ABSOLUTE),
    ("is_abs", ABSOLUTE),
    ("same_file", SAME),
    ("is_same_file", SAME),
    ("mount", MOUNT),
    ("is_mount", MOUNT),
    ("vaulted_file", |_, v, _| {
        let path = name(v)?;
        let text = fs::read(&path).map_err(|e| {
            fail(format!("Cannot test if the file '{path}' is a vault: {}", os_error(&e, &path)))
        })?;
        Ok(text.starts_with(b"$ANSIBLE_VAULT;"))
    }),
];

/// An error of the system as Python words it.
fn os_error(error: &std::io::Error, path: &str) -> String {
    let text = error.to_string();
    let reason = text.split(" (os error").next().unwrap_or_default();
    let number = error.raw_os_error().unwrap_or(0);
    format!("[Errno {number}] {reason}: b'{path}'")
}

fn name(value: &Rt) -> Res<String> {
    repr::text(value).map(|t| expand_user(&t))
}

fn same(value: &Rt, args: &Args) -> Res<bool> {
    let other = args.pos.first().ok_or_else(|| fail("same_file needs two paths"))?;
    let stat = |path: String| fs::metadata(path).map_err(|e| fail(e.to_string()));
    let (a, b) = (stat(name(value)?)?, stat(name(other)?)?);
    Ok((a.dev(), a.ino()) == (b.dev(), b.ino()))
}

fn mount(path: &str) -> Res<bool> {
    let path = realpath(path);
    let table = fs::read_to_string("/proc/self/mounts").unwrap_or_default();
    Ok(table.lines().any(|l| l.split(' ').nth(1) == Some(path.as_str())))
}
