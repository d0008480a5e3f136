//! `items`, `list` and `flattened`: lists as they are, flattened once, or all the way.

use super::{Call, flat_once};
use crate::{
    filters::list::flat,
    rt::{Res, Rt},
};

pub(super) fn items(call: Call) -> Res<Vec<Rt>> {
    flat_once(&call.terms)
}

pub(super) fn list(call: Call) -> Res<Vec<Rt>> {
    Ok(call.terms)
}

pub(super) fn flattened(call: Call) -> Res<Vec<Rt>> {
    let mut out = Vec::new();
    flat(&Rt::list(call.terms), None, true, &mut out)?;
    Ok(out)
}
