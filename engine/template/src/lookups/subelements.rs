//! `subelements`: each element with each item of a list inside it.

use rustible_protocol::Value;

use super::Call;
use crate::{
    eval::call_filter,
    repr,
    rt::{Args, Res, Rt, fail},
};

pub(super) fn run(call: Call) -> Res<Vec<Rt>> {
    let [list, path, flags @ ..] = &call.terms[..] else {
        return Err(fail(
            "subelements lookup expects a list of two or three items, first a dict or a list, second a string, and optional third a dict with flags",
        ));
    };
    let skip = match flags.first() {
        Some(Rt::Dict(dict)) => {
            dict.get_str("skip_missing").and_then(|v| crate::filters::common::truth(&v)).unwrap_or(false)
        }
        _ => false,
    };
    // Elements that were skipped take no part.
    let elements = match list {
        Rt::Dict(dict) => dict.entries().into_iter().map(|(_, v)| v).collect(),
        other => other.iterate()?,
    };
    let mut kept = Vec::new();
    for element in elements {
        let skipped = match &element {
            Rt::Dict(dict) => dict.get_str("skipped").map_or(Ok(false), |s| s.truthy())?,
            other => {
                let shown = repr::text(other)?;
                return Err(fail(format!("subelements lookup expects a dictionary, got '{shown}'")));
            }
        };
        if !skipped {
            kept.push(element);
        }
    }
    let args = Args { pos: vec![path.clone(), Rt::Bool(skip)], kw: Vec::new() };
    let pairs = call_filter(&call.ctx, "subelements", Rt::list(kept), args)?.iterate()?;
    let path = repr::text(path)?;
    let path: Vec<&str> = path.split('.').collect();
    let mut out = Vec::new();
    for pair in pairs {
        if let [element, item] = &pair.iterate()?[..] {
            out.push(Rt::list(vec![without(element, &path), item.clone()]));
        }
    }
    Ok(out)
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
