//! Looking at files, and the small changes to them.

use std::{
    fs::{self, File, Metadata},
    io::{self, Read},
    os::unix::fs::MetadataExt,
    path::{Path, PathBuf},
};

use md5::Md5;
use sha1::Sha1;
use sha2::{Digest, Sha224, Sha256, Sha384, Sha512};

use crate::{Failure, Host, Result, outcome::errno_text};

/// What is known of a file.
pub type Stat = Metadata;

/// How a file is written.
#[derive(Debug, Clone, Default)]
pub struct Edit {
    /// Keep the old one beside it.
    pub backup: bool,
    /// A command with `%s` that must accept the new content first.
    pub validate: Option<String>,
    /// Write in place where an atomic replacement is impossible.
    pub unsafe_writes: bool,
    /// Do not follow a link at the path but replace it.
    pub replace_link: bool,
    /// Leave the difference out (a secret, or the module records its own).
    pub quiet: bool,
}

fn about(path: &Path, e: &io::Error) -> Failure {
    Failure::new(format!("{}: '{}'", errno_text(e), path.display()))
        .with("path", path.to_string_lossy().as_ref())
}

/// Nothing where nothing is.
fn optional<T>(path: &Path, result: io::Result<T>) -> Result<Option<T>> {
    match result {
        Ok(found) => Ok(Some(found)),
        Err(e) if matches!(e.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) => Ok(None),
        Err(e) => Err(about(path, &e)),
    }
}

#[expect(clippy::disallowed_methods, reason = "the door itself")]
impl Host {
    /// What is at a path; `None` for nothing.
    ///
    /// # Errors
    /// When that cannot be told.
    pub fn stat(&self, path: impl AsRef<Path>, follow: bool) -> Result<Option<Stat>> {
        let real = self.at(&path);
        optional(path.as_ref(), if follow { fs::metadata(real) } else { fs::symlink_metadata(real) })
    }
    /// Whether there is anything at a path (a link that points nowhere is something).
    ///
    /// # Errors
    /// When that cannot be told.
    pub fn exists(&self, path: impl AsRef<Path>) -> Result<bool> {
        Ok(self.stat(path, false)?.is_some())
    }
    /// Whether a folder is there, links followed.
    ///
    /// # Errors
    /// When that cannot be told.
    pub fn is_dir(&self, path: impl AsRef<Path>) -> Result<bool> {
        Ok(self.stat(path, true)?.is_some_and(|m| m.is_dir()))
    }
    /// The content of a file; `None` when there is no file.
    ///
    /// # Errors
    /// When it cannot be read.
    pub fn read(&self, path: impl AsRef<Path>) -> Result<Option<Vec<u8>>> {
        optional(path.as_ref(), fs::read(self.at(&path)))
    }
    /// The content of a file as text; what is no UTF-8 is an error, because it would be destroyed by writing it back.
    ///
    /// # Errors
    /// When it cannot be read or is no text.
    pub fn read_text(&self, path: impl AsRef<Path>) -> Result<Option<String>> {
        let Some(bytes) = self.read(&path)? else { return Ok(None) };
        match String::from_utf8(bytes) {
            Ok(text) => Ok(Some(text)),
            Err(_) => Err(Failure::new(format!("{} is not UTF-8 text", path.as_ref().display()))),
        }
    }
    /// A file to read piece by piece.
    ///
    /// # Errors
    /// When it cannot be opened.
    pub fn open(&self, path: impl AsRef<Path>) -> Result<Box<dyn Read + Send>> {
        let file = File::open(self.at(&path)).map_err(|e| about(path.as_ref(), &e))?;
        Ok(Box::new(file))
    }
    /// Names in a folder, sorted.
    ///
    /// # Errors
    /// When it cannot be read.
    pub fn list(&self, path: impl AsRef<Path>) -> Result<Vec<String>> {
        let entries = fs::read_dir(self.at(&path)).map_err(|e| about(path.as_ref(), &e))?;
        let mut names = Vec::new();
        for entry in entries {
            let entry = entry.map_err(|e| about(path.as_ref(), &e))?;
            names.push(entry.file_name().to_string_lossy().into_owned());
        }
        names.sort();
        Ok(names)
    }
    /// Where a link points, as written in it.
    ///
    /// # Errors
    /// When it is no link.
    pub fn link_target(&self, path: impl AsRef<Path>) -> Result<PathBuf> {
        fs::read_link(self.at(&path)).map_err(|e| about(path.as_ref(), &e))
    }
    /// The path with all links followed; as it is when that is impossible.
    #[must_use]
    pub fn real_path(&self, path: impl AsRef<Path>) -> PathBuf {
        if self.root().is_some() {
            return path.as_ref().to_path_buf();
        }
        let path = path.as_ref();
        if let Ok(real) = fs::canonicalize(path) {
            return real;
        }
        // What is not there yet may be in a folder that is reached through links.
        match (path.parent(), path.file_name()) {
            (Some(parent), Some(name)) if !parent.as_os_str().is_empty() => self.real_path(parent).join(name),
            _ => path.to_path_buf(),
        }
    }
    /// The checksum of a file: `md5`, `sha1`, `sha224`, `sha256`, `sha384`, `sha512`.
    ///
    /// # Errors
    /// When it cannot be read, or there is no such checksum.
    pub fn checksum(&self, path: impl AsRef<Path>, algorithm: &str) -> Result<String> {
        checksum_of(&mut *self.open(path)?, algorithm)
    }

