//! Archives of `zip`.

use std::{
    collections::HashMap,
    io::Read,
    os::unix::fs::{MetadataExt, PermissionsExt},
};

use flate2::Crc;
use rustible_sdk::{attributes::mode_of, glob::fnmatch, host::files::Stat, prelude::*};

use super::{Archive, Compared};

/// One member as `zipinfo` lists it.
struct Member {
    kind: char,
    permissions: Option<u32>,
    size: u64,
    time: Option<i64>,
    path: String,
}

impl Archive<'_> {
    pub(super) fn zip(&self, host: &mut Host, result: &mut Dict) -> Result<()> {
        result.insert("handler", "ZipArchive");
        let Some(unzip) = host.find_program("unzip") else {
            return Err(self.no_handler("Unable to find required 'unzip' binary in the path."));
        };
        let unzip = unzip.to_string_lossy().into_owned();
        let sums = self.sums(host, &unzip)?;
        let listed = host.query(&Command::new([&unzip, "-Z", "-T", "-s", &self.file]).plain_language())?;
        let mut members: Vec<Member> = listed.stdout.lines().filter_map(member).collect();
        self.refuse_escapes(&members.iter().map(|member| member.path.clone()).collect::<Vec<_>>())?;
        let (include, exclude) = (&self.args.include, &self.args.exclude);
        members.retain(|member| {
            let matches = |patterns: &[String]| patterns.iter().any(|pattern| fnmatch(&member.path, pattern));
            if include.is_empty() { !matches(exclude) } else { matches(include) }
        });
        let compared = self.zip_compare(host, &members, &sums)?;
        if !compared.same {
            let mut command =
                Command::new([unzip, "-o".to_string()]).args(self.args.extra_opts.iter()).arg(&self.file);
            command = command.args(compared.only);
            let not: Vec<&String> = exclude.iter().chain(&compared.not).collect();
            if !not.is_empty() {
                command = command.arg("-x").args(not);
            }
            let command = command.args(["-d", &self.dest]).plain_language();
            self.unpack(host, &command, result)?;
        }
        if let Some(diff) = compared.diff.filter(|_| host.wants_diff()) {
            result.insert("diff", dict! { "prepared" => diff });
        }
        let names: Vec<String> = members.into_iter().map(|member| member.path).collect();
        self.finish(host, &names, result)
    }

    /// The checksum of each member.
    fn sums(&self, host: &Host, unzip: &str) -> Result<HashMap<String, u32>> {
        let listed = host.query(&Command::new([unzip, "-v", &self.file]).plain_language())?;
        if !listed.ok() {
            let why = format!("Command \"{unzip}\" could not handle archive: {}", listed.stderr);
            return Err(self.no_handler(&why));
        }
        let line = |line: &str| {
            let (crc, path) = columns(line, 7)?;
            Some((path.to_string(), u32::from_str_radix(crc, 16).ok()?))
        };
        Ok(listed.stdout.lines().filter_map(line).collect())
    }

    fn zip_compare(&self, host: &Host, members: &[Member], sums: &HashMap<String, u32>) -> Result<Compared> {
        let (mut diff, mut only, mut not) = (String::new(), Vec::new(), Vec::new());
        let owner =
            self.args.file.owner.as_deref().map(|name| name.parse().ok().or(host.user(name).map(|u| u.uid)));
        let group =
            self.args.file.group.as_deref().map(|name| name.parse().ok().or(host.group(name).map(|g| g.gid)));
        for member in members {
            let kind = if member.kind == 'l' {
                'L'
            } else if member.kind == 'd' {
                'd'
            } else {
                'f'
            };
            let place = self.args.dest.join(&member.path);
            let found = host.stat(&place, false)?;
            let Some(stat) = found.as_ref().filter(|stat| is_kind(stat, kind)) else {
                let mark = if found.is_some() { 'c' } else { '>' };
                diff.push_str(&format!("{mark}{kind}++++++.?? {}\n", member.path));
                only.push(member.path.clone());
                continue;
            };
            let there = stat.file_type();
            let mut marks = ['.', kind, '.', '.', '.', '.', '.', '.', '.', '?', '?'];
            if there.is_file() {
                match member.time.unwrap_or_default().cmp(&stat.mtime()) {
                    std::cmp::Ordering::Less if self.args.keep_newer => {
                        not.push(member.path.clone());
                        continue;
                    }
                    std::cmp::Ordering::Equal => {}
                    _ => marks[4] = 't',
                }
                if member.size != stat.len() {
                    marks[3] = 's';
                }
                if sums.get(&member.path).copied() != Some(crc(&mut *host.open(&place)?)?) {
                    marks[2] = 'c';
                }
            }
            let now = stat.permissions().mode() & 0o7777;
            let wanted = match &self.args.file.mode {
                Some(mode) => Some(mode_of(mode, now, there.is_dir())?),
                None => member.permissions,
            };
            if kind != 'L' && wanted.is_some_and(|wanted| wanted != now) {
                marks[5] = 'p';
            }
            if owner.flatten().unwrap_or(host.own_uid()) != stat.uid() {
                marks[6] = 'o';
            }
            if group.flatten().is_some_and(|gid| gid != stat.gid()) {
                marks[6] = 'g';
            }
            if marks.iter().skip(2).take(6).any(|mark| *mark != '.') {
                diff.push_str(&format!("{} {}\n", marks.iter().collect::<String>(), member.path));
                only.push(member.path.clone());
            }
        }
        // A list longer than a command line is given as all of it.
        let same = only.is_empty();
        if only.len() == members.len() || only.iter().map(String::len).sum::<usize>() > 60_000 {
            only.clear();
        }
        // Names are patterns for the program.
        let literal = |name: String| name.replace('[', "[[]").replace('*', "[*]").replace('?', "[?]");
        let only = only.into_iter().map(literal).collect();
        let not = not.into_iter().map(literal).collect();
        Ok(Compared { same, diff: (!diff.is_empty()).then_some(diff), only, not })
    }
}

