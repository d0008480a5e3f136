//! `dict`: the entries of mappings as `key` and `value`, sorted by key.

use indexmap::IndexMap;

use super::{Call, flat_once};
use crate::{
    ops, repr,
    rt::{Res, Rt, fail},
};

pub(super) fn run(call: Call) -> Res<Vec<Rt>> {
    let mut out = Vec::new();
    for term in flat_once(&call.terms)? {
        let Rt::Dict(dict) = &term else {
            return Err(fail(format!(
                "the 'dict' lookup plugin expects a dictionary, got '{}' of type {})",
                repr::text(&term)?,
                term.type_name()
            )));
        };
        let mut rows: Vec<Rt> =
            dict.entries().into_iter().map(|(k, v)| Rt::tuple(vec![Rt::from_key(k), v])).collect();
        let part = |row: &Rt, at: usize| if let Rt::Tuple(parts) = row { parts[at].clone() } else { Rt::Null };
        ops::sort_by(&mut rows, |row| Ok(part(row, 0)), false)?;
        for row in &rows {
            out.push(Rt::dict(IndexMap::from([("key".into(), part(row, 0)), ("value".into(), part(row, 1))])));
        }
    }
    Ok(out)
}
