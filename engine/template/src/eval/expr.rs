//! Expressions.

use std::rc::Rc;

use indexmap::IndexMap;
use rustible_source::Diagnostic;

use super::{Evaluator, Frame, attribute, call_filter, call_test, call_value, item};
use crate::{
    depth,
    filters::internal::FAILURES,
    ir::{Arg, Ex, Op},
    ops,
    rt::{Args, MarkerKind, Res, Rt, fail, fault, undefined},
};

impl Evaluator {
    /// The value; what a filter or call could not do is a marker, what an operator could not do is an error.
    pub(crate) fn expr(&mut self, ex: &Ex, frame: &Rc<Frame>) -> Res<Rt> {
        let level = self.ctx.shared.levels.get();
        if level >= depth::LEVELS {
            return Err(super::endless());
        }
        self.ctx.shared.levels.set(level + 1);
        let value = self.evaluated(ex, frame);
        self.ctx.shared.levels.set(level);
        value
    }

    fn evaluated(&mut self, ex: &Ex, frame: &Rc<Frame>) -> Res<Rt> {
        match ex {
            Ex::Const(value) => Ok(self.constant(value)),
            Ex::Var(name) => reached(self.name(name, frame)),
            Ex::List(items) => Ok(Rt::list(self.all(items, frame)?)),
            Ex::Tuple(items) => Ok(Rt::tuple(self.all(items, frame)?)),
            Ex::Map(pairs) => {
                let mut entries = IndexMap::with_capacity(pairs.len());
                for (key, value) in pairs {
                    let key = self.expr(key, frame)?.to_key()?;
                    entries.insert(key, self.expr(value, frame)?);
                }
                Ok(Rt::dict(entries))
            }
            Ex::Bin(op, sides) => self.binary(*op, &sides.0, &sides.1, frame),
            Ex::And(sides) => {
                let left = self.expr(&sides.0, frame)?;
                if left.truthy()? { self.expr(&sides.1, frame) } else { Ok(left) }
            }
            Ex::Or(sides) => {
                let left = self.expr(&sides.0, frame)?;
                if left.truthy()? { Ok(left) } else { self.expr(&sides.1, frame) }
            }
            Ex::Compare(first, ops) => {
                let mut left = self.expr(first, frame)?;
                for (op, right) in ops {
                    let right = self.expr(right, frame)?;
                    if !ops::compare(*op, &left, &right)? {
                        return Ok(Rt::Bool(false));
                    }
                    left = right;
                }
                Ok(Rt::Bool(true))
            }
            Ex::Not(inner) => Ok(Rt::Bool(!self.expr(inner, frame)?.truthy()?)),
            Ex::Neg(inner) => ops::negate(&self.expr(inner, frame)?),
            Ex::If(parts) => self.inline_if(parts, frame),
            Ex::Attr(base, name) => {
                let base = self.expr(base, frame)?;
                reached(attribute(&base, name))
            }
            Ex::Item(parts) => {
                let base = self.expr(&parts.0, frame)?;
                let key = self.expr(&parts.1, frame)?;
                if !matches!(base, Rt::Undef(_)) {
                    key.clone().defined()?;
                }
                reached(item(&base, &key))
            }
            Ex::Slice(parts) => self.slice(parts, frame),
            Ex::Filter(..) | Ex::Test(..) | Ex::Call(..) => self.invoke(ex, frame),
        }
    }

    fn all(&mut self, items: &[Ex], frame: &Rc<Frame>) -> Res<Vec<Rt>> {
        items.iter().map(|i| self.expr(i, frame)).collect()
    }

    fn binary(&mut self, op: Op, left: &Ex, right: &Ex, frame: &Rc<Frame>) -> Res<Rt> {
        let left = self.expr(left, frame)?;
        let right = self.expr(right, frame)?;
        if op == Op::Concat {
            let blank = |rt: Rt| match rt {
                Rt::Undef(f) if f.kind == MarkerKind::Blank => Rt::str(""),
                other => other,
            };
            return ops::binary(op, &blank(left), &blank(right));
        }
        ops::binary(op, &left, &right)
    }

    fn inline_if(&mut self, parts: &(Ex, Ex, Option<Ex>), frame: &Rc<Frame>) -> Res<Rt> {
        if self.expr(&parts.0, frame)?.truthy()? {
            return self.expr(&parts.1, frame);
        }
        match &parts.2 {
            Some(other) => self.expr(other, frame),
            None => Ok(Rt::Undef(fault(
                MarkerKind::Blank,
                Diagnostic::new("Type 'Undefined' is unsupported for variable storage."),
            ))),
        }
    }

