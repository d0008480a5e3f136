//! Archives of `tar`, packed or not.

use rustible_sdk::{glob::fnmatch, prelude::*};

use super::{Archive, Compared};

impl Archive<'_> {
    pub(super) fn tar(&self, host: &mut Host, head: &[u8], result: &mut Dict) -> Result<()> {
        let (handler, flag) = packing(head);
        result.insert("handler", handler);
        if host.check_mode() {
            // As the reference: what the comparison says depends on the program.
            result.insert("skipped", true);
            let msg = "remote module (ansible.builtin.unarchive) does not support check mode when using gtar";
            result.insert("msg", msg);
            return Ok(());
        }
        let Some(program) = host.find_program("gtar").or_else(|| host.find_program("tar")) else {
            return Err(self.no_handler("Unable to find required 'gtar' or 'tar' binary in the path"));
        };
        let program = program.to_string_lossy().into_owned();
        let members = self.tar_members(host, &program, flag)?;
        self.refuse_escapes(&members)?;
        let compared = self.tar_compare(host, &program, flag)?;
        if !compared.same {
            let command = self.tar_command(&program, "--extract", flag, true);
            self.unpack(host, &command, result)?;
        }
        self.finish(host, &members, result)
    }

    fn tar_command(&self, program: &str, action: &str, flag: Option<&str>, owners: bool) -> Command {
        let args = self.args;
        let mut command = Command::new([program, action, "-C", &self.dest]).args(flag);
        if !args.extra_opts.is_empty() {
            command = command.arg("--show-transformed-names").args(args.extra_opts.iter());
        }
        if owners {
            for (option, value) in [("--owner", &args.file.owner), ("--group", &args.file.group)] {
                command = command.args(value.as_ref().map(|value| format!("{option}={value}")));
            }
            command = command.args(args.keep_newer.then_some("--keep-newer-files"));
        }
        command =
            command.args(args.exclude.iter().map(|name| format!("--exclude={}", name.trim_end_matches('/'))));
        command.args(["-f", &self.file]).args(args.include.iter()).dir(&self.dest).plain_language()
    }

    fn tar_members(&self, host: &Host, program: &str, flag: Option<&str>) -> Result<Vec<String>> {
        let listed = host.query(&self.tar_command(program, "--list", flag, false))?;
        let trouble = |why: String| self.no_handler(&format!("Command \"{program}\" {why}"));
        if !listed.ok() {
            let why =
                format!("could not handle archive: Unable to list files in the archive: {}", listed.stderr);
            return Err(trouble(why));
        }
        let excluded = |name: &str| self.args.exclude.iter().any(|e| fnmatch(name, e.trim_end_matches('/')));
        let names = listed.stdout.lines().map(unescape).filter(|name| !excluded(name));
        let names: Vec<String> = names.collect();
        if names.is_empty() {
            return Err(trouble(
                "found no files in archive. Empty archive files are not supported.".to_string(),
            ));
        }
        Ok(names)
    }

    /// Which lines of `tar --diff` mean that unpacking is needed.
    fn tar_compare(&self, host: &Host, program: &str, flag: Option<&str>) -> Result<Compared> {
        let told = host.query(&self.tar_command(program, "--diff", flag, true))?;
        let root = host.own_uid() == 0;
        let attrs = &self.args.file;
        let means = |line: &str| {
            if line.contains(": : Warning: Cannot stat: No such file or directory")
                && !line.starts_with("tar")
            {
                return false;
            }
            (root && attrs.owner.is_none() && line.ends_with(": Uid differs"))
                || (root && attrs.group.is_none() && line.ends_with(": Gid differs"))
                || (attrs.mode.is_none() && line.ends_with(": Mode differs"))
                || DIFFERENT.iter().any(|end| line.ends_with(end))
                || line.contains(": Invalid owner")
                || line.contains(": Invalid group")
        };
        let same = !told.stdout.lines().chain(told.stderr.lines()).any(means);
        Ok(Compared { same, diff: None, only: Vec::new(), not: Vec::new() })
    }
}

/// What `tar --diff` says of a member that is not as in the archive.
const DIFFERENT: &[&str] = &[
    ": Mod time differs",
    ": Warning: Cannot stat: No such file or directory",
    ": Cannot stat: No such file or directory",
    ": Symlink differs",
    ": Contents differ",
    ": Size differs",
    ": File type differs",
    ": Not linked to",
];

/// How the reference calls what handles it, and the option of `tar`.
fn packing(head: &[u8]) -> (&'static str, Option<&'static str>) {
    const KNOWN: [(&[u8], &str, &str); 4] = [
        (b"\x1f\x8b", "TgzArchive", "-z"),
        (b"BZh", "TarBzipArchive", "-j"),
        (b"\xfd7zXZ", "TarXzArchive", "-J"),
        (b"\x28\xb5\x2f\xfd", "TarZstdArchive", "--use-compress-program=zstd"),
    ];
    let known = KNOWN.iter().find(|(magic, ..)| head.starts_with(magic));
    known.map_or(("TarArchive", None), |(_, handler, flag)| (handler, Some(flag)))
}

/// A name as `tar --list` writes it: bytes outside ASCII are octal after a backslash.
fn unescape(line: &str) -> String {
    let (mut out, mut rest) = (Vec::new(), line.as_bytes());
    while let Some((first, tail)) = rest.split_first() {
        let octal = tail.get(..3).and_then(|digits| std::str::from_utf8(digits).ok());
        let octal = octal.and_then(|digits| u8::from_str_radix(digits, 8).ok());
        let (byte, used) = match (first, octal, tail.first()) {
            (b'\\', Some(byte), _) => (byte, 3),
            (b'\\', None, Some(b'n')) => (b'\n', 1),
            (b'\\', None, Some(b't')) => (b'\t', 1),
            (b'\\', None, Some(other)) => (*other, 1),
            _ => (*first, 0),
        };
        out.push(byte);
        rest = tail.get(used..).unwrap_or_default();
    }
    let name = String::from_utf8_lossy(&out).into_owned();
    name.strip_prefix('/').map_or(name.clone(), str::to_string)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_a_list_are_read_back() {
        assert_eq!(unescape("a/\\303\\274 b\\\\c"), "a/ü b\\c");
        assert_eq!(unescape("/etc/x"), "etc/x");
    }

    #[test]
    fn packing_is_told_by_the_first_bytes() {
        assert_eq!(packing(b"\x1f\x8b\x08").0, "TgzArchive");
        assert_eq!(packing(b"usr/bin").1, None);
    }
}
