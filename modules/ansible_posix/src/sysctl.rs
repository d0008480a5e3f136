//! `ansible.posix.sysctl`: one kernel setting, in a file and in the running kernel.

use rustible_sdk::{coerce, prelude::*};

/// Manage entries of sysctl files.
///
/// Writes the setting to the file, reloads the file when something changed, and sets the running value when asked to.
#[derive(Args)]
#[args(check = full, diff = full, required_if(state = "present" => value))]
pub(crate) struct Args {
    /// Dotted name of the setting.
    #[arg(alias("key"))]
    name: String,
    /// Its value.
    #[arg(alias("val"))]
    value: Option<String>,
    /// Whether the file should have it.
    #[arg(default = "present")]
    state: State,
    /// Read the file into the kernel when something changed.
    #[arg(default = true)]
    reload: bool,
    /// Compare the running value, and set it by its own command.
    #[arg(default = false)]
    sysctl_set: bool,
    /// Do not fail over settings the kernel does not know.
    #[arg(default = false)]
    ignoreerrors: bool,
    /// The file.
    #[arg(default = "/etc/sysctl.conf")]
    sysctl_file: PathBuf,
}

#[derive(Choice, Clone, Copy, PartialEq)]
pub(crate) enum State {
    Present,
    Absent,
}

pub(crate) fn run(args: Args, host: &mut Host) -> Result<Outcome> {
    let name = args.name.trim();
    let value = normal(args.value.as_deref().unwrap_or_default());
    if name.is_empty() {
        fail!("name cannot be blank");
    }
    if args.state == State::Present && value.is_empty() {
        fail!("value cannot be blank");
    }
    let program = host.need_program("sysctl")?;
    let live = host.query(&Command::new([&program, "-e", "-n", name]).plain_language())?;
    let live_differs = !live.ok() || !live.stdout.split_whitespace().eq(value.split_whitespace());

    let before = host
        .read_text(&args.sysctl_file)
        .map_err(|e| Failure::new(format!("Failed to open {}: {}", args.sysctl_file.display(), e.msg)))?;
    let wanted = (args.state == State::Present).then_some(value.as_str());
    let text = before.as_deref().unwrap_or_default();
    let now = in_file(text, name);
    let write = now != wanted;
    let set = args.sysctl_set && wanted.is_some() && live_differs;
    let stale = args.reload && wanted.is_some() && live_differs;
    if !(write || set || stale) {
        return Ok(Outcome::new());
    }
    host.mark_changed();
    // A setting the kernel does not know has no live value to set; reloading tells what is wrong with it.
    if set && live.ok() && !host.check_mode() {
        let mut command = vec![program.clone()];
        command.extend(args.ignoreerrors.then(|| "-e".to_string()));
        command.extend(["-w".to_string(), format!("{name}={value}")]);
        let out = host.change(&Command::new(command).plain_language())?;
        if !out.ok() || refused(&out.stderr) {
            return Err(Failure::new(format!("setting {name} failed: {}{}", out.stdout, out.stderr)));
        }
    }
    if write {
        host.edit(&args.sysctl_file, before.as_deref(), &rewritten(text, name, wanted), &Edit::default())?;
    }
    if args.reload && !host.check_mode() {
        let mut command = vec![program];
        command.extend(args.ignoreerrors.then(|| "-e".to_string()));
        command.extend(["-p".to_string(), args.sysctl_file.to_string_lossy().into_owned()]);
        let out = host.change(&Command::new(command).plain_language())?;
        if !out.ok() || refused(&out.stderr) {
            return Err(Failure::new(format!("Failed to reload sysctl: {}{}", out.stdout, out.stderr)));
        }
    }
    Ok(Outcome::new())
}

/// Words for a boolean are numbers in the kernel.
fn normal(value: &str) -> String {
    match coerce::boolean(&Value::str(value.trim())) {
        Ok(flag) => i32::from(flag).to_string(),
        Err(_) => value.trim().to_string(),
    }
}

/// `sysctl` can refuse a value and end with 0 nevertheless.
fn refused(stderr: &str) -> bool {
    stderr.lines().any(|line| {
        line.starts_with("sysctl: setting key ")
            && (line.ends_with(": Invalid argument") || line.ends_with(": Read-only file system"))
    })
}

/// Name and value of a line that is a setting.
fn setting(line: &str) -> Option<(&str, &str)> {
    let line = line.trim();
    if line.starts_with(['#', ';']) {
        return None;
    }
    line.split_once('=').map(|(name, value)| (name.trim(), value.trim()))
}

/// The value the file gives the setting: the last one counts.
fn in_file<'t>(text: &'t str, name: &str) -> Option<&'t str> {
    text.lines().filter_map(setting).filter(|(key, _)| *key == name).map(|(_, value)| value).next_back()
}

/// The file with the setting as wanted: each setting once, written `name=value`; everything else stays.
fn rewritten(text: &str, name: &str, wanted: Option<&str>) -> String {
    let (mut out, mut seen) = (String::new(), Vec::new());
    for line in text.lines() {
        let Some((key, value)) = setting(line) else {
            out.push_str(line.trim());
            out.push('\n');
            continue;
        };
        if seen.contains(&key) {
            continue;
        }
        seen.push(key);
        match wanted {
            Some(wanted) if key == name => out.push_str(&format!("{key}={wanted}\n")),
            None if key == name => {}
            _ => out.push_str(&format!("{key}={value}\n")),
        }
    }
    if let Some(wanted) = wanted.filter(|_| !seen.contains(&name)) {
        out.push_str(&format!("{name}={wanted}\n"));
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_settings_are_rewritten_and_each_is_there_once() {
        let text = "# a = 1\n; b\n\n a = 1\nvm.x = 3\na=2\n";
        assert_eq!(in_file(text, "a"), Some("2"));
        assert_eq!(rewritten(text, "a", Some("7")), "# a = 1\n; b\n\na=7\nvm.x=3\n");
        assert_eq!(rewritten(text, "a", None), "# a = 1\n; b\n\nvm.x=3\n");
        assert_eq!(rewritten("", "n", Some("1")), "n=1\n");
    }

    #[test]
    fn words_for_booleans_become_numbers() {
        assert_eq!(
            (normal("yes"), normal("off"), normal(" 4096 87380 ")),
            ("1".into(), "0".into(), "4096 87380".into())
        );
    }

    #[test]
    fn a_refusal_counts_although_the_command_ended_well() {
        assert!(refused("sysctl: setting key \"net.x\": Invalid argument\n"));
        assert!(!refused("sysctl: cannot stat /proc/sys/x: No such file or directory\n"));
    }
}
