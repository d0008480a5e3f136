//! Methods of lists.

use std::rc::Rc;

use crate::{
    args::{bind, integer},
    ops,
    rt::{Args, ListObj, Res, Rt, fail},
};

pub(super) const NAMES: &[&str] =
    &["append", "clear", "copy", "count", "extend", "index", "insert", "pop", "remove", "reverse", "sort"];

/// Methods that only look: lists and tuples have them.
pub(super) fn query(items: &[Rt], name: &str, args: &Args) -> Res<Rt> {
    let Some(wanted) = args.pos.first() else {
        return Err(fail(format!("{name} expected at least 1 argument, got 0")));
    };
    let mut count = 0;
    for (i, item) in items.iter().enumerate() {
        if ops::equal(item, wanted)? {
            if name == "index" {
                return Ok(Rt::from(i));
            }
            count += 1;
        }
    }
    if name == "index" {
        return Err(fail(format!("{} is not in list", crate::repr::repr(wanted)?)));
    }
    Ok(Rt::Int(count))
}

pub(super) fn call(list: &Rc<ListObj>, name: &str, args: Args) -> Res<Rt> {
    match name {
        "append" => {
            let item = bind("append", args, &["object"])?.need(0)?.clone();
            list.change(|items| items.push(item));
        }
        "extend" => {
            let more = bind("extend", args, &["iterable"])?.need(0)?.iterate()?;
            list.change(|items| items.extend(more));
        }
        "insert" => {
            let args = bind("insert", args, &["index", "object"])?;
            let (at, item) = (integer(args.need(0)?)?, args.need(1)?.clone());
            list.change(|items| {
                let len = i64::try_from(items.len()).unwrap_or(0);
                let at = if at < 0 { (at + len).max(0) } else { at.min(len) };
                items.insert(usize::try_from(at).unwrap_or(0), item);
            });
        }
        "pop" => {
            let args = bind("pop", args, &["index"])?;
            let at = args.int(0, -1)?;
            let len = i64::try_from(list.len()).unwrap_or(0);
            if len == 0 {
                return Err(fail("pop from empty list"));
            }
            let at = if at < 0 { at + len } else { at };
            let Some(at) = usize::try_from(at).ok().filter(|_| at < len) else {
                return Err(fail("pop index out of range"));
            };
            return Ok(list.change(|items| items.remove(at)));
        }
        "remove" => {
            let wanted = bind("remove", args, &["value"])?.need(0)?.clone();
            for (i, item) in list.items().iter().enumerate() {
                if ops::equal(item, &wanted)? {
                    list.change(|items| items.remove(i));
                    return Ok(Rt::Null);
                }
            }
            return Err(fail("list.remove(x): x not in list"));
        }
        "clear" => list.change(Vec::clear),
        "reverse" => list.change(|items| items.reverse()),
        "sort" => {
            let args = bind("sort", args, &["key", "reverse"])?;
            let reverse = args.flag(1, false)?;
            let mut items = list.items();
            ops::sort_by(&mut items, |i| Ok(i.clone()), reverse)?;
            list.change(|slot| *slot = items);
        }
        "copy" => return Ok(Rt::list(list.items())),
        "count" | "index" => return query(&list.items(), name, &args),
        _ => return Err(fail(format!("'list' object has no attribute '{name}'"))),
    }
    Ok(Rt::Null)
}
