//! `indexed_items`: items with their positions.

use super::{Call, flat_once};
use crate::rt::{Res, Rt};

pub(super) fn run(call: Call) -> Res<Vec<Rt>> {
    let items = flat_once(&call.terms)?;
    Ok(items.into_iter().enumerate().map(|(i, item)| Rt::list(vec![Rt::from(i), item])).collect())
}
