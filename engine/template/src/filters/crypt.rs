//! Password hashes in the form of crypt(3): SHA-512, SHA-256 and MD5, salted as libxcrypt does it.

use md5::Digest as _;

use crate::rt::{Res, fail};

const CRYPT64: &[u8; 64] = b"./0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

/// So many characters of the alphabet of crypt(3), by chance.
pub(crate) fn salt(length: usize) -> String {
    use rand::RngExt as _;
    let mut rng = rand::rng();
    (0..length).map(|_| char::from(CRYPT64[rng.random_range(0..64)])).collect()
}

fn characters(mut value: u32, count: usize, out: &mut String) {
    for _ in 0..count {
        out.push(char::from(CRYPT64[(value & 63) as usize]));
        value >>= 6;
    }
}

/// Bytes in a given order, three at a time.
fn encode(bytes: &[u8], order: &[usize]) -> String {
    let mut out = String::new();
    for group in order.chunks(3) {
        let value = group.iter().fold(0u32, |value, index| value << 8 | u32::from(bytes[*index]));
        characters(value, group.len() + 1, &mut out);
    }
    out
}

/// The order in which crypt(3) writes the bytes of a SHA digest.
fn sha_order(size: usize) -> Vec<usize> {
    let third = size / 3;
    let (mut a, mut b, mut c) = (0, third, 2 * third);
    let mut out = Vec::new();
    for _ in 0..third {
        out.extend([a, b, c]);
        // SHA-512 walks to the left, SHA-256 to the right.
        if size == 64 { (a, b, c) = (b + 1, c + 1, a + 1) } else { (a, b, c) = (c + 1, a + 1, b + 1) }
    }
    if size == 64 {
        out.push(63);
    } else {
        out.extend([31, 30]);
    }
    out
}

/// The salt that libxcrypt makes of a user's one: its bytes are taken as chance and encoded, three at a time.
fn setting(given: &str, longest: usize) -> Res<String> {
    if given.len() < 3 {
        return Err(fail("Failed to generate salt: crypt_gensalt failed: unable to generate salt"));
    }
    let bytes = given.as_bytes();
    let mut out = String::new();
    let mut used = 0;
    while used == 0 || (used + 3 < bytes.len() && out.len() < longest) {
        let value =
            u32::from(bytes[used]) | u32::from(bytes[used + 1]) << 8 | u32::from(bytes[used + 2]) << 16;
        characters(value, 4, &mut out);
        used += 3;
    }
    Ok(out)
}

/// A salted hash of a password in the form of crypt(3).
pub(crate) fn crypt(password: &str, kind: &str, given: Option<String>, rounds: Option<i64>) -> Res<String> {
    let (longest, default) = match kind {
        "sha512" | "sha512_crypt" => (16, 656_000),
        "sha256" | "sha256_crypt" => (16, 535_000),
        "md5" | "md5_crypt" => (8, 0),
        "blowfish" | "bcrypt" => {
            return Err(fail(format!("the hash type '{kind}' of password_hash is not supported")));
        }
        other => {
            return Err(fail(format!(
                "{other} is not in the list of supported passlib algorithms: md5, blowfish, sha256, sha512"
            )));
        }
    };
    if let Some(given) = &given {
        if given.chars().any(|c| !c.is_ascii_alphanumeric() && !"./".contains(c)) {
            return Err(fail("invalid characters in salt"));
        }
        if given.len() > longest {
            let size = given.len();
            return Err(fail(format!("invalid salt size supplied ({size}), expected at most {longest}")));
        }
    }
    let salt = match given {
        Some(given) => setting(&given, longest)?,
        None => salt(longest),
    };
    if longest == 8 {
        return Ok(format!("$1${salt}${}", md5_crypt(password.as_bytes(), salt.as_bytes())));
    }
    let rounds = rounds.unwrap_or(default);
    let number = u32::try_from(rounds).map_err(|_| fail("invalid number of rounds"))?;
    let params =
        sha_crypt::Params::new(number).map_err(|_| fail(format!("invalid number of rounds: {rounds}")))?;
    let (ident, hash) = if kind.starts_with("sha512") {
        ('6', encode(&sha_crypt::sha512_crypt(password.as_bytes(), salt.as_bytes(), params), &sha_order(64)))
    } else {
        ('5', encode(&sha_crypt::sha256_crypt(password.as_bytes(), salt.as_bytes(), params), &sha_order(32)))
    };
    let shown = if number == 5000 { String::new() } else { format!("rounds={number}$") };
    Ok(format!("${ident}${shown}{salt}${hash}"))
}

/// The MD5 scheme of old systems, a thousand turns.
fn md5_crypt(password: &[u8], salt: &[u8]) -> String {
    let digest = |parts: &[&[u8]]| {
        let mut hash = md5::Md5::new();
        parts.iter().for_each(|p| hash.update(p));
        hash.finalize().to_vec()
    };
    let alternate = digest(&[password, salt, password]);
    let mut first: Vec<u8> = [password, b"$1$", salt].concat();
    for i in 0..password.len() {
        first.push(alternate[i % 16]);
    }
    let mut length = password.len();
    while length > 0 {
        first.push(if length & 1 == 1 { 0 } else { password.first().copied().unwrap_or(0) });
        length >>= 1;
    }
    let mut state = digest(&[&first]);
    for turn in 0..1000 {
        let odd = turn % 2 == 1;
        let mut parts: Vec<&[u8]> = vec![if odd { password } else { &state }];
        if turn % 3 != 0 {
            parts.push(salt);
        }
        if turn % 7 != 0 {
            parts.push(password);
        }
        parts.push(if odd { &state } else { password });
        state = digest(&parts);
    }
    encode(&state, &[0, 6, 12, 1, 7, 13, 2, 8, 14, 3, 9, 15, 4, 10, 5, 11])
}
