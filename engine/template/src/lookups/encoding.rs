//! Files in another encoding than UTF-8.

use crate::rt::{Res, fail};

/// The bytes as text, by Python's name of the encoding.
pub(super) fn decode(name: &str, bytes: Vec<u8>) -> Res<String> {
    let label = name.to_lowercase().replace('_', "-");
    match label.as_str() {
        "utf-8" | "utf8" | "ascii" | "us-ascii" => String::from_utf8(bytes).map_err(|e| fail(e.to_string())),
        // To the web this is another name of windows-1252.
        "latin-1" | "latin1" | "iso-8859-1" | "iso8859-1" | "l1" => {
            Ok(bytes.iter().map(|byte| char::from(*byte)).collect())
        }
        _ => {
            let known = encoding_rs::Encoding::for_label(label.as_bytes());
            let known = known.ok_or_else(|| fail(format!("unknown encoding: {name}")))?;
            let text = known.decode_without_bom_handling_and_without_replacement(&bytes);
            let text = text.ok_or_else(|| fail(format!("'{name}' codec can't decode the file")))?;
            Ok(text.into_owned())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::decode;

    #[test]
    fn encodings_go_by_the_names_that_python_has() {
        for name in ["iso8859-15", "ISO_8859-15", "windows-1252", "latin-1", "iso8859-1"] {
            assert_eq!(decode(name, b"\xe9".to_vec()).ok().as_deref(), Some("\u{e9}"), "{name}");
        }
        assert_eq!(decode("koi8-r", vec![0xc1]).ok().as_deref(), Some("\u{430}"));
        assert!(decode("nonsense", Vec::new()).is_err());
    }
}
