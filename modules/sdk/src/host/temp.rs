//! Temporary files and folders of the target: of this user alone, gone at the end of the call.

use std::path::{Path, PathBuf};

use crate::{Failure, Host, Result, outcome::errno_text};

/// A temporary file or folder; removed when dropped.
#[derive(Debug)]
pub struct Temp {
    path: PathBuf,
    _guard: Guard,
}

#[derive(Debug)]
#[expect(dead_code, reason = "kept for what dropping them does")]
enum Guard {
    File(tempfile::TempPath),
    Dir(tempfile::TempDir),
}

impl Temp {
    /// The file's content from its beginning.
    ///
    /// # Errors
    /// When it cannot be read.
    #[expect(clippy::disallowed_methods, reason = "the door itself")]
    pub fn open(&self) -> Result<std::fs::File> {
        Ok(std::fs::File::open(&self.path)?)
    }
    /// Where it is.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }
}

impl Host {
    /// A temporary file with a content, mode 0600.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn temp_file(&self, content: &[u8]) -> Result<Temp> {
        use std::io::Write;
        let mut file = tempfile::Builder::new().prefix(".rustible.").tempfile_in(self.temp_root())?;
        file.write_all(content)?;
        let guard = file.into_temp_path();
        Ok(Temp { path: guard.to_path_buf(), _guard: Guard::File(guard) })
    }
    /// A temporary file with what is read, in that folder or the usual one.
    ///
    /// # Errors
    /// When it cannot be read or written.
    pub fn temp_from(&self, content: &mut dyn std::io::Read, folder: Option<&Path>) -> Result<Temp> {
        let folder = folder.map_or_else(|| self.temp_root(), |folder| self.at(folder));
        let mut file = tempfile::Builder::new().prefix(".rustible.").tempfile_in(folder)?;
        std::io::copy(content, &mut file)?;
        let guard = file.into_temp_path();
        Ok(Temp { path: guard.to_path_buf(), _guard: Guard::File(guard) })
    }
    /// What is read, as a file of that name in a folder of this call's own below the folder for temporary files, mode 0600.
    /// That folder is made (0700) when it is not there; where it cannot be, it is `/var/tmp`.
    ///
    /// # Errors
    /// When it cannot be read or written.
    #[expect(clippy::disallowed_methods, reason = "the door itself")]
    pub fn staged(&self, name: &str, content: &mut dyn std::io::Read) -> Result<Temp> {
        use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
        let now = jiff::Timestamp::now().as_millisecond();
        let (seconds, rest) = (now / 1000, now % 1000);
        let number = rand::random::<u64>() >> 16;
        let prefix = format!("ansible-tmp-{seconds}.{rest:03}-{}-{number}", std::process::id());
        let make = |root: &Path| {
            let root = self.at(root);
            std::fs::DirBuilder::new().recursive(true).mode(0o700).create(&root)?;
            tempfile::Builder::new().prefix(&prefix).rand_bytes(0).tempdir_in(root)
        };
        let dir = make(&self.staging()).or_else(|_| make(Path::new("/var/tmp")))?;
        let path = dir.path().join(name);
        let mut file = std::fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(&path)?;
        std::io::copy(content, &mut file)?;
        Ok(Temp { path, _guard: Guard::Dir(dir) })
    }
    /// The folder for temporary files; `~` is the user's home as the system knows it, whatever the environment says.
    fn staging(&self) -> PathBuf {
        let named = self.remote_tmp.strip_prefix("~/");
        let home = || self.user_by_id(self.own_uid()).map(|user| user.home);
        match named.and_then(|rest| Some(Path::new(&home()?).join(rest))) {
            Some(folder) => folder,
            None => PathBuf::from(self.remote_tmp()),
        }
    }
    /// A temporary folder, mode 0700.
    ///
    /// # Errors
    /// When it cannot be made.
    pub fn temp_dir(&self) -> Result<Temp> {
        let dir = tempfile::Builder::new().prefix(".rustible.").tempdir_in(self.temp_root())?;
        Ok(Temp { path: dir.path().to_path_buf(), _guard: Guard::Dir(dir) })
    }
    /// A new program of this user alone (mode 0700), in a temporary folder.
    ///
    /// # Errors
    /// When it cannot be written.
    #[expect(clippy::disallowed_methods, reason = "the door itself")]
    pub fn write_program(&self, path: &Path, content: &[u8]) -> Result<()> {
        use std::{io::Write, os::unix::fs::OpenOptionsExt};
        let mut file = std::fs::OpenOptions::new().write(true).create_new(true).mode(0o700).open(path)?;
        Ok(file.write_all(content)?)
    }
    /// A new file (mode 0600) or folder (0700) that stays, with a name of its own between a beginning and an end.
    ///
    /// # Errors
    /// When it cannot be made.
    pub fn make_temp(&self, folder: &Path, (prefix, suffix): (&str, &str), dir: bool) -> Result<PathBuf> {
        let mut builder = tempfile::Builder::new();
        builder.prefix(prefix).suffix(suffix).rand_bytes(8);
        let real = self.at(folder);
        let made = if dir {
            builder.tempdir_in(&real).map(tempfile::TempDir::keep)
        } else {
            builder.tempfile_in(&real).and_then(|file| file.into_temp_path().keep().map_err(|e| e.error))
        };
        let problem = |e: std::io::Error| Failure::new(format!("{}: '{}'", errno_text(&e), folder.display()));
        let made = made.map_err(problem)?;
        Ok(folder.join(made.file_name().unwrap_or_default()))
    }
    /// The folder temporary files go to.
    #[must_use]
    pub fn temp_root(&self) -> PathBuf {
        self.env("TMPDIR").filter(|dir| !dir.is_empty()).map_or_else(|| PathBuf::from("/tmp"), PathBuf::from)
    }
}
