//! Vault envelopes as Ansible writes them: format 1.1 and 1.2 (with an id), AES256. Bytes in, bytes out: this crate
//! reads no files and asks nobody.

mod cipher;
mod envelope;
mod error;
mod secrets;

pub use envelope::{Envelope, is_encrypted};
pub use error::VaultError;
pub use secrets::{Secret, Secrets};
