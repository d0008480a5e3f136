//! Files in other encodings than UTF-8, by the names that Python has for encodings, with Python's words for what does
//! not fit.

mod table;
mod wide;

use rustible_sdk::{Failure, Result};

use self::{table::Table, wide::Width};

/// How the characters of a text file are written.
pub(crate) struct Encoding {
    codec: Codec,
}

enum Codec {
    /// UTF-8; with a mark at the beginning or without.
    Utf8 { marked: bool },
    /// Bytes that are characters by their number, this many of them.
    Plain(u32),
    /// Bytes that are characters by a table.
    Table(Table),
    /// UTF-16 and UTF-32.
    Wide(Width),
    /// Several bytes a character, as far as the web knows them; the name is Python's.
    Web(&'static encoding_rs::Encoding, String),
}

/// Names that Python has for those encodings of several bytes a character that are also the web's, by the web's name.
const WEB: &[(&str, &[&str])] = &[
    ("gbk", &["gbk", "936", "cp936", "ms936"]),
    ("gbk", &["gb2312", "chinese", "euc_cn", "euccn", "gb2312_1980", "gb2312_80", "iso_ir_58"]),
    ("gb18030", &["gb18030", "gb18030_2000"]),
    ("big5", &["big5", "big5_tw", "csbig5"]),
    ("big5", &["cp950", "950", "ms950"]),
    ("euc-jp", &["euc_jp", "eucjp", "u_jis", "ujis"]),
    ("shift_jis", &["shift_jis", "csshiftjis", "s_jis", "shiftjis", "sjis"]),
    ("shift_jis", &["cp932", "932", "ms932", "ms_kanji", "mskanji", "windows_31j"]),
    (
        "euc-kr",
        &["euc_kr", "euckr", "korean", "ks_c_5601", "ks_c_5601_1987", "ks_x_1001", "ksc5601", "ksx1001"],
    ),
    ("euc-kr", &["cp949", "949", "ms949", "uhc"]),
    ("iso-2022-jp", &["iso2022_jp", "csiso2022jp", "iso2022jp", "iso_2022_jp"]),
];

/// What Python has besides and this program does not.
const REFUSED: &[&str] = &[
    "big5hkscs",
    "euc_jis_2004",
    "euc_jisx0213",
    "hz",
    "idna",
    "iso2022_jp_1",
    "iso2022_jp_2",
    "iso2022_jp_2004",
    "iso2022_jp_3",
    "iso2022_jp_ext",
    "iso2022_kr",
    "johab",
    "punycode",
    "raw_unicode_escape",
    "shift_jis_2004",
    "shift_jisx0213",
    "unicode_escape",
    "utf_7",
];

impl Encoding {
    /// The encoding of a name.
    ///
    /// # Errors
    /// When there is none, or it is not supported.
    pub(crate) fn named(name: &str) -> Result<Self> {
        let key = normal(name);
        let codec = match key.as_str() {
            "utf_8" | "utf8" | "u8" | "utf" | "cp65001" => Codec::Utf8 { marked: false },
            "utf_8_sig" => Codec::Utf8 { marked: true },
            "ascii" | "us_ascii" | "646" | "us" | "cp367" | "ibm367" | "iso646_us" => Codec::Plain(0x80),
            "latin_1" | "latin1" | "latin" | "l1" | "8859" | "iso8859" | "iso8859_1" | "iso_8859_1"
            | "cp819" => Codec::Plain(0x100),
            _ => {
                let web = || {
                    let (label, names) = WEB.iter().find(|(_, names)| names.contains(&key.as_str()))?;
                    let found = encoding_rs::Encoding::for_label(label.as_bytes())?;
                    Some(Codec::Web(found, names.first().map(ToString::to_string)?))
                };
                let found =
                    Width::named(&key).map(Codec::Wide).or_else(|| Table::named(&key).map(Codec::Table));
                match found.or_else(web) {
                    Some(codec) => codec,
                    None if REFUSED.contains(&key.as_str()) => {
                        return Err(Failure::new(format!(
                            "the encoding {name} is not supported by rustible"
                        )));
                    }
                    None => return Err(broken(format!("unknown encoding: {name}"))),
                }
            }
        };
        Ok(Self { codec })
    }

    /// The bytes as text.
    ///
    /// # Errors
    /// When they are none in this encoding.
    pub(crate) fn decode(&self, bytes: Vec<u8>) -> Result<String> {
        let text = match &self.codec {
            Codec::Utf8 { marked } => utf8(bytes).map(|text| match text.strip_prefix('\u{feff}') {
                Some(rest) if *marked => rest.to_string(),
                _ => text,
            }),
            Codec::Plain(size) => match bytes.iter().position(|byte| u32::from(*byte) >= *size) {
                Some(at) => Err(unread("ascii", &bytes, at, at + 1, "ordinal not in range(128)")),
                None => Ok(bytes.iter().map(|byte| char::from(*byte)).collect()),
            },
            Codec::Table(table) => table
                .decode(&bytes)
                .map_err(|at| unread("charmap", &bytes, at, at + 1, "character maps to <undefined>")),
            Codec::Wide(width) => width.decode(&bytes),
            Codec::Web(encoding, name) => web(encoding, name, &bytes),
        };
        text.map_err(broken)
    }

