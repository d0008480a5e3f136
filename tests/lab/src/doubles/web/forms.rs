//! Percent-encoding and `name=value&…` pairs.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};

const KEEP: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.').remove(b'~');

/// Undoes percent-encoding; bytes that are no UTF-8 become replacement characters.
pub fn decode(text: &str) -> String {
    percent_decode_str(text).decode_utf8_lossy().into_owned()
}

/// Percent-encodes everything but letters, digits and `-_.~`.
pub fn encode(text: &str) -> String {
    utf8_percent_encode(text, KEEP).to_string()
}

/// Splits a query or a form body into decoded pairs, in order, repeated names kept.
pub fn pairs(text: &str) -> Vec<(String, String)> {
    text.split(['&', ';'])
        .filter(|piece| !piece.is_empty())
        .map(|piece| {
            let (name, value) = piece.split_once('=').unwrap_or((piece, ""));
            (decode(&name.replace('+', " ")), decode(&value.replace('+', " ")))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_that_was_encoded_twice_is_decoded_once() {
        assert_eq!(
            pairs("sshkeys=ssh-rsa%2520AA%252B&x=1+2"),
            [("sshkeys".to_owned(), "ssh-rsa%20AA%2B".to_owned()), ("x".to_owned(), "1 2".to_owned())]
        );
    }
}
