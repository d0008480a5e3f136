//! Lists: order, parts, combinations.

use std::rc::Rc;

use rustible_protocol::Text;

use super::{
    Table,
    pick::{attribute, folded},
};
use crate::{
    args::{bind, integer},
    context::Ctx,
    eval::item,
    ops, repr,
    rt::{Args, Res, Rt, fail, fail_apart, undefined},
};

pub(crate) const TABLE: Table = &[
    ("list", |_, v, _| v.iterate()?.into_iter().map(Rt::defined).collect::<Res<Vec<_>>>().map(Rt::list)),
    ("length", |_, v, _| length(&v)),
    ("count", |_, v, _| length(&v)),
    ("first", |_, v, _| {
        let first = if let Rt::List(list) = &v { list.get(0) } else { v.iterate()?.into_iter().next() };
        Ok(first.unwrap_or_else(|| empty("first")))
    }),
    ("last", |_, v, _| {
        let last = match &v {
            Rt::List(list) => list.len().checked_sub(1).and_then(|at| list.get(at)),
            _ => v.iterate()?.pop(),
        };
        Ok(last.unwrap_or_else(|| empty("last")))
    }),
    ("join", join),
    ("sort", sort),
    ("reverse", reverse),
    ("batch", batch),
    ("slice", slice),
    ("flatten", flatten),
    ("zip", |_, v, a| zip(&v, a, false)),
    ("zip_longest", |_, v, a| zip(&v, a, true)),
    ("product", product),
    ("combinations", |_, v, a| choose(&v, a, true)),
    ("permutations", |_, v, a| choose(&v, a, false)),
    ("extract", extract),
    ("subelements", subelements),
    ("items", |_, v, _| match &v {
        Rt::Dict(d) => {
            Ok(Rt::list(d.entries().into_iter().map(|(k, v)| Rt::tuple(vec![Rt::from_key(k), v])).collect()))
        }
        _ => Err(fail("Can only get item pairs from a mapping.")),
    }),
    ("community.general.counter", |_, v, _| counter(&v)),
];

fn empty(what: &str) -> Rt {
    let which = if what == "first" { "first" } else { "last" };
    Rt::Undef(undefined(format!("No {which} item, sequence was empty.")))
}

fn length(value: &Rt) -> Res<Rt> {
    Ok(Rt::from(match value {
        Rt::Str(text) => text.chars().count(),
        Rt::List(list) => list.len(),
        Rt::Dict(dict) => dict.len(),
        Rt::Tuple(items) => items.len(),
        Rt::Range(..) => value.range_len(),
        other => match crate::bytes::inside(other) {
            Some(bytes) => bytes.len(),
            None => return Err(fail(format!("object of type '{}' has no len()", other.type_name()))),
        },
    }))
}

fn join(_: &Rc<Ctx>, input: Rt, args: Args) -> Res<Rt> {
    let args = bind("do_join", args, &["d", "attribute"])?;
    let separator = args.text(0, "")?;
    let mut out = String::new();
    let mut secret = false;
    for (i, item) in input.iterate()?.into_iter().enumerate() {
        let item = match args.get(1) {
            Some(path) => attribute(&item, path, None)?,
            None => item,
        };
        if i > 0 {
            out.push_str(&separator);
        }
        if let Rt::Str(text) = &item {
            secret |= text.is_secret();
        }
        out.push_str(&repr::text(&item)?);
    }
    Ok(Rt::Str(Text::untrusted(out).with_secret(secret)))
}

fn sort(_: &Rc<Ctx>, input: Rt, args: Args) -> Res<Rt> {
    let args = bind("do_sort", args, &["reverse", "case_sensitive", "attribute"])?;
    let case = args.flag(1, false)?;
    let mut items = input.iterate()?;
    let paths: Option<Vec<Rt>> = match args.get(2) {
        Some(Rt::Str(text)) => Some(text.split(',').map(Rt::str).collect()),
        Some(other) => Some(vec![other.clone()]),
        None => None,
    };
    let key = |item: &Rt| -> Res<Rt> {
        Ok(match &paths {
            None => folded(item.clone().defined()?, case),
            Some(paths) => {
                let parts = paths.iter().map(|p| Ok(folded(attribute(item, p, None)?.defined()?, case)));
                Rt::tuple(parts.collect::<Res<_>>()?)
            }
        })
    };
    ops::sort_by(&mut items, key, args.flag(0, false)?)?;
    Ok(Rt::list(items))
}

fn reverse(_: &Rc<Ctx>, input: Rt, _: Args) -> Res<Rt> {
    if let Rt::Str(text) = &input {
        return Ok(Rt::Str(text.like(text.chars().rev().collect::<String>()).with_trust(false)));
    }
    let mut items = input.iterate()?;
    items.reverse();
    Ok(Rt::list(items))
}

