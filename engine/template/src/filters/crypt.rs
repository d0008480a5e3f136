//! Password hashes in the form of crypt(3): SHA-512, SHA-256, MD5 and bcrypt, salted as libxcrypt does it.

use base64::{
    Engine as _, alphabet,
    engine::{GeneralPurpose, general_purpose::NO_PAD},
};
use md5::Digest as _;

use crate::rt::{Res, fail};

const BCRYPT64: GeneralPurpose = GeneralPurpose::new(&alphabet::BCRYPT, NO_PAD);

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

/// Characters of a salt of that scheme.
pub(crate) fn salt_size(kind: &str) -> usize {
    match kind {
        "bcrypt" | "blowfish" => 22,
        "md5" | "md5_crypt" => 8,
        _ => 16,
    }
}

/// How a password is hashed.
#[derive(Debug, Default)]
pub(crate) struct Manner {
    /// Name of the scheme.
    pub(crate) kind: String,
    pub(crate) salt: Option<String>,
    pub(crate) rounds: Option<i64>,
    /// What the hash begins with, where the scheme has several forms.
    pub(crate) ident: Option<String>,
}

/// A salted hash of a password in the form of crypt(3).
pub(crate) fn crypt(password: &str, manner: Manner) -> Res<String> {
    let Manner { kind, salt: given, rounds, ident } = manner;
    let kind = kind.as_str();
    if matches!(kind, "blowfish" | "bcrypt") {
        return blowfish(password, given, rounds, ident.as_deref());
    }
    let longest = salt_size(kind);
    let default = match kind {
        "sha512" | "sha512_crypt" => 656_000,
        "sha256" | "sha256_crypt" => 535_000,
        "md5" | "md5_crypt" => 0,
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
    let own = match (kind.split('_').next(), longest) {
        (_, 8) => "1",
        (Some("sha512"), _) => "6",
        _ => "5",
    };
    if ident.is_some_and(|ident| ident != own) {
        let name = kind.trim_end_matches("_crypt");
        return Err(no_salt(&format!("{name}_crypt")));
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

fn no_salt(kind: &str) -> crate::rt::Fault {
    fail(format!(
        "Failed to generate salt for '{kind}' algorithm: crypt_gensalt failed: unable to generate salt"
    ))
}

/// bcrypt: its salt is 22 characters, of which 16 are taken as they are.
fn blowfish(password: &str, given: Option<String>, rounds: Option<i64>, ident: Option<&str>) -> Res<String> {
    const SALT: usize = 22;
    let text = given.unwrap_or_else(|| salt(SALT));
    if text.chars().any(|c| !c.is_ascii_alphanumeric() && !"./".contains(c)) {
        return Err(fail("invalid characters in salt"));
    }
    if text.len() != SALT {
        return Err(fail(format!("invalid salt size supplied ({}), expected {SALT}", text.len())));
    }
    let cost = u32::try_from(rounds.unwrap_or(12)).ok().filter(|cost| (4..=31).contains(cost));
    let ident = ident.unwrap_or("2b");
    let (Some(cost), "2a" | "2b" | "2y") = (cost, ident) else { return Err(no_salt("bcrypt")) };
    let mut bytes = [0; 16];
    bytes.copy_from_slice(&text.as_bytes()[..16]);
    // The scheme takes 72 bytes, the end mark of the text among them.
    let mut key = password.as_bytes().to_vec();
    key.push(0);
    key.truncate(72);
    let hash = bcrypt::bcrypt(cost, bytes, &key);
    let encode = |data: &[u8]| BCRYPT64.encode(data);
    Ok(format!("${ident}${cost:02}${}{}", encode(&bytes), encode(&hash[..23])))
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

/// A password hashed as `vars_prompt` with `encrypt` does it. `salt_size` counts where no salt is given.
///
/// # Errors
/// When the scheme is not known, or the salt is none of it.
pub fn hashed(
    password: &str,
    kind: &str,
    salt: Option<String>,
    salt_size: Option<usize>,
) -> Result<String, rustible_source::Diagnostic> {
    let salt = salt.or_else(|| salt_size.map(self::salt));
    crypt(password, Manner { kind: kind.into(), salt, ..Manner::default() })
        .map_err(|fault| fault.error.clone())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bcrypt_takes_the_first_sixteen_characters_of_its_salt() {
        let hash = |salt: &str, ident: &str| {
            let manner = Manner {
                kind: "bcrypt".into(),
                salt: Some(salt.into()),
                rounds: Some(5),
                ident: Some(ident.into()),
            };
            crypt("pw", manner).map_err(|fault| fault.error.message.clone())
        };
        let known = "$05$KRGxLBS0Lxe3KBCwKxOzLeiFbIMnAo3Ge75nkJ3pBv2DtL/kNMWKS";
        assert_eq!(hash("1234567890123456789012", "2b"), Ok(format!("$2b{known}")));
        assert_eq!(hash("12345678901234567890ab", "2a"), Ok(format!("$2a{known}")));
        assert_eq!(hash("1234", "2b"), Err("invalid salt size supplied (4), expected 22".into()));
    }
}
