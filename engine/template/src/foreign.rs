//! Filters, tests and lookups of the user's own: found, given plain values, and answered when they ask.

use std::{rc::Rc, sync::Arc};

use rustible_protocol::{Dict, Text, Value};
use rustible_source::Diagnostic;

use crate::{
    Found, Outside, Scope, Templar,
    context::Ctx,
    eval::{call_filter, call_test, first_marker},
    lookups,
    rt::{Args, Fault, MarkerKind, Res, Rt, fail, fault},
    secret,
};

/// The plugin of that name, when there is one. `native`: there is one of ours.
pub(crate) fn find(ctx: &Ctx, kind: &str, name: &str, native: bool) -> Res<Option<Found>> {
    let Some(plugins) = &ctx.env.plugins else { return Ok(None) };
    plugins.find(kind, name, native).map_err(|why| {
        let error = Diagnostic::new(format!("The {kind} plugin '{name}' failed to load: {why}"));
        fault(MarkerKind::Failed, error)
    })
}

/// Nobody has a filter or test of that name.
pub(crate) fn unknown(kind: &str, name: &str) -> Fault {
    let cause = Diagnostic::new(format!("No {kind} named '{name}'."));
    fault(MarkerKind::Fatal, Diagnostic::new("Syntax error in template").because(cause))
}

/// Run a filter or a test.
pub(crate) fn call(ctx: &Rc<Ctx>, kind: &str, name: &str, found: Found, input: Rt, args: Args) -> Res<Rt> {
    if !found.markers
        && let Some(marker) = first_marker(Some(&input), &args)
    {
        return Err(marker.clone());
    }
    let mut all = vec![input.clone()];
    all.extend(args.pos.iter().cloned());
    let result = run(ctx, kind, name, found, &all, &args.kw).map_err(|cause| {
        let outer = Diagnostic::new(format!("The {kind} plugin '{name}' failed"));
        fault(MarkerKind::Failed, outer.because(cause.error.clone()))
    })?;
    Ok(if ctx.shared.secrets.get() { secret::keep(result, &input, &args) } else { result })
}

/// Run a lookup.
pub(crate) fn lookup(
    ctx: &Rc<Ctx>,
    name: &str,
    found: Found,
    terms: &[Rt],
    options: &[(String, Rt)],
) -> Res<Vec<Rt>> {
    run(ctx, "lookup", name, found, terms, options)?.iterate()
}

fn run(ctx: &Rc<Ctx>, kind: &str, name: &str, found: Found, args: &[Rt], named: &[(String, Rt)]) -> Res<Rt> {
    let Some(plugins) = ctx.env.plugins.clone() else { return Err(unknown(kind, name)) };
    let undefined = |marker: &Fault| plugins.undefined(&marker.error.summary());
    let plain = |rt: &Rt| match rt {
        Rt::Undef(marker) if found.markers => Ok(undefined(marker)),
        // What stands inside of containers is the plugin's to find.
        other if kind == "lookup" => inner(ctx, other, &undefined),
        other => ctx.plain(other),
    };
    let values = args.iter().map(plain).collect::<Res<Vec<Value>>>()?;
    let mut options = Dict::new();
    for (key, value) in named {
        options.insert(key.as_str(), plain(value)?);
    }
    let result = plugins.call(kind, name, values, options, &Asked(ctx));
    result.map(|value| ctx.data(value)).map_err(|error| fault(MarkerKind::Failed, error))
}

/// A value with what is undefined inside of it marked as such.
fn inner(ctx: &Rc<Ctx>, rt: &Rt, undefined: &impl Fn(&Fault) -> Value) -> Res<Value> {
    match (ctx.plain(rt), rt) {
        (Err(fault), Rt::List(list)) if fault.kind == MarkerKind::Undefined => list
            .items()
            .iter()
            .map(|item| marked(ctx, item, undefined))
            .collect::<Res<Vec<_>>>()
            .map(Value::from),
        (Err(fault), Rt::Dict(dict)) if fault.kind == MarkerKind::Undefined => {
            let pairs = dict.entries();
            let pairs = pairs.iter().map(|(key, item)| Ok((key.clone(), marked(ctx, item, undefined)?)));
            pairs.collect::<Res<Dict>>().map(Value::Dict)
        }
        (plain, _) => plain,
    }
}

fn marked(ctx: &Rc<Ctx>, rt: &Rt, undefined: &impl Fn(&Fault) -> Value) -> Res<Value> {
    match rt {
        Rt::Undef(marker) if marker.kind == MarkerKind::Undefined => Ok(undefined(marker)),
        other => inner(ctx, other, undefined),
    }
}

struct Asked<'a>(&'a Rc<Ctx>);

impl Asked<'_> {
    fn templar(&self, more: Dict) -> Templar {
        let ctx = self.0;
        let templar = Templar::new(ctx.engine.clone(), ctx.env.clone(), ctx.scope.clone());
        if more.is_empty() { templar } else { templar.with_vars(more) }
    }
}

impl Outside for Asked<'_> {
    fn scope(&self) -> Arc<dyn Scope> {
        self.0.scope.clone()
    }
    fn render(&self, value: &Value, more: Dict) -> Result<Value, Diagnostic> {
        Ok(self.templar(more).render(value)?.value().unwrap_or_default())
    }
    fn expression(&self, text: &Text, more: Dict) -> Result<Value, Diagnostic> {
        self.templar(more).expression(text)
    }
    fn condition(&self, value: &Value, more: Dict) -> Result<bool, Diagnostic> {
        self.templar(more).condition(value)
    }
    fn plugin(&self, kind: &str, name: &str, args: Vec<Value>, named: Dict) -> Result<Value, Diagnostic> {
        let ctx = self.0;
        let mut args = args.into_iter().map(|value| ctx.wrap(&value));
        let kw: Vec<(String, Rt)> = named.texts().map(|(k, v)| (k.to_string(), ctx.wrap(v))).collect();
        let result = if kind == "lookup" {
            lookups::run(ctx, name, Args { pos: args.collect(), kw }, true)
        } else {
            let input =
                args.next().ok_or_else(|| Diagnostic::new(format!("the {kind} {name} needs an input")))?;
            let args = Args { pos: args.collect(), kw };
            match kind {
                "filter" => call_filter(ctx, name, input, args),
                "test" => call_test(ctx, name, input, args).map(Rt::Bool),
                other => Err(fail(format!("there are no plugins of the kind '{other}'"))),
            }
        };
        result.and_then(|rt| ctx.plain(&rt)).map_err(|fault| fault.error.clone())
    }
    fn hear(&self, key: &str, said: &Value, help: Option<&str>) -> bool {
        self.0.env.heard(key, said, help)
    }
}
