//! What can go wrong with a vault, in the reference's words. None of them holds a secret.

/// A vault that cannot be opened or made.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum VaultError {
    /// The data has no vault header.
    #[error("Input is not vault encrypted data.")]
    NotEncrypted,
    /// The header is damaged.
    #[error("Vault envelope format error.")]
    Envelope,
    /// The body holds something other than hexadecimal digits.
    #[error("Vault format unhexlify error: {0}")]
    Hex(&'static str),
    /// The body lacks its salt, its checksum or its content.
    #[error("Vault vaulttext format error.")]
    Body,
    /// The header names a cipher other than AES256.
    #[error("Cipher '{0}' could not be found.")]
    Cipher(String),
    /// There is no secret at all.
    #[error("Attempting to decrypt but no vault secrets found.")]
    NoSecrets,
    /// No secret fits.
    #[error("Decryption failed (no vault secrets were found that could decrypt).")]
    WrongSecret,
    /// There is no secret to encrypt with.
    #[error("A vault password must be specified to encrypt data")]
    NoSecretToEncrypt,
    /// The id that was asked for is not among the known ones.
    #[error("Did not find a match for --encrypt-vault-id={wanted} in the known vault-ids [{known}]")]
    UnknownId {
        /// The id that was asked for.
        wanted: String,
        /// The known ids, quoted and parted by commas.
        known: String,
    },
    /// The data is a vault already.
    #[error("input is already encrypted")]
    AlreadyEncrypted,
}
