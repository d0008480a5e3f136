//! `ansible.builtin.apt_repository`: sources of packages in apt's one-line format.

mod sources;

use std::collections::BTreeMap;

use rustible_sdk::prelude::*;

use crate::apt::cache;
use sources::Line;

/// Add or remove sources of packages.
#[derive(Args)]
#[args(check = full, diff = full)]
pub(crate) struct Args {
    /// The source, as a line of a list file.
    repo: String,
    /// Whether it is to be there.
    #[arg(default = "present")]
    state: State,
    /// Permissions of a list file it is put into.
    mode: Option<Value>,
    /// Update the lists of packages after a change.
    #[arg(default = true, alias("update-cache"))]
    update_cache: bool,
    /// How often an update is tried.
    #[arg(default = 5)]
    update_cache_retries: i64,
    /// Longest pause between tries, in seconds.
    #[arg(default = 12)]
    update_cache_retry_max_delay: i64,
    /// Name of the list file, without `.list`; made of the address by default.
    filename: Option<String>,
    /// Install what the module needs; it needs nothing.
    #[arg(default = true)]
    install_python_apt: bool,
    /// Whether the server of personal archives must prove who it is.
    #[arg(default = true)]
    validate_certs: bool,
    /// Release of personal archives.
    codename: Option<String>,
}

#[derive(Choice, Clone, Copy, PartialEq, Eq)]
pub(crate) enum State {
    Absent,
    Present,
}

const FOLDER: &str = "/etc/apt/sources.list.d";

type Files = BTreeMap<String, Vec<Line>>;

pub(crate) fn run(args: Args, host: &mut Host) -> Result<Outcome> {
    // No library is used that could be missing; the other two are for personal archives.
    let _ = (args.install_python_apt, args.validate_certs, &args.codename);
    if args.repo.is_empty() {
        fail!("Please set argument 'repo' to a non-empty value");
    }
    if args.repo.starts_with("ppa:") {
        let text = "apt_repository: personal archives (ppa:) are not supported, name the source and its key";
        return Err(Failure::new(text).of_arg("repo"));
    }
    let wanted = Line::read(&args.repo);
    let source = match wanted.source {
        Some(source) if wanted.enabled => source,
        _ => fail!("Invalid repository string: {}", args.repo.trim().trim_start_matches('#')),
    };
    let before = load(host)?;
    let mut after = before.clone();
    let fresh = match args.state {
        State::Present => add(&mut after, &source, args.filename.as_deref()),
        State::Absent => {
            for lines in after.values_mut() {
                lines.retain(|line| !line.enabled || line.source.as_deref() != Some(&source));
            }
            None
        }
    };
    let names = |some: &Files, others: &Files| -> Vec<String> {
        let there = |files: &Files, name: &String| files.get(name).is_some_and(|lines| !lines.is_empty());
        some.keys().filter(|name| there(some, name) && !there(others, name)).cloned().collect()
    };
    let (added, removed) = (names(&after, &before), names(&before, &after));
    let mut diffs = Vec::new();
    if before != after {
        for name in added.iter().chain(&removed) {
            diffs.push(difference(name, &before, &after));
        }
        if let Err(problem) = save(&args, &before, &after, fresh.as_deref(), host) {
            revert(&before, &after, host)?;
            return Err(problem);
        }
    }
    let words = |names: Vec<String>| names.into_iter().map(Value::from).collect::<Vec<_>>();
    let out = Outcome::new().with("repo", args.repo.as_str()).with("state", args.state.as_str());
    let out = out.with("sources_added", words(added)).with("sources_removed", words(removed));
    Ok(out.with("diff", if host.wants_diff() { diffs } else { Vec::new() }))
}

fn load(host: &Host) -> Result<Files> {
    let mut paths = vec!["/etc/apt/sources.list".to_string()];
    if host.is_dir(FOLDER)? {
        let names = host.list(FOLDER)?.into_iter();
        paths.extend(names.filter(|n| n.ends_with(".list")).map(|name| format!("{FOLDER}/{name}")));
    }
    let mut files = Files::new();
    for path in paths {
        if let Some(text) = host.read_text(&path)? {
            files.insert(path, text.split_inclusive('\n').map(Line::read).collect());
        }
    }
    Ok(files)
}

/// Enable the source where it is a remark, or put it into a file; that file's name.
fn add(files: &mut Files, source: &str, name: Option<&str>) -> Option<String> {
    let mut found = false;
    for line in files.values_mut().flatten().filter(|line| line.source.as_deref() == Some(source)) {
        line.enable();
        found = true;
    }
    if found {
        return None;
    }
    let name = name.map_or_else(|| sources::file_name(source), |name| format!("{name}.list"));
    let path = if name.contains('/') { name } else { format!("{FOLDER}/{name}") };
    let lines = files.entry(path.clone()).or_default();
    if let Some(last) = lines.last_mut().filter(|last| !last.raw.ends_with('\n')) {
        last.raw.push('\n');
    }
    lines.push(Line::of(source));
    Some(path)
}

