//! Methods of mappings.

use std::rc::Rc;

use crate::{
    args::bind,
    globals::pairs,
    repr,
    rt::{Args, DictObj, Res, Rt, fail},
};

pub(super) const NAMES: &[&str] = &[
    "clear",
    "copy",
    "fromkeys",
    "get",
    "items",
    "keys",
    "pop",
    "popitem",
    "setdefault",
    "update",
    "values",
];

pub(super) fn call(dict: &Rc<DictObj>, name: &str, args: Args) -> Res<Rt> {
    Ok(match name {
        "get" => {
            let args = bind("get", args, &["key", "default"])?;
            dict.get(&args.need(0)?.to_key()?).unwrap_or_else(|| args.given(1).cloned().unwrap_or(Rt::Null))
        }
        "items" => {
            Rt::list(dict.entries().into_iter().map(|(k, v)| Rt::tuple(vec![Rt::from_key(k), v])).collect())
        }
        "keys" => Rt::list(dict.keys().into_iter().map(Rt::from_key).collect()),
        "values" => Rt::list(dict.entries().into_iter().map(|(_, v)| v).collect()),
        "copy" => Rt::dict(dict.entries().into_iter().collect()),
        "update" => {
            let mut more = match args.pos.first() {
                Some(first) => pairs(first)?,
                None => indexmap::IndexMap::new(),
            };
            more.extend(args.kw.into_iter().map(|(k, v)| (k.into(), v)));
            dict.change(|entries| entries.extend(more));
            Rt::Null
        }
        "setdefault" => {
            let args = bind("setdefault", args, &["key", "default"])?;
            let key = args.need(0)?.to_key()?;
            let default = args.given(1).cloned().unwrap_or(Rt::Null);
            dict.change(|entries| entries.entry(key).or_insert(default).clone())
        }
        "pop" => {
            let args = bind("pop", args, &["key", "default"])?;
            let key = args.need(0)?.to_key()?;
            match dict.change(|entries| entries.shift_remove(&key)) {
                Some(value) => value,
                None => match args.given(1) {
                    Some(default) => default.clone(),
                    None => return Err(fail(repr::repr(args.need(0)?)?)),
                },
            }
        }
        "popitem" => match dict.change(indexmap::IndexMap::pop) {
            Some((key, value)) => Rt::tuple(vec![Rt::from_key(key), value]),
            None => return Err(fail("'popitem(): dictionary is empty'")),
        },
        "clear" => {
            dict.change(indexmap::IndexMap::clear);
            Rt::Null
        }
        "fromkeys" => {
            let args = bind("fromkeys", args, &["iterable", "value"])?;
            let value = args.given(1).cloned().unwrap_or(Rt::Null);
            let keys = args.need(0)?.iterate()?;
            Rt::dict(keys.iter().map(|k| Ok((k.to_key()?, value.clone()))).collect::<Res<_>>()?)
        }
        _ => return Err(fail(format!("'dict' object has no attribute '{name}'"))),
    })
}