    /// The text as bytes, written piece by piece.
    ///
    /// # Errors
    /// When it has a character that this encoding has not; its place is counted from the beginning of its piece.
    pub(crate) fn encode<'a>(&self, pieces: impl IntoIterator<Item = &'a str>) -> Result<Vec<u8>> {
        let mut bytes = match &self.codec {
            Codec::Utf8 { marked: true } => "\u{feff}".as_bytes().to_vec(),
            Codec::Wide(width) => width.mark(),
            _ => Vec::new(),
        };
        for piece in pieces {
            match &self.codec {
                Codec::Utf8 { .. } => bytes.extend_from_slice(piece.as_bytes()),
                Codec::Wide(width) => width.encode(piece, &mut bytes),
                Codec::Plain(size) => {
                    let why = format!("ordinal not in range({size})");
                    let name = if *size == 0x80 { "ascii" } else { "latin-1" };
                    let byte = |c: char| (u32::from(c) < *size).then(|| u8::try_from(c).ok())?;
                    single(piece, name, &why, byte, &mut bytes)?;
                }
                Codec::Table(table) => {
                    let why = "character maps to <undefined>";
                    single(piece, "charmap", why, |c| table.byte(c), &mut bytes)?;
                }
                Codec::Web(encoding, name) => {
                    let (new, _, unfit) = encoding.encode(piece);
                    if unfit {
                        let fits = |c: char| !encoding.encode(c.encode_utf8(&mut [0; 4])).2;
                        single(
                            piece,
                            name,
                            "illegal multibyte sequence",
                            |c| fits(c).then_some(0),
                            &mut Vec::new(),
                        )?;
                    }
                    bytes.extend_from_slice(&new);
                }
            }
        }
        Ok(bytes)
    }
}

/// A name as Python looks it up: whatever is no letter, digit or dot is an underscore, several are one.
fn normal(name: &str) -> String {
    let mut out = String::new();
    for c in name.to_lowercase().chars() {
        match c {
            c if c.is_ascii_alphanumeric() || c == '.' => out.push(c),
            _ if out.ends_with('_') || out.is_empty() => {}
            _ => out.push('_'),
        }
    }
    out.trim_end_matches('_').to_string()
}

/// A failure that a module did not foresee, in the words of the error.
fn broken(why: String) -> Failure {
    Failure::new(why).with("_ansible_crashed", true)
}

/// Python's words for bytes that are no text.
fn unread(codec: &str, bytes: &[u8], from: usize, to: usize, why: &str) -> String {
    let place = match bytes.get(from) {
        Some(byte) if to <= from + 1 => format!("byte 0x{byte:02x} in position {from}"),
        _ => format!("bytes in position {from}-{}", to - 1),
    };
    format!("'{codec}' codec can't decode {place}: {why}")
}

/// Text as bytes, each character one byte.
fn single(
    piece: &str,
    codec: &str,
    why: &str,
    byte: impl Fn(char) -> Option<u8>,
    bytes: &mut Vec<u8>,
) -> Result<()> {
    let mut chars = piece.chars().enumerate();
    while let Some((at, c)) = chars.next() {
        if let Some(byte) = byte(c) {
            bytes.push(byte);
            continue;
        }
        let more = chars.take_while(|(_, next)| byte(*next).is_none()).count();
        let place = match (more, u32::from(c)) {
            (0, 0..=0xff) => format!("character '\\x{:02x}' in position {at}", u32::from(c)),
            (0, 0x100..=0xffff) => format!("character '\\u{:04x}' in position {at}", u32::from(c)),
            (0, _) => format!("character '\\U{:08x}' in position {at}", u32::from(c)),
            _ => format!("characters in position {at}-{}", at + more),
        };
        return Err(broken(format!("'{codec}' codec can't encode {place}: {why}")));
    }
    Ok(())
}

fn utf8(bytes: Vec<u8>) -> Result<String, String> {
    String::from_utf8(bytes).map_err(|e| {
        let (at, long) = (e.utf8_error().valid_up_to(), e.utf8_error().error_len());
        let bytes = e.as_bytes();
        let starts = bytes.get(at).is_some_and(|byte| matches!(byte, 0xc2..=0xf4));
        match long {
            None => unread("utf-8", bytes, at, bytes.len(), "unexpected end of data"),
            Some(long) if starts => unread("utf-8", bytes, at, at + long, "invalid continuation byte"),
            Some(_) => unread("utf-8", bytes, at, at + 1, "invalid start byte"),
        }
    })
}

fn web(encoding: &'static encoding_rs::Encoding, name: &str, bytes: &[u8]) -> Result<String, String> {
    let whole = encoding.decode_without_bom_handling_and_without_replacement(bytes);
    if let Some(text) = whole {
        return Ok(text.into_owned());
    }
    let mut text = String::with_capacity(bytes.len() * 3 + 16);
    let mut decoder = encoding.new_decoder_without_bom_handling();
    let (result, read) = decoder.decode_to_string_without_replacement(bytes, &mut text, true);
    let long = match result {
        encoding_rs::DecoderResult::Malformed(bad, after) => usize::from(bad) + usize::from(after),
        _ => 1,
    };
    let at = read.saturating_sub(long);
    let why = if read == bytes.len() && long == 1 {
        "incomplete multibyte sequence"
    } else {
        "illegal multibyte sequence"
    };
    Err(unread(name, bytes, at, at + 1, why))
}

#[cfg(test)]
mod tests;
