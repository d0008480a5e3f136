//! Comparisons and membership as tests.

use super::Table;
use crate::{
    ir::Cmp,
    ops,
    registry::TestRun,
    repr,
    rt::{Args, Res, Rt, fail},
};

const EQ: TestRun = |_, v, a| with(v, &a, Cmp::Eq);
const NE: TestRun = |_, v, a| with(v, &a, Cmp::Ne);
const LT: TestRun = |_, v, a| with(v, &a, Cmp::Lt);
const LE: TestRun = |_, v, a| with(v, &a, Cmp::Lte);
const GT: TestRun = |_, v, a| with(v, &a, Cmp::Gt);
const GE: TestRun = |_, v, a| with(v, &a, Cmp::Gte);
const SUBSET: TestRun = |_, v, a| subset(v, argument(&a)?);
const SUPERSET: TestRun = |_, v, a| subset(argument(&a)?, v);

pub(crate) const TABLE: Table = &[
    ("eq", EQ),
    ("==", EQ),
    ("equalto", EQ),
    ("ne", NE),
    ("!=", NE),
    ("lt", LT),
    ("<", LT),
    ("lessthan", LT),
    ("le", LE),
    ("<=", LE),
    ("gt", GT),
    (">", GT),
    ("greaterthan", GT),
    ("ge", GE),
    (">=", GE),
    ("in", |_, v, a| with(v, &a, Cmp::In)),
    ("sameas", |_, v, a| same(v, argument(&a)?)),
    ("divisibleby", |_, v, a| {
        let by = crate::args::integer(argument(&a)?)?;
        super::types::remainder(v, by).map(|r| r == 0.0)
    }),
    ("contains", |_, v, a| ops::contains(v, argument(&a)?)),
    ("subset", SUBSET),
    ("issubset", SUBSET),
    ("superset", SUPERSET),
    ("issuperset", SUPERSET),
    ("all", |_, v, _| {
        for item in v.iterate()? {
            if !item.truthy()? {
                return Ok(false);
            }
        }
        Ok(true)
    }),
    ("any", |_, v, _| {
        for item in v.iterate()? {
            if item.truthy()? {
                return Ok(true);
            }
        }
        Ok(false)
    }),
];

fn argument(args: &Args) -> Res<&Rt> {
    args.pos
        .first()
        .or_else(|| args.kw.first().map(|(_, v)| v))
        .ok_or_else(|| fail("missing 1 required positional argument"))
}

fn with(value: &Rt, args: &Args, op: Cmp) -> Res<bool> {
    ops::compare(op, value, argument(args)?)
}

fn same(a: &Rt, b: &Rt) -> Res<bool> {
    Ok(match (a, b) {
        (Rt::List(x), Rt::List(y)) => std::rc::Rc::ptr_eq(x, y),
        (Rt::Dict(x), Rt::Dict(y)) => std::rc::Rc::ptr_eq(x, y),
        (a, b) => a.type_name() == b.type_name() && repr::repr(a)? == repr::repr(b)?,
    })
}

fn subset(a: &Rt, b: &Rt) -> Res<bool> {
    for item in a.iterate()? {
        if !ops::contains(&Rt::list(b.iterate()?), &item)? {
            return Ok(false);
        }
    }
    Ok(true)
}
