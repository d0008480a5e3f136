//! `ansible.builtin.file`: files, folders and links as such, not their content.

use std::{
    os::unix::fs::MetadataExt,
    time::{Duration, SystemTime},
};

use rustible_sdk::{
    host::files::{Stat, state_of},
    prelude::*,
};

/// Manage files, folders, links and their attributes.
#[derive(Args)]
#[args(check = full, diff = full)]
pub(crate) struct Args {
    /// The file.
    #[arg(alias("dest", "name"))]
    path: PathBuf,
    /// What is to be there; by default what is there.
    state: Option<State>,
    /// Whether attributes go to everything in a folder.
    #[arg(default = false)]
    recurse: bool,
    /// Replace what is in the way of a link, link to what is not there.
    #[arg(default = false)]
    force: bool,
    /// Attributes go to what a link points to.
    #[arg(default = true)]
    follow: bool,
    /// What a link points to.
    src: Option<PathBuf>,
    /// `preserve`, `now`, or a time in `modification_time_format`.
    modification_time: Option<String>,
    /// How that time is written.
    #[arg(default = "%Y%m%d%H%M.%S")]
    modification_time_format: String,
    /// `preserve`, `now`, or a time in `access_time_format`.
    access_time: Option<String>,
    /// How that time is written.
    #[arg(default = "%Y%m%d%H%M.%S")]
    access_time_format: String,
    #[arg(name = "_original_basename")]
    /// The name a copied file had.
    original_basename: Option<String>,
    /// Only say whether the content looks like no text.
    #[arg(name = "_diff_peek")]
    diff_peek: Option<bool>,
    #[arg(flatten)]
    attrs: FileAttrs,
}

#[derive(Choice, Clone, Copy, PartialEq, Eq)]
pub(crate) enum State {
    Absent,
    Directory,
    File,
    Hard,
    Link,
    Touch,
}

/// What was there and what is to be, for the difference.
struct Sides {
    before: Dict,
    after: Dict,
}

pub(crate) fn run(mut args: Args, host: &mut Host) -> Result<Outcome> {
    let path = args.path.clone();
    let shown = path.to_string_lossy().into_owned();
    // What may not be looked at counts as not there.
    let stat = looked_at(&path, host);
    let now = stat.as_ref().map_or("absent", state_of);
    let state = args.state.unwrap_or(match (now, args.recurse) {
        ("absent", true) => State::Directory,
        ("directory", _) => State::Directory,
        ("link", _) => State::Link,
        ("hard", _) => State::Hard,
        _ => State::File,
    });
    if args.recurse && state != State::Directory {
        fail!(path = shown; "recurse option requires state to be 'directory'");
    }
    if args.src.is_some() && !matches!(state, State::Link | State::Hard) {
        fail!(path = shown; "src option requires state to be 'link' or 'hard'");
    }
    if args.diff_peek.is_some() {
        let bytes = host.read(&path).ok().flatten().unwrap_or_default();
        let binary = bytes.iter().take(8192).any(|byte| *byte == 0);
        return Ok(Outcome::new().changed(false).with("path", shown).with("appears_binary", binary));
    }
    if host.check_mode() && state != State::Absent {
        known(&args.attrs, host);
    }
    // A folder takes the file in.
    if !matches!(state, State::Absent | State::Link | State::Directory)
        && host.is_dir(&path)?
        && let Some(name) = args.original_basename.clone().or_else(|| src_name(&args))
    {
        args.path = path.join(name);
    }
    let mut sides =
        Sides { before: dict! { "path" => shown.as_str() }, after: dict! { "path" => shown.as_str() } };
    let target = match state {
        State::Absent => "absent",
        State::Directory => "directory",
        State::File => now,
        State::Hard => "hard",
        State::Link => "link",
        State::Touch => "touch",
    };
    if now != target && !(now == "hard" && state == State::File) {
        sides.before.insert("state", now);
        sides.after.insert("state", target);
    }
    match state {
        State::Absent => absent(&args, host, sides),
        State::Directory => directory(&args, host, sides),
        State::File => existing(&args, host, sides),
        State::Link => link(&args, host, sides),
        State::Hard => hard(&args, host, sides),
        State::Touch => touch(&args, host, sides),
    }
}

fn src_name(args: &Args) -> Option<String> {
    Some(args.src.as_ref()?.file_name()?.to_string_lossy().into_owned())
}

