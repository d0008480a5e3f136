//! `random_choice`: one of the terms, by chance.

use super::Call;
use crate::{
    chance::Chance,
    rt::{Res, Rt},
};

pub(super) fn run(call: Call) -> Res<Vec<Rt>> {
    if call.terms.is_empty() {
        return Ok(Vec::new());
    }
    let at = Chance::new(None)?.below(call.terms.len() as u64);
    Ok(vec![call.terms[usize::try_from(at).unwrap_or(0)].clone()])
}
