//! Filters of `community.general` for lists: their keys, their order, several of them as one.

use std::rc::Rc;

use indexmap::IndexMap;
use rustible_protocol::Value;

use super::{Table, dict::merged};
use crate::{
    Pattern,
    args::bind,
    context::Ctx,
    ops, repr,
    rt::{Args, DictObj, Res, Rt, fail},
    tests::version,
};

pub(crate) const TABLE: Table = &[
    ("community.general.keep_keys", |_, v, a| chosen_keys(&v, a, true)),
    ("community.general.remove_keys", |_, v, a| chosen_keys(&v, a, false)),
    ("community.general.replace_keys", replace_keys),
    ("community.general.version_sort", version_sort),
    ("community.general.lists_mergeby", merge_by),
    ("community.general.lists_union", |_, v, a| combined(v, a, |a, b| distinct(&[a, b].concat()))),
    ("community.general.lists_intersect", |_, v, a| combined(v, a, |a, b| among(a, b, true))),
    ("community.general.lists_difference", |_, v, a| combined(v, a, |a, b| among(a, b, false))),
    ("community.general.lists_symmetric_difference", |_, v, a| {
        combined(v, a, |a, b| Ok([among(a, b, false)?, among(b, a, false)?].concat()))
    }),
];

/// How a key is compared with a target.
fn fits(how: &str, key: &str, target: &str) -> Res<bool> {
    Ok(match how {
        "equal" => key == target,
        "starts_with" => key.starts_with(target),
        "ends_with" => key.ends_with(target),
        "regex" => Pattern::new(target, false, false)
            .map_err(|_| {
                fail(format!(
                    "The target must be a valid regex if matching_parameter=regex. target is {target}"
                ))
            })?
            .at_start(key)
            .is_some(),
        other => {
            return Err(fail(format!(
                "The matching_parameter must be one of ['equal', 'starts_with', 'ends_with', 'regex']. matching_parameter='{other}'"
            )));
        }
    })
}

/// The mappings of a list.
fn mappings(input: &Rt) -> Res<Vec<Rc<DictObj>>> {
    let Rt::List(list) = input else {
        let shown = repr::repr(input)?;
        return Err(fail(format!(
            "First argument must be a list. {shown} is <class '{}'>",
            input.type_name()
        )));
    };
    let mapping = |item: Rt| match item {
        Rt::Dict(dict) => Ok(dict),
        Rt::Undef(fault) => Err(fault),
        other => {
            let (shown, kind) = (repr::text(&other)?, other.type_name());
            Err(fail(format!("The data items must be dictionaries. {shown} is <class '{kind}'>")))
        }
    };
    list.items().into_iter().map(mapping).collect()
}

fn chosen_keys(input: &Rt, args: Args, keep: bool) -> Res<Rt> {
    let args = bind("keep_keys", args, &["target", "matching_parameter"])?;
    let how = args.text(1, "equal")?;
    let targets: Vec<String> = match args.need(0)? {
        Rt::Str(text) => vec![text.to_string()],
        list => list.iterate()?.iter().map(repr::text).collect::<Res<_>>()?,
    };
    if targets.is_empty() {
        return Err(fail("The target can't be empty."));
    }
    if how == "regex" && targets.len() > 1 {
        return Err(fail("Single item is required in the target list if matching_parameter=regex."));
    }
    let mut out = Vec::new();
    for dict in mappings(input)? {
        let mut kept = IndexMap::new();
        for (key, value) in dict.entries() {
            let mut chosen = false;
            for target in &targets {
                chosen |= fits(&how, key.as_str().unwrap_or_default(), target)?;
            }
            if chosen == keep {
                kept.insert(key, value);
            }
        }
        out.push(Rt::dict(kept));
    }
    Ok(Rt::list(out))
}

fn replace_keys(_: &Rc<Ctx>, input: Rt, args: Args) -> Res<Rt> {
    let args = bind("replace_keys", args, &["target", "matching_parameter"])?;
    let how = args.text(1, "equal")?;
    let mut targets = Vec::new();
    for target in mappings(args.need(0)?)? {
        let part = |name: &str| target.get_str(name).and_then(|part| part.as_str().map(str::to_string));
        let (Some(before), Some(after)) = (part("before"), part("after")) else {
            return Err(fail("All dictionaries in target must include attributes: after, before."));
        };
        targets.push((before, after));
    }
    let mut out = Vec::new();
    for dict in mappings(&input)? {
        let mut replaced = IndexMap::new();
        for (key, value) in dict.entries() {
            let mut name = key.clone();
            for (before, after) in &targets {
                if fits(&how, key.as_str().unwrap_or_default(), before)? {
                    name = Value::from(after.as_str());
                    break;
                }
            }
            replaced.insert(name, value);
        }
        out.push(Rt::dict(replaced));
    }
    Ok(Rt::list(out))
}

