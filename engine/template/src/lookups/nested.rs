//! `nested` (and `cartesian`): all combinations of the lists.

use super::Call;
use crate::rt::{Res, Rt, fail};

pub(super) fn run(call: Call) -> Res<Vec<Rt>> {
    if call.terms.is_empty() {
        return Err(fail("with_nested requires at least one element in the nested list"));
    }
    let mut rows: Vec<Vec<Rt>> = vec![Vec::new()];
    for term in &call.terms {
        let column = match term {
            Rt::List(_) | Rt::Tuple(_) => term.iterate()?,
            other => vec![other.clone()],
        };
        if rows.len().saturating_mul(column.len()) > 1_000_000 {
            return Err(fail("too many combinations"));
        }
        rows = rows
            .iter()
            .flat_map(|row| column.iter().map(|i| [row.as_slice(), std::slice::from_ref(i)].concat()))
            .collect();
    }
    let mut out = Vec::with_capacity(rows.len());
    for row in rows {
        out.push(Rt::list(super::flat_once(&row)?));
    }
    Ok(out)
}
