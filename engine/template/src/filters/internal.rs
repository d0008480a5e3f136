//! `ansible._protomatter.*`: what the reference keeps for looking at provenance and at failures.

use std::{any::Any, rc::Rc, sync::Arc};

use indexmap::IndexMap;
use rustible_protocol::{Origin, Text, Value};
use rustible_source::Diagnostic;

use super::Table;
use crate::{
    args::bind,
    context::Ctx,
    ir::Ex,
    rt::{Args, DictRepr, ListRepr, MarkerKind, Obj, Res, Rt, fail},
};

pub(crate) const TABLE: Table = &[
    ("ansible._protomatter.origin", |_, input, _| {
        Ok(origin(&input).map_or(Rt::Null, |place| Rt::from(place.to_string())))
    }),
    ("ansible._protomatter.apply_trust", |_, input, _| {
        Ok(if let Rt::Str(text) = input { Rt::Str(text.with_trust(true)) } else { input })
    }),
    ("ansible._protomatter.finalize", |ctx, input, _| {
        Ok(ctx.finalise(&input)?.map_or(Rt::Omit, |v| ctx.wrap(&v)))
    }),
    ("ansible._protomatter.dump_object", |_, input, _| Ok(dump(input))),
    ("ansible._protomatter.python_literal_eval", literal),
    ("ansible._protomatter.tag_names", |_, input, _| {
        Ok(Rt::list(tags(&input).into_iter().map(Rt::from).collect()))
    }),
    ("ansible._protomatter.true_type", |_, input, _| Ok(Rt::from(class(&input)))),
];

/// Filters that are given the failure of their input as a value.
pub(crate) const FAILURES: &[&str] = &["ansible._protomatter.dump_object", "ansible._protomatter.true_type"];

/// All marks that a value can carry, in the order of their names.
const TAGS: [&str; 3] = ["Origin", "TrustedAsTemplate", "VaultedValue"];

fn origin(value: &Rt) -> Option<Arc<Origin>> {
    match value {
        Rt::Str(text) => text.origin().cloned(),
        Rt::List(list) => match &*list.repr.borrow() {
            ListRepr::Frozen { data, .. } => data.origin().cloned(),
            ListRepr::Live(_) => None,
        },
        Rt::Dict(dict) => match &*dict.repr.borrow() {
            DictRepr::Frozen { data, .. } => data.origin().cloned(),
            _ => None,
        },
        _ => None,
    }
}

/// The names of the marks on a value.
pub(crate) fn tags(value: &Rt) -> Vec<&'static str> {
    let text = value.as_text();
    let marks =
        [origin(value).is_some(), text.is_some_and(Text::is_trusted), text.is_some_and(Text::is_secret)];
    TAGS.into_iter().zip(marks).filter(|(_, on)| *on).map(|(name, _)| name).collect()
}

/// Whether a value carries the mark of that name.
pub(crate) fn tagged_with(value: &Rt, name: &str) -> Res<bool> {
    if !TAGS.contains(&name) {
        return Err(fail(format!("Unknown tag name '{name}'.")));
    }
    Ok(tags(value).contains(&name))
}

/// The name of the value's type as it is inside the program.
pub(super) fn class(value: &Rt) -> &'static str {
    let live = match value {
        Rt::List(list) => matches!(&*list.repr.borrow(), ListRepr::Live(_)),
        Rt::Dict(dict) => !matches!(&*dict.repr.borrow(), DictRepr::Frozen { .. }),
        _ => true,
    };
    match value {
        Rt::Str(_) if !tags(value).is_empty() => "_AnsibleTaggedStr",
        Rt::List(_) if !live => "_AnsibleLazyTemplateList",
        Rt::Dict(_) if !live => "_AnsibleLazyTemplateDict",
        Rt::Undef(marker) => match marker.kind {
            MarkerKind::Undefined | MarkerKind::Blank => "UndefinedMarker",
            MarkerKind::Vault => "VaultExceptionMarker",
            MarkerKind::Failed | MarkerKind::Fatal | MarkerKind::Omitted => "CapturedExceptionMarker",
        },
        other => other.type_name(),
    }
}

/// A failure as an object: its text is under `message`.
struct Exception(Diagnostic);

impl Obj for Exception {
    fn type_name(&self) -> &'static str {
        "AnsibleTemplateError"
    }
    fn attr(&self, name: &str) -> Option<Rt> {
        (name == "message").then(|| Rt::from(self.0.summary()))
    }
    fn text(&self) -> String {
        self.0.summary()
    }
    fn any(&self) -> &dyn Any {
        self
    }
}

fn dump(value: Rt) -> Rt {
    match value {
        Rt::Undef(marker) if marker.kind != MarkerKind::Undefined => {
            let exception = Rt::obj(Exception(marker.error.clone()));
            Rt::dict(IndexMap::from([(Value::str("exception"), exception)]))
        }
        other => other,
    }
}

fn literal(ctx: &Rc<Ctx>, input: Rt, args: Args) -> Res<Rt> {
    let lenient = bind("python_literal_eval", args, &["ignore_errors"])?.flag(0, false)?;
    let result = match &input {
        Rt::Str(text) => {
            let trimmed = text.like(text.trim());
            let parsed = ctx.engine.expression(&trimmed, false).ok();
            let value = parsed.as_ref().and_then(|t| t.expr.as_ref()).and_then(constant);
            value.ok_or_else(|| fail(format!("malformed node or string on line 1: {text:?}")))
        }
        _ => Err(fail("The `value` to eval must be a string.")),
    };
    result.or_else(|error| if lenient { Ok(input) } else { Err(error) })
}

/// The value of an expression in which there are only literals.
fn constant(ex: &Ex) -> Option<Rt> {
    let all = |items: &[Ex]| items.iter().map(constant).collect::<Option<Vec<_>>>();
    Some(match ex {
        Ex::Const(Value::Str(text)) => Rt::Str(text.clone().with_trust(false)),
        Ex::Const(value) => Rt::from_key(value.clone()),
        Ex::List(items) => Rt::list(all(items)?),
        Ex::Tuple(items) => Rt::tuple(all(items)?),
        Ex::Neg(inner) => crate::ops::negate(&constant(inner)?).ok()?,
        Ex::Map(pairs) => {
            let mut entries = IndexMap::new();
            for (key, value) in pairs {
                entries.insert(constant(key)?.to_key().ok()?, constant(value)?);
            }
            Rt::dict(entries)
        }
        _ => return None,
    })
}
