//! The programs that are put on other machines.

use std::{
    fs,
    io::{self, Write},
    path::{Path, PathBuf},
    sync::{Arc, OnceLock},
};

use sha2::{Digest, Sha256};

/// An agent's program: where its bytes come from, and what they are called.
#[derive(Debug, Clone)]
pub struct AgentBinary(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    source: Source,
    loaded: OnceLock<Result<Loaded, String>>,
}

#[derive(Debug)]
enum Source {
    /// zstd-compressed bytes inside this program.
    Embedded(&'static [u8]),
    /// A file of this machine.
    File(PathBuf),
}

/// The program's bytes and names.
#[derive(Debug)]
pub(crate) struct Loaded {
    /// As they are to lie there.
    pub(crate) bytes: Vec<u8>,
    /// BLAKE3: the name of the file.
    pub(crate) hash: String,
    /// SHA-256: what the other machine's own tool can check.
    pub(crate) sha256: String,
    /// Packed forms, made when first needed: many machines get the same.
    zstd: OnceLock<Vec<u8>>,
    gzip: OnceLock<Vec<u8>>,
}

/// The programs a pool may need.
#[derive(Debug, Clone)]
pub struct Binaries {
    /// Started for `connection: local` with the argument `agent`.
    pub local: PathBuf,
    /// Sent to other machines.
    pub lean: AgentBinary,
    /// Sent when the lean one does not have a module; the same as `lean` where there is only one.
    pub full: AgentBinary,
}

impl AgentBinary {
    /// A program inside this one, zstd-compressed.
    #[must_use]
    pub fn embedded(zstd: &'static [u8]) -> Self {
        Self::of(Source::Embedded(zstd))
    }

    /// A program in a file of this machine.
    #[must_use]
    pub fn file(path: impl Into<PathBuf>) -> Self {
        Self::of(Source::File(path.into()))
    }

    fn of(source: Source) -> Self {
        Self(Arc::new(Inner { source, loaded: OnceLock::new() }))
    }

    /// Bytes and hashes, made once.
    pub(crate) fn load(&self) -> Result<&Loaded, String> {
        let loaded = self.0.loaded.get_or_init(|| self.0.source.read().map_err(|e| e.to_string()));
        loaded.as_ref().map_err(|e| format!("the agent's program cannot be read: {e}"))
    }

    /// Whether both are the same program.
    pub(crate) fn same(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }
}

impl Source {
    fn read(&self) -> io::Result<Loaded> {
        match self {
            Self::Embedded(packed) => {
                let loaded = Loaded::of(zstd::decode_all(*packed)?);
                let _ = loaded.zstd.set(packed.to_vec());
                Ok(loaded)
            }
            Self::File(path) => Ok(Loaded::of(fs::read(path)?)),
        }
    }
}

impl Loaded {
    fn of(bytes: Vec<u8>) -> Self {
        let hash = rustible_protocol::hash::content(&bytes);
        let sha256 = Sha256::digest(&bytes).iter().map(|byte| format!("{byte:02x}")).collect();
        Self { bytes, hash, sha256, zstd: OnceLock::new(), gzip: OnceLock::new() }
    }

    /// The bytes as a tool of the other machine (`zstd`, `gzip`, or none) unpacks them.
    ///
    /// # Errors
    /// When packing fails, which only memory can be the reason of.
    pub(crate) fn packed(&self, tool: &str) -> io::Result<&[u8]> {
        let kept = match tool {
            "zstd" => &self.zstd,
            "gzip" => &self.gzip,
            _ => return Ok(&self.bytes),
        };
        if let Some(packed) = kept.get() {
            return Ok(packed);
        }
        let packed =
            if tool == "zstd" { zstd::encode_all(self.bytes.as_slice(), 3)? } else { gzip(&self.bytes)? };
        Ok(kept.get_or_init(|| packed))
    }
}

fn gzip(bytes: &[u8]) -> io::Result<Vec<u8>> {
    let mut packer = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    packer.write_all(bytes)?;
    packer.finish()
}

impl Binaries {
    /// One program for everything: this one.
    ///
    /// # Errors
    /// When the running program's file cannot be found.
    pub fn current() -> io::Result<Self> {
        Ok(Self::single(std::env::current_exe()?))
    }

    /// One program, a file of this machine, for everything.
    #[must_use]
    pub fn single(path: impl AsRef<Path>) -> Self {
        let binary = AgentBinary::file(path.as_ref());
        Self { local: path.as_ref().to_path_buf(), lean: binary.clone(), full: binary }
    }

    /// This program here, the embedded lean one elsewhere.
    ///
    /// # Errors
    /// When the running program's file cannot be found.
    pub fn with_lean(zstd: &'static [u8]) -> io::Result<Self> {
        Ok(Self { lean: AgentBinary::embedded(zstd), ..Self::current()? })
    }

    /// Whether a module the lean agent lacks can be had from the full one.
    pub(crate) fn has_more(&self) -> bool {
        !self.lean.same(&self.full)
    }
}
