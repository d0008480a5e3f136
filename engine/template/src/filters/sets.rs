//! Sets of values in the order they come: `unique`, `union`, `intersect`, `difference`, `symmetric_difference`.

use std::{collections::HashSet, rc::Rc};

use rustible_protocol::Value;

use super::{
    Table,
    pick::{attribute, folded},
};
use crate::{
    args::bind,
    context::Ctx,
    ops,
    rt::{Args, Res, Rt, fail},
};

pub(crate) const TABLE: Table = &[
    ("unique", unique),
    ("union", |_, a, b| with(&a, b, |a, b| Ok(distinct(a.iter().chain(b))?.0))),
    ("intersect", |_, a, b| with(&a, b, |a, b| keep(a, b, true))),
    ("difference", |_, a, b| with(&a, b, |a, b| keep(a, b, false))),
    ("symmetric_difference", |_, a, b| {
        with(&a, b, |a, b| {
            let mut out = keep(a, b, false)?;
            out.extend(keep(b, a, false)?);
            Ok(out)
        })
    }),
];

fn with(a: &Rt, args: Args, f: impl Fn(&[Rt], &[Rt]) -> Res<Vec<Rt>>) -> Res<Rt> {
    let args = bind("filter", args, &["b"])?;
    let out = f(&a.iterate()?, &args.need(0)?.iterate()?)?;
    Ok(Rt::list(out))
}

/// Membership: hashed where a value can be hashed, else compared one by one.
#[derive(Default)]
struct Seen {
    hashed: HashSet<Value>,
    others: Vec<Rt>,
}

impl Seen {
    fn has(&self, item: &Rt) -> Res<bool> {
        if let Ok(key) = item.to_key() {
            return Ok(self.hashed.contains(&key));
        }
        for other in &self.others {
            if ops::equal(item, other)? {
                return Ok(true);
            }
        }
        Ok(false)
    }
    fn add(&mut self, item: &Rt) {
        match item.to_key() {
            Ok(key) => drop(self.hashed.insert(key)),
            Err(_) => self.others.push(item.clone()),
        }
    }
}

fn distinct<'a>(items: impl Iterator<Item = &'a Rt>) -> Res<(Vec<Rt>, Seen)> {
    let mut seen = Seen::default();
    let mut out = Vec::new();
    for item in items {
        if !seen.has(item)? {
            seen.add(item);
            out.push(item.clone());
        }
    }
    Ok((out, seen))
}

fn keep(a: &[Rt], b: &[Rt], wanted: bool) -> Res<Vec<Rt>> {
    let (_, there) = distinct(b.iter())?;
    let (mut out, _) = distinct(a.iter())?;
    let flags = out.iter().map(|i| there.has(i)).collect::<Res<Vec<bool>>>()?;
    let mut flags = flags.into_iter();
    out.retain(|_| flags.next() == Some(wanted));
    Ok(out)
}

fn unique(_: &Rc<Ctx>, input: Rt, args: Args) -> Res<Rt> {
    let args = bind("unique", args, &["case_sensitive", "attribute"])?;
    let case = args.flag(0, false)?;
    // What cannot be hashed is compared by Ansible's own version, which has no parameters.
    let plain = args.given(0).is_none() && args.get(1).is_none();
    let mut seen = Seen::default();
    let mut out = Vec::new();
    for item in input.iterate()? {
        let key = match args.get(1) {
            Some(path) => attribute(&item, path, None)?,
            None => item.clone(),
        };
        let key = folded(key.defined()?, case);
        if !plain && let Err(cause) = key.to_key() {
            return Err(fail(format!(
                "Jinja2's unique filter failed and we cannot fall back to Ansible's version as it does not support the parameters supplied: {}",
                cause.error.summary()
            )));
        }
        if !seen.has(&key)? {
            seen.add(&key);
            out.push(item);
        }
    }
    Ok(Rt::list(out))
}
