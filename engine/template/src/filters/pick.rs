//! `map`, `select`, `reject`, `selectattr`, `rejectattr`, `groupby`: picking by attribute, filter or test.

use std::rc::Rc;

use super::Table;
use crate::{
    args::bind,
    context::Ctx,
    eval::{call_filter, call_test, item, known},
    ops, repr,
    rt::{Args, Res, Rt, fail},
};

pub(crate) const TABLE: Table = &[
    ("map", map),
    ("select", |ctx, v, a| pick(ctx, v, a, false, true)),
    ("reject", |ctx, v, a| pick(ctx, v, a, false, false)),
    ("selectattr", |ctx, v, a| pick(ctx, v, a, true, true)),
    ("rejectattr", |ctx, v, a| pick(ctx, v, a, true, false)),
    ("groupby", groupby),
];

/// What `attribute='a.b.0'` finds in a value; the default takes the place of what is undefined.
pub(crate) fn attribute(value: &Rt, path: &Rt, default: Option<&Rt>) -> Res<Rt> {
    let mut found = value.clone();
    match path {
        Rt::Str(path) => {
            for part in path.split('.') {
                let key = part.parse::<i64>().map_or_else(|_| Rt::str(part), Rt::Int);
                found = item(&found, &key);
                if let (Rt::Undef(_), Some(default)) = (&found, default) {
                    found = default.clone();
                }
            }
        }
        other => {
            found = item(&found, other);
            if let (Rt::Undef(_), Some(default)) = (&found, default) {
                found = default.clone();
            }
        }
    }
    Ok(found)
}

fn map(ctx: &Rc<Ctx>, input: Rt, mut args: Args) -> Res<Rt> {
    let items = input.iterate()?;
    if args.pos.is_empty() {
        let bound = bind("map", args, &["attribute", "default"])?;
        let Some(path) = bound.given(0) else {
            return Err(fail("map requires a filter argument"));
        };
        return items
            .iter()
            .map(|i| attribute(i, path, bound.given(1)))
            .collect::<Res<Vec<_>>>()
            .map(Rt::list);
    }
    let name = repr::text(&args.pos.remove(0))?;
    let mut out = Vec::with_capacity(items.len());
    for item in items {
        known(ctx, "filter", &name)?;
        out.push(crate::eval::caught(call_filter(ctx, &name, item, args.clone()))?);
    }
    Ok(Rt::list(out))
}

fn pick(ctx: &Rc<Ctx>, input: Rt, mut args: Args, by_attribute: bool, keep: bool) -> Res<Rt> {
    let path = if by_attribute {
        if args.pos.is_empty() {
            return Err(fail("Missing parameter for attribute name"));
        }
        Some(args.pos.remove(0))
    } else {
        None
    };
    let test = if args.pos.is_empty() { None } else { Some(repr::text(&args.pos.remove(0))?) };
    let mut out = Vec::new();
    for item in input.iterate()? {
        let value = match &path {
            Some(path) => attribute(&item, path, None)?,
            None => item.clone(),
        };
        let yes = match &test {
            Some(test) => {
                known(ctx, "test", test)?;
                call_test(ctx, test, value, args.clone())?
            }
            None => value.truthy()?,
        };
        if yes == keep {
            out.push(item);
        }
    }
    Ok(Rt::list(out))
}

/// Text compares without case unless it is asked for.
pub(crate) fn folded(value: Rt, case_sensitive: bool) -> Rt {
    match value {
        Rt::Str(text) if !case_sensitive => Rt::str(text.to_lowercase()),
        other => other,
    }
}

fn groupby(_: &Rc<Ctx>, input: Rt, args: Args) -> Res<Rt> {
    let args = bind("groupby", args, &["attribute", "default", "case_sensitive"])?;
    let case = args.flag(2, false)?;
    let mut keyed = Vec::new();
    for item in input.iterate()? {
        // The reference takes a default and never uses it: what is not there is an error.
        let key = attribute(&item, args.need(0)?, None)?.defined()?;
        keyed.push(Rt::tuple(vec![folded(key.clone(), case), key, item]));
    }
    let part = |row: &Rt, at: usize| match row {
        Rt::Tuple(parts) => parts[at].clone(),
        _ => Rt::Null,
    };
    ops::sort_by(&mut keyed, |row| Ok(part(row, 0)), false)?;
    let mut groups: Vec<(Rt, Rt, Vec<Rt>)> = Vec::new();
    for row in &keyed {
        match groups.last_mut() {
            Some((key, _, items)) if ops::equal(key, &part(row, 0))? => items.push(part(row, 2)),
            _ => groups.push((part(row, 0), part(row, 1), vec![part(row, 2)])),
        }
    }
    Ok(Rt::list(groups.into_iter().map(|(_, key, items)| Rt::tuple(vec![key, Rt::list(items)])).collect()))
}
