//! `ansible.builtin.mount_facts`: what is mounted, and what is to be.

mod parse;

use rustible_sdk::{host::glob::fnmatch, prelude::*};

const STATIC: [&str; 3] = ["/etc/fstab", "/etc/vfstab", "/etc/filesystems"];
const DYNAMIC: [&str; 3] = ["/etc/mtab", "/proc/mounts", "/etc/mnttab"];

/// Gather mounts of the host.
#[derive(Args)]
#[args(check = full)]
pub(crate) struct Args {
    /// Files, `mount` for the program, or `all`, `static`, `dynamic`.
    sources: Option<Vec<String>>,
    /// The program that is asked when no file knows; null for none.
    #[arg(default = "mount")]
    mount_binary: Value,
    /// Patterns of devices.
    devices: Option<Vec<String>>,
    /// Patterns of file systems.
    fstypes: Option<Vec<String>>,
    /// Seconds one look may take.
    timeout: Option<f64>,
    /// What happens then.
    #[arg(default = "error", choices("error", "warn", "ignore"))]
    on_timeout: String,
    /// Return also mounts that others hide.
    include_aggregate_mounts: Option<bool>,
}

pub(crate) fn run(args: Args, host: &mut Host) -> Result<Outcome> {
    if let Some(seconds) = args.timeout {
        if seconds <= 0.0 {
            fail!(
                "argument 'timeout' must be a positive number or null, not {}",
                rustible_sdk::repr::repr(&seconds.into())
            );
        }
        fail!("timeout is not supported by this mount_facts: leave it out, and looks are never cut short");
    }
    // Without a timeout nothing is done at its end.
    let _ = &args.on_timeout;
    let program = match &args.mount_binary {
        Value::Null => None,
        Value::Str(program) => Some(program.to_string()),
        other => {
            fail!("argument 'mount_binary' must be a string or null, not {}", rustible_sdk::repr::repr(other))
        }
    };
    let mut mounts = Vec::new();
    for (source, found) in args.gathered(program.as_deref().filter(|p| !p.is_empty()), host)? {
        for mount in found {
            if let Some(mount) = args.described(&source, mount, host) {
                mounts.push(mount);
            }
        }
    }
    let mut points = Dict::new();
    let mut repeated: Vec<(String, Vec<String>)> = Vec::new();
    for mount in &mounts {
        let (point, source) = (text(mount, "mount"), text(mount, "source"));
        if !points.contains_key(point) {
            points.insert(point, without_source(mount));
        }
        match repeated.iter_mut().find(|(known, _)| known == source) {
            Some((_, points)) => points.push(point.to_string()),
            None => repeated.push((source.to_string(), vec![point.to_string()])),
        }
    }
    repeated.retain(|(_, points)| {
        points.iter().enumerate().any(|(at, p)| points.iter().skip(at + 1).any(|q| q == p))
    });
    if !repeated.is_empty() && args.include_aggregate_mounts.is_none() {
        let shown = repeated.iter().map(|(source, points)| {
            let points: Vec<Value> = points.iter().map(Value::from).collect();
            format!("{source} ({})", rustible_sdk::repr::repr(&Value::from(points)))
        });
        host.warn(format!(
            "mount_facts: ignoring repeat mounts in the following sources: {}. You can disable this warning by \
             configuring the 'include_aggregate_mounts' option as True or False.",
            shown.collect::<Vec<_>>().join(", ")
        ));
    }
    let all = args.include_aggregate_mounts == Some(true);
    let all: Vec<Value> = mounts.iter().filter(|_| all).map(|mount| without_source(mount).into()).collect();
    Ok(Outcome::facts(dict! { "mount_points" => points, "aggregate_mounts" => all }).changed(false))
}

fn text<'a>(mount: &'a Dict, key: &str) -> &'a str {
    mount.get(key).and_then(Value::as_str).unwrap_or_default()
}

/// A mount as it is returned; its source is in `ansible_context`.
fn without_source(mount: &Dict) -> Dict {
    mount
        .iter()
        .filter(|(key, _)| key.as_str() != Some("source"))
        .map(|(k, v)| (k.clone(), v.clone()))
        .collect()
}

impl Args {
    fn files(&self) -> Result<Vec<String>> {
        let mut out = Vec::new();
        let all = vec!["all".to_string()];
        let asked = self.sources.as_ref().filter(|list| !list.is_empty()).unwrap_or(&all);
        for source in asked {
            match source.as_str() {
                "" => fail!("sources contains an empty string"),
                "all" => out.extend(DYNAMIC.into_iter().chain(STATIC)),
                "dynamic" => out.extend(DYNAMIC),
                "static" => out.extend(STATIC),
                other => out.push(other),
            }
        }
        Ok(out.into_iter().map(str::to_string).collect())
    }

