//! `known_hosts`: names plain, hashed, with wildcards and ports; authorities and revoked keys; learning.

use std::{
    fs,
    io::Write,
    os::unix::fs::{DirBuilderExt, OpenOptionsExt},
    path::{Path, PathBuf},
};

use base64::{Engine, engine::general_purpose::STANDARD as BASE64};
use hmac::{Hmac, KeyInit, Mac};
use russh::keys::{Algorithm, PublicKey, ssh_key::public::KeyData};
use sha1::Sha1;

use super::{pattern, settings::Settings};

/// What the files say about one host.
#[derive(Debug, Default)]
pub(crate) struct KnownHost {
    pub(crate) keys: Vec<Entry>,
    pub(crate) authorities: Vec<Entry>,
    pub(crate) revoked: Vec<PublicKey>,
}

/// A key and where it stands.
#[derive(Debug)]
pub(crate) struct Entry {
    pub(crate) key: PublicKey,
    pub(crate) file: PathBuf,
    pub(crate) line: usize,
}

/// What the files say about one key of the host.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    Known,
    Unknown,
    /// Another key of that kind is known: file and line.
    Changed(PathBuf, usize),
    Revoked,
}

impl KnownHost {
    /// Look the host up in all its files.
    pub(crate) fn read(settings: &Settings) -> Self {
        let mut known = Self::default();
        for file in settings.known_hosts.iter().chain(&settings.global_known_hosts) {
            if let Ok(bytes) = fs::read(file) {
                known.add(&String::from_utf8_lossy(&bytes), &settings.key_name, file);
            }
        }
        known
    }

    /// What a text says about a host.
    #[cfg(test)]
    pub(crate) fn of(text: &str, name: &str) -> Self {
        let mut known = Self::default();
        known.add(text, name, Path::new("f"));
        known
    }

    /// Lines that cannot be read are passed over, as OpenSSH does.
    fn add(&mut self, text: &str, name: &str, file: &Path) {
        for (number, line) in text.lines().enumerate() {
            let mut words = line.split_whitespace();
            let Some(mut names) = words.next().filter(|word| !word.starts_with('#')) else { continue };
            let marker = names.strip_prefix('@').map(str::to_string);
            if marker.is_some() {
                names = words.next().unwrap_or_default();
            }
            if !named(names, name) {
                continue;
            }
            let (Some(_kind), Some(key)) = (words.next(), words.next()) else { continue };
            let Ok(key) = russh::keys::parse_public_key_base64(key) else { continue };
            let entry = Entry { key, file: file.to_path_buf(), line: number + 1 };
            match marker.as_deref() {
                None => self.keys.push(entry),
                Some("cert-authority") => self.authorities.push(entry),
                Some("revoked") => self.revoked.push(entry.key),
                Some(_) => {}
            }
        }
    }

    /// What is to be thought of a key that the server proved to have.
    pub(crate) fn judge(&self, key: &PublicKey) -> Verdict {
        if self.revoked.iter().any(|revoked| same(revoked.key_data(), key.key_data())) {
            return Verdict::Revoked;
        }
        if self.keys.iter().any(|entry| same(entry.key.key_data(), key.key_data())) {
            return Verdict::Known;
        }
        let kind = kind(&key.algorithm());
        match self.keys.iter().find(|entry| self::kind(&entry.key.algorithm()) == kind) {
            Some(entry) => Verdict::Changed(entry.file.clone(), entry.line),
            None => Verdict::Unknown,
        }
    }

    /// Algorithms for the host's key, those of keys that are known first: the server is to show what can be checked.
    pub(crate) fn order(&self, usual: &[Algorithm]) -> Vec<Algorithm> {
        let is_known = |algorithm: &Algorithm| {
            self.keys.iter().any(|entry| kind(&entry.key.algorithm()) == kind(algorithm))
        };
        let (mut known, unknown): (Vec<_>, Vec<_>) = usual.iter().cloned().partition(is_known);
        known.extend(unknown);
        known
    }
}

fn same(one: &KeyData, other: &KeyData) -> bool {
    one == other
}

/// The kind of key, whatever hash is signed with.
fn kind(algorithm: &Algorithm) -> String {
    match algorithm {
        Algorithm::Rsa { .. } => "ssh-rsa".to_string(),
        other => other.as_str().to_string(),
    }
}

