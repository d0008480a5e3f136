//! Passwords with their labels, and what is opened and made with them.

use std::fmt;

use crate::{
    cipher,
    envelope::{Envelope, is_encrypted},
    error::VaultError,
};

/// A password and its label (`default` when it was given none).
#[derive(Clone, PartialEq, Eq)]
pub struct Secret {
    id: String,
    password: Vec<u8>,
}

impl Secret {
    /// A password under a label.
    pub fn new(id: impl Into<String>, password: impl Into<Vec<u8>>) -> Self {
        Self { id: id.into(), password: password.into() }
    }
    /// The label.
    #[must_use]
    pub fn id(&self) -> &str {
        &self.id
    }
    /// Encrypt data. With an id the envelope has format 1.2 and names it.
    ///
    /// # Errors
    /// Data that is a vault already.
    pub fn encrypt(&self, plain: &[u8], id: Option<&str>) -> Result<Vec<u8>, VaultError> {
        let salt: [u8; 32] = rand::random();
        self.encrypt_with_salt(plain, id, &salt)
    }
    /// As [`Self::encrypt`] with a salt that the user chose: the same data gives the same vault.
    ///
    /// # Errors
    /// As [`Self::encrypt`].
    pub fn encrypt_with_salt(
        &self,
        plain: &[u8],
        id: Option<&str>,
        salt: &[u8],
    ) -> Result<Vec<u8>, VaultError> {
        if is_encrypted(plain) {
            return Err(VaultError::AlreadyEncrypted);
        }
        Ok(cipher::close(plain, &self.password, salt)?.seal(id))
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Secret({})", self.id)
    }
}

/// The secrets of a run, in the order they were given.
#[derive(Debug, Clone, Default)]
pub struct Secrets {
    all: Vec<Secret>,
    only_matching: bool,
}

impl Secrets {
    /// No secrets yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }
    /// With this, a vault that names an id is only opened with secrets of that id (`vault_id_match`).
    #[must_use]
    pub fn only_matching(mut self, only: bool) -> Self {
        self.only_matching = only;
        self
    }
    /// Add a secret behind the others.
    pub fn add(&mut self, secret: Secret) {
        self.all.push(secret);
    }
    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.all.is_empty()
    }
    /// The labels in order.
    pub fn ids(&self) -> impl Iterator<Item = &str> {
        self.all.iter().map(Secret::id)
    }

    /// The plain data of a vault.
    ///
    /// # Errors
    /// Data that is no vault or damaged; no secret that fits.
    pub fn decrypt(&self, data: &[u8]) -> Result<Vec<u8>, VaultError> {
        self.decrypt_with(data).map(|(plain, _)| plain)
    }

    /// The plain data of a vault and the secret that opened it: those whose label the vault names are tried first.
    ///
    /// # Errors
    /// As [`Self::decrypt`].
    pub fn decrypt_with(&self, data: &[u8]) -> Result<(Vec<u8>, &Secret), VaultError> {
        let envelope = Envelope::parse(data)?;
        if envelope.cipher != "AES256" {
            return Err(VaultError::Cipher(envelope.cipher));
        }
        if self.all.is_empty() {
            return Err(VaultError::NoSecrets);
        }
        let body = envelope.body()?;
        let wanted = envelope.id.as_deref().unwrap_or("default");
        let (named, others): (Vec<&Secret>, Vec<&Secret>) =
            self.all.iter().partition(|secret| secret.id == wanted);
        let others = others.into_iter().filter(|_| !self.only_matching);
        for secret in named.into_iter().chain(others) {
            if let Some(plain) = cipher::open(&body, &secret.password)? {
                return Ok((plain, secret));
            }
        }
        Err(VaultError::WrongSecret)
    }

    /// The secret to encrypt with: the one of that id, or the first.
    ///
    /// # Errors
    /// No secret at all, or none of that id.
    pub fn for_encryption(&self, id: Option<&str>) -> Result<&Secret, VaultError> {
        let Some(wanted) = id else { return self.all.first().ok_or(VaultError::NoSecretToEncrypt) };
        self.all.iter().find(|secret| secret.id == wanted).ok_or_else(|| {
            let known = self.ids().map(|id| format!("'{id}'")).collect::<Vec<_>>().join(", ");
            VaultError::UnknownId { wanted: wanted.to_string(), known }
        })
    }

    /// A vault opened with these secrets and made anew with another one.
    ///
    /// # Errors
    /// As [`Self::decrypt`].
    pub fn rekey(&self, data: &[u8], new: &Secret, new_id: Option<&str>) -> Result<Vec<u8>, VaultError> {
        new.encrypt(&self.decrypt(data)?, new_id)
    }
}