/// What a list of that length takes is more than there may be.
fn bearable(length: usize) -> Res<()> {
    const MOST: usize = 5_000_000;
    if length > MOST { Err(fail("the list is too long")) } else { Ok(()) }
}

fn batch(_: &Rc<Ctx>, input: Rt, args: Args) -> Res<Rt> {
    let args = bind("do_batch", args, &["linecount", "fill_with"])?;
    let size = usize::try_from(integer(args.need(0)?)?).unwrap_or(0).max(1);
    let items = input.iterate()?;
    let mut rows: Vec<Vec<Rt>> = items.chunks(size).map(<[Rt]>::to_vec).collect();
    if let (Some(fill), Some(last)) = (args.get(1), rows.last_mut()) {
        bearable(size)?;
        last.resize(size, fill.clone());
    }
    Ok(Rt::list(rows.into_iter().map(Rt::list).collect()))
}

fn slice(_: &Rc<Ctx>, input: Rt, args: Args) -> Res<Rt> {
    let args = bind("do_slice", args, &["slices", "fill_with"])?;
    let count = usize::try_from(integer(args.need(0)?)?).unwrap_or(0);
    if count == 0 {
        return Err(fail("integer division or modulo by zero"));
    }
    bearable(count)?;
    let items = input.iterate()?;
    let (size, extra) = (items.len() / count, items.len() % count);
    let mut at = 0;
    let mut out = Vec::new();
    for i in 0..count {
        let take = size + usize::from(i < extra);
        let mut row = items[at..at + take].to_vec();
        at += take;
        if let Some(fill) = args.get(1)
            && i >= extra
            && extra > 0
        {
            row.push(fill.clone());
        }
        out.push(Rt::list(row));
    }
    Ok(Rt::list(out))
}

fn flatten(_: &Rc<Ctx>, input: Rt, args: Args) -> Res<Rt> {
    let args = bind("flatten", args, &["levels", "skip_nulls"])?;
    let levels = args.opt_int(0)?;
    let skip = args.flag(1, true)?;
    let mut out = Vec::new();
    flat(&input, levels, skip, &mut out)?;
    Ok(Rt::list(out))
}

pub(crate) fn flat(input: &Rt, levels: Option<i64>, skip: bool, out: &mut Vec<Rt>) -> Res<()> {
    for item in input.iterate()? {
        let none = item.is_null() || item.as_str().is_some_and(|t| t == "None" || t == "null");
        if skip && none {
            continue;
        }
        if matches!(item, Rt::List(_) | Rt::Tuple(_)) && levels.is_none_or(|l| l >= 1) {
            flat(&item, levels.map(|l| l - 1), skip, out)?;
        } else {
            out.push(item);
        }
    }
    Ok(())
}

fn zip(input: &Rt, args: Args, longest: bool) -> Res<Rt> {
    let mut fill = Rt::Null;
    for (name, value) in &args.kw {
        match name.as_str() {
            "fillvalue" if longest => fill = value.clone(),
            "strict" => {}
            other => return Err(fail(format!("zip() got an unexpected keyword argument '{other}'"))),
        }
    }
    let columns = std::iter::once(input).chain(&args.pos).map(Rt::iterate).collect::<Res<Vec<_>>>()?;
    let lengths = columns.iter().map(Vec::len);
    let rows = if longest { lengths.max() } else { lengths.min() }.unwrap_or(0);
    let row = |i: usize| columns.iter().map(|c| c.get(i).cloned().unwrap_or_else(|| fill.clone())).collect();
    Ok(Rt::list((0..rows).map(|i| Rt::list(row(i))).collect()))
}

fn product(_: &Rc<Ctx>, input: Rt, args: Args) -> Res<Rt> {
    let mut columns = std::iter::once(&input).chain(&args.pos).map(Rt::iterate).collect::<Res<Vec<_>>>()?;
    if let Some((_, repeat)) = args.kw.iter().find(|(k, _)| k == "repeat") {
        let once = columns.clone();
        for _ in 1..integer(repeat)? {
            columns.extend(once.clone());
        }
    }
    let mut rows: Vec<Vec<Rt>> = vec![Vec::new()];
    for column in &columns {
        if rows.len().saturating_mul(column.len()) > 5_000_000 {
            return Err(fail("the product is too large"));
        }
        rows = rows
            .iter()
            .flat_map(|row| column.iter().map(|i| [row.as_slice(), std::slice::from_ref(i)].concat()))
            .collect();
    }
    Ok(Rt::list(rows.into_iter().map(Rt::list).collect()))
}

/// More combinations are refused.
const MOST_ROWS: usize = 1_000_000;
/// Of lists, combinations with more values in all of them.
const MOST_INNER: usize = 100_000;

/// How many values there are in a value, itself among them, as far as that limit.
fn weight(value: &Rt, limit: usize) -> usize {
    let inner: &[Rt] = match value {
        Rt::List(list) => &list.items(),
        Rt::Tuple(items) => items,
        _ => &[],
    };
    let mut sum = 1;
    for item in inner {
        if sum >= limit {
            break;
        }
        sum += weight(item, limit - sum);
    }
    sum
}

