//! HTML: `escape`, `forceescape`, `striptags`, `xmlattr`, `urlize`, `tojson`, `filesizeformat`.

use std::rc::Rc;

use rustible_protocol::json;

use super::Table;
use super::data::bearable_indent;
use crate::{
    args::bind,
    context::Ctx,
    repr,
    rt::{Args, Res, Rt, fail},
};

pub(crate) const TABLE: Table = &[
    ("escape", |_, v, _| repr::text(&v).map(|t| Rt::from(escaped(&t)))),
    ("e", |_, v, _| repr::text(&v).map(|t| Rt::from(escaped(&t)))),
    ("forceescape", |_, v, _| repr::text(&v).map(|t| Rt::from(escaped(&t)))),
    ("striptags", |_, v, _| repr::text(&v).map(|t| Rt::from(striptags(&t)))),
    ("xmlattr", xmlattr),
    ("urlize", urlize),
    ("tojson", tojson),
    ("filesizeformat", filesize),
];

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('>', "&gt;")
        .replace('<', "&lt;")
        .replace('\'', "&#39;")
        .replace('"', "&#34;")
}

fn striptags(text: &str) -> String {
    let mut out = String::new();
    let mut rest = text;
    while let Some(at) = rest.find('<') {
        out.push_str(&rest[..at]);
        let (open, close) = if rest[at..].starts_with("<!--") { (at, "-->") } else { (at, ">") };
        match rest[open..].find(close) {
            Some(end) => rest = &rest[open + end + close.len()..],
            None => {
                out.push_str(&rest[open..]);
                rest = "";
            }
        }
    }
    out.push_str(rest);
    let out = out.split_whitespace().collect::<Vec<_>>().join(" ");
    out.replace("&lt;", "<")
        .replace("&gt;", ">")
        .replace("&#34;", "\"")
        .replace("&quot;", "\"")
        .replace("&#39;", "'")
        .replace("&amp;", "&")
}

fn xmlattr(_: &Rc<Ctx>, input: Rt, args: Args) -> Res<Rt> {
    let space = bind("do_xmlattr", args, &["autospace"])?.flag(0, true)?;
    let Rt::Dict(dict) = &input else {
        return Err(fail(format!("'{}' object has no attribute 'items'", input.type_name())));
    };
    let mut out = Vec::new();
    for (key, value) in dict.entries() {
        if value.is_null() || matches!(value, Rt::Undef(_)) {
            continue;
        }
        let key = repr::text(&Rt::from_key(key))?;
        if key.contains(|c: char| c.is_whitespace() || "/>=".contains(c)) {
            return Err(fail(format!("Invalid character in attribute name: '{key}'")));
        }
        out.push(format!("{}=\"{}\"", escaped(&key), escaped(&repr::text(&value)?)));
    }
    let text = out.join(" ");
    Ok(Rt::from(if space && !text.is_empty() { format!(" {text}") } else { text }))
}

fn urlize(_: &Rc<Ctx>, input: Rt, args: Args) -> Res<Rt> {
    let names = &["trim_url_limit", "nofollow", "target", "rel", "extra_schemes"];
    let args = bind("do_urlize", args, names)?;
    let limit = args.opt_int(0)?.and_then(|l| usize::try_from(l).ok());
    let mut rel: Vec<String> = args.text(3, "")?.split_whitespace().map(String::from).collect();
    rel.push("noopener".into());
    if args.flag(1, false)? {
        rel.push("nofollow".into());
    }
    rel.sort();
    let rel = format!(" rel=\"{}\"", escaped(&rel.join(" ")));
    let target = args.opt_text(2)?.map(|t| format!(" target=\"{}\"", escaped(&t))).unwrap_or_default();
    let text = escaped(&repr::text(&input)?);
    let shown = |url: &str| match limit {
        Some(limit) if url.chars().count() > limit => url.chars().take(limit).collect::<String>() + "...",
        _ => url.to_string(),
    };
    let mut out = String::new();
    for word in split_keep(&text) {
        let core = word.trim_start_matches(['(', '<']);
        let core = core.trim_end_matches([')', '.', ',', '\n', '>']);
        let (head, tail) = word.split_once(core).filter(|_| !core.is_empty()).unwrap_or((&word, ""));
        let scheme = core.starts_with("http://") || core.starts_with("https://");
        if scheme || core.starts_with("www.") {
            let href = if scheme { core.to_string() } else { format!("https://{core}") };
            out.push_str(&format!("{head}<a href=\"{href}\"{rel}{target}>{}</a>{tail}", shown(core)));
        } else {
            out.push_str(&word);
        }
    }
    Ok(Rt::from(out))
}

fn split_keep(text: &str) -> Vec<String> {
    let mut out: Vec<String> = Vec::new();
    for c in text.chars() {
        match out.last_mut() {
            Some(last) if last.ends_with(char::is_whitespace) == c.is_whitespace() => last.push(c),
            _ => out.push(c.to_string()),
        }
    }
    out
}

fn tojson(ctx: &Rc<Ctx>, input: Rt, args: Args) -> Res<Rt> {
    let indent =
        bind("do_tojson", args, &["indent"])?.opt_int(0)?.and_then(|width| usize::try_from(width).ok());
    bearable_indent(indent)?;
    let style = json::Style { indent, sort_keys: true, ascii: true, tight: false };
    let text = json::write(&ctx.plain(&input)?, style);
    let text =
        text.replace('<', "\\u003c").replace('>', "\\u003e").replace('&', "\\u0026").replace('\'', "\\u0027");
    Ok(Rt::from(text))
}

fn filesize(_: &Rc<Ctx>, input: Rt, args: Args) -> Res<Rt> {
    let binary = bind("do_filesizeformat", args, &["binary"])?.flag(0, false)?;
    let bytes = match &input {
        Rt::Str(text) => {
            text.trim().parse().map_err(|_| fail(format!("could not convert string to float: '{text}'")))?
        }
        other => other.as_f64().ok_or_else(|| fail("float() argument must be a string or a real number"))?,
    };
    let (base, prefixes) = if binary {
        (1024.0, ["KiB", "MiB", "GiB", "TiB", "PiB", "EiB", "ZiB", "YiB"])
    } else {
        (1000.0, ["kB", "MB", "GB", "TB", "PB", "EB", "ZB", "YB"])
    };
    if bytes == 1.0 {
        return Ok(Rt::str("1 Byte"));
    }
    if bytes < base {
        return Ok(Rt::from(format!("{bytes:.0} Bytes")));
    }
    let mut unit = base;
    for (i, prefix) in prefixes.iter().enumerate() {
        if bytes < unit * base || i + 1 == prefixes.len() {
            return Ok(Rt::from(format!("{:.1} {prefix}", bytes / unit)));
        }
        unit *= base;
    }
    Ok(Rt::Null)
}
