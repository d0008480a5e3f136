//! `env`: variables of the controller's environment.

use rustible_protocol::{Origin, Text};

use super::Call;
use crate::rt::{Res, Rt, undefined};

/// What `undef()` says without an argument.
const UNDEF: &str = "Mandatory variable has not been overridden";

pub(super) fn run(call: Call) -> Res<Vec<Rt>> {
    let default = call.option("default").cloned().unwrap_or_else(|| Rt::str(""));
    let mut out = Vec::new();
    for name in super::flat_once(&call.terms)? {
        let name = crate::repr::text(&name)?;
        let name = name.split_whitespace().next().unwrap_or_default();
        out.push(match call.ctx.env.variable(name) {
            Some(value) => {
                let source = format!("<environment variable '{name}'>").into();
                Rt::Str(Text::untrusted(value).with_origin(Some(Origin::new(&source, 0, 0))))
            }
            None => match &default {
                // Undefined with a reason of its own gives that reason.
                Rt::Undef(fault) if fault.error.message != UNDEF => return Err(fault.clone()),
                Rt::Undef(_) => {
                    return Err(undefined(format!("The environment variable '{name}' is not set.")));
                }
                other => other.clone(),
            },
        });
    }
    Ok(out)
}