fn choose(input: &Rt, args: Args, combinations: bool) -> Res<Rt> {
    let args = bind("combinations", args, &["r"])?;
    let items = input.iterate()?;
    let size = match args.given(0) {
        Some(size) => usize::try_from(integer(size)?).map_err(|_| fail("r must be non-negative"))?,
        None => items.len(),
    };
    let mut rows: Vec<Vec<usize>> = vec![Vec::new()];
    for _ in 0..size {
        let next = rows.iter().flat_map(|row| {
            let from = if combinations { row.last().map_or(0, |l| l + 1) } else { 0 };
            (from..items.len()).filter(|i| combinations || !row.contains(i)).map(|i| {
                let mut row = row.clone();
                row.push(i);
                row
            })
        });
        rows = next.take(MOST_ROWS + 1).collect();
        if rows.len() > MOST_ROWS {
            return Err(fail("too many combinations"));
        }
    }
    // Lists within lists are shared, but what is made of them, as text at the latest, is not.
    let most = items.iter().map(|item| weight(item, MOST_INNER)).max().unwrap_or_default();
    if most > 1 && rows.len().saturating_mul(size).saturating_mul(most) > MOST_INNER {
        return Err(fail("too many combinations"));
    }
    let row = |row: Vec<usize>| Rt::list(row.into_iter().map(|i| items[i].clone()).collect());
    Ok(Rt::list(rows.into_iter().map(row).collect()))
}

fn extract(_: &Rc<Ctx>, input: Rt, args: Args) -> Res<Rt> {
    let args = bind("extract", args, &["container", "morekeys"])?;
    let mut found = item(args.need(0)?, &input);
    match args.get(1) {
        None => {}
        Some(more @ (Rt::List(_) | Rt::Tuple(_))) => {
            for key in more.iterate()? {
                found = item(&found, &key);
            }
        }
        Some(key) => found = item(&found, key),
    }
    Ok(found)
}

/// Why a key cannot be looked up in it.
fn not_a_mapping(value: &Rt) -> String {
    match value {
        Rt::List(_) => "list indices must be integers or slices, not str".into(),
        Rt::Tuple(_) => "tuple indices must be integers or slices, not str".into(),
        Rt::Str(_) => "string indices must be integers, not 'str'".into(),
        other => format!("'{}' object is not subscriptable", other.type_name()),
    }
}

fn subelements(_: &Rc<Ctx>, input: Rt, args: Args) -> Res<Rt> {
    let args = bind("subelements", args, &["subelements", "skip_missing"])?;
    let skip = args.flag(1, false)?;
    let items = match &input {
        Rt::Dict(dict) => dict.entries().into_iter().map(|(_, v)| v).collect(),
        Rt::List(_) | Rt::Tuple(_) => input.iterate()?,
        _ => {
            return Err(fail("obj must be a list of dicts or a nested dict"));
        }
    };
    let path: Vec<String> = match args.need(0)? {
        list @ (Rt::List(_) | Rt::Tuple(_)) => list.iterate()?.iter().map(repr::text).collect::<Res<_>>()?,
        Rt::Str(text) => text.split('.').map(String::from).collect(),
        _ => return Err(fail("subelements must be a list or a string")),
    };
    let mut out = Vec::new();
    for element in items {
        let mut values = element.clone();
        let mut missing = false;
        for part in &path {
            let Rt::Dict(dict) = &values else {
                return Err(fail(format!(
                    "the key {part} should point to a dictionary, got '{}': {}",
                    repr::text(&values)?,
                    not_a_mapping(&values)
                )));
            };
            match dict.get_str(part) {
                Some(found) => values = found.defined()?,
                None if skip => {
                    missing = true;
                    break;
                }
                None => {
                    return Err(fail_apart(format!(
                        "could not find '{part}' key in iterated item {}",
                        repr::text(&values)?
                    )));
                }
            }
        }
        if missing {
            continue;
        }
        if !matches!(values, Rt::List(_) | Rt::Tuple(_)) {
            return Err(fail(format!(
                "the key '{}' should point to a list, got {}",
                path.last().map(String::as_str).unwrap_or_default(),
                repr::repr(&values)?
            )));
        }
        for value in values.iterate()? {
            out.push(Rt::tuple(vec![element.clone(), value]));
        }
    }
    Ok(Rt::list(out))
}

fn counter(input: &Rt) -> Res<Rt> {
    let mut counts: indexmap::IndexMap<rustible_protocol::Value, Rt> = indexmap::IndexMap::new();
    for item in input.iterate()? {
        let count = counts.entry(item.to_key()?).or_insert(Rt::Int(0));
        *count = Rt::Int(count.as_i64().unwrap_or(0) + 1);
    }
    Ok(Rt::dict(counts))
}
