//! `dict`: the entries of mappings as `key` and `value`.

use indexmap::IndexMap;

use super::{Call, flat_once};
use crate::{
    repr,
    rt::{Res, Rt, fail},
};

pub(super) fn run(call: Call) -> Res<Vec<Rt>> {
    let mut out = Vec::new();
    for term in flat_once(&call.terms)? {
        let Rt::Dict(dict) = &term else {
            // The terms of a loop are written, so that their classes are those of written data.
            let class = if call.as_loop {
                rustible_protocol::repr::class(&call.ctx.plain(&term)?)
            } else {
                format!("<class '{}'>", term.type_name())
            };
            return Err(fail(format!(
                "the 'dict' lookup plugin expects a dictionary, got '{}' of type {class})",
                repr::text(&term)?,
            )));
        };
        for (key, value) in dict.entries() {
            out.push(Rt::dict(IndexMap::from([("key".into(), Rt::from_key(key)), ("value".into(), value)])));
        }
    }
    Ok(out)
}
