//! Owner, group, mode, `chattr` attributes and SELinux context of files.

use std::{
    os::unix::fs::{FileTypeExt, MetadataExt, PermissionsExt},
    path::Path,
};

use rustible_macros::Args;

use crate::{
    Command, Dict, Failure, Host, Result, Value, dict,
    host::{files::state_of, write::umask},
    outcome::errno_text,
};

/// What every module that writes files takes.
#[derive(Args, Debug, Clone, Default)]
pub struct FileAttrs {
    /// Permissions, octal or symbolic.
    pub mode: Option<Value>,
    /// Name or number of the owner.
    pub owner: Option<String>,
    /// Name or number of the group.
    pub group: Option<String>,
    /// User of the SELinux context.
    pub seuser: Option<String>,
    /// Role of the SELinux context.
    pub serole: Option<String>,
    /// Level of the SELinux context.
    pub selevel: Option<String>,
    /// Type of the SELinux context.
    pub setype: Option<String>,
    /// Attributes as `chattr` writes them.
    #[arg(alias("attr"))]
    pub attributes: Option<String>,
    /// Write in place where an atomic replacement is impossible.
    #[arg(default = false, env("ANSIBLE_UNSAFE_WRITES"))]
    pub unsafe_writes: bool,
}

/// A mode of a file that has this one: octal text or number, or symbolic.
///
/// # Errors
/// When it is none.
pub fn mode_of(wanted: &Value, now: u32, is_dir: bool) -> Result<u32> {
    let bad = |text: &str| {
        Failure::new("mode must be in octal or symbolic form")
            .with("details", format!("bad symbolic permission for mode: {text}"))
            .of_arg("mode")
    };
    match wanted {
        Value::Int(number) => u32::try_from(*number).map_err(|_| bad(&number.to_string())),
        Value::Str(text) if !text.is_empty() && text.chars().all(|c| c.is_digit(8) || c == 'o') => {
            u32::from_str_radix(text.trim_start_matches("0o"), 8).map_err(|_| bad(text))
        }
        Value::Str(text) => symbolic(text, now, is_dir).map_err(bad),
        other => Err(bad(&format!("{other:?}"))),
    }
}

/// The mode, or the part of the text that is none.
fn symbolic(text: &str, now: u32, is_dir: bool) -> Result<u32, &str> {
    text.split(',').try_fold(now & 0o7777, |mode, clause| with_clause(clause, mode, is_dir).ok_or(clause))
}

fn with_clause(clause: &str, mut mode: u32, is_dir: bool) -> Option<u32> {
    let at = clause.find(['+', '-', '='])?;
    let (who, mut rest) = clause.split_at(at);
    let all = who.is_empty() || who.contains('a');
    if !who.chars().all(|c| "ugoa".contains(c)) {
        return None;
    }
    let mask = if who.is_empty() { umask() } else { 0 };
    while let Some(op) = rest.chars().next() {
        let tail = rest.get(1..)?;
        let end = tail.find(['+', '-', '=']).unwrap_or(tail.len());
        let (perms, next) = tail.split_at(end);
        for (class, shift, special) in [('u', 6, 0o4000), ('g', 3, 0o2000), ('o', 0, 0o1000)] {
            if !all && !who.contains(class) {
                continue;
            }
            let bits = permissions(perms, mode, is_dir)?;
            let mut value = ((bits & 0o7) << shift) & !mask;
            let whole = 0o7 << shift;
            if perms.contains('s') && class != 'o' {
                value |= special;
            }
            if perms.contains('t') && (class == 'o' || all) {
                value |= 0o1000;
            }
            mode = match op {
                '+' => mode | value,
                '-' => mode & !value,
                '=' => (mode & !whole & !special) | value,
                _ => return None,
            };
        }
        rest = next;
    }
    Some(mode)
}

fn permissions(perms: &str, mode: u32, is_dir: bool) -> Option<u32> {
    let mut bits = 0;
    for c in perms.chars() {
        bits |= match c {
            'r' => 4,
            'w' => 2,
            'x' => 1,
            'X' if is_dir || mode & 0o111 != 0 => 1,
            'X' | 's' | 't' => 0,
            'u' => mode >> 6 & 7,
            'g' => mode >> 3 & 7,
            'o' => mode & 7,
            _ => return None,
        };
    }
    Some(bits)
}

impl FileAttrs {
    /// Whether nothing is asked for.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.mode.is_none() && self.owner.is_none() && self.group.is_none() && self.attributes.is_none()
    }
}