/// Whether a line's names mean this host.
fn named(names: &str, name: &str) -> bool {
    match names.strip_prefix("|1|") {
        Some(hashed) => hashed_name(hashed, name).unwrap_or(false),
        None => {
            let names = names.to_lowercase();
            pattern::listed(names.split(','), name)
        }
    }
}

fn hashed_name(hashed: &str, name: &str) -> Option<bool> {
    let (salt, hash) = hashed.split_once('|')?;
    let mut mac = Hmac::<Sha1>::new_from_slice(&BASE64.decode(salt).ok()?).ok()?;
    mac.update(name.as_bytes());
    Some(mac.verify_slice(&BASE64.decode(hash).ok()?).is_ok())
}

/// Store a new key in the user's file.
///
/// # Errors
/// When the file cannot be written.
pub(crate) fn learn(settings: &Settings, key: &PublicKey, salt: [u8; 20]) -> std::io::Result<()> {
    let Some(file) = settings.known_hosts.first() else { return Ok(()) };
    // `/dev/null` is how people say that nothing is to be kept.
    if file == Path::new("/dev/null") {
        return Ok(());
    }
    let name = if settings.hash_names { hash(&settings.key_name, salt)? } else { settings.key_name.clone() };
    let key = PublicKey::new(key.key_data().clone(), "").to_openssh().map_err(std::io::Error::other)?;
    if let Some(folder) = file.parent() {
        fs::DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
    }
    let ends = fs::read(file).map_or(true, |bytes| bytes.is_empty() || bytes.ends_with(b"\n"));
    let line = format!("{}{name} {}\n", if ends { "" } else { "\n" }, key.trim_end());
    // One write: lines of several connections do not mix.
    fs::OpenOptions::new().append(true).create(true).mode(0o600).open(file)?.write_all(line.as_bytes())
}

fn hash(name: &str, salt: [u8; 20]) -> std::io::Result<String> {
    let mut mac = Hmac::<Sha1>::new_from_slice(&salt).map_err(std::io::Error::other)?;
    mac.update(name.as_bytes());
    Ok(format!("|1|{}|{}", BASE64.encode(salt), BASE64.encode(mac.finalize().into_bytes())))
}

#[cfg(test)]
mod tests {
    use super::*;

    const ONE: &str = "AAAAC3NzaC1lZDI1NTE5AAAAIJdD7y3aLq454yWBdwLWbieU1ebz9/cu7/QEXn9OIeZJ";
    const TWO: &str = "AAAAC3NzaC1lZDI1NTE5AAAAIA6rWI3G1sz07DnfFlrouTcysQlj2P+jpNSOEWD9OJ3X";

    fn key(text: &str) -> PublicKey {
        russh::keys::parse_public_key_base64(text).unwrap()
    }

    fn known(text: &str, name: &str) -> KnownHost {
        KnownHost::of(&text.replace("ONE", ONE).replace("TWO", TWO), name)
    }

    #[test]
    fn names_are_plain_with_a_port_with_wildcards_and_negated() {
        let text =
            "# note\nweb,10.0.0.1 ssh-ed25519 ONE c\n*.org,!bad.org ssh-ed25519 ONE\n[h]:2 ssh-ed25519 TWO\n";
        assert_eq!(known(text, "10.0.0.1").judge(&key(ONE)), Verdict::Known);
        assert_eq!(known(text, "good.org").judge(&key(ONE)), Verdict::Known);
        assert_eq!(known(text, "bad.org").judge(&key(ONE)), Verdict::Unknown);
        assert_eq!(known(text, "[h]:2").judge(&key(ONE)), Verdict::Changed("f".into(), 4));
        assert_eq!(known(text, "h").judge(&key(TWO)), Verdict::Unknown);
    }

    #[test]
    fn a_hashed_name_is_found_again() {
        let line = format!("{} ssh-ed25519 ONE\n", hash("[h]:2", [7; 20]).unwrap());
        assert_eq!(known(&line, "[h]:2").judge(&key(ONE)), Verdict::Known);
        assert_eq!(known(&line, "h").judge(&key(ONE)), Verdict::Unknown);
    }

    #[test]
    fn a_revoked_key_is_refused_even_when_it_is_known_too() {
        let text = "@revoked * ssh-ed25519 ONE\nh ssh-ed25519 ONE\n@cert-authority *.org ssh-ed25519 TWO\n";
        assert_eq!(known(text, "h").judge(&key(ONE)), Verdict::Revoked);
        assert_eq!(known(text, "a.org").authorities.len(), 1);
        assert!(known(text, "a.org").keys.is_empty());
    }
}
