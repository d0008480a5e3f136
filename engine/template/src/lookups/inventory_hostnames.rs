//! `inventory_hostnames`: hosts that match a pattern.

use super::Call;
use crate::rt::{Res, Rt, fail};

pub(super) fn run(call: Call) -> Res<Vec<Rt>> {
    let Some(patterns) = &call.ctx.env.patterns else {
        return Err(fail("there is no inventory to look for hosts in"));
    };
    let mut out = Vec::new();
    for pattern in call.texts()? {
        out.extend(patterns.hosts(&pattern).map_err(fail)?.into_iter().map(Rt::from));
    }
    Ok(out)
}
