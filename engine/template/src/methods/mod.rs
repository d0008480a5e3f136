//! The methods of Python's strings, lists, mappings, numbers.

mod dict;
mod list;
mod str;

use std::rc::Rc;

pub(crate) use self::str::{capitalize, justify, replace, split, split_lines, strip};
use crate::{
    context::Ctx,
    rt::{Args, Res, Rt, fail},
};

const INT: &[&str] = &["bit_length", "conjugate"];
const FLOAT: &[&str] = &["is_integer"];
const TUPLE: &[&str] = &["count", "index"];

/// Whether the value has a method of that name.
pub(crate) fn exists(base: &Rt, name: &str) -> bool {
    match base {
        Rt::Str(_) => str::NAMES.contains(&name),
        Rt::List(_) => list::NAMES.contains(&name),
        Rt::Dict(_) => dict::NAMES.contains(&name),
        Rt::Tuple(_) | Rt::Range(..) => TUPLE.contains(&name),
        Rt::Int(_) | Rt::Big(_) | Rt::Bool(_) => INT.contains(&name),
        Rt::Float(_) => FLOAT.contains(&name),
        _ => false,
    }
}

/// Call a method.
pub(crate) fn call(_ctx: &Rc<Ctx>, base: &Rt, name: &str, args: Args) -> Res<Rt> {
    match base {
        Rt::Str(text) => str::call(text, name, args),
        Rt::List(list) => list::call(list, name, args),
        Rt::Dict(dict) => dict::call(dict, name, args),
        Rt::Tuple(_) | Rt::Range(..) => list::query(&base.iterate()?, name, &args),
        Rt::Int(_) | Rt::Big(_) | Rt::Bool(_) if name == "bit_length" => {
            Ok(Rt::from(usize::try_from(base.as_big().map_or(0, |n| n.bits())).unwrap_or(0)))
        }
        Rt::Float(number) if name == "is_integer" => Ok(Rt::Bool(number.fract() == 0.0)),
        other => Err(fail(format!("'{}' object has no attribute '{name}'", other.type_name()))),
    }
}