    /// Make a folder and its parents with the permissions new folders have. Marks the change.
    ///
    /// # Errors
    /// When it cannot be made.
    pub fn make_dirs(&mut self, path: impl AsRef<Path>) -> Result<()> {
        self.mark_changed();
        if self.check_mode() {
            return Ok(());
        }
        let made = fs::create_dir_all(self.at(&path));
        made.map_err(|e| {
            let text = errno_text(&e);
            Failure::new(format!(
                "There was an issue creating {} as requested: {text}",
                path.as_ref().display()
            ))
        })
    }
    /// Remove what is at a path, folders with their content; nothing there is nothing changed.
    ///
    /// # Errors
    /// When it cannot be removed.
    pub fn remove(&mut self, path: impl AsRef<Path>) -> Result<()> {
        let Some(stat) = self.stat(&path, false)? else { return Ok(()) };
        self.mark_changed();
        if self.check_mode() {
            return Ok(());
        }
        let real = self.at(&path);
        let done = if stat.is_dir() { fs::remove_dir_all(&real) } else { fs::remove_file(&real) };
        match done {
            // Somebody was faster.
            Err(e) if e.kind() != io::ErrorKind::NotFound => Err(about(path.as_ref(), &e)),
            _ => Ok(()),
        }
    }
    /// Make a symbolic link, in place of what is there (not of a folder). Marks the change.
    ///
    /// # Errors
    /// When it cannot be made.
    pub fn symlink(&mut self, target: impl AsRef<Path>, path: impl AsRef<Path>) -> Result<()> {
        self.place(path.as_ref(), |beside| std::os::unix::fs::symlink(target.as_ref(), beside))
    }
    /// Make a hard link, in place of what is there (not of a folder). Marks the change.
    ///
    /// # Errors
    /// When it cannot be made.
    pub fn hard_link(&mut self, target: impl AsRef<Path>, path: impl AsRef<Path>) -> Result<()> {
        let target = self.at(target);
        self.place(path.as_ref(), |beside| fs::hard_link(&target, beside))
    }
    /// Rename, in place of what is there. Marks the change.
    ///
    /// # Errors
    /// When it cannot be renamed.
    pub fn rename(&mut self, from: impl AsRef<Path>, to: impl AsRef<Path>) -> Result<()> {
        self.mark_changed();
        if self.check_mode() {
            return Ok(());
        }
        fs::rename(self.at(&from), self.at(&to)).map_err(|e| about(from.as_ref(), &e))
    }

    /// Make something under another name and put it in its place at once.
    fn place(&mut self, path: &Path, make: impl FnOnce(&Path) -> io::Result<()>) -> Result<()> {
        self.mark_changed();
        if self.check_mode() {
            return Ok(());
        }
        let real = self.at(path);
        let name = real.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let beside = real.with_file_name(format!(".{name}.{:08x}.tmp", rand::random::<u32>()));
        make(&beside).map_err(|e| about(path, &e))?;
        fs::rename(&beside, &real).map_err(|e| {
            let _ = fs::remove_file(&beside);
            about(path, &e)
        })?;
        // Two names of one file: renaming one to the other does nothing.
        let _ = fs::remove_file(&beside);
        Ok(())
    }
}

/// The checksum of what is read.
///
/// # Errors
/// As [`Host::checksum`].
pub fn checksum_of(from: &mut dyn Read, algorithm: &str) -> Result<String> {
    match algorithm {
        "md5" => digest::<Md5>(from),
        "sha1" => digest::<Sha1>(from),
        "sha224" => digest::<Sha224>(from),
        "sha256" => digest::<Sha256>(from),
        "sha384" => digest::<Sha384>(from),
        "sha512" => digest::<Sha512>(from),
        other => Err(Failure::new(format!(
            "Could not hash the file with algorithm '{other}': it is not available"
        ))),
    }
}

fn digest<D: Digest>(from: &mut dyn Read) -> Result<String> {
    let (mut digest, mut buffer) = (D::new(), vec![0; 64 * 1024]);
    loop {
        let size = from.read(&mut buffer)?;
        if size == 0 {
            break;
        }
        digest.update(buffer.get(..size).unwrap_or_default());
    }
    Ok(digest.finalize().iter().map(|byte| format!("{byte:02x}")).collect())
}

/// `file`, `directory`, `link`, `hard`: the word for what is there.
#[must_use]
pub fn state_of(stat: &Stat) -> &'static str {
    let kind = stat.file_type();
    if kind.is_symlink() {
        "link"
    } else if kind.is_dir() {
        "directory"
    } else if stat.nlink() > 1 {
        "hard"
    } else {
        "file"
    }
}

impl Host {
    /// Whether this user may read (4), write (2) or execute (1) a file.
    #[must_use]
    pub fn may(&self, path: impl AsRef<Path>, bit: u8) -> bool {
        use rustix::fs::{Access, access};
        let what = match bit {
            4 => Access::READ_OK,
            2 => Access::WRITE_OK,
            _ => Access::EXEC_OK,
        };
        access(self.at(path), what).is_ok()
    }
}
