//! Regular expressions and URLs as tests.

use super::Table;
use crate::{
    Pattern,
    args::bind,
    repr,
    rt::{Args, Res, Rt, fail},
};

pub(crate) const TABLE: Table = &[
    ("match", |_, v, a| regex(v, a, "match")),
    ("search", |_, v, a| regex(v, a, "search")),
    ("regex", |_, v, a| regex(v, a, "search")),
    ("url", |_, v, a| url(v, a)),
    ("uri", |_, v, _| Ok(v.as_str().is_some_and(scheme))),
    ("urn", |_, v, _| Ok(v.as_str().is_some_and(|t| t.starts_with("urn:")))),
];

fn regex(value: &Rt, args: Args, default: &'static str) -> Res<bool> {
    let args = bind(default, args, &["pattern", "ignorecase", "multiline", "match_type"])?;
    let pattern =
        Pattern::new(&args.text(0, "")?, args.flag(1, false)?, args.flag(2, false)?).map_err(fail)?;
    let text = repr::text(value)?;
    Ok(match args.text(3, default)?.as_str() {
        "match" => pattern.at_start(&text).is_some(),
        "fullmatch" => {
            pattern.at_start(&text).is_some_and(|m| m.groups[0].is_some_and(|(_, end)| end == text.len()))
        }
        "search" => pattern.search(&text, 0).is_some(),
        _ => {
            return Err(fail("Invalid match_type specified. Expected one of: search, match, fullmatch."));
        }
    })
}

fn scheme(text: &str) -> bool {
    text.split_once(':').is_some_and(|(s, rest)| {
        s.starts_with(|c: char| c.is_ascii_alphabetic())
            && s.chars().all(|c| c.is_ascii_alphanumeric() || "+-.".contains(c))
            && !rest.is_empty()
    })
}

fn url(value: &Rt, args: Args) -> Res<bool> {
    let args = bind("url", args, &["schemes"])?;
    let Some(text) = value.as_str() else { return Ok(false) };
    let known = match args.get(0) {
        Some(list) => {
            let name = text.split(':').next().unwrap_or_default();
            list.iterate()?.iter().any(|s| s.as_str() == Some(name))
        }
        None => true,
    };
    let host =
        text.split_once("://").is_some_and(|(_, rest)| !rest.split('/').next().unwrap_or("").is_empty());
    Ok(scheme(text) && host && known)
}
