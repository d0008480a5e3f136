//! `config`: a setting by name.

use super::Call;
use crate::rt::{Res, Rt, fail};

pub(super) fn run(call: Call) -> Res<Vec<Rt>> {
    call.known(&["on_missing"])?;
    let missing = call.text("on_missing", "error")?;
    let mut out = Vec::new();
    for name in call.texts()? {
        match call.ctx.env.config.as_ref().and_then(|c| c.setting(&name)) {
            Some(value) => out.push(call.ctx.data(value)),
            None => match missing.as_str() {
                "skip" => {}
                "warn" => call.ctx.env.warning(&format!("Skipping, did not find setting {name}")),
                _ => return Err(fail(format!("Unable to find setting {name}"))),
            },
        }
    }
    Ok(out)
}
