//! Private keys from files and texts, decrypted once per run.

use std::{
    collections::HashMap,
    fs,
    path::Path,
    sync::{Arc, LazyLock, Mutex, PoisonError},
};

use russh::keys::{Certificate, PrivateKey};

use crate::Secret;

/// Keys by their text and passphrase: deriving the key of an encrypted file takes most of a second by design, and a
/// run logs in to many hosts with the same one.
type Opened = HashMap<(String, Option<Secret>), Result<Arc<PrivateKey>, String>>;
static OPENED: LazyLock<Mutex<Opened>> = LazyLock::new(Mutex::default);

/// Why a key is not there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum KeyError {
    /// No such file.
    Missing,
    /// It cannot be read or decrypted; the text is for people.
    Bad(String),
}

/// The key in a file.
pub(crate) fn from_file(path: &Path, passphrase: Option<&Secret>) -> Result<Arc<PrivateKey>, KeyError> {
    let text = match fs::read_to_string(path) {
        Ok(text) => text,
        Err(e) if e.kind() == std::io::ErrorKind::NotFound => return Err(KeyError::Missing),
        Err(e) => return Err(KeyError::Bad(e.to_string())),
    };
    check_mode(path)?;
    from_text(&text, passphrase).map_err(KeyError::Bad)
}

/// The key in a text.
pub(crate) fn from_text(text: &str, passphrase: Option<&Secret>) -> Result<Arc<PrivateKey>, String> {
    let mut opened = OPENED.lock().unwrap_or_else(PoisonError::into_inner);
    let name = (text.to_string(), passphrase.cloned());
    let open = || {
        // A missing last newline is common in variables and harmless.
        let text = format!("{}\n", text.trim_end());
        let key = russh::keys::decode_secret_key(&text, passphrase.map(Secret::reveal));
        key.map(Arc::new).map_err(|e| match e {
            russh::keys::Error::KeyIsEncrypted => "it is encrypted and there is no passphrase".to_string(),
            other if passphrase.is_some() => {
                format!("incorrect passphrase supplied to decrypt private key ({other})")
            }
            other => other.to_string(),
        })
    };
    opened.entry(name).or_insert_with(open).clone()
}

/// A private key that others may read is not used, as OpenSSH does not.
fn check_mode(path: &Path) -> Result<(), KeyError> {
    use std::os::unix::fs::MetadataExt;
    let meta = fs::metadata(path).map_err(|e| KeyError::Bad(e.to_string()))?;
    let mode = meta.mode() & 0o777;
    if meta.uid() == rustix::process::getuid().as_raw() && mode & 0o077 != 0 {
        return Err(KeyError::Bad(format!(
            "bad permissions: 0{mode:o} for '{}' are too open",
            path.display()
        )));
    }
    Ok(())
}

/// The certificate of a key: the named ones, or the file beside it.
pub(crate) fn certificate(
    key: &PrivateKey,
    path: Option<&Path>,
    named: &[std::path::PathBuf],
) -> Option<Certificate> {
    let beside = path.map(|path| {
        let mut name = path.as_os_str().to_owned();
        name.push("-cert.pub");
        std::path::PathBuf::from(name)
    });
    let files = named.iter().chain(&beside);
    let mut found = files.filter_map(|file| russh::keys::load_openssh_certificate(file).ok());
    found.find(|certificate| certificate.public_key() == key.public_key().key_data())
}
