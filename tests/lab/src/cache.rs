//! The cache: what is dear to make and the same for every lab, each entry a folder named by what it depends on.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use sha2::{Digest, Sha256};

/// The cache's folder.
#[derive(Clone, Debug)]
pub struct Cache {
    root: PathBuf,
}

impl Cache {
    /// The user's cache: `$XDG_CACHE_HOME/rustible-lab`, else `~/.cache/rustible-lab`. Errors without either variable.
    pub fn of_user() -> Result<Self> {
        let base = match std::env::var_os("XDG_CACHE_HOME").filter(|value| !value.is_empty()) {
            Some(folder) => PathBuf::from(folder),
            None => {
                PathBuf::from(std::env::var_os("HOME").context("neither XDG_CACHE_HOME nor HOME is set")?)
                    .join(".cache")
            }
        };
        Ok(Self::at(&base.join("rustible-lab")))
    }

    /// A cache in the folder `root`.
    pub fn at(root: &Path) -> Self {
        Self { root: root.to_path_buf() }
    }

    /// Its folder.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// The entry `kind` that depends on `key`. When it is absent, `make` fills an empty folder, which takes the entry's name only
    /// when it is complete: a cut attempt leaves no entry. Errors of `make` are passed on and its folder is removed.
    pub fn entry(&self, kind: &str, key: &str, make: impl FnOnce(&Path) -> Result<()>) -> Result<PathBuf> {
        let place = self.root.join(format!("{kind}-{}", short(key)));
        if place.is_dir() {
            return Ok(place);
        }
        fs::create_dir_all(&self.root).with_context(|| format!("cannot make {}", self.root.display()))?;
        let work = tempfile::Builder::new()
            .prefix(&format!(".{kind}-"))
            .tempdir_in(&self.root)
            .with_context(|| format!("cannot write into {}", self.root.display()))?;
        make(work.path()).with_context(|| format!("making {kind} for the lab"))?;
        let made = work.keep();
        if let Err(error) = fs::rename(&made, &place) {
            fs::remove_dir_all(&made)?;
            // Another process was faster: its entry is as good.
            if !place.is_dir() {
                return Err(error).with_context(|| format!("cannot name {}", place.display()));
            }
        }
        Ok(place)
    }
}

/// A short name for a key.
fn short(key: &str) -> String {
    Sha256::digest(key.as_bytes()).iter().take(6).map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_attempt_that_fails_leaves_no_entry_and_the_next_one_fills_it() {
        let folder = tempfile::tempdir().unwrap();
        let cache = Cache::at(folder.path());
        let failed = cache.entry("tree", "1", |place| {
            fs::write(place.join("half"), "x")?;
            anyhow::bail!("cut")
        });
        assert!(failed.is_err());
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
        let place = cache.entry("tree", "1", |place| Ok(fs::write(place.join("whole"), "x")?)).unwrap();
        assert!(place.join("whole").exists() && !place.join("half").exists());
        let again = cache.entry("tree", "1", |_| anyhow::bail!("made twice")).unwrap();
        assert_eq!(again, place);
        let other = cache.entry("tree", "2", |_| Ok(())).unwrap();
        assert_ne!(other, place);
    }
}
