//! `subelements`: each element with each item of a list inside it.

use rustible_protocol::Value;

use super::Call;
use crate::{
    filters::common::truth,
    repr,
    rt::{Res, Rt, fail},
};

const EXPECTS: &str = "subelements lookup expects a list of two or three items,";

pub(super) fn run(call: Call) -> Res<Vec<Rt>> {
    let ([list, path] | [list, path, _]) = &call.terms[..] else {
        return Err(fail(EXPECTS));
    };
    let (true, Rt::Str(path)) = (matches!(list, Rt::Dict(_) | Rt::List(_)), path) else {
        return Err(fail(format!(
            "{EXPECTS} first a dict or a list, second a string pointing to the subkey"
        )));
    };
    let skip = skips_missing(call.terms.get(2))?;
    let elements = match list {
        // The result of a task that was skipped.
        list @ Rt::Dict(_) if skipped(list)? => Vec::new(),
        Rt::Dict(dict) => dict.entries().into_iter().map(|(_, value)| value).collect(),
        other => other.iterate()?,
    };
    let path: Vec<&str> = path.split('.').collect();
    let mut out = Vec::new();
    for element in elements {
        if !matches!(element, Rt::Dict(_)) {
            let shown = repr::text(&element)?;
            return Err(fail(format!("subelements lookup expects a dictionary, got '{shown}'")));
        }
        if skipped(&element)? {
            continue;
        }
        let Some((items, trail)) = inside(&element, &path, skip)? else { continue };
        let rest = without(&element, &trail);
        out.extend(items.into_iter().map(|item| Rt::list(vec![rest.clone(), item])));
    }
    Ok(out)
}

fn skips_missing(flags: Option<&Rt>) -> Res<bool> {
    let known = |key: &Rt| matches!(key, Rt::Str(key) if key.as_str() == "skip_missing");
    match flags {
        Some(Rt::Dict(dict)) => Ok(dict.get_str("skip_missing").and_then(|v| truth(&v)).unwrap_or(false)),
        Some(other) if !other.iterate()?.iter().all(known) => Err(fail(format!(
            "{EXPECTS} the optional third item must be a dict with flags ('skip_missing',)"
        ))),
        _ => Ok(false),
    }
}

/// Whether `skipped` is there and anything but `false`.
fn skipped(element: &Rt) -> Res<bool> {
    match element {
        Rt::Dict(dict) => match dict.get_str("skipped") {
            Some(value) => Ok(!matches!(value.defined()?, Rt::Bool(false))),
            None => Ok(false),
        },
        _ => Ok(false),
    }
}

/// The list under a path of keys and the keys that led to it. With `skip`, keys that are not there are left out of the path.
fn inside<'a>(element: &Rt, path: &[&'a str], skip: bool) -> Res<Option<(Vec<Rt>, Vec<&'a str>)>> {
    let mut place = element.clone();
    let mut trail = Vec::new();
    for (index, key) in path.iter().enumerate() {
        let found = match &place {
            Rt::Dict(dict) => dict.get_str(key),
            _ => None,
        };
        let Some(found) = found else {
            if skip {
                continue;
            }
            let shown = repr::text(&place)?;
            return Err(fail(format!("could not find '{key}' key in iterated item '{shown}'")));
        };
        let found = found.defined()?;
        if index + 1 == path.len() {
            let Rt::List(_) = found else {
                let shown = repr::text(&found)?;
                return Err(fail(format!("the key {key} should point to a list, got '{shown}'")));
            };
            trail.push(*key);
            return Ok(Some((found.iterate()?, trail)));
        }
        match found {
            Rt::Dict(_) => {
                trail.push(*key);
                place = found;
            }
            _ if skip => {}
            other => {
                let shown = repr::text(&other)?;
                return Err(fail(format!("the key {key} should point to a dictionary, got '{shown}'")));
            }
        }
    }
    Ok(None)
}

/// The element without the list that was taken apart.
fn without(element: &Rt, path: &[&str]) -> Rt {
    let (Rt::Dict(dict), [key, rest @ ..]) = (element, path) else { return element.clone() };
    let mut entries: indexmap::IndexMap<Value, Rt> = dict.entries().into_iter().collect();
    let key = Value::from(*key);
    if rest.is_empty() {
        entries.shift_remove(&key);
    } else if let Some(inner) = entries.get_mut(&key) {
        *inner = without(inner, rest);
    }
    Rt::dict(entries)
}
