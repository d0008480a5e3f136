//! `ansible.builtin.find`: files of folders that meet criteria.

use std::{
    os::unix::fs::{FileTypeExt, MetadataExt, PermissionsExt},
    time::{SystemTime, UNIX_EPOCH},
};

use rustible_sdk::{attributes::mode_of, glob::fnmatch, host::files::Stat, prelude::*};

use crate::encoding::Encoding;

/// Return a list of files based on specific criteria.
#[derive(Args)]
#[args(check = full)]
pub(crate) struct Args {
    /// Folders to look in.
    #[arg(alias("name", "path"))]
    paths: Vec<PathBuf>,
    /// Names wanted: one of these must match.
    #[arg(alias("pattern"), default = Value::list())]
    patterns: Vec<String>,
    /// Names not wanted, of those wanted.
    #[arg(alias("exclude"))]
    excludes: Option<Vec<String>>,
    /// Regular expression that a line must begin with (or, with `read_whole_file`, the content must have).
    contains: Option<String>,
    /// Hold `contains` against the whole content instead of single lines.
    #[arg(default = false)]
    read_whole_file: bool,
    /// Kind of file wanted.
    #[arg(default = "file")]
    file_type: FileType,
    /// At least this old (`2d`), or, when negative, at most.
    age: Option<String>,
    /// Which time is the age's.
    #[arg(default = "mtime")]
    age_stamp: Stamp,
    /// At least this large (`10m`), or, when negative, at most.
    size: Option<String>,
    /// Also look in folders inside.
    #[arg(default = false)]
    recurse: bool,
    /// Also names that begin with a dot.
    #[arg(default = false)]
    hidden: bool,
    /// Also look in folders that links lead to.
    #[arg(default = false)]
    follow: bool,
    /// Return checksums.
    #[arg(default = false)]
    get_checksum: bool,
    /// The checksum returned.
    #[arg(
        default = "sha1",
        alias("checksum", "checksum_algo"),
        choices("md5", "sha1", "sha224", "sha256", "sha384", "sha512")
    )]
    checksum_algorithm: String,
    /// Whether `patterns` and `excludes` are regular expressions.
    #[arg(default = false)]
    use_regex: bool,
    /// How many levels deep.
    depth: Option<i64>,
    /// Permissions wanted, octal or symbolic.
    mode: Option<Value>,
    /// Whether the permissions must be exactly these; otherwise one of the bits is enough.
    #[arg(default = true)]
    exact_mode: bool,
    /// Encoding of the files' content.
    encoding: Option<String>,
    /// Stop after that many.
    limit: Option<i64>,
}

#[derive(Choice, Clone, Copy, PartialEq)]
pub(crate) enum FileType {
    Any,
    Directory,
    File,
    Link,
}

#[derive(Choice, Clone, Copy)]
pub(crate) enum Stamp {
    Atime,
    Ctime,
    Mtime,
}

/// Criteria made ready.
struct Search {
    args: Args,
    age: Option<i64>,
    size: Option<i64>,
    mode: Option<u32>,
    names: Vec<Pattern>,
    not_names: Vec<Pattern>,
    contains: Option<Pattern>,
    now: f64,
}

/// What was found on the way.
#[derive(Default)]
struct Found {
    files: Vec<Value>,
    skipped: Dict,
    examined: usize,
    trouble: bool,
}

pub(crate) fn run(args: Args, host: &mut Host) -> Result<Outcome> {
    let search = prepare(args)?;
    let mut found = Found::default();
    for path in &search.args.paths {
        let text = path.to_string_lossy();
        let why = if host.is_dir(path)? {
            match walk(&search, host, path, &mut found) {
                Ok(()) => continue,
                Err(failure) => failure.msg,
            }
        } else {
            format!("'{text}' is not a directory")
        };
        host.warn(format!("Skipped '{text}' path due to this access issue: {why}\n"));
        found.skipped.insert(&*text, why);
        found.trouble = true;
    }
    let msg = if found.trouble {
        "Not all paths examined, check warnings for details"
    } else if search.full(&found) {
        "Limit of matches reached"
    } else {
        "All paths examined"
    };
    let outcome = Outcome::msg(msg).changed(false).with("matched", found.files.len());
    Ok(outcome
        .with("files", found.files)
        .with("examined", found.examined)
        .with("skipped_paths", found.skipped))
}

