//! Files in another encoding than UTF-8, by the names that Python has for encodings.

/// Whether text of this encoding can be read.
pub(crate) fn known(name: &str) -> bool {
    decode(name, Vec::new()).is_some()
}

/// The bytes as text; nothing when they are none in this encoding, or when there is no such encoding.
pub(crate) fn decode(name: &str, bytes: Vec<u8>) -> Option<String> {
    let label = name.to_lowercase().replace('_', "-");
    match label.as_str() {
        "utf-8" | "utf8" => String::from_utf8(bytes).ok(),
        // To the web these are other names of windows-1252.
        "ascii" | "us-ascii" => bytes.is_ascii().then(|| String::from_utf8(bytes).ok())?,
        "latin-1" | "latin1" | "iso-8859-1" | "iso8859-1" | "l1" => {
            Some(bytes.iter().map(|byte| char::from(*byte)).collect())
        }
        _ => {
            let known = encoding_rs::Encoding::for_label_no_replacement(label.as_bytes())?;
            known.decode_without_bom_handling_and_without_replacement(&bytes).map(Into::into)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_are_text_in_their_own_encoding_only() {
        let hello = vec![0xc4, 0xe3, 0xba, 0xc3];
        assert_eq!(decode("gbk", hello.clone()).as_deref(), Some("\u{4f60}\u{597d}"));
        assert_eq!(decode("utf-8", hello.clone()), None);
        assert_eq!(decode("ascii", hello), None);
        assert_eq!(decode("latin_1", vec![0xe9]).as_deref(), Some("\u{e9}"));
        assert!(known("shift_jis") && !known("cp273"));
    }
}
