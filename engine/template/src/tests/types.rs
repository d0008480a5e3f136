//! What a value is.

use super::Table;
use crate::{
    filters::common::truth,
    registry, repr,
    rt::{Res, Rt, fail},
};

pub(crate) const TABLE: Table = &[
    ("defined", |_, v, _| Ok(!matches!(v, Rt::Undef(_)))),
    ("undefined", |_, v, _| Ok(matches!(v, Rt::Undef(_)))),
    ("none", |_, v, _| Ok(v.is_null())),
    ("boolean", |_, v, _| Ok(matches!(v, Rt::Bool(_)))),
    ("true", |_, v, _| Ok(matches!(v, Rt::Bool(true)))),
    ("false", |_, v, _| Ok(matches!(v, Rt::Bool(false)))),
    ("integer", |_, v, _| Ok(matches!(v, Rt::Int(_) | Rt::Big(_)))),
    ("float", |_, v, _| Ok(matches!(v, Rt::Float(_)))),
    ("number", |_, v, _| Ok(v.as_f64().is_some())),
    ("string", |_, v, _| Ok(matches!(v, Rt::Str(_)))),
    ("mapping", |_, v, _| Ok(matches!(v, Rt::Dict(_)))),
    ("sequence", |_, v, _| Ok(countable(v))),
    ("iterable", |_, v, _| Ok(countable(v))),
    ("callable", |_, v, _| Ok(matches!(v, Rt::Obj(o) if o.callable()))),
    ("lower", |_, v, _| repr::text(v).map(|t| cased(&t, char::is_uppercase))),
    ("upper", |_, v, _| repr::text(v).map(|t| cased(&t, char::is_lowercase))),
    ("escaped", |_, _, _| Ok(false)),
    ("even", |_, v, _| remainder(v, 2).map(|r| r == 0.0)),
    ("odd", |_, v, _| remainder(v, 2).map(|r| r == 1.0)),
    ("truthy", |_, v, a| truthy(v, &a)),
    ("falsy", |_, v, a| truthy(v, &a).map(|t| !t)),
    ("filter", |_, v, _| Ok(v.as_str().is_some_and(registry::filter_exists))),
    ("test", |_, v, _| Ok(v.as_str().is_some_and(registry::test_exists))),
    ("vault_encrypted", |_, v, _| {
        Ok(v.as_text().is_some_and(|t| t.is_secret() || t.starts_with("$ANSIBLE_VAULT;")))
    }),
    ("nan", |_, v, _| number_or_false(v)),
    ("isnan", |_, v, _| number_or_false(v)),
];

fn countable(value: &Rt) -> bool {
    crate::bytes::inside(value).is_some()
        || matches!(value, Rt::Str(_) | Rt::List(_) | Rt::Tuple(_) | Rt::Dict(_) | Rt::Range(..))
}

fn cased(text: &str, wrong: fn(char) -> bool) -> bool {
    text.chars().any(|c| c.is_lowercase() || c.is_uppercase()) && !text.chars().any(wrong)
}

/// The remainder of a division, as a float.
pub(crate) fn remainder(value: &Rt, by: i64) -> Res<f64> {
    let rest = crate::ops::binary(crate::ir::Op::Rem, value, &Rt::Int(by))?;
    rest.as_f64().ok_or_else(|| fail("not all arguments converted during string formatting"))
}

fn truthy(value: &Rt, args: &crate::rt::Args) -> Res<bool> {
    let convert = match args
        .pos
        .first()
        .or_else(|| args.kw.iter().find(|(k, _)| k == "convert_bool").map(|(_, v)| v))
    {
        Some(flag) => flag.truthy()?,
        None => false,
    };
    if convert && let Some(flag) = truth(value) {
        return Ok(flag);
    }
    value.truthy()
}

fn number_or_false(value: &Rt) -> Res<bool> {
    Ok(value.as_f64().is_some_and(f64::is_nan))
}
