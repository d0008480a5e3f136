//! `ansible.builtin.apt`: packages of Debian and its relatives.

pub(crate) mod cache;
mod plan;

use rustible_sdk::prelude::*;

/// Manage packages with apt.
#[derive(Args)]
#[args(check = full, diff = full, mutually_exclusive(deb, package, upgrade))]
#[args(required_one_of(autoremove, deb, package, update_cache, upgrade, autoclean, clean))]
pub(crate) struct Args {
    /// What the packages are to be.
    #[arg(default = "present")]
    state: State,
    /// Update the lists of packages first.
    #[arg(alias("update-cache"))]
    update_cache: Option<bool>,
    /// How often an update is tried again.
    #[arg(default = 5)]
    update_cache_retries: i64,
    /// Longest pause between tries, in seconds.
    #[arg(default = 12)]
    update_cache_retry_max_delay: i64,
    /// Seconds for which lists are new enough.
    #[arg(default = 0)]
    cache_valid_time: i64,
    /// Remove configuration too.
    #[arg(default = false)]
    purge: bool,
    /// Packages; `name=version` for one version.
    #[arg(alias("pkg", "name"))]
    package: Option<Vec<String>>,
    /// A package file of the target.
    deb: Option<PathBuf>,
    /// Release to take packages from.
    #[arg(alias("default-release"))]
    default_release: Option<String>,
    /// Whether recommended packages are installed.
    #[arg(alias("install-recommends"))]
    install_recommends: Option<bool>,
    /// Force: unauthenticated packages and downgrades.
    #[arg(default = false)]
    force: bool,
    /// Upgrade everything.
    #[arg(choices("dist", "full", "no", "safe", "yes"))]
    upgrade: Option<String>,
    /// Options of dpkg, without dashes.
    #[arg(default = "force-confdef,force-confold")]
    dpkg_options: String,
    /// Remove what is no longer needed.
    #[arg(default = false)]
    autoremove: bool,
    /// Remove files of packages that are not available any more.
    #[arg(default = false)]
    autoclean: bool,
    /// Fail when something would be removed.
    #[arg(default = false)]
    fail_on_autoremove: bool,
    /// Only upgrade what is installed.
    #[arg(default = false)]
    only_upgrade: bool,
    /// Use apt-get also where aptitude would do.
    #[arg(default = false)]
    force_apt_get: bool,
    /// Remove the files of all packages.
    #[arg(default = false)]
    clean: bool,
    /// Take packages without a signature.
    #[arg(default = false, alias("allow-unauthenticated"))]
    allow_unauthenticated: bool,
    /// Go back to older versions.
    #[arg(default = false, alias("allow-downgrade", "allow_downgrades", "allow-downgrades"))]
    allow_downgrade: bool,
    /// Change packages that are held.
    #[arg(default = false)]
    allow_change_held_packages: bool,
    /// Seconds to wait for others' locks.
    #[arg(default = 60)]
    lock_timeout: i64,
    /// Install what the module needs; it needs nothing.
    #[arg(default = true)]
    auto_install_module_deps: bool,
    /// What `service` scripts of packages are told (`policy-rc.d`).
    policy_rc_d: Option<i64>,
}

#[derive(Choice, Clone, Copy, PartialEq, Eq)]
pub(crate) enum State {
    Absent,
    #[choice("build-dep")]
    BuildDep,
    Fixed,
    Latest,
    Present,
}

pub(crate) fn run(args: Args, host: &mut Host) -> Result<Outcome> {
    host.need_program("apt-get")?;
    if args.policy_rc_d.is_some() {
        return Err(Failure::new("policy_rc_d is not supported").of_arg("policy_rc_d"));
    }
    // Neither aptitude nor a library is used, so there is nothing to choose or to install.
    let _ = (args.force_apt_get, args.auto_install_module_deps);
    let mut result = Dict::new();
    let wanted: Vec<String> =
        args.package.iter().flatten().map(|p| p.trim().to_string()).filter(|p| !p.is_empty()).collect();
    let updated = cache::update(&args, host)?;
    result.insert("cache_updated", updated.updated);
    result.insert("cache_update_time", updated.time);
    let all = wanted.iter().any(|p| p == "*");
    if all && args.state != State::Latest {
        fail!("unable to operate on the wildcard package with state={}", args.state.as_str());
    }
    let upgrade = match args.upgrade.as_deref() {
        Some("no") | None if all => Some("yes"),
        Some("no") | None => None,
        Some(kind) => Some(kind),
    };
    let words = if let Some(kind) = upgrade {
        // apt-get takes the option with "upgrade" only.
        let words: &[&str] =
            if matches!(kind, "dist" | "full") { &["dist-upgrade"] } else { &["upgrade", "--with-new-pkgs"] };
        Some(words.iter().map(|word| (*word).to_string()).collect())
    } else if let Some(deb) = &args.deb {
        plan::deb(deb, host)?
    } else {
        plan::packages(&args, &wanted, host)?
    };
    if let Some(words) = words {
        apply(&args, &words, host, &mut result)?;
    } else if wanted.is_empty() && args.deb.is_none() && args.autoremove {
        apply(&args, &["autoremove".to_string()], host, &mut result)?;
    }
    for (wanted, word) in [(args.clean, "clean"), (args.autoclean, "autoclean")] {
        if wanted {
            let output = host.change(&plan::apt_get(&args, &[word.to_string()], false))?;
            output.or_fail(|o| format!("'apt-get {word}' failed: {}", o.stderr))?;
        }
    }
    // Lists that were renewed count as a change only when that was all there was to do.
    let only_update = wanted.is_empty() && args.deb.is_none() && upgrade.is_none();
    if only_update && updated.updated {
        host.mark_changed();
    }
    result.insert("changed", host.is_changed());
    Ok(Outcome(result))
}

/// Let apt say what it would do, then do it.
fn apply(args: &Args, words: &[String], host: &mut Host, result: &mut Dict) -> Result<()> {
    let first = words.first().cloned().unwrap_or_default();
    let failed = |o: &Output| {
        let line = plan::apt_get(args, words, false).argv.join(" ");
        o.failure(format!("'{line}' failed: {}", o.stderr))
            .with("stdout_lines", o.stdout.lines().map(Value::from).collect::<Vec<_>>())
    };
    let dry = host.query(&plan::apt_get(args, words, true))?;
    if !dry.ok() {
        return Err(failed(&dry));
    }
    let acts = dry
        .stdout
        .lines()
        .any(|l| ["Inst ", "Remv ", "Purg ", "Conf "].iter().any(|word| l.starts_with(word)));
    let mut output = dry;
    if acts {
        host.mark_changed();
        if !host.check_mode() {
            output = host.query(&plan::apt_get(args, words, false))?;
            if !output.ok() {
                return Err(failed(&output));
            }
        }
    }
    if host.wants_diff() && acts {
        let lines = output.stdout.lines();
        let shown: Vec<&str> =
            lines.filter(|l| !l.starts_with("Reading ") && !l.starts_with("Building ")).collect();
        host.diff_value(dict! { "prepared" => shown.join("\n") });
    }
    if acts || first == "upgrade" || first == "dist-upgrade" {
        for (key, text) in [("stdout", &output.stdout), ("stderr", &output.stderr)] {
            result.insert(key, text.as_str());
            result.insert(format!("{key}_lines"), text.lines().map(Value::from).collect::<Vec<_>>());
        }
    }
    if matches!(first.as_str(), "upgrade" | "dist-upgrade") {
        result.insert("msg", output.stdout);
    }
    Ok(())
}