fn finish(key: &str, path: &Path, host: &mut Host, sides: Sides) -> Result<Outcome> {
    let mut result = dict! { key => path.to_string_lossy().into_owned() };
    if host.is_changed() || host.wants_diff() {
        host.diff_value(dict! { "before" => sides.before, "after" => sides.after });
    }
    // Of what check mode did not make there is nothing to tell.
    if host.stat(path, false)?.is_some() {
        host.add_path_info(&mut result, path)?;
    }
    Ok(Outcome(result))
}

/// Say that an owner or group is not there yet, which an earlier task may have been to make.
fn known(attrs: &FileAttrs, host: &mut Host) {
    let user = |name: &str, host: &Host| match name.parse() {
        Ok(uid) => (host.user_by_id(uid).is_none(), "user with uid"),
        Err(_) => (host.user(name).is_none(), "user"),
    };
    let group = |name: &str, host: &Host| match name.parse() {
        Ok(gid) => (host.group_by_id(gid).is_none(), "group with gid"),
        Err(_) => (host.group(name).is_none(), "group"),
    };
    let owner = attrs.owner.as_deref().map(|name| (name, user(name, host), "user"));
    let group = attrs.group.as_deref().map(|name| (name, group(name, host), "group"));
    for (name, (missing, what), kind) in [owner, group].into_iter().flatten() {
        if missing {
            host.warn(format!(
                "failed to look up {what} {name}. Create {kind} up to this point in real play"
            ));
        }
    }
}

/// Everything below a folder, links not followed.
fn lost(folder: &Path, host: &Host, folders: &mut Vec<Value>, files: &mut Vec<Value>) -> Result<()> {
    let mut inner = Vec::new();
    for name in host.list(folder)? {
        let path = folder.join(name);
        let shown = Value::str(path.to_string_lossy());
        let link = host.stat(&path, false)?.is_some_and(|stat| stat.is_symlink());
        if host.is_dir(&path).unwrap_or(false) {
            folders.push(shown);
            inner.extend((!link).then_some(path));
        } else {
            files.push(shown);
        }
    }
    inner.iter().try_for_each(|path| lost(path, host, folders, files))
}

/// What is at a path; that it may not be looked at is told.
fn looked_at(path: &Path, host: &mut Host) -> Option<Stat> {
    host.stat(path, false).unwrap_or_else(|_| {
        host.warn(format!("Insufficient permissions to access {}. Treating as absent", path.display()));
        None
    })
}

fn absent(args: &Args, host: &mut Host, mut sides: Sides) -> Result<Outcome> {
    let Some(stat) = looked_at(&args.path, host) else {
        let shown = args.path.to_string_lossy().into_owned();
        return Ok(Outcome::new().with("path", shown).with("state", "absent"));
    };
    if stat.is_dir() && host.wants_diff() {
        let (mut folders, mut files) = (Vec::new(), Vec::new());
        lost(&args.path, host, &mut folders, &mut files)?;
        sides.before.insert("path_content", dict! { "directories" => folders, "files" => files });
    }
    host.remove(&args.path).map_err(|e| {
        let verb = if host.is_dir(&args.path).unwrap_or(false) { "rmtree" } else { "unlinking" };
        Failure::new(format!("{verb} failed: {}", e.msg)).with("path", args.path.to_string_lossy().as_ref())
    })?;
    host.diff_value(dict! { "before" => sides.before, "after" => sides.after });
    let shown = args.path.to_string_lossy().into_owned();
    Ok(Outcome::new().with("path", shown).with("state", "absent"))
}

fn existing(args: &Args, host: &mut Host, mut sides: Sides) -> Result<Outcome> {
    let mut path = args.path.clone();
    let mut stat = host.stat(&path, false)?;
    if args.follow && stat.as_ref().is_some_and(|s| s.is_symlink()) {
        path = host.real_path(&path);
        stat = host.stat(&path, false)?;
    }
    let shown = path.to_string_lossy().into_owned();
    match stat.as_ref().map(state_of) {
        Some("file" | "hard") => {}
        found => {
            let found = found.unwrap_or("absent");
            fail!(path = shown.as_str(), state = found; "file ({shown}) is {found}, cannot continue");
        }
    }
    host.attributes_with(&path, &args.attrs, args.follow, (&mut sides.before, &mut sides.after))?;
    times(args, &path, host, &mut sides, "preserve")?;
    finish("path", &path, host, sides)
}

