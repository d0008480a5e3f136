//! Calls of filters, tests and callables: the rules for undefined arguments, failures and secrets.

use std::rc::Rc;

use rustible_source::Diagnostic;

use crate::{
    context::Ctx,
    foreign, ops, registry,
    rt::{Args, Fault, MarkerKind, Res, Rt, fail, fault},
    secret,
};

pub(crate) fn first_marker<'a>(input: Option<&'a Rt>, args: &'a Args) -> Option<&'a Fault> {
    let named = args.kw.iter().map(|(_, v)| v);
    input
        .into_iter()
        .chain(&args.pos)
        .chain(named)
        .find_map(|rt| if let Rt::Undef(f) = rt { Some(f) } else { None })
}

/// The name a plugin is known by in messages.
fn full(name: &str) -> String {
    if name.contains('.') { name.to_string() } else { format!("ansible.builtin.{name}") }
}

fn failed(kind: &str, name: &str, cause: &Fault) -> Fault {
    let told = ["The filter plugin", "The test plugin", "The lookup plugin"];
    if cause.kind != MarkerKind::Failed || told.iter().any(|t| cause.error.message.starts_with(t)) {
        return cause.clone();
    }
    let outer = Diagnostic::new(format!("The {kind} plugin '{}' failed", full(name)));
    fault(MarkerKind::Failed, outer.because(cause.error.clone()))
}

/// `input | name(args)`.
pub(crate) fn call_filter(ctx: &Rc<Ctx>, name: &str, input: Rt, args: Args) -> Res<Rt> {
    let entry = registry::filter(name);
    if let Some(found) = foreign::find(ctx, "filter", name, entry.is_some())? {
        return foreign::call(ctx, "filter", name, found, input, args);
    }
    let Some(entry) = entry else { return Err(foreign::unknown("filter", name)) };
    if !entry.markers
        && let Some(marker) = first_marker(Some(&input), &args)
    {
        return Err(marker.clone());
    }
    // Whether a secret is in there may show only while the filter touches what it was given.
    let (given, with) = (input.clone(), args.clone());
    let result = (entry.run)(ctx, input, args).map_err(|cause| failed("filter", name, &cause))?;
    if let Rt::Str(text) = &result
        && text.len() > ops::LONGEST
    {
        return Err(failed("filter", name, &fail("the text is too long")));
    }
    Ok(if ctx.shared.secrets.get() { secret::keep(result, &given, &with) } else { result })
}

/// `input is name(args)`.
pub(crate) fn call_test(ctx: &Rc<Ctx>, name: &str, input: Rt, args: Args) -> Res<bool> {
    let entry = registry::test(name);
    if let Some(found) = foreign::find(ctx, "test", name, entry.is_some())? {
        return foreign::call(ctx, "test", name, found, input, args)?.truthy();
    }
    let Some(entry) = entry else { return Err(foreign::unknown("test", name)) };
    if !entry.markers
        && let Some(marker) = first_marker(Some(&input), &args)
    {
        return Err(marker.clone());
    }
    (entry.run)(ctx, &input, args).map_err(|cause| failed("test", name, &cause))
}

/// Whether there is such a plugin: for names that another filter was given, which the syntax does not know.
pub(crate) fn known(ctx: &Rc<Ctx>, kind: &str, name: &str) -> Res<()> {
    let native =
        if kind == "filter" { registry::filter(name).is_some() } else { registry::test(name).is_some() };
    if native || foreign::find(ctx, kind, name, false)?.is_some() {
        return Ok(());
    }
    Err(fail(format!("No {kind} named '{name}'.")))
}

/// `target(args)`.
pub(crate) fn call_value(ctx: &Rc<Ctx>, target: &Rt, args: Args) -> Res<Rt> {
    match target {
        Rt::Undef(fault) => Err(fault.clone()),
        Rt::Obj(obj) if obj.callable() => {
            if obj.type_name() != "function"
                && obj.type_name() != "Macro"
                && let Some(marker) = first_marker(None, &args)
            {
                return Err(marker.clone());
            }
            let with = args.clone();
            let result = obj.call(ctx, args)?;
            Ok(if ctx.shared.secrets.get() { secret::keep(result, &Rt::Null, &with) } else { result })
        }
        other => match first_marker(None, &args) {
            Some(marker) => Err(marker.clone()),
            None => Err(fail(format!("'{}' object is not callable", other.type_name()))),
        },
    }
}
