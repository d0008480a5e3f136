//! Mappings: `combine`, `dict2items`, `items2dict`, `dictsort`, `rekey_on_member`.

use std::rc::Rc;

use indexmap::IndexMap;
use rustible_protocol::Value;

use super::{Table, pick::folded};
use crate::{
    args::bind,
    context::Ctx,
    ops, repr,
    rt::{Args, DictObj, Res, Rt, fail, fail_apart},
};

pub(crate) const TABLE: Table = &[
    ("combine", combine),
    ("dict2items", dict2items),
    ("items2dict", items2dict),
    ("dictsort", dictsort),
    ("rekey_on_member", rekey),
    ("community.general.dict_kv", |_, v, a| {
        let key = bind("dict_kv", a, &["key"])?.need(0)?.to_key()?;
        Ok(Rt::dict(IndexMap::from([(key, v)])))
    }),
    ("community.general.dict", |_, v, _| crate::globals::pairs(&v).map(Rt::dict)),
    ("ansible.utils.keep_keys", |_, v, a| keys(&v, a, true)),
    ("ansible.utils.remove_keys", |_, v, a| keys(&v, a, false)),
];

fn combine(_: &Rc<Ctx>, input: Rt, args: Args) -> Res<Rt> {
    let Args { pos, kw } = args;
    if kw.iter().any(|(name, _)| !["recursive", "list_merge"].contains(&name.as_str())) {
        return Err(fail("'recursive' and 'list_merge' are the only valid keyword arguments"));
    }
    let options = bind("combine", Args { pos: Vec::new(), kw }, &["recursive", "list_merge"])?;
    let recursive = options.flag(0, false)?;
    let merge = options.text(1, "replace")?;
    if !["replace", "keep", "append", "prepend", "append_rp", "prepend_rp"].contains(&merge.as_str()) {
        return Err(fail(
            "merge_hash: 'list_merge' argument can only be equal to 'replace', 'keep', 'append', 'prepend', 'append_rp' or 'prepend_rp'",
        ));
    }
    let mut all = Vec::new();
    super::list::flat(&Rt::list(vec![Rt::list([vec![input], pos].concat())]), Some(2), true, &mut all)?;
    // The last one has the last word: it is merged first.
    let mut all = all.into_iter().rev();
    let Some(mut out) = all.next() else { return Ok(Rt::dict(IndexMap::new())) };
    for item in all {
        let item = item.defined()?;
        out = match (&item, out.defined()?) {
            (Rt::Dict(below), Rt::Dict(above)) => Rt::Dict(merged(below, &above, recursive, &merge)?),
            (below, above) => {
                return Err(fail(format!(
                    "failed to combine variables, expected dicts but got a '{}' and a '{}'.",
                    lazy_name(below),
                    lazy_name(&above)
                )));
            }
        };
    }
    out.defined()
}

/// The name of a type as plugins of the reference see it.
fn lazy_name(value: &Rt) -> &'static str {
    match value {
        Rt::Dict(_) => "_AnsibleLazyTemplateDict",
        Rt::List(_) => "_AnsibleLazyTemplateList",
        other => other.type_name(),
    }
}

/// The same with its module, as a class is shown.
fn lazy_path(value: &Rt) -> String {
    match value {
        Rt::Dict(_) | Rt::List(_) => {
            format!("ansible._internal._templating._lazy_containers.{}", lazy_name(value))
        }
        other => other.type_name().to_string(),
    }
}

pub(crate) fn merged(a: &Rc<DictObj>, b: &Rc<DictObj>, recursive: bool, merge: &str) -> Res<Rc<DictObj>> {
    if a.len() == 0 {
        return Ok(b.clone());
    }
    let mut out: IndexMap<Value, Rt> = a.entries().into_iter().collect();
    for (key, value) in b.entries() {
        let joined = match (out.get(&key), &value) {
            (Some(Rt::Dict(x)), Rt::Dict(y)) if recursive => Rt::Dict(merged(x, y, recursive, merge)?),
            (Some(Rt::List(x)), Rt::List(y)) if merge != "replace" => lists(x.items(), y.items(), merge)?,
            _ => value,
        };
        out.insert(key, joined);
    }
    Ok(DictObj::new(out))
}

fn lists(x: Vec<Rt>, y: Vec<Rt>, merge: &str) -> Res<Rt> {
    let without = |from: &[Rt], these: &[Rt]| -> Res<Vec<Rt>> {
        let mut out = Vec::new();
        for item in from {
            if !ops::contains(&Rt::list(these.to_vec()), item)? {
                out.push(item.clone());
            }
        }
        Ok(out)
    };
    Ok(Rt::list(match merge {
        "keep" => x,
        "append" => [x, y].concat(),
        "prepend" => [y, x].concat(),
        "append_rp" => [without(&x, &y)?, y].concat(),
        _ => {
            let rest = without(&x, &y)?;
            [y, rest].concat()
        }
    }))
}

fn dict2items(_: &Rc<Ctx>, input: Rt, args: Args) -> Res<Rt> {
    let args = bind("dict2items", args, &["key_name", "value_name"])?;
    let Rt::Dict(dict) = &input else {
        return Err(fail(format!(
            "dict2items requires a dictionary, got <class '{}'> instead.",
            lazy_path(&input)
        )));
    };
    let (key_name, value_name) = (Value::from(args.text(0, "key")?), Value::from(args.text(1, "value")?));
    let items = dict.entries().into_iter().map(|(k, v)| {
        Rt::dict(IndexMap::from([(key_name.clone(), Rt::from_key(k)), (value_name.clone(), v)]))
    });
    Ok(Rt::list(items.collect()))
}