#[expect(clippy::disallowed_methods, reason = "the door itself")]
impl Host {
    /// Give a file its owner, group, mode and attributes; whether something was (or would be) changed. What is not there
    /// (in check mode) is left alone.
    ///
    /// # Errors
    /// When a user or group is unknown, a mode is none, or the file may not be changed.
    pub fn apply_attributes(
        &mut self,
        path: impl AsRef<Path>,
        attrs: &FileAttrs,
        follow: bool,
    ) -> Result<bool> {
        let (mut before, mut after) = (Dict::new(), Dict::new());
        let text = path.as_ref().to_string_lossy();
        let changed = self.attributes_with(path.as_ref(), attrs, follow, (&mut before, &mut after))?;
        if changed {
            before.insert("path", &*text);
            after.insert("path", &*text);
            self.diff_value(dict! { "before" => before, "after" => after });
        }
        Ok(changed)
    }

    /// As [`Host::apply_attributes`], with the differences put into these (before, after) instead of recorded.
    ///
    /// # Errors
    /// As there.
    pub fn attributes_with(
        &mut self,
        path: &Path,
        attrs: &FileAttrs,
        follow: bool,
        differences: (&mut Dict, &mut Dict),
    ) -> Result<bool> {
        self.set_attributes(path, attrs, follow, differences).map_err(|mut failure| {
            // What the file is now belongs to the failure; that it cannot be said is no other one.
            failure.data.insert("path", path.to_string_lossy().into_owned());
            let _unknown = self.add_path_info(&mut failure.data, path);
            failure
        })
    }

    fn set_attributes(
        &mut self,
        path: &Path,
        attrs: &FileAttrs,
        follow: bool,
        (before, after): (&mut Dict, &mut Dict),
    ) -> Result<bool> {
        let known = after.len();
        let Some(stat) = self.stat(path, follow)? else { return Ok(false) };
        let real = self.at(path);
        let text = path.to_string_lossy();
        let uid = attrs.owner.as_deref().map(|name| self.uid_of(name, &text)).transpose()?;
        let gid = attrs.group.as_deref().map(|name| self.gid_of(name, &text)).transpose()?;
        let (new_uid, new_gid) = (uid.filter(|u| *u != stat.uid()), gid.filter(|g| *g != stat.gid()));
        if let Some(uid) = new_uid {
            before.insert("owner", stat.uid());
            after.insert("owner", uid);
        }
        if let Some(gid) = new_gid {
            before.insert("group", stat.gid());
            after.insert("group", gid);
        }
        if (new_uid.is_some() || new_gid.is_some()) && !self.check_mode() {
            let own = if follow { std::os::unix::fs::chown } else { std::os::unix::fs::lchown };
            let what = if new_uid.is_some() { "chown" } else { "chgrp" };
            own(&real, new_uid, new_gid).map_err(|e| {
                Failure::new(format!("{what} failed: {}", errno_text(&e))).with("path", &*text)
            })?;
        }
        // Links have no mode of their own on Linux.
        if let Some(wanted) = attrs.mode.as_ref().filter(|_| !stat.file_type().is_symlink()) {
            let now = stat.mode() & 0o7777;
            let mode = mode_of(wanted, now, stat.is_dir())?;
            // Giving a file away takes its set-user bits.
            let lost = (new_uid.is_some() || new_gid.is_some()) && mode & 0o6000 != 0;
            if mode != now {
                before.insert("mode", format!("0{now:03o}"));
                after.insert("mode", format!("0{mode:03o}"));
            }
            if (mode != now || lost) && !self.check_mode() {
                let set = std::fs::set_permissions(&real, std::fs::Permissions::from_mode(mode));
                set.map_err(|e| {
                    Failure::new(format!("chmod failed: {}", errno_text(&e))).with("path", &*text)
                })?;
            }
        }
        if let Some(wanted) = &attrs.attributes {
            self.chattr(&real, wanted, before, after)?;
        }
        self.context_of(&real, attrs, before, after)?;
        let changed = after.len() > known;
        if changed {
            self.mark_changed();
        }
        Ok(changed)
    }

    fn uid_of(&self, name: &str, path: &str) -> Result<u32> {
        let found = name.parse().ok().or_else(|| self.user(name).map(|u| u.uid));
        found.ok_or_else(|| {
            Failure::new(format!("chown failed: failed to look up user {name}")).with("path", path)
        })
    }
    fn gid_of(&self, name: &str, path: &str) -> Result<u32> {
        let found = name.parse().ok().or_else(|| self.group(name).map(|g| g.gid));
        found.ok_or_else(|| {
            Failure::new(format!("chgrp failed: failed to look up group {name}")).with("path", path)
        })
    }

