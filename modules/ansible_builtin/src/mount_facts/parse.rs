//! Tables of mounts, each in its own columns.

use rustible_sdk::prelude::*;

/// A line and what it says.
#[derive(Debug)]
pub(super) struct Mount {
    pub(super) line: String,
    pub(super) fields: Dict,
}

/// The mounts of a file; nothing when it is no table of mounts.
pub(super) fn file(text: &str) -> Vec<Mount> {
    vfstab(text).or_else(|| mnttab(text)).or_else(|| fstab(text)).unwrap_or_default()
}

/// Columns of a line that says something.
fn told(line: &str) -> Option<Vec<&str>> {
    let line = line.trim();
    (!line.is_empty() && !line.starts_with('#')).then(|| line.split_whitespace().collect())
}

fn number(text: &str) -> Value {
    text.parse::<i64>().map_or_else(|_| text.into(), Value::from)
}

/// Seven columns in every line.
fn vfstab(text: &str) -> Option<Vec<Mount>> {
    let mut out = Vec::new();
    for line in text.lines() {
        let Some(columns) = told(line) else { continue };
        let [device, to_check, mount, fstype, order, at_boot, options, ..] = columns.as_slice() else {
            return None;
        };
        let fields = dict! {
            "device" => *device, "device_to_fsck" => *to_check, "mount" => *mount, "fstype" => *fstype,
            "passno" => number(order), "mount_at_boot" => *at_boot, "options" => *options,
        };
        out.push(Mount { line: line.to_string(), fields });
    }
    Some(out)
}

/// Five columns, the last a time in seconds.
fn mnttab(text: &str) -> Option<Vec<Mount>> {
    let all = text.lines().map(|line| {
        let columns: Vec<&str> = line.split_whitespace().collect();
        let [device, mount, fstype, options, time, ..] = columns.as_slice() else { return None };
        let seconds = time.parse::<i64>().ok()?;
        let fields = dict! {
            "device" => *device, "mount" => *mount, "fstype" => *fstype, "options" => *options, "time" => seconds,
        };
        Some((time.len() == 10, Mount { line: line.to_string(), fields }))
    });
    let all: Vec<(bool, Mount)> = all.collect::<Option<_>>()?;
    all.iter().any(|(is_time, _)| *is_time).then(|| all.into_iter().map(|(_, mount)| mount).collect())
}

/// Four to six columns.
fn fstab(text: &str) -> Option<Vec<Mount>> {
    let mut out = Vec::new();
    for line in text.lines() {
        let Some(columns) = told(line) else { continue };
        let columns: Vec<String> = columns.into_iter().map(unescaped).collect();
        let [device, mount, fstype, options, rest @ ..] = columns.as_slice() else { return None };
        let mut fields =
            dict! { "device" => device, "mount" => mount, "fstype" => fstype, "options" => options };
        for (key, value) in ["dump", "passno"].into_iter().zip(rest) {
            fields.insert(key, value.parse::<i64>().ok()?);
        }
        out.push(Mount { line: line.trim().to_string(), fields });
    }
    Some(out)
}

/// What the program says: `DEVICE on MOUNT type FSTYPE (OPTIONS)` in every line.
pub(super) fn listing(text: &str) -> Vec<Mount> {
    let read = |line: &str| {
        let (device, rest) = line.split_once(" on ")?;
        let (mount, rest) = rest.split_once(" type ")?;
        let (fstype, options) = rest.split_once(" (")?;
        let options = options.strip_suffix(')').filter(|options| !options.is_empty())?;
        if [device, mount, fstype].iter().any(|word| word.is_empty() || word.contains(char::is_whitespace)) {
            return None;
        }
        let fields = dict! { "device" => device, "mount" => mount, "fstype" => fstype, "options" => options };
        Some(Mount { line: line.to_string(), fields })
    };
    text.lines().map(read).collect::<Option<_>>().unwrap_or_default()
}

/// A field with its octal numbers read.
fn unescaped(field: &str) -> String {
    let mut parts = field.split('\\');
    let mut out = parts.next().unwrap_or_default().to_string();
    for part in parts {
        let code = part.get(..3).and_then(|digits| u8::from_str_radix(digits, 8).ok());
        match code {
            Some(code) => {
                out.push(char::from(code));
                out.push_str(part.get(3..).unwrap_or_default());
            }
            None => out.extend(["\\", part]),
        }
    }
    out
}
