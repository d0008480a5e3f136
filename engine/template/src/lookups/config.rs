//! `config`: settings by name.

use rustible_protocol::Value;
use rustible_source::Diagnostic;

use super::Call;
use crate::{
    Wanted, repr,
    rt::{MarkerKind, Res, Rt, fail, fault},
};

/// The kinds of plugins that have options.
const KINDS: [&str; 11] = [
    "become",
    "cache",
    "callback",
    "cliconf",
    "connection",
    "httpapi",
    "inventory",
    "lookup",
    "netconf",
    "shell",
    "vars",
];

pub(super) fn run(call: Call) -> Res<Vec<Rt>> {
    let missing = call.text("on_missing", "error")?;
    let (kind, plugin) = (call.text("plugin_type", "")?, call.text("plugin_name", "")?);
    for (name, value, known) in
        [("on_missing", &missing, &["error", "skip", "warn"][..]), ("plugin_type", &kind, &KINDS[..])]
    {
        if !value.is_empty() && !known.contains(&value.as_str()) {
            return Err(fail(format!(
                "Invalid value '{value}' for config '{name}' for 'config' lookup plugin."
            )));
        }
    }
    if kind.is_empty() != plugin.is_empty() {
        return Err(fail("Both plugin_type and plugin_name are required, cannot use one without the other."));
    }
    let plugin = (!kind.is_empty()).then_some((kind.as_str(), plugin.as_str()));
    let with_origin = call.flag("show_origin", false)?;
    let mut out = Vec::new();
    for term in &call.terms {
        let Some(name) = term.as_str() else {
            return Err(fail(format!(
                "Invalid setting identifier, {} is not a <class 'str'>, its a <class '{}'>.",
                repr::text(term)?,
                term.type_name()
            )));
        };
        match setting(&call, name, plugin)? {
            Some((value, origin)) => {
                let value = call.ctx.data(value);
                out.push(if with_origin {
                    Rt::list(vec![value, Rt::from_key(origin.into())])
                } else {
                    value
                });
            }
            None => {
                let of = plugin.map(|(kind, plugin)| format!(" for '{plugin}' {kind} plugin"));
                let text = format!("No config definition exists for '{name}'{}.", of.unwrap_or_default());
                match missing.as_str() {
                    "skip" => {}
                    "warn" => call.ctx.env.warning(&Diagnostic::new(format!("Skipping {name}.: {text}"))),
                    _ => return Err(fail(text)),
                }
            }
        }
    }
    Ok(out)
}

type Found = Option<(Value, Option<String>)>;

fn setting(call: &Call, name: &str, plugin: Option<(&str, &str)>) -> Res<Found> {
    let ctx = &call.ctx;
    let Some(config) = &ctx.env.config else { return Ok(None) };
    // Variables are taken as they are written.
    let variable = |name: &str| ctx.scope.get(name);
    let found = config.setting(&Wanted { name, plugin, variable: &variable });
    found.map_err(|error| fault(MarkerKind::Failed, error))
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
