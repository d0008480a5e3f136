//! Writing files: whole or not at all, keeping what belongs to the old one.

use std::{
    fs::{self, File, OpenOptions},
    io::{self, Read, Write},
    os::unix::fs::{MetadataExt, OpenOptionsExt, PermissionsExt},
    path::{Path, PathBuf},
};

use crate::{Command, Edit, Failure, Host, Result, host::command, outcome::errno_text};

/// What came of writing.
#[derive(Debug, Default, Clone)]
pub struct Written {
    /// Whether the content is another one now (or would be).
    pub changed: bool,
    /// The copy of the old one.
    pub backup: Option<String>,
}

#[expect(clippy::disallowed_methods, reason = "the door itself")]
impl Host {
    /// Give a text file its content: difference, backup, validation, atomic replacement. Nothing happens when it has it.
    ///
    /// # Errors
    /// When it cannot be written, or validation refuses it.
    pub fn edit(
        &mut self,
        path: impl AsRef<Path>,
        before: Option<&str>,
        after: &str,
        how: &Edit,
    ) -> Result<Written> {
        if before == Some(after) {
            return Ok(Written::default());
        }
        if !how.quiet {
            let header = format!("{} (content)", path.as_ref().display());
            self.diff_text(&header, before.unwrap_or_default(), after);
        }
        self.write(path, &mut after.as_bytes(), how)
    }

    /// Give a file its content, however it was before.
    ///
    /// # Errors
    /// When it cannot be written, or validation refuses it.
    pub fn write(&mut self, path: impl AsRef<Path>, content: &mut dyn Read, how: &Edit) -> Result<Written> {
        self.mark_changed();
        if self.check_mode() {
            return Ok(Written { changed: true, backup: None });
        }
        let path = if how.replace_link { path.as_ref().to_path_buf() } else { self.real_path(&path) };
        let real = self.at(&path);
        let problem =
            |e: &io::Error| Failure::new(format!("Unable to write {}: {}", path.display(), errno_text(e)));
        let folder = real.parent().unwrap_or(Path::new("/"));
        // A folder where nothing can be made leaves writing in place, when that is allowed.
        let beside = match Beside::new(folder, &real) {
            Ok(beside) => beside,
            Err(_) if how.unsafe_writes => Beside::new(&self.temp_root(), &real).map_err(|e| problem(&e))?,
            Err(e) => return Err(problem(&e)),
        };
        beside.fill(content).map_err(|e| problem(&e))?;
        if let Some(validate) = &how.validate {
            self.validated(validate, &beside.path)?;
        }
        let backup = if how.backup { self.backup(&path)? } else { None };
        let placed = self.keep(&real, &beside.path).and_then(|()| fs::rename(&beside.path, &real));
        if let Err(e) = placed {
            if !how.unsafe_writes || real.is_dir() {
                return Err(problem(&e));
            }
            fs::read(&beside.path).and_then(|bytes| fs::write(&real, bytes)).map_err(|e| problem(&e))?;
        }
        let _ = File::open(folder).and_then(|folder| folder.sync_all());
        Ok(Written { changed: true, backup })
    }

    /// Copy a file beside itself under a name with the time; `None` when it is not there.
    ///
    /// # Errors
    /// When it cannot be copied.
    pub fn backup(&self, path: impl AsRef<Path>) -> Result<Option<String>> {
        if !self.exists(&path)? || self.check_mode() {
            return Ok(None);
        }
        let now = jiff::Zoned::now().strftime("%Y-%m-%d@%H:%M:%S");
        let name = format!("{}.{}.{now}~", path.as_ref().display(), std::process::id());
        let (from, to) = (self.at(&path), self.at(&name));
        let problem = |e: io::Error| {
            Failure::new(format!("Could not make backup of {} to {name}: {e}", path.as_ref().display()))
        };
        let mut content = File::open(&from).map_err(problem)?;
        let mut file =
            OpenOptions::new().write(true).create_new(true).mode(0o600).open(&to).map_err(problem)?;
        io::copy(&mut content, &mut file).map_err(problem)?;
        self.keep(&from, &to).map_err(problem)?;
        Ok(Some(name))
    }

    /// Hold a new content against a command with `%s`.
    fn validated(&self, validate: &str, file: &Path) -> Result<()> {
        if !validate.contains("%s") {
            return Err(Failure::new(format!("validate must contain %s: {validate}")));
        }
        let line = validate.replace("%s", &command::quote(&file.to_string_lossy()));
        let words =
            command::split(&line).map_err(|_| Failure::new("Invalid command syntax in run_command"))?;
        let output = self.query(&Command::new(words))?;
        let said = format!("failed to validate: rc:{} error:{}", output.rc, output.stderr);
        output.or_fail(|_| said).map(drop)
    }

