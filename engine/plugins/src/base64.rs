//! Bytes as text on the pipe.

use ::base64::{Engine, engine::general_purpose::STANDARD};

/// Bytes as base64.
#[must_use]
pub fn encode(bytes: &[u8]) -> String {
    STANDARD.encode(bytes)
}

/// The bytes of base64.
///
/// # Errors
/// When it is none.
pub fn decode(text: &str) -> Result<Vec<u8>, String> {
    STANDARD.decode(text).map_err(|error| format!("what a plugin sent is no base64: {error}"))
}
