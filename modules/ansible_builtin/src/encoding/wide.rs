//! UTF-16 and UTF-32.

use super::unread;

/// How wide a unit is, and in which order its bytes are.
pub(super) struct Width {
    bytes: usize,
    /// Nothing where a mark at the beginning tells.
    big: Option<bool>,
}

impl Width {
    /// The one of a name in lower case with underscores.
    pub(super) fn named(key: &str) -> Option<Self> {
        let (bytes, big) = match key {
            "utf_16" | "utf16" | "u16" => (2, None),
            "utf_16_le" | "utf_16le" | "unicodelittleunmarked" => (2, Some(false)),
            "utf_16_be" | "utf_16be" | "unicodebigunmarked" => (2, Some(true)),
            "utf_32" | "utf32" | "u32" => (4, None),
            "utf_32_le" | "utf_32le" => (4, Some(false)),
            "utf_32_be" | "utf_32be" => (4, Some(true)),
            _ => return None,
        };
        Some(Self { bytes, big })
    }
    /// What stands at the beginning of a file: the mark, when the name does not tell the order.
    pub(super) fn mark(&self) -> Vec<u8> {
        let mut mark = Vec::new();
        if self.big.is_none() {
            self.encode("\u{feff}", &mut mark);
        }
        mark
    }
    /// Put the text behind the bytes.
    pub(super) fn encode(&self, text: &str, bytes: &mut Vec<u8>) {
        let big = self.big.unwrap_or(false);
        if self.bytes == 2 {
            bytes.extend(
                text.encode_utf16().flat_map(|u| if big { u.to_be_bytes() } else { u.to_le_bytes() }),
            );
        } else {
            let units = text.chars().map(u32::from);
            bytes.extend(units.flat_map(|u| if big { u.to_be_bytes() } else { u.to_le_bytes() }));
        }
    }
    /// The bytes as text.
    ///
    /// # Errors
    /// Python's words for what they are not.
    pub(super) fn decode(&self, bytes: &[u8]) -> Result<String, String> {
        let bits = self.bytes * 8;
        let (big, skip) = match (self.big, bytes.get(..self.bytes)) {
            (Some(big), _) => (big, 0),
            (None, _) if bytes.is_empty() => return Ok(String::new()),
            (None, Some([0xff, 0xfe] | [0xff, 0xfe, 0, 0])) => (false, self.bytes),
            (None, Some([0xfe, 0xff] | [0, 0, 0xfe, 0xff])) => (true, self.bytes),
            (None, _) => {
                let end = self.bytes.min(bytes.len());
                return Err(unread(&format!("utf-{bits}"), bytes, 0, end, "Stream does not start with BOM"));
            }
        };
        let name = format!("utf-{bits}-{}", if big { "be" } else { "le" });
        let body = bytes.get(skip..).unwrap_or_default();
        let whole = body.len() / self.bytes * self.bytes;
        let units = body.chunks_exact(self.bytes).map(|unit| {
            let step = |sum: u32, byte: &u8| sum << 8 | u32::from(*byte);
            if big { unit.iter().fold(0, step) } else { unit.iter().rev().fold(0, step) }
        });
        let text = if self.bytes == 2 {
            let units = units.map(|unit| u16::try_from(unit).unwrap_or_default());
            let (mut text, mut at) = (String::new(), skip);
            for c in char::decode_utf16(units) {
                let c = c.map_err(|_| unread(&name, bytes, at, at + 2, "illegal encoding"))?;
                at += 2 * c.len_utf16();
                text.push(c);
            }
            text
        } else {
            let known = |(at, unit)| {
                let at = skip + 4 * at;
                char::from_u32(unit)
                    .ok_or_else(|| unread(&name, bytes, at, at + 4, "code point not in range(0x110000)"))
            };
            units.enumerate().map(known).collect::<Result<String, String>>()?
        };
        if whole < body.len() {
            return Err(unread(&name, bytes, skip + whole, bytes.len(), "truncated data"));
        }
        Ok(text)
    }
}
