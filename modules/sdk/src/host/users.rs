//! Users and groups of the target, read without the system's name service; `getent` for what files do not have.

use std::path::Path;

use crate::{Command, Host, host::rooted};

/// A line of `passwd`.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(missing_docs, reason = "the fields of passwd(5)")]
pub struct User {
    pub name: String,
    pub uid: u32,
    pub gid: u32,
    pub gecos: String,
    pub home: String,
    pub shell: String,
}

/// A line of `group`.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(missing_docs, reason = "the fields of group(5)")]
pub struct Group {
    pub name: String,
    pub gid: u32,
    pub members: Vec<String>,
}

fn user(line: &str) -> Option<User> {
    let mut parts = line.split(':').map(str::to_string);
    let (name, _) = (parts.next()?, parts.next()?);
    let (uid, gid) = (parts.next()?.parse().ok()?, parts.next()?.parse().ok()?);
    let (gecos, home, shell) = (parts.next()?, parts.next()?, parts.next().unwrap_or_default());
    Some(User { name, uid, gid, gecos, home, shell })
}

fn group(line: &str) -> Option<Group> {
    let mut parts = line.split(':');
    let (name, _, gid) = (parts.next()?.to_string(), parts.next()?, parts.next()?.parse().ok()?);
    let members = parts.next().unwrap_or_default().split(',').filter(|m| !m.is_empty());
    Some(Group { name, gid, members: members.map(str::to_string).collect() })
}

#[expect(clippy::disallowed_methods, reason = "the door itself")]
fn lines(root: Option<&Path>, file: &str) -> Vec<String> {
    let bytes = std::fs::read(rooted(root, Path::new(file))).unwrap_or_default();
    String::from_utf8_lossy(&bytes).lines().map(str::to_string).collect()
}

impl Host {
    /// All users in the file, in its order.
    #[must_use]
    pub fn users(&self) -> Vec<User> {
        lines(self.root(), "/etc/passwd").iter().filter_map(|line| user(line)).collect()
    }
    /// All groups in the file, in its order.
    #[must_use]
    pub fn groups(&self) -> Vec<Group> {
        lines(self.root(), "/etc/group").iter().filter_map(|line| group(line)).collect()
    }
    /// The user of that name.
    #[must_use]
    pub fn user(&self, name: &str) -> Option<User> {
        let found = self.users().into_iter().find(|u| u.name == name);
        found.or_else(|| self.getent("passwd", name).and_then(|line| user(&line)).filter(|u| u.name == name))
    }
    /// The user of that number.
    #[must_use]
    pub fn user_by_id(&self, uid: u32) -> Option<User> {
        let found = self.users().into_iter().find(|u| u.uid == uid);
        found.or_else(|| self.getent("passwd", &uid.to_string()).and_then(|line| user(&line)))
    }
    /// The group of that name.
    #[must_use]
    pub fn group(&self, name: &str) -> Option<Group> {
        let found = self.groups().into_iter().find(|g| g.name == name);
        found.or_else(|| self.getent("group", name).and_then(|line| group(&line)).filter(|g| g.name == name))
    }
    /// The group of that number.
    #[must_use]
    pub fn group_by_id(&self, gid: u32) -> Option<Group> {
        let found = self.groups().into_iter().find(|g| g.gid == gid);
        found.or_else(|| self.getent("group", &gid.to_string()).and_then(|line| group(&line)))
    }
    /// The number of the user the agent runs as.
    #[must_use]
    pub fn own_uid(&self) -> u32 {
        rustix::process::geteuid().as_raw()
    }

    /// Other name services than files are asked only where there are any.
    fn getent(&self, database: &str, key: &str) -> Option<String> {
        if self.root().is_some() || !foreign(database) {
            return None;
        }
        let out = self.query(&Command::new(["getent", database, key])).ok()?;
        out.ok().then(|| out.stdout.lines().next().unwrap_or_default().to_string())
    }
}

/// Whether the system looks for users elsewhere than in files.
fn foreign(database: &str) -> bool {
    lines(None, "/etc/nsswitch.conf").iter().any(|line| {
        line.split_once(':').is_some_and(|(name, sources)| {
            name.trim() == database && sources.split_whitespace().any(|s| !matches!(s, "files" | "compat"))
        })
    })
}

/// The home of the user the agent runs as.
pub(crate) fn own_home(root: Option<&Path>) -> Option<String> {
    let uid = rustix::process::geteuid().as_raw();
    lines(root, "/etc/passwd").iter().filter_map(|line| user(line)).find(|u| u.uid == uid).map(|u| u.home)
}

/// The home of a user in the file.
pub(crate) fn home_of(name: &str, root: Option<&Path>) -> Option<String> {
    lines(root, "/etc/passwd").iter().filter_map(|line| user(line)).find(|u| u.name == name).map(|u| u.home)
}

/// Room of a mounted file system, in blocks of `block_size` bytes.
#[derive(Debug, Clone, Copy)]
#[expect(missing_docs, reason = "the fields of statvfs(3)")]
pub struct Room {
    pub block_size: u64,
    pub blocks: u64,
    pub available: u64,
    pub inodes: u64,
    pub inodes_available: u64,
}

impl Host {
    /// All variables of the environment, the task's own over the agent's.
    #[must_use]
    pub fn environment(&self) -> std::collections::BTreeMap<String, String> {
        let mut all: std::collections::BTreeMap<_, _> = std::env::vars_os()
            .map(|(k, v)| (k.to_string_lossy().into_owned(), v.to_string_lossy().into_owned()))
            .collect();
        all.extend(self.task_environment().iter().cloned());
        all
    }
    /// System, node name, release, version, machine.
    #[must_use]
    pub fn uname(&self) -> [String; 5] {
        let name = rustix::system::uname();
        [name.sysname(), name.nodename(), name.release(), name.version(), name.machine()]
            .map(|text| text.to_string_lossy().into_owned())
    }
    /// Room of the file system at a path.
    #[must_use]
    pub fn room(&self, path: impl AsRef<Path>) -> Option<Room> {
        let vfs = rustix::fs::statvfs(self.at(path)).ok()?;
        Some(Room {
            block_size: vfs.f_frsize,
            blocks: vfs.f_blocks,
            available: vfs.f_bavail,
            inodes: vfs.f_files,
            inodes_available: vfs.f_favail,
        })
    }
    /// Real and effective user, real and effective group.
    #[must_use]
    pub fn own_ids(&self) -> [u32; 4] {
        use rustix::process::{getegid, geteuid, getgid, getuid};
        [getuid().as_raw(), geteuid().as_raw(), getgid().as_raw(), getegid().as_raw()]
    }
}