fn is_kind(stat: &Stat, kind: char) -> bool {
    let there = stat.file_type();
    match kind {
        'd' => there.is_dir(),
        'L' => there.is_symlink(),
        _ => there.is_file(),
    }
}

/// The word before the rest of a line, and the rest, after that many words in all.
fn columns(line: &str, words: usize) -> Option<(&str, &str)> {
    let (mut last, mut rest) = ("", line.trim_start());
    for _ in 0..words {
        let at = rest.find(char::is_whitespace)?;
        last = rest.get(..at)?;
        rest = rest.get(at..)?.trim_start();
    }
    (!rest.is_empty()).then_some((last, rest))
}

fn member(line: &str) -> Option<Member> {
    let (stamp, path) = columns(line, 7)?;
    let mut words = line.split_whitespace();
    let (attributes, size) = (words.next()?, words.nth(2)?.parse().ok()?);
    let mut letters = attributes.chars();
    let (kind, text) = (letters.next()?, letters.as_str());
    if !"dl-?".contains(kind) || stamp.len() != 15 || !text.chars().all(|c| "rwxstah-".contains(c)) {
        return None;
    }
    // Other systems' attributes say nothing of permissions here.
    let permissions = (text.len() == 9).then(|| {
        text.chars()
            .rev()
            .enumerate()
            .filter(|(_, c)| "rwxst".contains(*c))
            .fold(0, |mode, (bit, _)| mode | 1 << bit)
    });
    let kind = if path.ends_with('/') { 'd' } else { kind };
    Some(Member { kind, permissions, size, time: seconds(stamp), path: path.to_string() })
}

/// `20240102.030405`, in the target's own time.
fn seconds(stamp: &str) -> Option<i64> {
    let time = jiff::civil::DateTime::strptime("%Y%m%d.%H%M%S", stamp).ok()?;
    Some(time.to_zoned(jiff::tz::TimeZone::system()).ok()?.timestamp().as_second())
}

fn crc(from: &mut dyn Read) -> Result<u32> {
    let (mut crc, mut buffer) = (Crc::new(), vec![0; 64 * 1024]);
    loop {
        let size = from.read(&mut buffer)?;
        if size == 0 {
            return Ok(crc.sum());
        }
        crc.update(buffer.get(..size).unwrap_or_default());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_of_zipinfo_is_a_member() {
        let found = member("-rw-r--r--  3.0 unx       12 tx stor 20240102.030405 a dir/b c.txt").unwrap();
        assert_eq!((found.kind, found.permissions, found.size), ('-', Some(0o644), 12));
        assert_eq!(found.path, "a dir/b c.txt");
        assert!(member("Archive:  x.zip").is_none());
    }
}
