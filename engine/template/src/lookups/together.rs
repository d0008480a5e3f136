//! `together`: the n-th items of all lists side by side.

use super::Call;
use crate::rt::{Res, Rt, fail};

pub(super) fn run(call: Call) -> Res<Vec<Rt>> {
    if call.terms.is_empty() {
        return Err(fail("with_together requires at least one element in each list"));
    }
    let columns = call.terms.iter().map(Rt::iterate).collect::<Res<Vec<_>>>()?;
    let rows = columns.iter().map(Vec::len).max().unwrap_or(0);
    let row = |i: usize| columns.iter().map(|c| c.get(i).cloned().unwrap_or(Rt::Null)).collect::<Vec<_>>();
    (0..rows).map(|i| super::flat_once(&row(i)).map(Rt::list)).collect()
}
