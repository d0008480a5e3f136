//! Methods of strings.

use rustible_protocol::Text;

use crate::{
    args::{Bound, bind},
    ops,
    rt::{Args, Res, Rt, fail},
};

pub(super) const NAMES: &[&str] = &[
    "capitalize",
    "casefold",
    "center",
    "count",
    "encode",
    "endswith",
    "expandtabs",
    "find",
    "format",
    "format_map",
    "index",
    "isalnum",
    "isalpha",
    "isascii",
    "isdecimal",
    "isdigit",
    "isidentifier",
    "islower",
    "isnumeric",
    "isprintable",
    "isspace",
    "istitle",
    "isupper",
    "join",
    "ljust",
    "lower",
    "lstrip",
    "partition",
    "removeprefix",
    "removesuffix",
    "replace",
    "rfind",
    "rindex",
    "rjust",
    "rpartition",
    "rsplit",
    "rstrip",
    "split",
    "splitlines",
    "startswith",
    "strip",
    "swapcase",
    "title",
    "translate",
    "upper",
    "zfill",
    "decode",
];

/// Python's white space.
pub(crate) fn white(c: char) -> bool {
    c.is_whitespace() || ('\u{1c}'..='\u{1f}').contains(&c)
}

pub(super) fn call(text: &Text, name: &str, args: Args) -> Res<Rt> {
    let name = NAMES.iter().find(|n| **n == name).copied().unwrap_or_default();
    let same = |out: String| Rt::Str(text.like(out).with_trust(false));
    if let Some(result) = simple(text, name) {
        return Ok(same(result));
    }
    if let Some(result) = question(text, name) {
        return Ok(Rt::Bool(result));
    }
    Ok(match name {
        "strip" | "lstrip" | "rstrip" => {
            let args = bind(name, args, &["chars"])?;
            same(strip(text, name, args.opt_text(0)?.as_deref()))
        }
        "split" | "rsplit" => {
            let args = bind(name, args, &["sep", "maxsplit"])?;
            if let Some(sep) = args.get(0).filter(|s| s.as_str().is_none()) {
                return Err(fail(format!("must be str or None, not {}", sep.type_name())));
            }
            let parts = split(text, args.opt_text(0)?.as_deref(), args.int(1, -1)?, name == "rsplit")?;
            Rt::list(parts.into_iter().map(same).collect())
        }
        "splitlines" => {
            let args = bind(name, args, &["keepends"])?;
            Rt::list(split_lines(text, args.flag(0, false)?).into_iter().map(same).collect())
        }
        "partition" | "rpartition" => {
            let sep = string(&bind(name, args, &["sep"])?, 0)?;
            let found = if name == "partition" { text.split_once(&*sep) } else { text.rsplit_once(&*sep) };
            let parts = match found {
                Some((a, b)) => [a, &sep, b],
                None if name == "partition" => [text.as_str(), "", ""],
                None => ["", "", text.as_str()],
            };
            Rt::tuple(parts.map(|p| same(p.to_string())).to_vec())
        }
        "startswith" | "endswith" => affix(text, name, args)?,
        "find" | "rfind" | "index" | "rindex" | "count" => search(text, name, args)?,
        "replace" => {
            let args = bind(name, args, &["old", "new", "count"])?;
            let (old, new) = (string(&args, 0)?, string(&args, 1)?);
            let count = args.int(2, -1)?;
            same(replace(text, &old, &new, usize::try_from(count).ok())?)
        }
        "join" => join(text, &args)?,
        "format" => same(crate::format::format(text, &args)?),
        "format_map" => {
            let mapping = args.pos.first().cloned().unwrap_or(Rt::Null);
            let kw = mapping.as_dict().map(|d| d.entries()).unwrap_or_default();
            let kw = kw.into_iter().map(|(k, v)| (k.as_str().unwrap_or_default().to_string(), v)).collect();
            same(crate::format::format(text, &Args { pos: Vec::new(), kw })?)
        }
        "center" | "ljust" | "rjust" | "zfill" | "expandtabs" | "removeprefix" | "removesuffix" => {
            same(shaped(text, name, args)?)
        }
        "translate" => {
            let args = bind(name, args, &["table"])?;
            same(translated(text, args.need(0)?)?)
        }
        // Texts are Unicode throughout; the methods that change between bytes and text leave them as they are.
        "encode" | "decode" => Rt::Str(text.clone()),
        _ => return Err(fail(format!("'str' object has no attribute '{name}'"))),
    })
}

