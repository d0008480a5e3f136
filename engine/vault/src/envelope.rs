//! The envelope around encrypted data: a header line, then hexadecimal digits in lines of eighty.

use crate::error::VaultError;

const HEADER: &[u8] = b"$ANSIBLE_VAULT";
const LINE: usize = 80;

/// Whether data looks like a vault: plain ASCII that starts with the header.
#[must_use]
pub fn is_encrypted(data: &[u8]) -> bool {
    data.starts_with(HEADER) && data.is_ascii()
}

/// A vault taken apart.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Envelope {
    /// `1.1` or `1.2`.
    pub version: String,
    /// The cipher's name.
    pub cipher: String,
    /// The label of the secret, in format 1.2.
    pub id: Option<String>,
    body: Vec<u8>,
}

/// The three parts of a body.
#[derive(Debug)]
pub(crate) struct Body {
    pub(crate) salt: Vec<u8>,
    pub(crate) checksum: Vec<u8>,
    pub(crate) content: Vec<u8>,
}

impl Envelope {
    /// Take a vault apart.
    ///
    /// # Errors
    /// Data that is no vault; a header that lacks its version or cipher.
    pub fn parse(data: &[u8]) -> Result<Self, VaultError> {
        if !is_encrypted(data) {
            return Err(VaultError::NotEncrypted);
        }
        let text = str::from_utf8(data).map_err(|_| VaultError::Envelope)?;
        let mut lines = text.split(['\n', '\r']);
        let header = lines.next().unwrap_or_default().trim();
        let mut parts = header.split(';').skip(1).map(|part| part.trim().to_string());
        let (Some(version), Some(cipher)) = (parts.next(), parts.next()) else {
            return Err(VaultError::Envelope);
        };
        Ok(Self { version, cipher, id: parts.next(), body: lines.collect::<String>().into_bytes() })
    }

    pub(crate) fn body(&self) -> Result<Body, VaultError> {
        let inner = unhex(&self.body)?;
        let mut parts = inner.splitn(3, |b| *b == b'\n');
        let (Some(salt), Some(checksum), Some(content)) = (parts.next(), parts.next(), parts.next()) else {
            return Err(VaultError::Body);
        };
        Ok(Body { salt: unhex(salt)?, checksum: unhex(checksum)?, content: unhex(content)? })
    }
}

impl Body {
    /// The vault's bytes, with an id in format 1.2 (`default` is as good as none).
    pub(crate) fn seal(&self, id: Option<&str>) -> Vec<u8> {
        let header = match id.filter(|id| !id.is_empty() && *id != "default") {
            Some(id) => format!("$ANSIBLE_VAULT;1.2;AES256;{id}\n"),
            None => "$ANSIBLE_VAULT;1.1;AES256\n".to_string(),
        };
        let inner = [hex(&self.salt), hex(&self.checksum), hex(&self.content)].join("\n");
        let mut out = header.into_bytes();
        for line in hex(inner.as_bytes()).as_bytes().chunks(LINE) {
            out.extend_from_slice(line);
            out.push(b'\n');
        }
        out
    }
}

fn hex(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let digit = |nibble: u8| char::from(DIGITS[usize::from(nibble & 15)]);
    bytes.iter().flat_map(|b| [digit(b >> 4), digit(*b)]).collect()
}

fn unhex(digits: &[u8]) -> Result<Vec<u8>, VaultError> {
    if !digits.len().is_multiple_of(2) {
        return Err(VaultError::Hex("Odd-length string"));
    }
    let value = |digit: u8| {
        let value = char::from(digit).to_digit(16).and_then(|v| u8::try_from(v).ok());
        value.ok_or(VaultError::Hex("Non-hexadecimal digit found"))
    };
    digits.chunks(2).map(|pair| Ok(value(pair[0])? << 4 | value(pair[1])?)).collect()
}
