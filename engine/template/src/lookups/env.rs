//! `env`: variables of the controller's environment.

use rustible_protocol::{Origin, Text};

use super::Call;
use crate::rt::{Res, Rt, undefined};

pub(super) fn run(call: Call) -> Res<Vec<Rt>> {
    call.known(&["default"])?;
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
                Rt::Undef(_) => {
                    return Err(undefined(format!("The environment variable '{name}' is not set.")));
                }
                other => other.clone(),
            },
        });
    }
    Ok(out)
}
