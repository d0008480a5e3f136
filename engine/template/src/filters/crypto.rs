//! Hashes, passwords, base64, UUIDs, vault text, chance.

use std::rc::Rc;

use base64::{
    Engine as _, alphabet,
    engine::{GeneralPurpose, GeneralPurposeConfig, general_purpose::STANDARD},
};
use sha1::Digest as _;

use super::{
    Table,
    crypt::{Manner, crypt},
};
use crate::{
    args::bind,
    bytes,
    context::Ctx,
    repr,
    rt::{Args, Res, Rt, fail, fail_apart},
};

pub(crate) const TABLE: Table = &[
    ("hash", |_, v, a| {
        let kind = bind("get_hash", a, &["hashtype"])?.text(0, "sha1")?;
        digest(&kind, bytes::text(&v)?.as_bytes()).map(Rt::from)
    }),
    ("md5", |_, v, _| digest("md5", bytes::text(&v)?.as_bytes()).map(Rt::from)),
    ("sha1", |_, v, _| digest("sha1", bytes::text(&v)?.as_bytes()).map(Rt::from)),
    ("checksum", |_, v, _| digest("sha1", bytes::text(&v)?.as_bytes()).map(Rt::from)),
    ("b64encode", b64encode),
    ("b64decode", b64decode),
    ("password_hash", password_hash),
    ("to_uuid", to_uuid),
    ("random", random),
    ("shuffle", shuffle),
];

pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|b| format!("{b:02x}")).collect()
}

/// A digest as hexadecimal text.
pub(crate) fn digest(kind: &str, data: &[u8]) -> Res<String> {
    Ok(match kind {
        "md5" => hex(&md5::Md5::digest(data)),
        "sha1" => hex(&sha1::Sha1::digest(data)),
        "sha224" => hex(&sha2::Sha224::digest(data)),
        "sha256" => hex(&sha2::Sha256::digest(data)),
        "sha384" => hex(&sha2::Sha384::digest(data)),
        "sha512" => hex(&sha2::Sha512::digest(data)),
        other => return Err(fail_apart(format!("unsupported hash type {other}"))),
    })
}

fn b64encode(_: &Rc<Ctx>, input: Rt, args: Args) -> Res<Rt> {
    let args = bind("b64encode", args, &["encoding", "urlsafe"])?;
    let bytes = encode(&bytes::text(&input)?, &args.text(0, "utf-8")?)?;
    let text = STANDARD.encode(bytes);
    Ok(Rt::from(if args.flag(1, false)? { text.replace('+', "-").replace('/', "_") } else { text }))
}

fn encode(text: &str, encoding: &str) -> Res<Vec<u8>> {
    Ok(match encoding.to_lowercase().as_str() {
        "utf-8" | "utf8" | "ascii" => text.as_bytes().to_vec(),
        "utf-16-le" => text.encode_utf16().flat_map(u16::to_le_bytes).collect(),
        "utf-16-be" => text.encode_utf16().flat_map(u16::to_be_bytes).collect(),
        "utf-16" => std::iter::once(0xfeff).chain(text.encode_utf16()).flat_map(u16::to_le_bytes).collect(),
        "latin-1" | "iso-8859-1" => text
            .chars()
            .map(|c| u8::try_from(c as u32).map_err(|_| fail("'latin-1' codec can't encode character")))
            .collect::<Res<_>>()?,
        other => return Err(fail(format!("unknown encoding: {other}"))),
    })
}

/// Python's lenient decoder: foreign characters are skipped, missing padding is an error.
pub(crate) fn unbase64(text: &str) -> Res<Vec<u8>> {
    let clean: String =
        text.chars().filter(|c| c.is_ascii_alphanumeric() || matches!(c, '+' | '/' | '=')).collect();
    let body = clean.trim_end_matches('=');
    match (body.len() % 4, clean.len() - body.len()) {
        (1, _) => {
            return Err(fail(format!(
                "Invalid base64-encoded string: number of data characters ({}) cannot be 1 more than a multiple of 4",
                body.len()
            )));
        }
        (2, 0 | 1) | (3, 0) => return Err(fail("Incorrect padding")),
        _ => {}
    }
    let config = GeneralPurposeConfig::new()
        .with_decode_padding_mode(base64::engine::DecodePaddingMode::Indifferent)
        .with_decode_allow_trailing_bits(true);
    let engine = GeneralPurpose::new(&alphabet::STANDARD, config);
    engine.decode(body).map_err(|_| fail("Incorrect padding"))
}