fn directory(args: &Args, host: &mut Host, mut sides: Sides) -> Result<Outcome> {
    let mut path = args.path.clone();
    if args.follow && host.stat(&path, false)?.is_some_and(|s| s.is_symlink()) {
        path = host.real_path(&path);
    }
    let shown = path.to_string_lossy().into_owned();
    match host.stat(&path, false)? {
        None => {
            if host.check_mode() {
                host.mark_changed();
                host.diff_value(dict! { "before" => sides.before, "after" => sides.after });
                return Ok(Outcome::new().with("path", shown));
            }
            // Every folder on the way gets the attributes.
            let mut missing: Vec<&Path> =
                path.ancestors().take_while(|p| !host.exists(p).unwrap_or(true)).collect();
            missing.retain(|p| !p.as_os_str().is_empty());
            for folder in missing.into_iter().rev() {
                host.make_dirs(folder)?;
                let sides = (&mut sides.before, &mut sides.after);
                host.attributes_with(folder, &args.attrs, args.follow, sides)?;
            }
        }
        Some(stat) if !stat.is_dir() => {
            fail!(path = shown.as_str(); "{shown} already exists as a {}", state_of(&stat))
        }
        Some(_) => {}
    }
    host.attributes_with(&path, &args.attrs, args.follow, (&mut sides.before, &mut sides.after))?;
    times(args, &path, host, &mut sides, "preserve")?;
    if args.recurse {
        below(args, &path, host, &mut Vec::new())?;
    }
    finish("path", &path, host, sides)
}

/// Everything in a folder; where links are followed, also in folders they lead to, each once.
fn below(args: &Args, folder: &Path, host: &mut Host, entered: &mut Vec<PathBuf>) -> Result<()> {
    for name in host.list(folder)? {
        host.still_wanted()?;
        let path = folder.join(name);
        let Some(stat) = host.stat(&path, false)? else { continue };
        let (mut before, mut after) = (Dict::new(), Dict::new());
        let follow = args.follow && stat.is_symlink();
        if follow && host.is_dir(&path)? {
            let real = host.real_path(&path);
            if !entered.contains(&real) {
                entered.push(real.clone());
                below(args, &real, host, entered)?;
            }
        }
        host.attributes_with(&path, &args.attrs, follow, (&mut before, &mut after))?;
        if stat.is_dir() {
            below(args, &path, host, entered)?;
        }
    }
    Ok(())
}

fn link(args: &Args, host: &mut Host, mut sides: Sides) -> Result<Outcome> {
    let path = &args.path;
    let shown = path.to_string_lossy().into_owned();
    let stat = host.stat(path, false)?;
    let now = stat.as_ref().map_or("absent", state_of);
    let Some(src) = &args.src else {
        if now != "link" {
            fail!(path = shown.as_str(); "src is required for creating new symlinks");
        }
        host.attributes_with(path, &args.attrs, args.follow, (&mut sides.before, &mut sides.after))?;
        let src = host.link_target(path)?;
        return Ok(finish("dest", path, host, sides)?.with("src", src.to_string_lossy().as_ref()));
    };
    let source = src.to_string_lossy().into_owned();
    let base = match (now, path.parent()) {
        ("directory", _) => path.as_path(),
        (_, Some(parent)) => parent,
        _ => Path::new("."),
    };
    let there = host.exists(base.join(src))?;
    if !there && !args.force && !host.check_mode() {
        let full = base.join(src);
        fail!(path = shown.as_str(), src = source; "src file does not exist, use 'force=yes' if you really want to create the link: {}", full.display());
    }
    match now {
        "directory" if !args.force => {
            fail!(path = shown.as_str(); "refusing to convert from {now} to symlink for {shown}");
        }
        "directory" if !host.list(path)?.is_empty() => {
            fail!(path = shown.as_str(); "the directory {shown} is not empty, refusing to convert it");
        }
        "file" | "hard" if !args.force => {
            fail!(path = shown.as_str(), dest = shown.as_str(), src = source; "refusing to convert from {now} to symlink for {shown}");
        }
        "directory" => host.remove(path)?,
        _ => {}
    }
    let old = if now == "link" { Some(host.link_target(path)?) } else { None };
    if old.as_ref() != Some(src) {
        if let Some(old) = old {
            sides.before.insert("src", old.to_string_lossy().as_ref());
            sides.after.insert("src", source.as_str());
        }
        host.symlink(src, path)?;
    }
    if host.check_mode() && now != "link" {
        host.diff_value(dict! { "before" => sides.before, "after" => sides.after });
        return Ok(Outcome::new().with("dest", shown).with("src", source));
    }
    if there || !args.follow {
        host.attributes_with(path, &args.attrs, args.follow, (&mut sides.before, &mut sides.after))?;
    }
    Ok(finish("dest", path, host, sides)?.with("src", source))
}

