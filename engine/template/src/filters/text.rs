//! Text: case, blanks, splitting, replacing, quoting, comments.

use std::rc::Rc;

use rustible_protocol::Text;

use super::Table;
use crate::{
    args::{bind, integer},
    context::Ctx,
    methods, repr,
    rt::{Args, Res, Rt, fail},
};

pub(crate) const TABLE: Table = &[
    ("upper", |_, v, _| each(&v, |t| t.to_uppercase())),
    ("lower", |_, v, _| each(&v, |t| t.to_lowercase())),
    ("capitalize", |_, v, _| each(&v, methods::capitalize)),
    ("title", |_, v, _| each(&v, title)),
    ("trim", trim),
    ("center", center),
    ("replace", replace),
    ("split", split),
    ("splitlines", |_, v, _| {
        Ok(Rt::list(methods::split_lines(&repr::text(&v)?, false).into_iter().map(Rt::from).collect()))
    }),
    ("quote", |_, v, _| {
        let text = if v.is_null() { String::new() } else { repr::text(&v)? };
        Ok(Rt::from(quoted(&text)))
    }),
    ("comment", comment),
    ("truncate", truncate),
    ("wordcount", |_, v, _| {
        let text = repr::text(&v)?;
        let words = text.split(|c: char| !c.is_alphanumeric() && c != '_').filter(|w| !w.is_empty());
        Ok(Rt::from(words.count()))
    }),
    ("community.general.json_query", super::data::json_query),
    ("json_query", super::data::json_query),
];

fn each(value: &Rt, f: impl Fn(&str) -> String) -> Res<Rt> {
    Ok(Rt::from(f(&repr::text(value)?)))
}

/// Jinja's title: words begin behind blanks, dashes and brackets.
fn title(text: &str) -> String {
    let mut out = String::new();
    let mut start = true;
    for c in text.chars() {
        let gap = c.is_whitespace() || "-({[<".contains(c);
        if start && !gap {
            out.extend(c.to_uppercase());
        } else {
            out.extend(c.to_lowercase());
        }
        start = gap;
    }
    out
}

fn trim(_: &Rc<Ctx>, input: Rt, args: Args) -> Res<Rt> {
    let chars = bind("do_trim", args, &["chars"])?.opt_text(0)?;
    each(&input, |t| methods::strip(t, "strip", chars.as_deref()))
}

fn center(_: &Rc<Ctx>, input: Rt, args: Args) -> Res<Rt> {
    let width = bind("do_center", args, &["width"])?.int(0, 80)?;
    each(&input, |t| methods::justify(t, "center", width, " "))
}

fn replace(_: &Rc<Ctx>, input: Rt, args: Args) -> Res<Rt> {
    let args = bind("do_replace", args, &["old", "new", "count"])?;
    let (old, new) = (repr::text(args.need(0)?)?, repr::text(args.need(1)?)?);
    let count = args.opt_int(2)?.and_then(|c| usize::try_from(c).ok());
    Ok(Rt::from(methods::replace(&repr::text(&input)?, &old, &new, count)?))
}

fn split(_: &Rc<Ctx>, input: Rt, args: Args) -> Res<Rt> {
    let args = bind("split", args, &["sep", "maxsplit"])?;
    let Rt::Str(text) = &input else {
        return Err(fail(format!(
            "descriptor 'split' for 'str' objects doesn't apply to a '{}' object",
            input.type_name()
        )));
    };
    let parts = methods::split(text, args.opt_text(0)?.as_deref(), args.int(1, -1)?, false)?;
    Ok(Rt::list(parts.into_iter().map(|p| Rt::Str(text.like(p).with_trust(false))).collect()))
}

/// `shlex.quote`.
pub(crate) fn quoted(text: &str) -> String {
    if text.is_empty() {
        return "''".into();
    }
    let safe = |c: char| c.is_ascii_alphanumeric() || "_@%+=:,./-".contains(c);
    if text.chars().all(safe) { text.to_string() } else { format!("'{}'", text.replace('\'', "'\"'\"'")) }
}