    /// Give the new file what belongs to the old one: permissions, owner, extended attributes (access lists, SELinux).
    fn keep(&self, old: &Path, new: &Path) -> io::Result<()> {
        let stat = match fs::metadata(old) {
            Ok(stat) => stat,
            Err(e) if e.kind() == io::ErrorKind::NotFound => {
                return fs::set_permissions(new, fs::Permissions::from_mode(0o666 & !umask()));
            }
            Err(e) => return Err(e),
        };
        let fresh = fs::metadata(new)?;
        if (stat.uid(), stat.gid()) != (fresh.uid(), fresh.gid()) {
            // Only root may give files away; others keep the group when they can.
            let given = std::os::unix::fs::chown(new, Some(stat.uid()), Some(stat.gid()));
            if let Err(e) = given
                && (self.own_uid() == 0 || e.kind() != io::ErrorKind::PermissionDenied)
            {
                return Err(e);
            }
        }
        fs::set_permissions(new, fs::Permissions::from_mode(stat.mode() & 0o7777))?;
        for name in xattr::list(old).into_iter().flatten() {
            if let Ok(Some(value)) = xattr::get(old, &name) {
                // A file system that does not take one had none of its kind to lose.
                let _ = xattr::set(new, &name, &value);
            }
        }
        Ok(())
    }
}

/// The bits new files do not get.
#[expect(clippy::disallowed_methods, reason = "asking the kernel otherwise would change it for all threads")]
pub(crate) fn umask() -> u32 {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("Umask:"));
    line.and_then(|text| u32::from_str_radix(text.trim(), 8).ok()).unwrap_or(0o022)
}

/// A file of this user's beside its place, gone when it was not put there.
struct Beside {
    path: PathBuf,
}

#[expect(clippy::disallowed_methods, reason = "the door itself")]
impl Beside {
    fn new(folder: &Path, place: &Path) -> io::Result<Self> {
        let name = place.file_name().unwrap_or_default().to_string_lossy();
        let short: String = name.chars().take(60).collect();
        let path = folder.join(format!(".rustible.{:08x}.{short}", rand::random::<u32>()));
        OpenOptions::new().write(true).create_new(true).mode(0o600).open(&path)?;
        Ok(Self { path })
    }
    fn fill(&self, content: &mut dyn Read) -> io::Result<()> {
        let mut file = OpenOptions::new().write(true).open(&self.path)?;
        io::copy(content, &mut file)?;
        file.flush()?;
        file.sync_all()
    }
}
#[expect(clippy::disallowed_methods, reason = "the door itself")]
impl Drop for Beside {
    fn drop(&mut self) {
        let _ = fs::remove_file(&self.path);
    }
}

#[expect(clippy::disallowed_methods, reason = "the door itself")]
impl Host {
    /// Set the times of access and modification. Marks the change.
    ///
    /// # Errors
    /// When they cannot be set.
    pub fn set_times(
        &mut self,
        path: impl AsRef<Path>,
        accessed: std::time::SystemTime,
        modified: std::time::SystemTime,
    ) -> Result<()> {
        self.mark_changed();
        if self.check_mode() {
            return Ok(());
        }
        let times = fs::FileTimes::new().set_accessed(accessed).set_modified(modified);
        let path = path.as_ref();
        let set = File::open(self.at(path)).and_then(|file| file.set_times(times));
        set.map_err(|e| {
            Failure::new(format!("Error while updating modification or access time: {}", errno_text(&e)))
        })
    }
    /// Set both times to now, which whoever may write the file may do.
    ///
    /// # Errors
    /// When that is not allowed.
    pub fn touch_now(&mut self, path: impl AsRef<Path>) -> Result<()> {
        use rustix::fs::{AtFlags, CWD, Timespec, Timestamps, UTIME_NOW, utimensat};
        self.mark_changed();
        if self.check_mode() {
            return Ok(());
        }
        let now = Timespec { tv_sec: 0, tv_nsec: UTIME_NOW };
        let times = Timestamps { last_access: now, last_modification: now };
        utimensat(CWD, self.at(path.as_ref()), &times, AtFlags::empty()).map_err(|e| {
            let text = errno_text(&io::Error::from(e));
            Failure::new(format!("Error while updating modification or access time: {text}"))
        })
    }
}