fn text(files: &Files, name: &str) -> String {
    files.get(name).into_iter().flatten().map(|line| line.raw.as_str()).collect()
}

fn difference(name: &str, before: &Files, after: &Files) -> Value {
    let header = |files: &Files| if text(files, name).is_empty() { "/dev/null" } else { name }.to_string();
    Value::Dict(dict! {
        "before" => text(before, name),
        "after" => text(after, name),
        "before_header" => header(before),
        "after_header" => header(after),
    })
}

fn save(args: &Args, before: &Files, after: &Files, fresh: Option<&str>, host: &mut Host) -> Result<()> {
    put(before, after, host)?;
    if let (Some(path), Some(mode)) = (fresh, &args.mode)
        && !host.check_mode()
    {
        let attrs = FileAttrs { mode: Some(mode.clone()), ..FileAttrs::default() };
        host.apply_attributes(path, &attrs, true)?;
    }
    if args.update_cache && !host.check_mode() {
        let command = Command::new(["apt-get", "-y", "-q", "update"]).plain_language();
        let tries = (args.update_cache_retries, args.update_cache_retry_max_delay);
        cache::renew(&command.env("DEBIAN_FRONTEND", "noninteractive"), tries, host)?;
    }
    Ok(())
}

/// Write the files that are others now; those without a line go.
fn put(before: &Files, after: &Files, host: &mut Host) -> Result<()> {
    let quiet = Edit { quiet: true, ..Edit::default() };
    for (name, lines) in after.iter().filter(|(name, lines)| before.get(*name) != Some(*lines)) {
        if lines.is_empty() {
            host.remove(name)?;
            continue;
        }
        let folder = Path::new(name).parent().unwrap_or(Path::new("/"));
        if !host.is_dir(folder)? {
            host.make_dirs(folder)?;
        }
        host.write(name, &mut text(after, name).as_bytes(), &quiet)?;
    }
    Ok(())
}

/// Everything as it was, when the source turned out not to be usable.
fn revert(before: &Files, after: &Files, host: &mut Host) -> Result<()> {
    for name in after.keys().filter(|name| !before.contains_key(*name)) {
        host.remove(name)?;
    }
    put(after, before, host)
}

#[cfg(test)]
mod tests {
    use rustible_sdk::testing::*;

    use super::*;

    const UPDATE: &str = "apt-get -y -q update";

    fn apply(root: &Path, args: Dict, update: Output) -> rustible_sdk::Reply {
        let script = Script::new(vec![(UPDATE.to_string(), update)]);
        run_rooted(crate::entry("apt_repository"), root, args, false, Some(script))
    }

    fn args(state: &str) -> Dict {
        dict! { "repo" => "deb  http://a.b/c x main", "state" => state, "mode" => "0640", "update_cache_retries" => 1,
        "update_cache_retry_max_delay" => 0 }
    }

    #[test]
    fn a_source_comes_and_goes_with_its_file() {
        let host = Host::new(&rustible_sdk::Call::default(), rustible_sdk::HostContext::default());
        let folder = host.temp_dir().unwrap();
        let root = folder.path();
        let done = apply(root, args("present"), Output::default());
        let path = Value::str("/etc/apt/sources.list.d/a_b_c.list");
        assert_eq!(done.result.get("sources_added"), Some(&Value::from(vec![path.clone()])), "{done:?}");
        let file = root.join("etc/apt/sources.list.d/a_b_c.list");
        assert_eq!(host.read_text(&file).unwrap().as_deref(), Some("deb http://a.b/c x main\n"));
        assert_eq!(
            apply(root, args("present"), Output::default()).result.get("changed"),
            Some(&Value::Bool(false))
        );
        let gone = apply(root, args("absent"), Output::default());
        assert_eq!(gone.result.get("sources_removed"), Some(&Value::from(vec![path])));
        assert!(!host.exists(&file).unwrap());
    }

    #[test]
    fn what_cannot_be_fetched_is_taken_back() {
        let host = Host::new(&rustible_sdk::Call::default(), rustible_sdk::HostContext::default());
        let folder = host.temp_dir().unwrap();
        let broken = Output { rc: 100, stderr: "E: no release file\n".to_string(), ..Output::default() };
        let done = apply(folder.path(), args("present"), broken);
        let said = done.result.get("msg").and_then(Value::as_str).unwrap();
        assert!(said.starts_with("Failed to update apt cache after 1 retries: E: no release file"), "{said}");
        assert!(!host.exists(folder.path().join("etc/apt/sources.list.d/a_b_c.list")).unwrap());
    }
}