fn b64decode(_: &Rc<Ctx>, input: Rt, args: Args) -> Res<Rt> {
    let args = bind("b64decode", args, &["encoding", "urlsafe"])?;
    let mut text = repr::text(&input)?;
    if args.flag(1, false)? {
        text = text.replace('-', "+").replace('_', "/");
    }
    let bytes = unbase64(&text)?;
    let encoding = args.text(0, "utf-8")?.to_lowercase();
    let wide = |little: bool| {
        let units: Vec<u16> = bytes
            .chunks_exact(2)
            .map(|p| if little { u16::from_le_bytes([p[0], p[1]]) } else { u16::from_be_bytes([p[0], p[1]]) })
            .collect();
        String::from_utf16_lossy(&units).trim_start_matches('\u{feff}').to_string()
    };
    Ok(Rt::from(match encoding.as_str() {
        "utf-16-le" | "utf-16" => wide(true),
        "utf-16-be" => wide(false),
        "latin-1" | "iso-8859-1" => bytes.iter().map(|b| char::from(*b)).collect(),
        "utf-8" | "utf8" | "ascii" => String::from_utf8_lossy(&bytes).into_owned(),
        other => return Err(fail(format!("unknown encoding: {other}"))),
    }))
}

fn password_hash(_: &Rc<Ctx>, input: Rt, args: Args) -> Res<Rt> {
    let args = bind("get_encrypted_password", args, &["hashtype", "salt", "salt_size", "rounds", "ident"])?;
    let salt_text = match args.opt_text(1)? {
        None if args.get(2).is_some_and(|n| n.as_i64().is_none()) => {
            return Err(fail("salt_size must be an integer"));
        }
        None => args.opt_int(2)?.map(|n| super::crypt::salt(usize::try_from(n).unwrap_or(0))),
        given => given,
    };
    let manner = Manner {
        kind: args.text(0, "sha512")?,
        salt: salt_text,
        rounds: args.opt_int(3)?,
        ident: args.opt_text(4)?,
    };
    crypt(&repr::text(&input)?, manner).map(Rt::from)
}

/// The namespace Ansible makes its UUIDs in.
const NAMESPACE: &str = "361E6D51-FAEC-444A-9079-341386DA8E2E";

fn to_uuid(_: &Rc<Ctx>, input: Rt, args: Args) -> Res<Rt> {
    let args = bind("to_uuid", args, &["namespace"])?;
    let namespace = args.text(0, NAMESPACE)?;
    if let Some(other) = args.get(0).filter(|v| v.as_str().is_none()) {
        return Err(fail(format!(
            "Invalid value '{namespace}' for 'namespace': '{}' object has no attribute 'replace'",
            other.type_name()
        )));
    }
    let digits: String = namespace.chars().filter(char::is_ascii_hexdigit).collect();
    if digits.len() != 32 {
        return Err(fail(format!(
            "Invalid value '{namespace}' for 'namespace': badly formed hexadecimal UUID string"
        )));
    }
    let mut data: Vec<u8> =
        (0..16).map(|i| u8::from_str_radix(&digits[i * 2..i * 2 + 2], 16).unwrap_or(0)).collect();
    data.extend(repr::text(&input)?.bytes());
    let hash = sha1::Sha1::digest(&data);
    let mut id = [0u8; 16];
    id.copy_from_slice(&hash[..16]);
    id[6] = id[6] & 0x0f | 0x50;
    id[8] = id[8] & 0x3f | 0x80;
    let text = hex(&id);
    Ok(Rt::from(format!(
        "{}-{}-{}-{}-{}",
        &text[..8],
        &text[8..12],
        &text[12..16],
        &text[16..20],
        &text[20..]
    )))
}

/// Python's generator, when a seed was given: the same numbers as there.
pub(crate) fn random(_: &Rc<Ctx>, input: Rt, args: Args) -> Res<Rt> {
    let args = bind("random", args, &["start", "step", "seed"])?;
    let mut chance = crate::chance::Chance::new(args.get(2))?;
    match &input {
        Rt::Int(_) | Rt::Bool(_) => {
            let (start, step) = (args.int(0, 0)?, args.int(1, 1)?);
            let stop = input.as_i64().unwrap_or(0);
            let count = Rt::Range(start, stop, if step == 0 { 1 } else { step }).range_len();
            if count == 0 {
                return Err(fail(format!("empty range in randrange({start}, {stop})")));
            }
            Ok(Rt::Int(start + step * i64::try_from(chance.below(count as u64)).unwrap_or(0)))
        }
        other => {
            if args.get(0).is_some() || args.get(1).is_some() {
                return Err(fail("start and step can only be used with integer values"));
            }
            let items =
                other.iterate().map_err(|_| fail("random can only be used on sequences and integers"))?;
            if items.is_empty() {
                return Err(fail("Cannot choose from an empty sequence"));
            }
            let at = usize::try_from(chance.below(items.len() as u64)).unwrap_or(0);
            Ok(items[at].clone())
        }
    }
}

fn shuffle(_: &Rc<Ctx>, input: Rt, args: Args) -> Res<Rt> {
    let args = bind("randomize_list", args, &["seed"])?;
    let mut chance = crate::chance::Chance::new(args.get(0))?;
    let Ok(mut items) = input.iterate() else { return Ok(input) };
    for i in (1..items.len()).rev() {
        let j = usize::try_from(chance.below(i as u64 + 1)).unwrap_or(0);
        items.swap(i, j);
    }
    Ok(Rt::list(items))
}
