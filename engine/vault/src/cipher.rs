//! AES256 in counter mode, signed with HMAC-SHA256, keys from PBKDF2.

use std::{
    collections::HashMap,
    sync::{LazyLock, Mutex},
};

use aes::Aes256;
use ctr::{
    Ctr128BE,
    cipher::{KeyIvInit, StreamCipher},
};
use hmac::{Hmac, KeyInit, Mac};
use sha2::{Digest, Sha256};

use crate::{envelope::Body, error::VaultError};

const ITERATIONS: u32 = 10_000;
const BLOCK: usize = 16;
/// Keys that are kept; a tree with more vaults than this derives them again.
const MAX_CACHED: usize = 4096;

/// Encryption key, signing key and first counter.
#[derive(Clone)]
struct Keys([u8; 80]);

/// Keys by a digest of salt and password: deriving them takes milliseconds, and one vault is often opened many times.
static KEYS: LazyLock<Mutex<HashMap<[u8; 32], Keys>>> = LazyLock::new(Mutex::default);

impl Keys {
    fn of(password: &[u8], salt: &[u8]) -> Self {
        let name: [u8; 32] = Sha256::new()
            .chain_update(salt.len().to_le_bytes())
            .chain_update(salt)
            .chain_update(password)
            .finalize()
            .into();
        if let Some(known) = KEYS.lock().ok().and_then(|keys| keys.get(&name).cloned()) {
            return known;
        }
        let mut bytes = [0; 80];
        pbkdf2::pbkdf2_hmac::<Sha256>(password, salt, ITERATIONS, &mut bytes);
        let keys = Self(bytes);
        if let Ok(mut cache) = KEYS.lock() {
            if cache.len() >= MAX_CACHED {
                cache.clear();
            }
            cache.insert(name, keys.clone());
        }
        keys
    }

    fn apply(&self, data: &mut [u8]) -> Result<(), VaultError> {
        let mut cipher = Ctr128BE::<Aes256>::new_from_slices(&self.0[..32], &self.0[64..])
            .map_err(|_| VaultError::Body)?;
        cipher.apply_keystream(data);
        Ok(())
    }

    fn signer(&self) -> Result<Hmac<Sha256>, VaultError> {
        Hmac::<Sha256>::new_from_slice(&self.0[32..64]).map_err(|_| VaultError::Body)
    }
}

/// The plain data; `None` when the password does not fit.
pub(crate) fn open(body: &Body, password: &[u8]) -> Result<Option<Vec<u8>>, VaultError> {
    let keys = Keys::of(password, &body.salt);
    if keys.signer()?.chain_update(&body.content).verify_slice(&body.checksum).is_err() {
        return Ok(None);
    }
    let mut data = body.content.clone();
    keys.apply(&mut data)?;
    let padding = usize::from(data.last().copied().unwrap_or_default());
    let start =
        data.len().checked_sub(padding).filter(|_| (1..=BLOCK).contains(&padding)).ok_or(VaultError::Body)?;
    if data[start..].iter().any(|b| usize::from(*b) != padding) {
        return Err(VaultError::Body);
    }
    data.truncate(start);
    Ok(Some(data))
}

/// Encrypt data under a salt.
pub(crate) fn close(plain: &[u8], password: &[u8], salt: &[u8]) -> Result<Body, VaultError> {
    let keys = Keys::of(password, salt);
    let padding = BLOCK - plain.len() % BLOCK;
    let mut content = plain.to_vec();
    content.resize(plain.len() + padding, u8::try_from(padding).unwrap_or_default());
    keys.apply(&mut content)?;
    let checksum = keys.signer()?.chain_update(&content).finalize().into_bytes().to_vec();
    Ok(Body { salt: salt.to_vec(), checksum, content })
}