fn prepare(mut args: Args) -> Result<Search> {
    if args.patterns.is_empty() {
        args.patterns.push(if args.use_regex { ".*" } else { "*" }.to_string());
    }
    let age = args.age.as_deref().map(|text| {
        amount(text, &[('s', 1), ('m', 60), ('h', 3600), ('d', 86_400), ('w', 604_800)])
            .ok_or_else(|| Failure::new("failed to process age").with("age", text))
    });
    let size = args.size.as_deref().map(|text| {
        amount(text, &[('b', 1), ('k', 1 << 10), ('m', 1 << 20), ('g', 1 << 30), ('t', 1 << 40)])
            .ok_or_else(|| Failure::new("failed to process size").with("size", text))
    });
    if let Some(limit) = args.limit.filter(|limit| *limit <= 0) {
        fail!("limit cannot be {limit} (use None for unlimited)");
    }
    let mode = match args.mode.as_ref().filter(|mode| mode.truthy()) {
        Some(mode @ Value::Str(_)) => Some(mode_of(mode, 0, false)?),
        Some(other) => {
            let kind = other.type_name();
            fail!("argument 'mode' is not a string and conversion is not allowed, value is of type {kind}");
        }
        None => None,
    };
    let compile = |all: &[String]| -> Result<Vec<Pattern>> {
        let regexes = all.iter().filter(|_| args.use_regex);
        regexes.map(|source| Pattern::new(source).map_err(Failure::from)).collect()
    };
    let (names, not_names) =
        (compile(&args.patterns)?, compile(args.excludes.as_deref().unwrap_or_default())?);
    let contains = args.contains.as_deref().map(Pattern::new).transpose()?;
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs_f64();
    Ok(Search { age: age.transpose()?, size: size.transpose()?, mode, names, not_names, contains, now, args })
}

/// `-2d` with units.
fn amount(text: &str, units: &[(char, i64)]) -> Option<i64> {
    let text = text.to_lowercase();
    let unit = text.chars().last().and_then(|c| units.iter().find(|(unit, _)| *unit == c));
    let number = if unit.is_some() { text.get(..text.len() - 1)? } else { &text };
    number.parse::<i64>().ok()?.checked_mul(unit.map_or(1, |(_, times)| *times))
}

/// One folder after another, as they come; links that lead around are followed as long as the system does.
fn walk(search: &Search, host: &mut Host, top: &Path, found: &mut Found) -> Result<()> {
    let mut folders = vec![(top.to_path_buf(), 1)];
    while let Some((folder, level)) = folders.pop() {
        host.still_wanted()?;
        let names = match host.list(&folder) {
            Ok(names) => names,
            Err(failure) => {
                found.skipped.insert(folder.to_string_lossy().as_ref(), failure.msg);
                continue;
            }
        };
        found.examined += names.len();
        let (mut plain, mut inner) = (Vec::new(), Vec::new());
        for name in names {
            let is_dir = host.stat(folder.join(&name), true).ok().flatten().is_some_and(|stat| stat.is_dir());
            if is_dir { inner.push(name) } else { plain.push(name) }
        }
        if search.args.depth.is_some_and(|depth| depth != 0 && level > depth) {
            continue;
        }
        for name in plain.iter().chain(&inner) {
            let path = folder.join(name);
            if name.starts_with('.') && !search.args.hidden {
                continue;
            }
            let Some(stat) = host.stat(&path, false)? else { continue };
            if search.wants(host, name, &path, &stat)? {
                found.files.push(search.shown(host, &path, &stat)?.into());
            }
            if search.full(found) {
                return Ok(());
            }
        }
        if !search.args.recurse {
            return Ok(());
        }
        for name in inner.into_iter().rev() {
            let path = folder.join(name);
            let link = host.stat(&path, false)?.is_some_and(|stat| stat.file_type().is_symlink());
            if !link || search.args.follow {
                folders.push((path, level + 1));
            }
        }
    }
    Ok(())
}

impl Search {
    fn full(&self, found: &Found) -> bool {
        self.args.limit.is_some_and(|limit| usize::try_from(limit) == Ok(found.files.len()))
    }

    fn named(&self, name: &str) -> bool {
        if self.args.use_regex {
            return self.names.iter().any(|p| p.matches_start(name))
                && !self.not_names.iter().any(|p| p.matches_start(name));
        }
        let excludes = self.args.excludes.as_deref().unwrap_or_default();
        self.args.patterns.iter().any(|p| fnmatch(name, p)) && !excludes.iter().any(|p| fnmatch(name, p))
    }