fn version_sort(_: &Rc<Ctx>, input: Rt, args: Args) -> Res<Rt> {
    let args = bind("version_sort", args, &["reverse"])?;
    let reverse = args.flag(0, false)?;
    // Item by item before the first that is greater: the order of equal ones stays, and an error is told.
    let mut sorted: Vec<(String, Rt)> = Vec::new();
    for item in input.iterate()? {
        let text = repr::text(&item)?;
        let mut at = sorted.len();
        while at > 0 {
            let order = version::loose(&sorted[at - 1].0, &text)?;
            if if reverse { order.is_ge() } else { order.is_le() } {
                break;
            }
            at -= 1;
        }
        sorted.insert(at, (text, item));
    }
    Ok(Rt::list(sorted.into_iter().map(|(_, item)| item).collect()))
}

fn merge_by(_: &Rc<Ctx>, input: Rt, args: Args) -> Res<Rt> {
    let Args { mut pos, kw } = args;
    if kw.iter().any(|(name, _)| !["recursive", "list_merge"].contains(&name.as_str())) {
        return Err(fail("'recursive' and 'list_merge' are the only valid keyword arguments."));
    }
    let options = bind("lists_mergeby", Args { pos: Vec::new(), kw }, &["recursive", "list_merge"])?;
    let (recursive, merge) = (options.flag(0, false)?, options.text(1, "replace")?);
    let Some(index) = pos.pop() else { return Err(fail("At least one list and index are needed.")) };
    let Some(index) = index.as_str().map(Value::from) else {
        return Err(fail(
            "First argument after the lists for community.general.lists_mergeby must be string.",
        ));
    };
    let mut lists = Vec::new();
    for given in [vec![input], pos].concat() {
        let items = given.iterate()?;
        if !items.is_empty() && items.iter().all(|item| matches!(item, Rt::List(_) | Rt::Tuple(_))) {
            lists.extend(items);
        } else if !items.is_empty() {
            lists.push(given);
        }
    }
    let mut lists = lists.into_iter().rev();
    let Some(mut out) = lists.next() else { return Ok(Rt::list(Vec::new())) };
    for below in lists {
        let mut found: IndexMap<Value, Rc<DictObj>> = IndexMap::new();
        for dict in mappings(&below)?.into_iter().chain(mappings(&out)?) {
            let Some(key) = dict.get(&index) else { continue };
            let key = key.defined()?.to_key()?;
            let joined = match found.get(&key) {
                Some(before) => merged(before, &dict, recursive, &merge)?,
                None => dict,
            };
            found.insert(key, joined);
        }
        let mut items: Vec<Rt> = found.into_values().map(Rt::Dict).collect();
        ops::sort_by(
            &mut items,
            |item| match item {
                Rt::Dict(dict) => dict.get(&index).map_or(Ok(Rt::Null), Rt::defined),
                _ => Ok(Rt::Null),
            },
            false,
        )?;
        out = Rt::list(items);
    }
    Ok(out)
}

/// Several lists, one after the other; `flatten` takes lists in them apart.
fn combined(input: Rt, args: Args, step: impl Fn(&[Rt], &[Rt]) -> Res<Vec<Rt>>) -> Res<Rt> {
    let Args { pos, kw } = args;
    let flatten = bind("lists", Args { pos: Vec::new(), kw }, &["flatten"])?.flag(0, false)?;
    let mut lists = [vec![input], pos].concat();
    if flatten {
        let mut inner = Vec::new();
        for list in &lists {
            let items = list.iterate()?;
            if items.iter().any(|item| matches!(item, Rt::List(_) | Rt::Tuple(_))) {
                inner.extend(items);
            } else {
                inner.push(list.clone());
            }
        }
        lists = inner;
    }
    let mut lists = lists.into_iter();
    let Some(first) = lists.next() else { return Ok(Rt::list(Vec::new())) };
    if lists.len() == 0 {
        return Ok(first);
    }
    let mut out = distinct(&first.iterate()?)?;
    for next in lists {
        out = step(&out, &distinct(&next.iterate()?)?)?;
    }
    Ok(Rt::list(out))
}

fn distinct(items: &[Rt]) -> Res<Vec<Rt>> {
    let mut out: Vec<Rt> = Vec::new();
    for item in items {
        if !ops::contains(&Rt::list(out.clone()), item)? {
            out.push(item.clone());
        }
    }
    Ok(out)
}

/// The items that are, or are not, among the others.
fn among(items: &[Rt], others: &[Rt], wanted: bool) -> Res<Vec<Rt>> {
    let others = Rt::list(others.to_vec());
    let mut out = Vec::new();
    for item in items {
        if ops::contains(&others, item)? == wanted {
            out.push(item.clone());
        }
    }
    Ok(out)
}
