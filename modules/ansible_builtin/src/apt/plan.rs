//! Which words `apt-get` gets.

use rustible_sdk::{host::glob::fnmatch, prelude::*};

use super::{Args, State};

/// `apt-get` with the options of the task.
pub(super) fn apt_get(args: &Args, words: &[String], simulate: bool) -> Command {
    let mut command = Command::new(["apt-get", "-y", "-q"])
        .plain_language()
        .env("DEBIAN_FRONTEND", "noninteractive")
        .env("DEBIAN_PRIORITY", "critical");
    for option in args.dpkg_options.split(',').filter(|o| !o.is_empty()) {
        command = command.args(["-o".to_string(), format!("Dpkg::Options::=--{option}")]);
    }
    command = command.args(["-o".to_string(), format!("DPkg::Lock::Timeout={}", args.lock_timeout)]);
    let flags = [
        (simulate, "--simulate"),
        (args.purge, "--purge"),
        (args.autoremove && !words.iter().any(|w| w == "autoremove"), "--auto-remove"),
        (args.only_upgrade, "--only-upgrade"),
        (args.state == State::Fixed, "--fix-broken"),
        (args.fail_on_autoremove, "--no-remove"),
        (args.allow_unauthenticated || args.force, "--allow-unauthenticated"),
        (args.allow_downgrade || args.force, "--allow-downgrades"),
        (args.allow_change_held_packages || args.force, "--allow-change-held-packages"),
        (args.install_recommends == Some(true), "--install-recommends"),
        (args.install_recommends == Some(false), "--no-install-recommends"),
    ];
    command = command.args(flags.iter().filter(|(wanted, _)| *wanted).map(|(_, flag)| *flag));
    if let Some(release) = &args.default_release {
        command = command.args(["-t", release]);
    }
    command.args(words.iter().cloned())
}

/// Installed packages by name: version, and whether more than configuration is left.
fn installed(host: &Host) -> Result<Vec<(String, String, bool)>> {
    let format = "${Package}\t${binary:Package}\t${Version}\t${db:Status-Status}\n";
    let output = host.query(&Command::new(["dpkg-query", "-W", "-f", format]).plain_language())?;
    let mut all = Vec::new();
    for line in output.stdout.lines() {
        let fields: Vec<&str> = line.split('\t').collect();
        if let [name, full, version, status] = fields.as_slice() {
            all.push(((*name).to_string(), (*version).to_string(), *status == "installed"));
            if name != full {
                all.push(((*full).to_string(), (*version).to_string(), *status == "installed"));
            }
        }
    }
    Ok(all)
}

/// Words for packages; nothing when all is as wanted.
pub(super) fn packages(args: &Args, wanted: &[String], host: &Host) -> Result<Option<Vec<String>>> {
    if wanted.is_empty() {
        return Ok((args.state == State::Fixed).then(|| vec!["install".to_string()]));
    }
    if args.state == State::BuildDep {
        return Ok(Some(std::iter::once("build-dep".to_string()).chain(wanted.iter().cloned()).collect()));
    }
    let there = installed(host)?;
    let mut words = Vec::new();
    for spec in wanted {
        let (name, version) = spec.split_once('=').map_or((spec.as_str(), None), |(n, v)| (n, Some(v)));
        let found: Vec<_> = there.iter().filter(|(known, _, _)| fnmatch(name, known)).collect();
        let here = found.iter().any(|(_, now, whole)| *whole && version.is_none_or(|v| fnmatch(v, now)));
        match args.state {
            State::Absent if found.iter().any(|(_, _, whole)| *whole || args.purge) => {
                words.push(name.to_string());
            }
            State::Absent => {}
            State::Present | State::Fixed | State::BuildDep if here => {}
            State::Latest if args.only_upgrade && !here => {}
            _ if args.only_upgrade && found.is_empty() => {}
            _ => words.push(spec.clone()),
        }
    }
    let word = if args.state == State::Absent { "remove" } else { "install" };
    if word == "install" {
        available(&words, host)?;
    }
    if words.is_empty() && args.state != State::Fixed {
        return Ok(None);
    }
    Ok(Some(std::iter::once(word.to_string()).chain(words).collect()))
}

/// Every package must be known to apt.
fn available(words: &[String], host: &Host) -> Result<()> {
    for spec in words.iter().filter(|spec| !spec.contains(['*', '?'])) {
        let name = spec.split('=').next().unwrap_or_default();
        let output = host.query(&Command::new(["apt-cache", "showpkg", name]).plain_language())?;
        let known = output.stdout.lines().any(|line| line.starts_with("Package: "));
        let list = |from: &str| {
            let tail = output.stdout.split_once(from).map_or("", |(_, tail)| tail);
            tail.lines()
                .skip(1)
                .take_while(|l| !l.is_empty() && !l.ends_with(": "))
                .any(|l| !l.trim().is_empty())
        };
        if !known || !(list("\nVersions:") || list("\nReverse Provides:")) {
            fail!("No package matching '{name}' is available");
        }
    }
    Ok(())
}

/// Words for a package file; nothing when its version is installed.
pub(super) fn deb(path: &Path, host: &Host) -> Result<Option<Vec<String>>> {
    let shown = path.to_string_lossy().into_owned();
    if shown.contains("://") {
        return Err(Failure::new("deb: only a file of the target is supported, fetch it with get_url first")
            .of_arg("deb"));
    }
    let output =
        host.query(&Command::new(["dpkg-deb", "-f", &shown, "Package", "Version"]).plain_language())?;
    let output = output.or_fail(|o| format!("Unable to install package: {}", o.stderr.trim()))?;
    let field = |name: &str| {
        output.stdout.lines().find_map(|l| l.strip_prefix(name)).unwrap_or_default().trim().to_string()
    };
    let (name, version) = (field("Package:"), field("Version:"));
    let same = installed(host)?.iter().any(|(known, now, whole)| *known == name && *now == version && *whole);
    let file = if shown.starts_with('/') { shown } else { format!("./{shown}") };
    Ok((!same).then(|| vec!["install".to_string(), file]))
}
