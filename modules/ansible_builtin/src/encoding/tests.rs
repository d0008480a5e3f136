//! Encodings, held against what Python makes of the same bytes.

use super::*;

fn decoded(name: &str, bytes: &[u8]) -> Result<String, String> {
    Encoding::named(name).and_then(|encoding| encoding.decode(bytes.to_vec())).map_err(|e| e.msg)
}

fn encoded(name: &str, text: &str) -> Result<Vec<u8>, String> {
    Encoding::named(name).and_then(|encoding| encoding.encode([text])).map_err(|e| e.msg)
}

#[test]
fn bytes_are_text_in_their_own_encoding_only() {
    let hello = [0xc4, 0xe3, 0xba, 0xc3];
    assert_eq!(decoded("gbk", &hello).as_deref(), Ok("\u{4f60}\u{597d}"));
    assert_eq!(decoded("latin_1", &[0xe9]).as_deref(), Ok("\u{e9}"));
    assert_eq!(decoded("CP273", &[0xe3, 0x85, 0xa2, 0xa3, 0x25]).as_deref(), Ok("Test\n"));
    assert_eq!(decoded("iso 8859-9", &[0xfd]).as_deref(), Ok("\u{131}"));
    assert_eq!(decoded("utf-16", &[0xfe, 0xff, 0x20, 0xac]).as_deref(), Ok("\u{20ac}"));
}

#[test]
fn what_does_not_fit_is_told_in_the_words_of_python() {
    let told = [
        (
            "utf-8",
            &b"caf\xe9\nb"[..],
            "'utf-8' codec can't decode byte 0xe9 in position 3: invalid continuation byte",
        ),
        ("utf-8", b"a\xff", "'utf-8' codec can't decode byte 0xff in position 1: invalid start byte"),
        ("utf-8", b"a\xe2\x82", "'utf-8' codec can't decode bytes in position 1-2: unexpected end of data"),
        (
            "ascii",
            b"caf\xc3",
            "'ascii' codec can't decode byte 0xc3 in position 3: ordinal not in range(128)",
        ),
        (
            "cp1252",
            b"\x81",
            "'charmap' codec can't decode byte 0x81 in position 0: character maps to <undefined>",
        ),
        (
            "utf-16",
            b"ca",
            "'utf-16' codec can't decode bytes in position 0-1: Stream does not start with BOM",
        ),
        (
            "gb18030",
            b"caf\xe9\nb",
            "'gb18030' codec can't decode byte 0xe9 in position 3: illegal multibyte sequence",
        ),
        ("foo", b"", "unknown encoding: foo"),
        ("utf-7", b"", "the encoding utf-7 is not supported by rustible"),
    ];
    for (name, bytes, why) in told {
        assert_eq!(decoded(name, bytes), Err(why.to_string()), "{name}");
    }
    let undefined =
        "'charmap' codec can't encode character '\\u20ac' in position 1: character maps to <undefined>";
    assert_eq!(encoded("cp850", "x\u{20ac}"), Err(undefined.to_string()));
    let ordinal = "'latin-1' codec can't encode characters in position 1-2: ordinal not in range(256)";
    assert_eq!(encoded("latin-1", "x\u{20ac}\u{20ac}y"), Err(ordinal.to_string()));
}

#[test]
fn text_comes_back_as_it_was_written() {
    for name in
        ["utf-8-sig", "utf-16", "utf-16-be", "utf-32", "cp273", "mac_arabic", "cp875", "shift_jis", "koi8-r"]
    {
        let text = "Line 1; [x]\n";
        let bytes = encoded(name, text).unwrap();
        assert_eq!(decoded(name, &bytes).as_deref(), Ok(text), "{name}");
    }
    assert_eq!(encoded("utf-16", "x\u{20ac}"), Ok(vec![0xff, 0xfe, b'x', 0, 0xac, 0x20]));
    assert_eq!(encoded("cp273", "Test\n"), Ok(vec![0xe3, 0x85, 0xa2, 0xa3, 0x25]));
}

#[test]
fn every_table_has_all_bytes() {
    let tables = include_str!("single_byte.txt").lines().filter(|line| !line.starts_with('#'));
    for name in tables.filter_map(|line| line.split([' ', ':']).next()) {
        let table = Table::named(name).unwrap();
        let known = (0..=255).filter(|byte| table.decode(&[*byte]).is_ok()).count();
        assert!(known > 150, "{name} has {known}");
        assert!(table.byte('\u{10ffff}').is_none());
    }
}