    fn chattr(&self, path: &Path, wanted: &str, before: &mut Dict, after: &mut Dict) -> Result<()> {
        let file = path.to_string_lossy().into_owned();
        let listed = self.query(&Command::new(["lsattr", "-d", &file]))?;
        let now = listed.stdout.split_whitespace().next().unwrap_or_default().replace('-', "");
        let (op, flags) = match wanted.chars().next() {
            Some(op @ ('+' | '-' | '=')) => (op, wanted.get(1..).unwrap_or_default()),
            _ => ('=', wanted),
        };
        let same = match op {
            '+' => flags.chars().all(|c| now.contains(c)),
            '-' => !flags.chars().any(|c| now.contains(c)),
            _ => flags.chars().all(|c| now.contains(c)) && now.chars().all(|c| c == 'e' || flags.contains(c)),
        };
        if same {
            return Ok(());
        }
        before.insert("attributes", now);
        after.insert("attributes", wanted);
        if !self.check_mode() {
            let output = self.query(&Command::new(["chattr", &format!("{op}{flags}"), &file]))?;
            output.or_fail(|out| format!("chattr failed: {}", out.stderr.trim()))?;
        }
        Ok(())
    }

    /// SELinux; where there is none the arguments mean nothing, as in Ansible.
    fn context_of(&self, path: &Path, attrs: &FileAttrs, before: &mut Dict, after: &mut Dict) -> Result<()> {
        let wanted = [&attrs.seuser, &attrs.serole, &attrs.setype, &attrs.selevel];
        if wanted.iter().all(|part| part.is_none()) || !Path::new("/sys/fs/selinux/enforce").exists() {
            return Ok(());
        }
        const NAME: &str = "security.selinux";
        let raw = xattr::get(path, NAME)?.unwrap_or_default();
        let now = String::from_utf8_lossy(&raw).trim_end_matches('\0').to_string();
        let mut parts: Vec<String> = now.splitn(4, ':').map(str::to_string).collect();
        parts.resize(4, String::new());
        for (part, wanted) in parts.iter_mut().zip(wanted) {
            if let Some(wanted) = wanted.as_ref().filter(|w| *w != "_default") {
                part.clone_from(wanted);
            }
        }
        let new = parts.join(":");
        if new != now {
            before.insert("secontext", now.as_str());
            after.insert("secontext", new.as_str());
            if !self.check_mode() {
                let set = xattr::set(path, NAME, format!("{new}\0").as_bytes());
                set.map_err(|e| Failure::new(format!("set selinux context failed: {}", errno_text(&e))))?;
            }
        }
        Ok(())
    }

    /// The parts of a file's SELinux context; `None` where there is no SELinux or the file has no context.
    #[must_use]
    pub fn selinux_context(&self, path: impl AsRef<Path>) -> Option<Vec<String>> {
        if !Path::new("/sys/fs/selinux/enforce").exists() {
            return None;
        }
        let raw = xattr::get(self.at(path), "security.selinux").ok().flatten()?;
        let context = String::from_utf8_lossy(&raw).trim_end_matches('\0').to_string();
        Some(context.splitn(4, ':').map(str::to_string).collect())
    }

    /// Put `uid gid owner group mode state size` of a path into a result, when something is there.
    ///
    /// # Errors
    /// When that cannot be told.
    pub fn add_path_info(&self, result: &mut Dict, path: impl AsRef<Path>) -> Result<()> {
        let Some(stat) = self.stat(&path, false)? else {
            result.insert("state", "absent");
            return Ok(());
        };
        result.insert("uid", stat.uid());
        result.insert("gid", stat.gid());
        let owner = self.user_by_id(stat.uid()).map_or_else(|| stat.uid().to_string(), |u| u.name);
        let group = self.group_by_id(stat.gid()).map_or_else(|| stat.gid().to_string(), |g| g.name);
        result.insert("owner", owner);
        result.insert("group", group);
        result.insert("mode", format!("0{:03o}", stat.mode() & 0o7777));
        let special = stat.file_type().is_fifo() || stat.file_type().is_socket();
        result.insert("state", if special { "file" } else { state_of(&stat) });
        result.insert("size", stat.size());
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn modes_are_read_as_chmod_does() {
        let of = |text: &str, now| mode_of(&Value::str(text), now, false).unwrap();
        assert_eq!(of("0644", 0), 0o644);
        assert_eq!(of("u=rwx,g=rx,o=", 0o644), 0o750);
        assert_eq!(of("a+X", 0o644), 0o644);
        assert_eq!(of("+x", 0o744) & 0o100, 0o100);
        assert_eq!(of("u+s,o+t", 0o755), 0o5755);
        assert_eq!(of("g=u", 0o640), 0o660);
        assert!(mode_of(&Value::str("z+x"), 0, false).is_err());
    }
}
