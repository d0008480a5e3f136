//! `config`: settings by name.

use super::Call;
use rustible_source::Diagnostic;

use crate::rt::{Res, Rt, fail};

pub(super) fn run(call: Call) -> Res<Vec<Rt>> {
    for name in ["plugin_type", "plugin_name"] {
        if call.option(name).is_some_and(|value| !value.is_null()) {
            return Err(fail(format!("settings of plugins ('{name}') are not supported by rustible")));
        }
    }
    call.known(&["on_missing", "show_origin", "plugin_type", "plugin_name"])?;
    let missing = call.text("on_missing", "error")?;
    if !["error", "skip", "warn"].contains(&missing.as_str()) {
        return Err(fail(format!(
            "Invalid value '{missing}' for config 'on_missing' for 'config' lookup plugin."
        )));
    }
    let with_origin = call.flag("show_origin", false)?;
    let mut out = Vec::new();
    for term in &call.terms {
        let Some(name) = term.as_str() else {
            return Err(fail(format!(
                "Invalid setting identifier, {} is not a <class 'str'>, its a <class '{}'>.",
                crate::repr::text(term)?,
                term.type_name()
            )));
        };
        match call.ctx.env.config.as_ref().and_then(|c| c.setting(name)) {
            Some((value, origin)) => {
                let value = call.ctx.data(value);
                out.push(if with_origin { Rt::tuple(vec![value, Rt::from(origin)]) } else { value });
            }
            None => match missing.as_str() {
                "skip" => {}
                "warn" => {
                    let text = format!("Skipping, did not find setting {name}");
                    call.ctx.env.warning(&Diagnostic::new(text));
                }
                _ => return Err(fail(format!("No config definition exists for '{name}'."))),
            },
        }
    }
    Ok(out)
}

/// `ansible._protomatter.config`: settings that need more than their own value.
pub(super) fn internal(call: Call) -> Res<Vec<Rt>> {
    match call.terms.first().map(crate::repr::text).transpose()?.as_deref() {
        None | Some("") => Err(fail("config name is required")),
        // No traceback is ever shown.
        Some("DISPLAY_TRACEBACK") => Ok(Vec::new()),
        Some(other) => Err(fail(format!("Unknown config name '{other}'."))),
    }
}
