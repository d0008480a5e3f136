//! Attributes and items: Python's `getattr` first or `[]` first, and an undefined value when neither is there.

use std::{any::Any, rc::Rc};

use crate::{
    context::Ctx,
    methods,
    rt::{Args, Obj, Res, Rt, undefined},
};

/// A method taken off a value, to be called later.
struct Bound {
    base: Rt,
    name: String,
}

impl Obj for Bound {
    fn type_name(&self) -> &'static str {
        "builtin_function_or_method"
    }
    fn callable(&self) -> bool {
        true
    }
    fn call(&self, ctx: &Rc<Ctx>, args: Args) -> Res<Rt> {
        methods::call(ctx, &self.base, &self.name, args)
    }
    fn any(&self) -> &dyn Any {
        self
    }
}

/// There is no item of that number or kind.
fn no_element(base: &Rt, key: &str) -> Rt {
    // Containers in templates go by what they are in the reference.
    let kind = match base {
        Rt::List(_) => "ansible._internal._templating._lazy_containers._AnsibleLazyTemplateList",
        Rt::Dict(_) => "ansible._internal._templating._lazy_containers._AnsibleLazyTemplateDict",
        other => other.type_name(),
    };
    Rt::Undef(undefined(format!("{kind} object has no element {key}")))
}

fn missing(base: &Rt, what: &str) -> Rt {
    Rt::Undef(undefined(format!("object of type '{}' has no attribute {what}", base.type_name())))
}

/// `base.name`: an attribute or method, else an item.
pub(crate) fn attribute(base: &Rt, name: &str) -> Rt {
    if let Rt::Undef(_) = base {
        return base.clone();
    }
    if let Rt::Obj(obj) = base {
        return obj.attr(name).unwrap_or_else(|| missing(base, &format!("'{name}'")));
    }
    if methods::exists(base, name) {
        return Rt::obj(Bound { base: base.clone(), name: name.to_string() });
    }
    if let Rt::Dict(dict) = base
        && let Some(found) = dict.get_str(name)
    {
        return found;
    }
    // The pairs that `groupby` makes have names.
    if let (Rt::Tuple(parts), "grouper" | "list") = (base, name)
        && let [grouper, list] = &parts[..]
    {
        return if name == "list" { list.clone() } else { grouper.clone() };
    }
    missing(base, &format!("'{name}'"))
}

/// `base[key]`: an item, else an attribute.
pub(crate) fn item(base: &Rt, key: &Rt) -> Rt {
    if let Rt::Undef(_) = base {
        return base.clone();
    }
    if let Rt::Undef(_) = key {
        return key.clone();
    }
    let found = match base {
        Rt::Dict(dict) => match key.to_key() {
            Ok(k) => dict.get(&k),
            // What cannot be a key is no key of it.
            Err(_) => None,
        },
        Rt::List(list) => position(key, list.len()).and_then(|i| list.get(i)),
        Rt::Tuple(items) => position(key, items.len()).map(|i| items[i].clone()),
        Rt::Range(start, _, step) => {
            position(key, base.range_len()).map(|i| Rt::Int(start + step * i64::try_from(i).unwrap_or(0)))
        }
        Rt::Str(text) => {
            let count = text.chars().count();
            position(key, count)
                .and_then(|i| text.chars().nth(i))
                .map(|c| Rt::Str(text.like(c.to_string()).with_trust(false)))
        }
        Rt::Obj(obj) => match (key.as_str(), base.down::<crate::bytes::Bytes>()) {
            (Some(name), _) => obj.attr(name),
            (None, Some(bytes)) => {
                let numbers = bytes.numbers();
                numbers.ok().and_then(|numbers| position(key, numbers.len()).map(|i| numbers[i].clone()))
            }
            _ => None,
        },
        _ => None,
    };
    if let Some(found) = found {
        return found;
    }
    if let Some(name) = key.as_str() {
        if methods::exists(base, name) {
            return Rt::obj(Bound { base: base.clone(), name: name.to_string() });
        }
        return if matches!(base, Rt::Tuple(_)) {
            attribute(base, name)
        } else {
            missing(base, &format!("'{name}'"))
        };
    }
    no_element(base, &crate::repr::repr(key).unwrap_or_default())
}

fn position(key: &Rt, len: usize) -> Option<usize> {
    let at = key.as_i64()?;
    let at = if at < 0 { at + i64::try_from(len).ok()? } else { at };
    usize::try_from(at).ok().filter(|i| *i < len)
}
