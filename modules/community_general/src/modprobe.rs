//! `community.general.modprobe`: a kernel module, loaded now and when the machine starts.

use std::collections::BTreeSet;

use rustible_sdk::{host::command::split, prelude::*};

const LOADED_AT_BOOT: &str = "/etc/modules-load.d";
const OPTIONS: &str = "/etc/modprobe.d";

/// Load or unload kernel modules.
#[derive(Args)]
#[args(check = full, diff = full)]
pub(crate) struct Args {
    /// The kernel module.
    name: String,
    /// Whether it should be loaded.
    #[arg(default = "present")]
    state: State,
    /// Its parameters.
    #[arg(default = "")]
    params: String,
    /// Whether it should be loaded when the machine starts, with these parameters.
    #[arg(default = "disabled")]
    persistent: Persistent,
}

#[derive(Choice, Clone, Copy, PartialEq)]
pub(crate) enum State {
    Absent,
    Present,
}

#[derive(Choice, Clone, Copy, PartialEq)]
pub(crate) enum Persistent {
    Disabled,
    Present,
    Absent,
}

pub(crate) fn run(args: Args, host: &mut Host) -> Result<Outcome> {
    let program = host.need_program("modprobe")?;
    match (args.state, args.loaded(host)?) {
        (State::Present, false) => args.load(host, &program)?,
        (State::Absent, true) => args.unload(host, &program)?,
        _ => {}
    }
    match args.persistent {
        Persistent::Present => args.keep(host)?,
        Persistent::Absent => args.drop_from_boot(host)?,
        Persistent::Disabled => {}
    }
    Ok(args.outcome())
}

impl Args {
    fn outcome(&self) -> Outcome {
        Outcome::new()
            .with("name", self.name.as_str())
            .with("params", self.params.as_str())
            .with("state", self.state.as_str())
    }

    /// Whether the kernel has it, as a module or built in.
    fn loaded(&self, host: &Host) -> Result<bool> {
        let name = format!("{} ", self.name.replace('-', "_"));
        if host.read_text("/proc/modules")?.unwrap_or_default().lines().any(|line| line.starts_with(&name)) {
            return Ok(true);
        }
        let release = host.read_text("/proc/sys/kernel/osrelease")?.unwrap_or_default();
        // In a container the list of the host's kernel is usually not there.
        let built_in = host.read_text(format!("/lib/modules/{}/modules.builtin", release.trim()))?;
        let file = format!("/{}.ko", self.name);
        Ok(built_in.unwrap_or_default().lines().any(|line| line.trim_end().ends_with(&file)))
    }

    fn command(&self, argv: &[&str], with_params: bool) -> Result<Command> {
        let command = Command::new(argv.iter().copied()).env("LANGUAGE", "C").env("LC_ALL", "C");
        Ok(if with_params { command.arg(&self.name).args(split(&self.params)?) } else { command })
    }

    fn failure(&self, out: &Output) -> Failure {
        let mut failure = out.failure(out.stderr.as_str());
        failure.data.extend(&self.outcome().0);
        failure
    }

    fn load(&self, host: &mut Host, program: &str) -> Result<()> {
        let dry: &[&str] = if host.check_mode() { &[program, "-n"] } else { &[program] };
        let out = host.query(&self.command(dry, true)?)?;
        if !out.ok() {
            return Err(self.failure(&out));
        }
        if host.check_mode() || self.loaded(host)? {
            host.mark_changed();
            return Ok(());
        }
        let again = host.query(&self.command(&[program, "-n", "--first-time"], true)?)?;
        if !again.ok() {
            host.warn(again.stderr);
        }
        Ok(())
    }

    fn unload(&self, host: &mut Host, program: &str) -> Result<()> {
        let mut argv = vec![program, "-r", self.name.as_str()];
        argv.extend(host.check_mode().then_some("-n"));
        let out = host.query(&self.command(&argv, false)?)?;
        if !out.ok() {
            return Err(self.failure(&out));
        }
        host.mark_changed();
        Ok(())
    }

    fn keep(&self, host: &mut Host) -> Result<()> {
        let listed = files(host, LOADED_AT_BOOT)?;
        if !listed.iter().any(|(_, text)| text.lines().any(|line| names(line, &self.name))) {
            let file = format!("{LOADED_AT_BOOT}/{}.conf", self.name);
            let before = host.read_text(&file)?;
            host.edit(&file, before.as_deref(), &format!("{}\n", self.name), &Edit::default())?;
        }
        let files = files(host, OPTIONS)?;
        let now: BTreeSet<&str> =
            files.iter().flat_map(|(_, text)| text.lines()).filter_map(|l| option(l, &self.name)).collect();
        if now != self.params.split_whitespace().collect() {
            let file = format!("{OPTIONS}/{}.conf", self.name);
            comment_out(host, &files, Some(&file), |line| option(line, &self.name).is_some())?;
            let lines = self.params.split_whitespace().map(|p| format!("options {} {p}\n", self.name));
            let before = host.read_text(&file)?;
            host.edit(&file, before.as_deref(), &lines.collect::<String>(), &Edit::default())?;
        }
        Ok(())
    }