/// Each character as the table has it for its number: a number, a text, or none to drop it.
fn translated(text: &str, table: &Rt) -> Res<String> {
    let mut out = String::new();
    for c in text.chars() {
        match crate::eval::item(table, &Rt::Int(u32::from(c).into())) {
            Rt::Undef(_) => out.push(c),
            Rt::Null => {}
            Rt::Str(with) => out.push_str(&with),
            other => {
                let number = other.as_i64().and_then(|n| u32::try_from(n).ok()).and_then(char::from_u32);
                let wrong = || fail("character mapping must return integer, None or str");
                out.push(number.ok_or_else(wrong)?);
            }
        }
    }
    Ok(out)
}

/// Methods that pad a text or take an end off it.
fn shaped(text: &str, name: &'static str, args: Args) -> Res<String> {
    let whole = |n: i64| usize::try_from(n).unwrap_or(0);
    Ok(match name {
        "zfill" => {
            let width = whole(bind(name, args, &["width"])?.int(0, 0)?).min(1 << 20);
            let (sign, digits) = text.split_at(usize::from(text.starts_with(['-', '+'])));
            format!("{sign}{}{digits}", "0".repeat(width.saturating_sub(text.chars().count())))
        }
        "expandtabs" => expand_tabs(text, whole(bind(name, args, &["tabsize"])?.int(0, 8)?).min(1000)),
        "removeprefix" => {
            let part = string(&bind(name, args, &["prefix"])?, 0)?;
            text.strip_prefix(&*part).unwrap_or(text).to_string()
        }
        "removesuffix" => {
            let part = string(&bind(name, args, &["suffix"])?, 0)?;
            text.strip_suffix(&*part).unwrap_or(text).to_string()
        }
        _ => {
            let args = bind(name, args, &["width", "fillchar"])?;
            let fill = args.text(1, " ")?;
            if fill.chars().count() != 1 {
                return Err(fail("The fill character must be exactly one character long"));
            }
            justify(text, name, args.int(0, 0)?, &fill)
        }
    })
}

fn string(args: &Bound, at: usize) -> Res<String> {
    match args.need(at)? {
        Rt::Str(text) => Ok(text.to_string()),
        Rt::Undef(fault) => Err(fault.clone()),
        other => Err(fail(format!("argument {} must be str, not {}", at + 1, other.type_name()))),
    }
}

fn simple(text: &str, name: &str) -> Option<String> {
    Some(match name {
        "lower" => text.to_lowercase(),
        "casefold" => casefold(text),
        "upper" => text.to_uppercase(),
        "capitalize" => capitalize(text),
        "title" => title(text),
        "swapcase" => text
            .chars()
            .flat_map(|c| -> Vec<char> {
                if c.is_uppercase() { c.to_lowercase().collect() } else { c.to_uppercase().collect() }
            })
            .collect(),
        _ => return None,
    })
}

/// Python's `str.casefold`: what is one letter in capitals (ß and SS, σ and ς) becomes the same.
fn casefold(text: &str) -> String {
    let mut out = String::new();
    for c in text.chars() {
        match c {
            'ı' => out.push(c),
            _ => out.extend(c.to_uppercase().flat_map(char::to_lowercase)),
        }
    }
    out
}

pub(crate) fn capitalize(text: &str) -> String {
    let mut chars = text.chars();
    chars
        .next()
        .map_or_else(String::new, |c| c.to_uppercase().chain(chars.flat_map(char::to_lowercase)).collect())
}