    fn wants(&self, host: &Host, name: &str, path: &Path, stat: &Stat) -> Result<bool> {
        let kind = stat.file_type();
        let right_kind = match self.args.file_type {
            FileType::Any => true,
            FileType::Directory => kind.is_dir(),
            FileType::File => kind.is_file(),
            FileType::Link => kind.is_symlink(),
        };
        let time = match self.args.age_stamp {
            Stamp::Atime => seconds(stat.atime(), stat.atime_nsec()),
            Stamp::Ctime => seconds(stat.ctime(), stat.ctime_nsec()),
            Stamp::Mtime => seconds(stat.mtime(), stat.mtime_nsec()),
        };
        let size = i64::try_from(stat.size()).unwrap_or(i64::MAX);
        let permissions = stat.permissions().mode() & 0o7777;
        let fits = right_kind
            && self.named(name)
            && self.age.is_none_or(|age| beyond(self.now - time, age))
            && (!kind.is_file() || self.size.is_none_or(|wanted| beyond(whole(size), wanted)))
            && self.mode.is_none_or(|mode| {
                if self.args.exact_mode { permissions == mode } else { permissions & mode != 0 }
            });
        match &self.contains {
            Some(pattern) if fits && self.args.file_type == FileType::File => {
                self.content(host, path, pattern)
            }
            _ => Ok(fits),
        }
    }

    fn content(&self, host: &Host, path: &Path, pattern: &Pattern) -> Result<bool> {
        // What cannot be read has nothing in it.
        let Ok(Some(bytes)) = host.read(path) else { return Ok(false) };
        let encoding = Encoding::named(self.args.encoding.as_deref().unwrap_or("utf-8"))?;
        let Ok(text) = encoding.decode(bytes) else {
            let encoding = self.args.encoding.as_deref().unwrap_or("utf-8 (Python default)");
            fail!("Failed to decode the file '{}' with encoding: {encoding}", path.display());
        };
        if self.args.read_whole_file {
            return Ok(pattern.is_match(&text));
        }
        Ok(text.split_inclusive('\n').any(|line| pattern.matches_start(line)))
    }

    fn shown(&self, host: &Host, path: &Path, stat: &Stat) -> Result<Dict> {
        let (kind, mode) = (stat.file_type(), stat.permissions().mode());
        let mut shown = dict! {
            "path" => path.to_string_lossy().as_ref(), "mode" => format!("{:04o}", mode & 0o7777),
            "isdir" => kind.is_dir(), "ischr" => kind.is_char_device(), "isblk" => kind.is_block_device(),
            "isreg" => kind.is_file(), "isfifo" => kind.is_fifo(), "islnk" => kind.is_symlink(),
            "issock" => kind.is_socket(), "uid" => stat.uid(), "gid" => stat.gid(), "size" => stat.size(),
            "inode" => stat.ino(), "dev" => stat.dev(), "nlink" => stat.nlink(),
            "atime" => seconds(stat.atime(), stat.atime_nsec()), "mtime" => seconds(stat.mtime(), stat.mtime_nsec()),
            "ctime" => seconds(stat.ctime(), stat.ctime_nsec()),
            "gr_name" => host.group_by_id(stat.gid()).map_or_else(String::new, |group| group.name),
            "pw_name" => host.user_by_id(stat.uid()).map_or_else(String::new, |user| user.name),
        };
        let bits = ["xoth", "woth", "roth", "xgrp", "wgrp", "rgrp", "xusr", "wusr", "rusr"];
        for (at, name) in bits.iter().enumerate().rev() {
            shown.insert(*name, mode & 1 << at != 0);
        }
        shown.insert("isuid", mode & 0o4000 != 0);
        shown.insert("isgid", mode & 0o2000 != 0);
        shown.insert("blocks", stat.blocks());
        shown.insert("disk_usage_bytes", stat.blocks() * 512);
        if self.args.get_checksum && kind.is_file() && self.args.file_type != FileType::Directory {
            shown.insert("checksum", host.checksum(path, &self.args.checksum_algorithm)?);
        }
        Ok(shown)
    }
}

#[expect(clippy::cast_precision_loss, reason = "times and sizes are floating point in results as well")]
fn whole(number: i64) -> f64 {
    number as f64
}

fn seconds(whole_seconds: i64, nanoseconds: i64) -> f64 {
    whole(whole_seconds) + whole(nanoseconds) / 1e9
}

/// At least the amount, or at most when it is negative.
fn beyond(number: f64, wanted: i64) -> bool {
    if wanted >= 0 { number >= whole(wanted) } else { number <= whole(wanted.abs()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_have_units_and_signs() {
        let units = [('s', 1), ('m', 60)];
        assert_eq!(amount("-2m", &units), Some(-120));
        assert_eq!(amount("7", &units), Some(7));
        assert_eq!(amount("x", &units), None);
    }
}