    fn drop_from_boot(&self, host: &mut Host) -> Result<()> {
        let listed = files(host, LOADED_AT_BOOT)?;
        comment_out(host, &listed, None, |line| names(line, &self.name))?;
        let options = files(host, OPTIONS)?;
        comment_out(host, &options, None, |line| option(line, &self.name).is_some())
    }
}

/// Files of a folder with their text.
fn files(host: &Host, folder: &str) -> Result<Vec<(String, String)>> {
    let mut found = Vec::new();
    if host.is_dir(folder)? {
        for name in host.list(folder)? {
            let path = format!("{folder}/{name}");
            if host.stat(&path, true)?.is_some_and(|stat| stat.is_file()) {
                found.push((path.clone(), host.read_text(&path)?.unwrap_or_default()));
            }
        }
    }
    Ok(found)
}

/// What is left of a line without a comment behind it.
fn bare(line: &str) -> &str {
    line.split(['#', ';']).next().unwrap_or_default().trim_end_matches(' ')
}

/// Whether a line names the kernel module.
fn names(line: &str, name: &str) -> bool {
    bare(line).trim_start_matches(' ') == name
}

/// The parameter that a line gives the kernel module.
fn option<'l>(line: &'l str, name: &str) -> Option<&'l str> {
    let parameter = line.strip_prefix("options ")?.strip_prefix(name)?.strip_prefix(' ')?;
    let (word, rest) = parameter.split_once(' ').unwrap_or((parameter, ""));
    let (key, value) = word.split_once('=')?;
    let is_key = !key.is_empty() && key.chars().all(|c| c.is_alphanumeric() || c == '_');
    (is_key && !value.is_empty() && bare(rest).trim().is_empty()).then_some(word)
}

/// Put `#` before lines of files; the file that is written anew anyway is left out.
fn comment_out(
    host: &mut Host,
    files: &[(String, String)],
    except: Option<&str>,
    goes: impl Fn(&str) -> bool,
) -> Result<()> {
    for (path, text) in files.iter().filter(|(path, _)| Some(path.as_str()) != except) {
        let line = |line: &str| {
            if goes(line.trim_end_matches('\n')) { format!("#{line}") } else { line.to_string() }
        };
        let after: String = text.split_inclusive('\n').map(line).collect();
        host.edit(path, Some(text), &after, &Edit::default())?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use rustible_sdk::{Output, dict, testing::*};

    use super::*;

    fn entry() -> &'static rustible_sdk::Entry {
        crate::modules().iter().find(|e| (e.spec)().name == "community.general.modprobe").unwrap()
    }

    #[test]
    fn lines_are_recognised_with_comments_behind_them() {
        assert!(names("  ceph  # storage", "ceph") && !names("ceph2", "ceph") && !names("#ceph", "ceph"));
        assert_eq!(option("options dummy numdummies=2 ; why", "dummy"), Some("numdummies=2"));
        assert_eq!(option("options dummy a=1 b=2", "dummy"), None);
        assert_eq!(option("options dummy2 a=1", "dummy"), None);
    }

    #[test]
    #[expect(clippy::disallowed_methods, reason = "the test makes the machine the module sees")]
    fn a_module_is_kept_for_the_next_start_once() {
        let dir = tempfile::tempdir().unwrap();
        for folder in ["proc/sys/kernel", "etc/modules-load.d", "etc/modprobe.d"] {
            std::fs::create_dir_all(dir.path().join(folder)).unwrap();
        }
        std::fs::write(dir.path().join("proc/modules"), "ceph 1 0 - Live 0x0\n").unwrap();
        std::fs::write(dir.path().join("etc/modprobe.d/old.conf"), "options ceph a=1\nx\n").unwrap();
        let script = || Some(Script::new(vec![("modprobe".to_string(), Output::default())]));
        let args = || dict! { "name" => "ceph", "persistent" => "present", "params" => "a=2" };
        let run = |check| run_rooted(entry(), dir.path(), args(), check, script()).result;
        let read = |file: &str| std::fs::read_to_string(dir.path().join(file)).unwrap();
        assert_eq!(run(true).get("changed"), Some(&Value::Bool(true)));
        assert!(!dir.path().join("etc/modules-load.d/ceph.conf").exists());
        assert_eq!(run(false).get("changed"), Some(&Value::Bool(true)));
        assert_eq!(read("etc/modules-load.d/ceph.conf"), "ceph\n");
        assert_eq!(read("etc/modprobe.d/ceph.conf"), "options ceph a=2\n");
        assert_eq!(read("etc/modprobe.d/old.conf"), "#options ceph a=1\nx\n");
        assert_eq!(run(false).get("changed"), Some(&Value::Bool(false)));
    }
}