fn hard(args: &Args, host: &mut Host, mut sides: Sides) -> Result<Outcome> {
    let path = &args.path;
    let shown = path.to_string_lossy().into_owned();
    let stat = host.stat(path, false)?;
    let Some(src) = &args.src else {
        if stat.as_ref().is_none_or(|stat| state_of(stat) != "hard") {
            fail!("src is required for creating new hardlinks");
        }
        return existing(args, host, sides);
    };
    let source = src.to_string_lossy().into_owned();
    let Some(from) = host.stat(src, false)? else {
        fail!(dest = shown, src = source; "src does not exist");
    };
    match &stat {
        Some(stat) if (stat.dev(), stat.ino()) == (from.dev(), from.ino()) => {}
        Some(stat) if stat.is_dir() => {
            fail!(dest = shown, src = source; "Cannot convert directory to hard link");
        }
        Some(_) if !args.force => {
            fail!(dest = shown, src = source; "Cannot link, different hard link exists at destination");
        }
        _ => host.hard_link(src, path)?,
    }
    host.attributes_with(path, &args.attrs, args.follow, (&mut sides.before, &mut sides.after))?;
    Ok(finish("dest", path, host, sides)?.with("src", source))
}

fn touch(args: &Args, host: &mut Host, mut sides: Sides) -> Result<Outcome> {
    let path = if args.follow { host.real_path(&args.path) } else { args.path.clone() };
    let fresh = host.stat(&path, false)?.is_none();
    if fresh {
        if host.check_mode() {
            host.mark_changed();
            return Ok(Outcome::new().with("dest", path.to_string_lossy().as_ref()));
        }
        host.write(&path, &mut std::io::empty(), &Edit::default())?;
    }
    let done = host
        .attributes_with(&path, &args.attrs, args.follow, (&mut sides.before, &mut sides.after))
        .and_then(|_| times(args, &path, host, &mut sides, "now"));
    if let Err(failure) = done {
        // A new file that could not be made as wanted does not stay.
        if fresh {
            host.remove(&path)?;
        }
        return Err(failure);
    }
    finish("dest", &path, host, sides)
}

/// Set modification and access time.
fn times(args: &Args, path: &Path, host: &mut Host, sides: &mut Sides, otherwise: &str) -> Result<()> {
    let Some(stat) = host.stat(path, true)? else { return Ok(()) };
    let modified =
        wanted(args.modification_time.as_deref().unwrap_or(otherwise), &args.modification_time_format)?;
    let accessed = wanted(args.access_time.as_deref().unwrap_or(otherwise), &args.access_time_format)?;
    let secs = |time: SystemTime| {
        time.duration_since(SystemTime::UNIX_EPOCH).unwrap_or(Duration::ZERO).as_secs_f64()
    };
    let (now_m, now_a) = (stat.modified()?, stat.accessed()?);
    let (new_m, new_a) = (modified.unwrap_or(now_m), accessed.unwrap_or(now_a));
    if new_m != now_m {
        sides.before.insert("mtime", secs(now_m));
        sides.after.insert("mtime", secs(new_m));
    }
    if new_a != now_a {
        sides.before.insert("atime", secs(now_a));
        sides.after.insert("atime", secs(new_a));
    }
    let now = |text: &Option<String>| text.as_deref().unwrap_or(otherwise) == "now";
    if now(&args.modification_time) && now(&args.access_time) {
        host.touch_now(path)?;
    } else if new_m != now_m || new_a != now_a {
        host.set_times(path, new_a, new_m)?;
    }
    Ok(())
}

fn wanted(text: &str, format: &str) -> Result<Option<SystemTime>> {
    match text {
        "preserve" => Ok(None),
        "now" => Ok(Some(SystemTime::now())),
        text => {
            let read = jiff::civil::DateTime::strptime(format, text);
            let zoned = read.and_then(|time| time.to_zoned(jiff::tz::TimeZone::system()));
            match zoned {
                Ok(time) => Ok(Some(time.timestamp().into())),
                Err(e) => fail!("Error while obtaining timestamp for time {text} using format {format}: {e}"),
            }
        }
    }
}