/// Beginning, decoration and end of a comment style.
fn style(name: &str) -> Option<[&'static str; 3]> {
    Some(match name {
        "plain" => ["", "# ", ""],
        "erlang" => ["", "% ", ""],
        "c" => ["", "// ", ""],
        "cblock" => ["/*", " * ", " */"],
        "xml" => ["<!--", " - ", "-->"],
        _ => return None,
    })
}

fn comment(_: &Rc<Ctx>, input: Rt, args: Args) -> Res<Rt> {
    let Args { pos, kw } = args;
    let name = match pos.first() {
        Some(name) => repr::text(name)?,
        None => {
            kw.iter().find(|(k, _)| k == "style").map_or(Ok("plain".to_string()), |(_, v)| repr::text(v))?
        }
    };
    let Some([beginning, decoration, end]) = style(&name) else {
        return Err(fail(format!("Invalid style '{name}'.")));
    };
    let named = |key: &str| kw.iter().find(|(k, _)| k == key).map(|(_, v)| repr::text(v)).transpose();
    let counted = |key: &str| -> Res<usize> {
        let value = kw.iter().find(|(k, _)| k == key).map_or(Ok(1), |(_, v)| integer(v))?;
        Ok(usize::try_from(value).unwrap_or(0))
    };
    let newline = named("newline")?.unwrap_or_else(|| "\n".into());
    let beginning = named("beginning")?.unwrap_or_else(|| beginning.into());
    let end = named("end")?.unwrap_or_else(|| end.into());
    let decoration = named("decoration")?.unwrap_or_else(|| decoration.into());
    let edge = decoration.trim_end().to_string();
    let prefix = named("prefix")?.unwrap_or_else(|| edge.clone());
    let postfix = named("postfix")?.unwrap_or(edge);
    let before = if beginning.is_empty() { String::new() } else { format!("{beginning}{newline}") };
    let text = repr::text(&input)?;
    let mut out = before;
    if !prefix.is_empty() {
        // A prefix that is the line break alone needs no other one behind it.
        let line = if prefix == newline { newline.clone() } else { format!("{prefix}{newline}") };
        out.push_str(&line.repeat(counted("prefix_count")?));
    }
    let body = format!("{decoration}{}", text.replace(&newline, &format!("{newline}{decoration}")));
    // Lines that are only decoration lose the blank behind it.
    out.push_str(
        &body.replace(&format!("{decoration}{newline}"), &format!("{}{newline}", decoration.trim_end())),
    );
    out.push_str(&format!("{newline}{postfix}").repeat(counted("postfix_count")?));
    if !end.is_empty() {
        out.push_str(&format!("{newline}{end}"));
    }
    Ok(Rt::from(out))
}

fn truncate(_: &Rc<Ctx>, input: Rt, args: Args) -> Res<Rt> {
    let args = bind("do_truncate", args, &["length", "killwords", "end", "leeway"])?;
    let text = repr::text(&input)?;
    let end = args.text(2, "...")?;
    let length = usize::try_from(args.int(0, 255)?).unwrap_or(0);
    let leeway = usize::try_from(args.opt_int(3)?.unwrap_or(5)).unwrap_or(0);
    let count = text.chars().count();
    let tail = end.chars().count();
    if length < tail {
        return Err(fail(format!("expected length >= {tail}, got {length}")));
    }
    if count <= length + leeway {
        return Ok(Rt::from(text));
    }
    let cut: String = text.chars().take(length - tail).collect();
    if args.flag(1, false)? {
        return Ok(Rt::from(cut + &end));
    }
    let words = cut.rsplit_once(' ').map_or(cut.as_str(), |(head, _)| head);
    Ok(Rt::Str(Text::untrusted(format!("{words}{end}"))))
}