/// Python's `str.title`: a letter after anything that is no letter is large.
pub(crate) fn title(text: &str) -> String {
    let mut out = String::new();
    let mut inside = false;
    for c in text.chars() {
        if inside {
            out.extend(c.to_lowercase());
        } else {
            out.extend(c.to_uppercase());
        }
        inside = c.is_alphabetic();
    }
    out
}

fn question(text: &str, name: &str) -> Option<bool> {
    let all = |f: fn(char) -> bool| !text.is_empty() && text.chars().all(f);
    let cased = text.chars().any(|c| c.is_lowercase() || c.is_uppercase());
    Some(match name {
        "isalnum" => all(char::is_alphanumeric),
        "isalpha" => all(char::is_alphabetic),
        "isascii" => text.is_ascii(),
        "isdigit" | "isdecimal" | "isnumeric" => all(char::is_numeric),
        "islower" => cased && !text.chars().any(char::is_uppercase),
        "isupper" => cased && !text.chars().any(char::is_lowercase),
        "isspace" => all(white),
        "isprintable" => !text.chars().any(char::is_control),
        "istitle" => cased && title(text) == text,
        "isidentifier" => {
            text.starts_with(|c: char| c.is_alphabetic() || c == '_')
                && text.chars().all(|c| c.is_alphanumeric() || c == '_')
        }
        _ => return None,
    })
}

pub(crate) fn strip(text: &str, name: &str, chars: Option<&str>) -> String {
    let drop = |c: char| chars.map_or_else(|| white(c), |set| set.contains(c));
    match name {
        "lstrip" => text.trim_start_matches(drop),
        "rstrip" => text.trim_end_matches(drop),
        _ => text.trim_matches(drop),
    }
    .to_string()
}

/// Split at white space, at most so many times.
pub(crate) fn split_white(text: &str, max: i64, right: bool) -> Vec<String> {
    if max < 0 {
        return text.split(white).filter(|p| !p.is_empty()).map(String::from).collect();
    }
    let mut out = Vec::new();
    let mut rest = text.trim_matches(white);
    while !rest.is_empty() {
        let found = if right { rest.rfind(white) } else { rest.find(white) };
        match found.filter(|_| (out.len() as i64) < max) {
            Some(at) if right => {
                out.push(rest[at..].trim_start_matches(white).to_string());
                rest = rest[..at].trim_end_matches(white);
            }
            Some(at) => {
                out.push(rest[..at].to_string());
                rest = rest[at..].trim_start_matches(white);
            }
            None => {
                let last = if right { rest.trim_end_matches(white) } else { rest };
                out.push(last.to_string());
                break;
            }
        }
    }
    if right {
        out.reverse();
    }
    out
}

/// `split` and `rsplit`.
pub(crate) fn split(text: &str, sep: Option<&str>, max: i64, right: bool) -> Res<Vec<String>> {
    let Some(sep) = sep else { return Ok(split_white(text, max, right)) };
    if sep.is_empty() {
        return Err(fail("empty separator"));
    }
    let Ok(max) = usize::try_from(max) else {
        return Ok(text.split(sep).map(String::from).collect());
    };
    if right {
        let mut parts: Vec<String> = text.rsplitn(max + 1, sep).map(String::from).collect();
        parts.reverse();
        return Ok(parts);
    }
    Ok(text.splitn(max + 1, sep).map(String::from).collect())
}

/// `splitlines`.
pub(crate) fn split_lines(text: &str, keep: bool) -> Vec<String> {
    let mut out = Vec::new();
    let mut line = String::new();
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        if !matches!(
            c,
            '\n' | '\r' | '\u{b}' | '\u{c}' | '\u{1c}'..='\u{1e}' | '\u{85}' | '\u{2028}' | '\u{2029}'
        ) {
            line.push(c);
            continue;
        }
        if keep {
            line.push(c);
        }
        if c == '\r' && chars.peek() == Some(&'\n') {
            chars.next();
            if keep {
                line.push('\n');
            }
        }
        out.push(std::mem::take(&mut line));
    }
    if !line.is_empty() {
        out.push(line);
    }
    out
}

