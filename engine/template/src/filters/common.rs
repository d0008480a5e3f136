//! `default`, `mandatory`, `ternary`, `bool`, `string`, `type_debug` and their like.

use std::rc::Rc;

use rustible_protocol::Text;

use super::Table;
use rustible_source::Diagnostic;

use crate::{
    args::bind,
    context::Ctx,
    repr,
    rt::{Args, MarkerKind, Res, Rt, fail, undefined},
};

pub(crate) const TABLE: Table = &[
    ("default", default),
    ("d", default),
    ("mandatory", mandatory),
    ("ternary", ternary),
    ("bool", boolean),
    ("string", string),
    ("type_debug", |_, input, _| Ok(Rt::str(debug_name(&input)))),
    ("attr", attr),
    ("format", format),
    ("safe", |_, input, _| Ok(input)),
    ("pprint", |_, input, _| repr::repr(&input).map(Rt::from)),
];

fn default(_: &Rc<Ctx>, input: Rt, args: Args) -> Res<Rt> {
    let args = bind("do_default", args, &["default_value", "boolean"])?;
    let missing = match &input {
        Rt::Undef(_) => true,
        other => args.flag(1, false)? && !other.truthy()?,
    };
    if missing { Ok(args.given(0).cloned().unwrap_or_else(|| Rt::str(""))) } else { Ok(input) }
}

fn mandatory(_: &Rc<Ctx>, input: Rt, args: Args) -> Res<Rt> {
    let args = bind("mandatory", args, &["msg"])?;
    let Rt::Undef(fault) = &input else { return Ok(input) };
    if !matches!(fault.kind, MarkerKind::Undefined | MarkerKind::Blank) {
        return Err(fault.clone());
    }
    match args.opt_text(0)? {
        Some(message) => Err(fail(message)),
        None => {
            let message = fault.error.message.as_str();
            let name = message.strip_suffix(" is undefined").or_else(|| {
                message
                    .starts_with("object of type ")
                    .then(|| message.split_once(" has no attribute "))?
                    .map(|(_, n)| n)
            });
            let name = name.map_or_else(String::new, |name| format!("{name} "));
            Err(fail(format!("Mandatory variable {name}not defined.")))
        }
    }
}

fn ternary(_: &Rc<Ctx>, input: Rt, args: Args) -> Res<Rt> {
    let args = bind("ternary", args, &["true_val", "false_val", "none_val"])?;
    if let Rt::Undef(fault) = &input {
        return Err(fault.clone());
    }
    if input.is_null()
        && let Some(none) = args.get(2)
    {
        return Ok(none.clone());
    }
    Ok(args.need(usize::from(!input.truthy()?))?.clone())
}

/// Ansible's notion of a boolean in text.
pub(crate) fn truth(input: &Rt) -> Option<bool> {
    match input {
        Rt::Bool(flag) => Some(*flag),
        Rt::Int(1) => Some(true),
        Rt::Int(0) => Some(false),
        Rt::Float(f) if *f == 1.0 => Some(true),
        Rt::Float(f) if *f == 0.0 => Some(false),
        Rt::Str(text) => match text.trim().to_lowercase().as_str() {
            "yes" | "on" | "1" | "true" | "t" | "y" | "1.0" => Some(true),
            "no" | "off" | "0" | "false" | "f" | "n" | "0.0" => Some(false),
            _ => None,
        },
        _ => None,
    }
}

fn boolean(ctx: &Rc<Ctx>, input: Rt, _: Args) -> Res<Rt> {
    let text = match &input {
        Rt::Str(text) => text.to_lowercase(),
        other => repr::text(other)?.to_lowercase(),
    };
    match text.as_str() {
        "yes" | "on" | "true" | "1" => return Ok(Rt::Bool(true)),
        "no" | "off" | "false" | "0" => return Ok(Rt::Bool(false)),
        _ => {}
    }
    if let Some(number) = input.as_f64()
        && (number == 1.0 || number == 0.0)
    {
        return Ok(Rt::Bool(number == 1.0));
    }
    let shown = repr::repr(&input)?;
    let text = format!("The `bool` filter coerced invalid value {shown} ({}) to False.", input.type_name());
    ctx.env.deprecated(&crate::Deprecation::new(Diagnostic::new(text), "2.23"));
    Ok(Rt::Bool(false))
}

fn string(_: &Rc<Ctx>, input: Rt, _: Args) -> Res<Rt> {
    Ok(match input {
        Rt::Str(text) => Rt::Str(text),
        other => Rt::from(repr::text(&other)?),
    })
}

fn debug_name(input: &Rt) -> &'static str {
    match input {
        Rt::Undef(_) => super::internal::class(input),
        other => other.type_name(),
    }
}

fn attr(_: &Rc<Ctx>, input: Rt, args: Args) -> Res<Rt> {
    let name = bind("do_attr", args, &["name"])?.text(0, "")?;
    if let Rt::Obj(obj) = &input
        && let Some(found) = obj.attr(&name)
    {
        return Ok(found);
    }
    Ok(match &input {
        Rt::Dict(_) if !crate::methods::exists(&input, &name) => {
            Rt::Undef(undefined(format!("object of type 'dict' has no attribute '{name}'")))
        }
        other => crate::eval::attribute(other, &name),
    })
}

fn format(_: &Rc<Ctx>, input: Rt, args: Args) -> Res<Rt> {
    if !args.pos.is_empty() && !args.kw.is_empty() {
        return Err(fail("can't handle positional and keyword arguments at the same time"));
    }
    let template = repr::text(&input)?;
    let value = if args.kw.is_empty() {
        Rt::tuple(args.pos)
    } else {
        Rt::dict(args.kw.into_iter().map(|(k, v)| (k.into(), v)).collect())
    };
    Ok(Rt::Str(Text::untrusted(crate::format::percent(&template, &value)?)))
}
