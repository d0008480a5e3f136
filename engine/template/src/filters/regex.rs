//! `regex_replace`, `regex_search`, `regex_findall`, `regex_escape`.

use std::{rc::Rc, sync::Arc};

use super::Table;
use crate::{
    Pattern,
    args::{Bound, bind},
    context::Ctx,
    regex::{Match, quote},
    repr,
    rt::{Args, Res, Rt, fail},
};

pub(crate) const TABLE: Table = &[
    ("regex_replace", replace),
    ("regex_search", search),
    ("regex_findall", find_all),
    ("regex_escape", escape),
];

fn compile(args: &Bound, pattern: usize, ignorecase: usize, multiline: usize) -> Res<Arc<Pattern>> {
    let text = args.text(pattern, "")?;
    Pattern::new(&text, args.flag(ignorecase, false)?, args.flag(multiline, false)?).map_err(fail)
}

fn subject(input: &Rt) -> Res<String> {
    repr::text(input)
}

fn replace(_: &Rc<Ctx>, input: Rt, args: Args) -> Res<Rt> {
    let names = &["pattern", "replacement", "ignorecase", "multiline", "count", "mandatory_count"];
    let args = bind("regex_replace", args, names)?;
    let pattern = compile(&args, 0, 2, 3)?;
    let text = subject(&input)?;
    let count = usize::try_from(args.int(4, 0)?).unwrap_or(0);
    let (out, done) = pattern.replace(&text, &args.text(1, "")?, count).map_err(fail)?;
    let wanted = usize::try_from(args.int(5, 0)?).unwrap_or(0);
    if wanted > 0 && wanted != done {
        return Err(fail(format!(
            "'{}' should match {wanted} times, but matches {count} times in '{text}'",
            args.text(0, "")?
        )));
    }
    Ok(Rt::from(out))
}

fn group(text: &str, found: &Match, number: usize) -> Rt {
    match found.groups.get(number).copied().flatten() {
        Some((start, end)) => Rt::str(&text[start..end]),
        None => Rt::Null,
    }
}

fn search(_: &Rc<Ctx>, input: Rt, args: Args) -> Res<Rt> {
    let mut wanted: Vec<Rt> = Vec::new();
    let mut rest = Args::default();
    for (i, arg) in args.pos.into_iter().enumerate() {
        if i == 0 { rest.pos.push(arg) } else { wanted.push(arg) }
    }
    rest.kw = args.kw;
    let args = bind("regex_search", rest, &["regex", "ignorecase", "multiline"])?;
    let pattern = compile(&args, 0, 1, 2)?;
    let text = subject(&input)?;
    let mut numbers = Vec::new();
    for group in &wanted {
        let spec = repr::text(group)?;
        let number = if let Some(name) = spec.strip_prefix("\\g<").and_then(|s| s.strip_suffix('>')) {
            name.parse().ok().or_else(|| pattern.group_number(name)).ok_or_else(|| fail("no such group"))?
        } else if let Some(digits) = spec.strip_prefix('\\') {
            digits.parse::<usize>().map_err(|_| fail("Unknown argument"))?
        } else {
            return Err(fail("Unknown argument"));
        };
        if number > pattern.group_count() {
            return Err(fail("no such group"));
        }
        numbers.push(number);
    }
    let Some(found) = pattern.search(&text, 0) else { return Ok(Rt::Null) };
    if numbers.is_empty() {
        return Ok(group(&text, &found, 0));
    }
    Ok(Rt::list(numbers.into_iter().map(|n| group(&text, &found, n)).collect()))
}

fn find_all(_: &Rc<Ctx>, input: Rt, args: Args) -> Res<Rt> {
    let args = bind("regex_findall", args, &["regex", "multiline", "ignorecase"])?;
    let pattern = compile(&args, 0, 2, 1)?;
    let text = subject(&input)?;
    let or_empty = |found: &Match, n: usize| match group(&text, found, n) {
        Rt::Null => Rt::str(""),
        other => other,
    };
    let items = pattern.all(&text).into_iter().map(|found| match pattern.group_count() {
        0 => or_empty(&found, 0),
        1 => or_empty(&found, 1),
        count => Rt::tuple((1..=count).map(|n| or_empty(&found, n)).collect()),
    });
    Ok(Rt::list(items.collect()))
}

fn escape(_: &Rc<Ctx>, input: Rt, args: Args) -> Res<Rt> {
    let kind = bind("regex_escape", args, &["re_type"])?.text(0, "python")?;
    let text = subject(&input)?;
    match kind.as_str() {
        "python" => Ok(Rt::from(quote(&text))),
        "posix_basic" => {
            let mut out = String::new();
            for c in text.chars() {
                if "[].^$*\\".contains(c) {
                    out.push('\\');
                }
                out.push(c);
            }
            Ok(Rt::from(out))
        }
        "posix_extended" => Err(fail(format!("Regex type ({kind}) not yet implemented"))),
        other => Err(fail(format!("Invalid regex type ({other})"))),
    }
}
