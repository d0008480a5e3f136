//! Secrets stay secret: what was made from one is one.

use rustible_protocol::Value;

use crate::rt::{Args, DictRepr, ListRepr, Rt};

fn raw(value: &Value) -> bool {
    match value {
        Value::Str(text) => text.is_secret(),
        Value::Vaulted(_) => true,
        Value::List(list) => list.iter().any(raw),
        Value::Dict(dict) => dict.iter().any(|(k, v)| raw(k) || raw(v)),
        _ => false,
    }
}

/// Whether a secret is in the value.
pub(crate) fn within(value: &Rt) -> bool {
    match value {
        Rt::Str(text) => text.is_secret(),
        Rt::Tuple(items) => items.iter().any(within),
        Rt::List(list) => match &*list.repr.borrow() {
            ListRepr::Live(items) => items.iter().any(within),
            ListRepr::Frozen { data, memo, .. } => data.iter().any(raw) || memo.values().any(within),
        },
        Rt::Dict(dict) => match &*dict.repr.borrow() {
            DictRepr::Live(entries) => entries.iter().any(|(k, v)| raw(k) || within(v)),
            DictRepr::Frozen { data, memo, .. } => {
                data.iter().any(|(k, v)| raw(k) || raw(v)) || memo.values().any(within)
            }
            DictRepr::Hosts { .. } | DictRepr::Vars { .. } => false,
        },
        _ => false,
    }
}

/// Every string in the value made secret.
pub(crate) fn mark(value: Rt) -> Rt {
    match value {
        Rt::Str(text) => Rt::Str(text.with_secret(true)),
        Rt::Tuple(items) => Rt::tuple(items.iter().cloned().map(mark).collect()),
        Rt::List(list) => Rt::list(list.items().into_iter().map(mark).collect()),
        Rt::Dict(dict) => Rt::dict(dict.entries().into_iter().map(|(k, v)| (k, mark(v))).collect()),
        other => other,
    }
}

/// The result of a call, secret when an argument was; parts of a container that were not secret stay open.
pub(crate) fn keep(result: Rt, input: &Rt, args: &Args) -> Rt {
    let secret = within(input) || args.pos.iter().any(within) || args.kw.iter().any(|(_, v)| within(v));
    // Taking parts out of a container keeps the marks the parts have; text made of it has lost them.
    let parts = matches!(input, Rt::List(_) | Rt::Dict(_) | Rt::Tuple(_)) && !matches!(result, Rt::Str(_));
    if secret && !(parts && within(&result)) { mark(result) } else { result }
}
