//! `vars` and `varnames`: variables by name or by pattern.

use super::Call;
use crate::{
    Pattern,
    rt::{Res, Rt, fail, undefined},
};

pub(super) fn vars(call: Call) -> Res<Vec<Rt>> {
    let mut out = Vec::new();
    for term in super::flat_once(&call.terms)? {
        let Some(name) = term.as_str() else {
            return Err(fail(format!("Variable name must be 'str' not '{}'.", term.type_name())));
        };
        let found = match call.ctx.variable(name) {
            Some(Rt::Undef(_)) if call.option("default").is_some() => None,
            other => other,
        };
        match (found, call.option("default")) {
            (Some(value), _) => out.push(value.defined()?),
            (None, Some(default)) => out.push(default.clone()),
            (None, None) => return Err(undefined(format!("No variable named '{name}' was found."))),
        }
    }
    Ok(out)
}

pub(super) fn varnames(call: Call) -> Res<Vec<Rt>> {
    let names = call.ctx.scope.names();
    let mut out = Vec::new();
    for term in &call.terms {
        let Some(pattern) = term.as_str() else {
            return Err(fail(format!(
                "Invalid setting identifier, \"{}\" is not a string, it is a <class '{}'>",
                crate::repr::text(term)?,
                term.type_name()
            )));
        };
        let pattern = Pattern::new(pattern, false, false)
            .map_err(|error| fail(format!("Unable to use \"{pattern}\" as a search parameter: {error}")))?;
        out.extend(names.iter().filter(|n| pattern.search(n, 0).is_some()).cloned().map(Rt::Str));
    }
    Ok(out)
}
