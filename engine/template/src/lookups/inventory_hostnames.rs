//! `inventory_hostnames`: hosts that match a pattern.

use super::Call;
use crate::rt::{Res, Rt, fail};

pub(super) fn run(call: Call) -> Res<Vec<Rt>> {
    let Some(patterns) = &call.ctx.env.patterns else {
        return Err(fail("there is no inventory to look for hosts in"));
    };
    // All terms are one pattern.
    let found = patterns.hosts(&call.texts()?.join(",")).map_err(fail)?;
    Ok(found.into_iter().map(Rt::from).collect())
}