fn items2dict(_: &Rc<Ctx>, input: Rt, args: Args) -> Res<Rt> {
    let args = bind("items2dict", args, &["key_name", "value_name"])?;
    if !matches!(input, Rt::List(_) | Rt::Tuple(_)) {
        return Err(fail(format!(
            "items2dict requires a list, got <class '{}'> instead.",
            input.type_name()
        )));
    }
    let (key_name, value_name) = (args.text(0, "key")?, args.text(1, "value")?);
    let mut out = IndexMap::new();
    for item in input.iterate()? {
        let item = item.defined()?;
        let Rt::Dict(dict) = &item else {
            return Err(fail_apart(format!(
                "items2dict requires a list of dictionaries, got {} instead.",
                repr::text(&input)?
            )));
        };
        let (Some(key), Some(value)) = (dict.get_str(&key_name), dict.get_str(&value_name)) else {
            return Err(fail_apart(format!(
                "items2dict requires each dictionary in the list to contain the keys '{key_name}' and '{value_name}', got {} instead.",
                repr::text(&input)?
            )));
        };
        out.insert(key.to_key()?, value);
    }
    Ok(Rt::dict(out))
}

fn dictsort(_: &Rc<Ctx>, input: Rt, args: Args) -> Res<Rt> {
    let args = bind("do_dictsort", args, &["case_sensitive", "by", "reverse"])?;
    let case = args.flag(0, false)?;
    let at = match args.text(1, "key")?.as_str() {
        "key" => 0,
        "value" => 1,
        _ => return Err(fail("You can only sort by either \"key\" or \"value\"")),
    };
    let Rt::Dict(dict) = &input else {
        return Err(fail(format!("'{}' object has no attribute 'items'", input.type_name())));
    };
    let mut rows: Vec<Rt> =
        dict.entries().into_iter().map(|(k, v)| Rt::tuple(vec![Rt::from_key(k), v])).collect();
    let key = |row: &Rt| match row {
        Rt::Tuple(parts) => Ok(folded(parts[at].clone(), case)),
        _ => Ok(Rt::Null),
    };
    ops::sort_by(&mut rows, key, args.flag(2, false)?)?;
    Ok(Rt::list(rows))
}

fn rekey(_: &Rc<Ctx>, input: Rt, args: Args) -> Res<Rt> {
    let args = bind("rekey_on_member", args, &["key", "duplicates"])?;
    let key = args.need(0)?.to_key()?;
    let duplicates = args.text(1, "error")?;
    if !["error", "overwrite"].contains(&duplicates.as_str()) {
        return Err(fail(format!(
            "duplicates parameter to rekey_on_member has unknown value '{duplicates}'"
        )));
    }
    let items = match &input {
        Rt::Dict(dict) => dict.entries().into_iter().map(|(_, v)| v).collect(),
        Rt::List(_) | Rt::Tuple(_) => input.iterate()?,
        _ => return Err(fail("Type is not a valid list, set, or dict")),
    };
    let mut out = IndexMap::new();
    for item in items {
        let Rt::Dict(dict) = &item else {
            return Err(fail("List item is not a valid dict"));
        };
        let Some(value) = dict.get(&key) else {
            return Err(fail(format!("Key {} was not found.", repr::repr(&Rt::from_key(key))?)));
        };
        let value = value.to_key()?;
        if out.contains_key(&value) && duplicates == "error" {
            return Err(fail(format!(
                "Key {} is not unique, cannot convert to dict.",
                repr::repr(&Rt::from_key(value))?
            )));
        }
        out.insert(value, item.clone());
    }
    Ok(Rt::dict(out))
}

/// Keep or drop keys all the way down.
fn keys(input: &Rt, args: Args, keep: bool) -> Res<Rt> {
    let args = bind("keep_keys", args, &["target", "matching_parameter"])?;
    let targets = match args.need(0)? {
        Rt::Str(text) => vec![text.to_string()],
        list => list.iterate()?.iter().map(repr::text).collect::<Res<_>>()?,
    };
    let how = args.text(1, "equality")?;
    let matches = |key: &Value| -> Res<bool> {
        let key = key.as_str().unwrap_or_default();
        for target in &targets {
            let found = match how.as_str() {
                "equality" => key == target,
                "starts_with" => key.starts_with(target.as_str()),
                "ends_with" => key.ends_with(target.as_str()),
                _ => crate::Pattern::new(target, false, false).map_err(fail)?.at_start(key).is_some(),
            };
            if found {
                return Ok(true);
            }
        }
        Ok(false)
    };
    walk(input, &matches, keep)
}

fn walk(value: &Rt, matches: &dyn Fn(&Value) -> Res<bool>, keep: bool) -> Res<Rt> {
    Ok(match value {
        Rt::List(list) => {
            let mut out = Vec::new();
            for item in list.items() {
                let inner = walk(&item, matches, keep)?;
                // What is kept is kept for its keys; a plain item has none.
                let container = matches!(inner, Rt::List(_) | Rt::Dict(_));
                if !keep || (container && inner.truthy()?) {
                    out.push(inner);
                }
            }
            Rt::list(out)
        }
        Rt::Dict(dict) => {
            let mut out = IndexMap::new();
            for (key, item) in dict.entries() {
                if matches(&key)? {
                    if keep {
                        out.insert(key, item);
                    }
                    continue;
                }
                let inner = walk(&item, matches, keep)?;
                let container = matches!(inner, Rt::List(_) | Rt::Dict(_));
                if !keep || (container && inner.truthy()?) {
                    out.insert(key, inner);
                }
            }
            Rt::dict(out)
        }
        other => other.clone(),
    })
}
