//! SSH keys as `ssh-keygen` makes and describes them.

use rustible_sdk::{Command, Dict, Host, Result, dict};

/// A public key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct PublicKey {
    /// Name of its algorithm (`ssh-rsa`).
    pub(crate) algorithm: String,
    /// The key itself, base64.
    pub(crate) blob: String,
    /// Words behind it.
    pub(crate) comment: String,
}

impl PublicKey {
    /// The key of a line.
    pub(crate) fn of(line: &str) -> Option<Self> {
        let mut words = line.trim().splitn(3, ' ').map(str::to_string);
        let (algorithm, blob) = (words.next()?, words.next()?);
        Some(Self { algorithm, blob, comment: words.next().unwrap_or_default() })
    }
    /// The line of a public key file.
    pub(crate) fn line(&self) -> String {
        format!("{} {}", self.bare(), self.comment).trim_end().to_string()
    }
    /// The line without its comment.
    pub(crate) fn bare(&self) -> String {
        format!("{} {}", self.algorithm, self.blob)
    }
    /// The type as `ssh-keygen -t` takes it.
    pub(crate) fn kind(&self) -> &str {
        match self.algorithm.as_str() {
            "ssh-rsa" => "rsa",
            "ssh-dss" => "dsa",
            "ssh-ed25519" => "ed25519",
            name if name.starts_with("ecdsa-sha2-") => "ecdsa",
            other => other,
        }
    }
}

/// What is known of a key pair.
#[derive(Debug, Clone)]
pub(crate) struct Pair {
    /// The public part of the private key.
    pub(crate) public: PublicKey,
    /// Bits.
    pub(crate) size: i64,
    /// `SHA256:...`.
    pub(crate) fingerprint: String,
}

impl Pair {
    /// The pair of a private key file; `None` when it cannot be read without a passphrase, or is no key.
    pub(crate) fn read(host: &Host, program: &str, path: &str) -> Result<Option<Self>> {
        let out = host.query(&Command::new([program, "-y", "-P", "", "-f", path]).plain_language())?;
        let Some(public) = PublicKey::of(&out.stdout).filter(|_| out.ok()) else { return Ok(None) };
        let about = Command::new([program, "-l", "-f", "-"]).plain_language().stdin(public.line() + "\n");
        let out = host.query(&about)?;
        let mut words = out.stdout.split(' ');
        let size = words.next().and_then(|size| size.parse().ok());
        let (Some(size), Some(fingerprint)) = (size, words.next()) else { return Ok(None) };
        Ok(Some(Self { public, size, fingerprint: fingerprint.to_string() }))
    }

    /// As a difference shows it.
    pub(crate) fn about(&self) -> Dict {
        dict! {
            "comment" => self.public.comment.as_str(), "fingerprint" => self.fingerprint.as_str(), "format" => "",
            "public_key" => self.public.blob.as_str(), "size" => self.size, "type" => self.public.kind(),
        }
    }
}
