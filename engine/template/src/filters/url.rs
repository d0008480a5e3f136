//! URLs: `urlsplit`, `urlencode`, `urldecode`.

use std::rc::Rc;

use indexmap::IndexMap;
use rustible_protocol::Value;

use super::Table;
use crate::{
    args::bind,
    context::Ctx,
    repr,
    rt::{Args, Res, Rt, fail},
};

pub(crate) const TABLE: Table = &[
    ("urlsplit", urlsplit),
    ("urlencode", urlencode),
    ("urldecode", |_, v, _| repr::text(&v).map(|t| Rt::from(decoded(&t)))),
];

/// Python's `quote`: letters, digits, `_.-~` and the safe ones stay.
pub(crate) fn encoded(text: &str, safe: &str, plus: bool) -> String {
    let mut out = String::new();
    for byte in text.bytes() {
        let c = char::from(byte);
        if c.is_ascii_alphanumeric() || "_.-~".contains(c) || (c.is_ascii() && safe.contains(c)) {
            out.push(c);
        } else if plus && c == ' ' {
            out.push('+');
        } else {
            out.push_str(&format!("%{byte:02X}"));
        }
    }
    out
}

fn decoded(text: &str) -> String {
    let bytes = text.as_bytes();
    let mut out = Vec::new();
    let mut at = 0;
    while at < bytes.len() {
        let hex = text.get(at + 1..at + 3).and_then(|h| u8::from_str_radix(h, 16).ok());
        match (bytes[at], hex) {
            (b'%', Some(byte)) => {
                out.push(byte);
                at += 3;
            }
            (b'+', _) => {
                out.push(b' ');
                at += 1;
            }
            (byte, _) => {
                out.push(byte);
                at += 1;
            }
        }
    }
    String::from_utf8_lossy(&out).into_owned()
}

fn urlencode(_: &Rc<Ctx>, input: Rt, _: Args) -> Res<Rt> {
    let pairs = match &input {
        Rt::Dict(dict) => dict.entries().into_iter().map(|(k, v)| (Rt::from_key(k), v)).collect::<Vec<_>>(),
        Rt::List(_) | Rt::Tuple(_) => {
            let mut pairs = Vec::new();
            for item in input.iterate()? {
                match &item.iterate()?[..] {
                    [k, v] => pairs.push((k.clone(), v.clone())),
                    _ => return Err(fail("not a valid non-string sequence or mapping object")),
                }
            }
            pairs
        }
        other => return Ok(Rt::from(encoded(&repr::text(other)?, "/", false))),
    };
    let mut out = Vec::new();
    for (key, value) in pairs {
        out.push(format!(
            "{}={}",
            encoded(&repr::text(&key)?, "", true),
            encoded(&repr::text(&value)?, "", true)
        ));
    }
    Ok(Rt::from(out.join("&")))
}

fn urlsplit(_: &Rc<Ctx>, input: Rt, args: Args) -> Res<Rt> {
    let query = bind("urlsplit", args, &["query", "alias"])?.text(0, "")?;
    let url = repr::text(&input)?;
    let valid = |s: &str| {
        s.starts_with(|c: char| c.is_ascii_alphabetic())
            && s.chars().all(|c| c.is_ascii_alphanumeric() || "+-.".contains(c))
    };
    let (scheme, rest) = url.split_once(':').filter(|(s, _)| valid(s)).unwrap_or(("", &url));
    let (rest, fragment) = rest.split_once('#').unwrap_or((rest, ""));
    let (rest, query_text) = rest.split_once('?').unwrap_or((rest, ""));
    let (netloc, path) = match rest.strip_prefix("//") {
        Some(after) => after.split_at(after.find('/').unwrap_or(after.len())),
        None => ("", rest),
    };
    let (user, host) = netloc.rsplit_once('@').map_or((None, netloc), |(u, h)| (Some(u), h));
    let (username, password) = match user.map(|u| u.split_once(':').map_or((u, None), |(u, p)| (u, Some(p))))
    {
        Some((name, password)) => (Some(name), password),
        None => (None, None),
    };
    let (hostname, port) = match host.strip_prefix('[') {
        Some(inner) => {
            let (address, after) = inner.split_once(']').unwrap_or((inner, ""));
            (address, after.strip_prefix(':'))
        }
        None => host.split_once(':').map_or((host, None), |(h, p)| (h, Some(p))),
    };
    let text = |value: Option<&str>| value.map_or(Rt::Null, Rt::str);
    let port = match port.filter(|p| !p.is_empty()) {
        Some(port) => match port.parse::<u16>() {
            Ok(port) => Rt::Int(i64::from(port)),
            Err(_) => return Err(fail(format!("Port could not be cast to integer value as '{port}'"))),
        },
        None => Rt::Null,
    };
    let hostname = if hostname.is_empty() { Rt::Null } else { Rt::from(hostname.to_lowercase()) };
    let all: [(&str, Rt); 9] = [
        ("fragment", Rt::str(fragment)),
        ("hostname", hostname),
        ("netloc", Rt::str(netloc)),
        ("password", text(password)),
        ("path", Rt::str(path)),
        ("port", port),
        ("query", Rt::str(query_text)),
        ("scheme", Rt::from(scheme.to_lowercase())),
        ("username", text(username)),
    ];
    if query.is_empty() {
        let entries: IndexMap<Value, Rt> = all.into_iter().map(|(k, v)| (k.into(), v)).collect();
        return Ok(Rt::dict(entries));
    }
    all.into_iter()
        .find(|(name, _)| *name == query)
        .map(|(_, value)| value)
        .ok_or_else(|| fail(format!("urlsplit: unknown URL component: {query}")))
}