fn affix(text: &str, name: &'static str, args: Args) -> Res<Rt> {
    let args = bind(name, args, &["prefix", "start", "end"])?;
    let chars: Vec<char> = text.chars().collect();
    let range = ops::slice(chars.len(), args.opt_int(1)?, args.opt_int(2)?, None)?;
    let part: String = range.into_iter().map(|i| chars[i]).collect();
    let wanted = match args.need(0)? {
        Rt::Tuple(items) => items.to_vec(),
        one => vec![one.clone()],
    };
    for affix in wanted {
        let Some(affix) = affix.as_str() else {
            return Err(fail(format!(
                "{name} first arg must be str or a tuple of str, not {}",
                affix.type_name()
            )));
        };
        if if name == "startswith" { part.starts_with(affix) } else { part.ends_with(affix) } {
            return Ok(Rt::Bool(true));
        }
    }
    Ok(Rt::Bool(false))
}

fn search(text: &str, name: &'static str, args: Args) -> Res<Rt> {
    let args = bind(name, args, &["sub", "start", "end"])?;
    let wanted = string(&args, 0)?;
    let chars: Vec<char> = text.chars().collect();
    let range = ops::slice(chars.len(), args.opt_int(1)?, args.opt_int(2)?, None)?;
    let offset = range.first().copied().unwrap_or(0);
    let part: String = range.into_iter().map(|i| chars[i]).collect();
    if name == "count" {
        let count = if wanted.is_empty() { part.chars().count() + 1 } else { part.matches(&*wanted).count() };
        return Ok(Rt::from(count));
    }
    let found = if name.starts_with('r') { part.rfind(&*wanted) } else { part.find(&*wanted) };
    match found {
        Some(at) => Ok(Rt::from(part[..at].chars().count() + offset)),
        None if name.ends_with("find") => Ok(Rt::Int(-1)),
        None => Err(fail("substring not found")),
    }
}

fn join(sep: &Text, args: &Args) -> Res<Rt> {
    let Some(items) = args.pos.first() else {
        return Err(fail("str.join() takes exactly one argument (0 given)"));
    };
    let mut out = String::new();
    let mut secret = sep.is_secret();
    for (i, item) in items.iterate()?.into_iter().enumerate() {
        if i > 0 {
            out.push_str(sep);
        }
        match item {
            Rt::Str(text) => {
                secret |= text.is_secret();
                out.push_str(&text);
            }
            Rt::Undef(fault) => return Err(fault),
            other => {
                return Err(fail(format!(
                    "sequence item {i}: expected str instance, {} found",
                    other.type_name()
                )));
            }
        }
    }
    Ok(Rt::Str(Text::untrusted(out).with_secret(secret)))
}

pub(crate) fn justify(text: &str, name: &str, width: i64, fill: &str) -> String {
    let len = text.chars().count();
    let missing = usize::try_from(width).unwrap_or(0).min(1 << 20).saturating_sub(len);
    let left = match name {
        "ljust" => 0,
        "rjust" => missing,
        // CPython puts the odd one to the left when the width is odd.
        _ => missing / 2 + (missing & usize::try_from(width).unwrap_or(0) & 1),
    };
    format!("{}{text}{}", fill.repeat(left), fill.repeat(missing - left))
}

fn expand_tabs(text: &str, size: usize) -> String {
    let mut out = String::new();
    let mut column = 0;
    for c in text.chars() {
        match c {
            '\t' if size > 0 => {
                let blanks = size - column % size;
                out.push_str(&" ".repeat(blanks));
                column += blanks;
            }
            '\t' => {}
            '\n' | '\r' => {
                out.push(c);
                column = 0;
            }
            _ => {
                out.push(c);
                column += 1;
            }
        }
    }
    out
}

/// Python's `replace`, each one or the first so many.
pub(crate) fn replace(text: &str, old: &str, new: &str, count: Option<usize>) -> Res<String> {
    let times = text.matches(old).take(count.unwrap_or(usize::MAX)).count();
    if times.saturating_mul(new.len()) > ops::LONGEST {
        return Err(fail("the text is too long"));
    }
    Ok(text.replacen(old, new, times))
}