    /// The mounts of each source, in order; a file that is another one by a link is read once.
    fn gathered(&self, program: Option<&str>, host: &mut Host) -> Result<Vec<(String, Vec<parse::Mount>)>> {
        let files = self.files()?;
        let repeats = |at: usize, file: &String| files.iter().take(at).any(|other| other == file);
        if files.iter().enumerate().any(|(at, file)| repeats(at, file)) {
            let shown: Vec<Value> = files.iter().map(Value::from).collect();
            let shown = rustible_sdk::repr::repr(&Value::from(shown));
            host.warn(format!(
                "mount_facts option 'sources' contains duplicate entries, repeat sources will be ignored: {shown}"
            ));
        }
        let dynamic = |source: &str| DYNAMIC.contains(&source);
        let mut ask = program.is_some() && files.iter().any(|file| dynamic(file));
        let (mut seen, mut out): (Vec<PathBuf>, Vec<_>) = (Vec::new(), Vec::new());
        for file in files {
            let real = if file == "mount" { PathBuf::from(&file) } else { host.real_path(&file) };
            if seen.contains(&real) {
                continue;
            }
            seen.push(real);
            let found = match (file.as_str(), program) {
                ("mount", Some(program)) => listed(program, host)?,
                ("mount", None) => fail!("the source 'mount' needs a mount_binary"),
                _ => parse::file(&crate::setup::text(host, &file)),
            };
            if !found.is_empty() && (file == "mount" || dynamic(&file)) {
                ask = false;
            }
            out.push((file, found));
        }
        if let (true, Some(program)) = (ask, program) {
            out.push(("mount".to_string(), listed(program, host)?));
        }
        Ok(out)
    }

    /// What is known of a mount; nothing when it is not wanted.
    fn described(&self, source: &str, mut mount: parse::Mount, host: &Host) -> Option<Dict> {
        let mut device = text(&mount.fields, "device").to_string();
        let mut uuid = device.strip_prefix("UUID=").map(str::to_string);
        if let Some(uuid) = &uuid
            && host.find_program("blkid").is_some()
        {
            let said = host.query(&Command::new(["blkid", "--uuid", uuid.as_str()])).ok();
            device =
                said.filter(Output::ok).map(|o| o.stdout).filter(|said| !said.is_empty()).unwrap_or(device);
        }
        let wanted = |patterns: &Option<Vec<String>>, value: &str| {
            let patterns = patterns.as_ref().filter(|list| !list.is_empty());
            patterns.is_none_or(|list| list.iter().any(|pattern| fnmatch(pattern, value)))
        };
        if !wanted(&self.devices, &device) || !wanted(&self.fstypes, text(&mount.fields, "fstype")) {
            return None;
        }
        if let Some(room) = host.room(text(&mount.fields, "mount")) {
            mount.fields.extend(&crate::setup::hardware::space(&room));
        }
        uuid = uuid.or_else(|| uuid_of(&device, host));
        mount.fields.insert("ansible_context", dict! { "source" => source, "source_data" => mount.line });
        mount.fields.insert("uuid", uuid);
        mount.fields.insert("source", source);
        Some(mount.fields)
    }
}

/// What the program lists.
fn listed(program: &str, host: &Host) -> Result<Vec<parse::Mount>> {
    let program = host.need_program(program)?;
    let output = host.query(&Command::new([program.as_str()]))?;
    let shown = program.clone();
    let output = output.or_fail(|out| {
        format!("Failed to execute {shown}: Command '{shown}' returned non-zero exit status {}.", out.rc)
    })?;
    Ok(parse::listing(&output.stdout))
}

/// The number of what is on a device.
fn uuid_of(device: &str, host: &Host) -> Option<String> {
    let names = host.list("/dev/disk/by-uuid").unwrap_or_default();
    let folder = Path::new("/dev/disk/by-uuid");
    if let Some(name) = names.into_iter().find(|name| host.real_path(folder.join(name)) == Path::new(device))
    {
        return Some(name);
    }
    if !device.starts_with("/dev/") {
        return None;
    }
    if host.find_program("lsblk").is_some() {
        let said = host.query(&Command::new([
            "lsblk",
            "--list",
            "--noheadings",
            "--paths",
            "--output",
            "NAME,UUID",
        ]));
        let said = said.map(|output| output.stdout).unwrap_or_default();
        let mut lines = said.lines().filter_map(|line| line.split_once(char::is_whitespace));
        let found = lines.find(|(name, uuid)| *name == device && !uuid.trim().is_empty());
        if let Some((_, uuid)) = found {
            return Some(uuid.trim().to_string());
        }
    }
    host.find_program("udevadm")?;
    let said =
        host.query(&Command::new(["udevadm", "info", "--query", "property", "--name", device])).ok()?;
    said.stdout.lines().find_map(|line| line.strip_prefix("ID_FS_UUID=")).map(str::to_string)
}
