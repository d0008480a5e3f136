//! Content hashes by which agents are found.

/// The content's name: BLAKE3, 64 lower-case hexadecimal digits.
#[must_use]
pub fn content(bytes: &[u8]) -> String {
    blake3::hash(bytes).to_hex().to_string()
}
