//! `password`: a password made once and kept in a file.

use std::{
    fs,
    io::Write as _,
    os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _},
    path::PathBuf,
};

use rustible_protocol::Text;

use super::Call;
use crate::{
    chance::Chance,
    filters::{crypt, path::expand_user},
    repr,
    rt::{Res, Rt, fail},
};

const LETTERS: &str = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";
const DIGITS: &str = "0123456789";
const PUNCTUATION: &str = "!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~";

/// The characters that names such as `ascii_letters` stand for.
fn alphabet(chars: &[String]) -> String {
    let mut out = String::new();
    for name in chars {
        out.push_str(&match name.as_str() {
            "ascii_letters" => LETTERS.to_string(),
            "ascii_lowercase" => LETTERS[..26].to_string(),
            "ascii_uppercase" => LETTERS[26..].to_string(),
            "digits" => DIGITS.to_string(),
            "hexdigits" => format!("{DIGITS}abcdefABCDEF"),
            "octdigits" => "01234567".to_string(),
            "punctuation" => PUNCTUATION.to_string(),
            "whitespace" => " \t\n\r\u{b}\u{c}".to_string(),
            other => other.replace(['"', '\''], ""),
        });
    }
    out
}

fn make(length: usize, chars: &str, seed: Option<&Rt>) -> Res<String> {
    let chars: Vec<char> = chars.chars().collect();
    if chars.is_empty() {
        return Err(fail("the set of characters of the password is empty"));
    }
    let mut chance = Chance::new(seed)?;
    let mut pick = || chars[usize::try_from(chance.below(chars.len() as u64)).unwrap_or(0)];
    Ok((0..length).map(|_| pick()).collect())
}

/// Password, salt and ident of a file's line.
fn parse(line: &str) -> (String, Option<String>, Option<String>) {
    let line = line.trim_end_matches(['\n', '\r']);
    let (line, ident) = line.rsplit_once(" ident=").map_or((line, None), |(head, ident)| (head, Some(ident)));
    let (password, salt) = line.rsplit_once(" salt=").map_or((line, None), |(head, salt)| (head, Some(salt)));
    (password.to_string(), salt.map(String::from), ident.map(String::from))
}

fn write(path: &PathBuf, line: &str) -> Res<()> {
    let bad = |e: std::io::Error| fail(format!("the password cannot be kept in '{}': {e}", path.display()));
    if let Some(folder) = path.parent() {
        fs::DirBuilder::new().recursive(true).mode(0o700).create(folder).map_err(bad)?;
    }
    let mut file =
        fs::OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(path).map_err(bad)?;
    writeln!(file, "{line}").map_err(bad)
}

pub(super) fn run(call: Call) -> Res<Vec<Rt>> {
    let mut out = Vec::new();
    for term in call.texts()? {
        let (name, inline) = Call::term_options(&term);
        let inline = |key: &str| inline.iter().find(|(k, _)| k == key).map(|(_, v)| v.clone());
        let length = match inline("length") {
            Some(text) => text.parse().map_err(|_| fail("the length must be a number"))?,
            None => call.option("length").map_or(Ok(20), crate::args::integer)?,
        };
        let chars = match (inline("chars"), call.option("chars")) {
            (Some(text), _) => {
                // Two commas stand for a comma among the characters.
                let mut parts: Vec<String> =
                    text.replace(",,", ",").split(',').filter(|p| !p.is_empty()).map(String::from).collect();
                if text.contains(",,") {
                    parts.push(",".into());
                }
                parts
            }
            (None, Some(list @ (Rt::List(_) | Rt::Tuple(_)))) => {
                list.iterate()?.iter().map(repr::text).collect::<Res<_>>()?
            }
            (None, Some(text)) => repr::text(text)?.split(',').map(String::from).collect(),
            (None, None) => ["ascii_letters", "digits", ".,:-_"].map(String::from).to_vec(),
        };
        let encrypt = inline("encrypt").or(call
            .option("encrypt")
            .filter(|v| !v.is_null())
            .map(repr::text)
            .transpose()?);
        let seed =
            inline("seed").map(Rt::from).or_else(|| call.option("seed").filter(|v| !v.is_null()).cloned());
        let base = call.ctx.env.search.last().cloned().unwrap_or_default();
        let path = base.join(expand_user(&name));
        let keep = name != "/dev/null";
        let there = if keep { fs::read_to_string(&path).ok() } else { None };
        let mut changed = there.is_none();
        let (password, mut salt, mut ident) = match &there {
            Some(line) => parse(line),
            None => {
                let length = usize::try_from(length).map_err(|_| fail("the length must not be negative"))?;
                (make(length, &alphabet(&chars), seed.as_ref())?, None, None)
            }
        };
        let encrypt = encrypt.filter(|kind| !kind.is_empty());
        if let Some(kind) = &encrypt {
            if salt.is_none() {
                salt = Some(crypt::salt(crypt::salt_size(kind)));
                changed = true;
            }
            if ident.is_none() {
                let own = matches!(kind.as_str(), "bcrypt" | "blowfish").then(|| "2b".to_string());
                let given = call.option("ident").filter(|v| !v.is_null()).map(repr::text).transpose()?;
                ident = inline("ident").or(given).or(own);
                changed |= ident.is_some();
            }
        }
        if changed && keep {
            let part = |name: &str, value: &Option<String>| {
                value.as_ref().map(|value| format!(" {name}={value}")).unwrap_or_default()
            };
            write(&path, &format!("{password}{}{}", part("salt", &salt), part("ident", &ident)))?;
        }
        let shown = match encrypt {
            Some(kind) => crypt::crypt(&password, crypt::Manner { kind, salt, rounds: None, ident })?,
            None => password,
        };
        out.push(Rt::Str(Text::untrusted(shown).with_secret(true)));
        call.ctx.shared.secrets.set(true);
    }
    Ok(out)
}