    fn slice(&mut self, parts: &(Ex, Option<Ex>, Option<Ex>, Option<Ex>), frame: &Rc<Frame>) -> Res<Rt> {
        let base = self.expr(&parts.0, frame)?;
        let mut bounds = [None; 3];
        for (slot, ex) in bounds.iter_mut().zip([&parts.1, &parts.2, &parts.3]) {
            let Some(ex) = ex else { continue };
            let value = self.expr(ex, frame)?.defined()?;
            *slot = match &value {
                Rt::Null => None,
                other => Some(other.as_i64().ok_or_else(|| {
                    fail("slice indices must be integers or None or have an __index__ method")
                })?),
            };
        }
        let [start, stop, step] = bounds;
        Ok(match &base {
            Rt::Str(text) => {
                let chars: Vec<char> = text.chars().collect();
                let picked = ops::slice(chars.len(), start, stop, step)?;
                let out: String = picked.into_iter().map(|i| chars[i]).collect();
                Rt::Str(text.like(out).with_trust(false))
            }
            Rt::List(list) => {
                let picked = ops::slice(list.len(), start, stop, step)?;
                Rt::list(picked.into_iter().filter_map(|i| list.get(i)).collect())
            }
            Rt::Tuple(items) => {
                let picked = ops::slice(items.len(), start, stop, step)?;
                Rt::tuple(picked.into_iter().map(|i| items[i].clone()).collect())
            }
            Rt::Range(..) => {
                let items = base.iterate()?;
                let picked = ops::slice(items.len(), start, stop, step)?;
                Rt::list(picked.into_iter().map(|i| items[i].clone()).collect())
            }
            Rt::Undef(_) => base.clone(),
            other => {
                Rt::Undef(undefined(format!("object of type '{}' has no attribute slice", other.type_name())))
            }
        })
    }

    /// The arguments of a call.
    pub(crate) fn arguments(&mut self, args: &[Arg], frame: &Rc<Frame>) -> Res<Args> {
        let mut out = Args::default();
        for arg in args {
            match arg {
                Arg::Pos(ex) => out.pos.push(self.expr(ex, frame)?),
                Arg::Named(name, ex) => out.kw.push((name.to_string(), self.expr(ex, frame)?)),
                Arg::Splat(ex) => out.pos.extend(self.expr(ex, frame)?.iterate()?),
                Arg::NamedSplat(ex) => {
                    let value = self.expr(ex, frame)?.defined()?;
                    let Some(dict) = value.as_dict() else {
                        return Err(fail("argument after ** must be a mapping"));
                    };
                    for (key, item) in dict.entries() {
                        out.kw.push((key.as_str().unwrap_or_default().to_string(), item));
                    }
                }
            }
        }
        Ok(out)
    }

    /// A filter, test or call. An argument that is undefined makes the whole thing that.
    fn invoke(&mut self, ex: &Ex, frame: &Rc<Frame>) -> Res<Rt> {
        let result = match ex {
            Ex::Filter(name, Some(input), args) => {
                let input = match self.expr(input, frame) {
                    Err(failure) if FAILURES.contains(&&**name) => Rt::Undef(failure),
                    other => other?,
                };
                let args = self.arguments(args, frame)?;
                call_filter(&self.ctx, name, input, args)
            }
            Ex::Test(name, input, args) => {
                let input = self.expr(input, frame)?;
                let args = self.arguments(args, frame)?;
                call_test(&self.ctx, name, input, args).map(Rt::Bool)
            }
            Ex::Call(callee, args) => self.call(callee, args, frame),
            _ => Err(fail("a filter needs something to work on")),
        };
        caught(result)
    }

    fn call(&mut self, callee: &Ex, args: &[Arg], frame: &Rc<Frame>) -> Res<Rt> {
        match callee {
            Ex::Var(name) if &**name == "super" => return self.super_block(frame),
            Ex::Attr(base, name) if matches!(&**base, Ex::Var(v) if &**v == "self") => {
                return self.self_block(name, frame);
            }
            _ => {}
        }
        let target = self.expr(callee, frame)?;
        let args = self.arguments(args, frame)?;
        call_value(&self.ctx, &target, args)
    }
}

/// Whether nothing may stand in for what failed so.
fn broken(kind: MarkerKind) -> bool {
    matches!(kind, MarkerKind::Failed | MarkerKind::Fatal | MarkerKind::Omitted)
}

/// What was reached through a name: a variable whose own template failed fails here.
fn reached(value: Rt) -> Res<Rt> {
    match value {
        Rt::Undef(fault) if broken(fault.kind) => Err(fault),
        other => Ok(other),
    }
}

/// A call that met something undefined is undefined itself; any other failure is one at once.
pub(crate) fn caught(result: Res<Rt>) -> Res<Rt> {
    match result {
        Err(fault) if !broken(fault.kind) => Ok(Rt::Undef(fault)),
        other => other,
    }
}
