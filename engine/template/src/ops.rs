//! Python's operators.

use std::{cmp::Ordering, rc::Rc};

use num_bigint::BigInt;
use num_integer::Integer;
use num_traits::{Signed, ToPrimitive, Zero};
use rustible_protocol::Text;

use crate::{
    ir::{Cmp, Op},
    repr,
    rt::{Res, Rt, fail},
};

/// Longer texts, in bytes, and longer lists as results of operators and filters are refused.
pub(crate) const LONGEST: usize = 1 << 26;
/// Larger exponents of whole numbers are refused.
const MAX_POWER: u32 = 1 << 20;

fn unsupported(symbol: &str, a: &Rt, b: &Rt) -> crate::rt::Fault {
    fail(format!("unsupported operand type(s) for {symbol}: '{}' and '{}'", a.type_name(), b.type_name()))
}

/// Two texts joined; a secret in makes a secret out.
pub(crate) fn join(a: &Text, b: &Text) -> Text {
    let secret = a.is_secret() || b.is_secret();
    Text::untrusted([a.as_str(), b.as_str()].concat()).with_secret(secret)
}

/// `a op b`.
pub(crate) fn binary(op: Op, a: &Rt, b: &Rt) -> Res<Rt> {
    for side in [a, b] {
        if let Rt::Undef(fault) = side {
            return Err(fault.clone());
        }
    }
    match op {
        Op::Concat => concat(a, b),
        Op::Add => add(a, b),
        Op::Mul => multiply(a, b),
        Op::Rem if a.as_str().is_some() => {
            let secret = crate::secret::within(a) || crate::secret::within(b);
            let text = crate::format::percent(a.as_str().unwrap_or_default(), b)?;
            Ok(Rt::Str(Text::untrusted(text).with_secret(secret)))
        }
        Op::Sub => match crate::moments::subtract(a, b) {
            Some(span) => span,
            None => number(op, "-", a, b),
        },
        Op::Div => number(op, "/", a, b),
        Op::FloorDiv => number(op, "//", a, b),
        Op::Rem => number(op, "%", a, b),
        Op::Pow => number(op, "** or pow()", a, b),
    }
}

fn concat(a: &Rt, b: &Rt) -> Res<Rt> {
    let one = |rt: &Rt| -> Res<Text> {
        Ok(match rt {
            Rt::Str(text) => text.clone(),
            other => Text::untrusted(repr::text(other)?).with_secret(crate::secret::within(other)),
        })
    };
    Ok(Rt::Str(join(&one(a)?, &one(b)?)))
}

fn add(a: &Rt, b: &Rt) -> Res<Rt> {
    match (a, b) {
        (Rt::Int(x), Rt::Int(y)) => {
            Ok(x.checked_add(*y).map_or_else(|| Rt::big(BigInt::from(*x) + BigInt::from(*y)), Rt::Int))
        }
        (Rt::Str(x), Rt::Str(y)) => Ok(Rt::Str(join(x, y))),
        (Rt::List(x), Rt::List(y)) => Ok(Rt::list(x.items().into_iter().chain(y.items()).collect())),
        (Rt::Tuple(x), Rt::Tuple(y)) => Ok(Rt::tuple(x.iter().chain(y.iter()).cloned().collect())),
        (Rt::Str(_), _) => Err(fail(format!("can only concatenate str (not \"{}\") to str", b.type_name()))),
        (Rt::List(_), _) => {
            Err(fail(format!("can only concatenate list (not \"{}\") to list", b.type_name())))
        }
        (Rt::Tuple(_), _) => {
            Err(fail(format!("can only concatenate tuple (not \"{}\") to tuple", b.type_name())))
        }
        _ => match crate::moments::add(a, b) {
            Some(sum) => sum,
            None => number(Op::Add, "+", a, b),
        },
    }
}

fn multiply(a: &Rt, b: &Rt) -> Res<Rt> {
    let (thing, count) = match (a, b) {
        (Rt::Str(_) | Rt::List(_) | Rt::Tuple(_), count) => (a, count),
        (count, Rt::Str(_) | Rt::List(_) | Rt::Tuple(_)) => (b, count),
        _ => return number(Op::Mul, "*", a, b),
    };
    let Some(count) = count.as_i64() else {
        return Err(fail(format!("can't multiply sequence by non-int of type '{}'", count.type_name())));
    };
    let count = usize::try_from(count).unwrap_or(0);
    let too_long = |len: usize| len.saturating_mul(count) > LONGEST;
    Ok(match thing {
        Rt::Str(text) if !too_long(text.len()) => Rt::Str(text.like(text.repeat(count)).with_trust(false)),
        Rt::List(list) if !too_long(list.len()) => {
            let items = list.items();
            Rt::list((0..count).flat_map(|_| items.clone()).collect())
        }
        Rt::Tuple(items) if !too_long(items.len()) => {
            Rt::tuple((0..count).flat_map(|_| items.to_vec()).collect())
        }
        _ => return Err(fail("cannot fit 'int' into an index-sized integer")),
    })
}

fn number(op: Op, symbol: &str, a: &Rt, b: &Rt) -> Res<Rt> {
    if let (Some(x), Some(y)) = (a.as_big_operand(), b.as_big_operand()) {
        return integers(op, &x, &y);
    }
    let (Some(x), Some(y)) = (a.as_f64(), b.as_f64()) else {
        return Err(unsupported(symbol, a, b));
    };
    let zero = |message: &str| if y == 0.0 { Err(fail(message)) } else { Ok(()) };
    Ok(Rt::Float(match op {
        Op::Add => x + y,
        Op::Sub => x - y,
        Op::Mul => x * y,
        Op::Div => {
            zero("float division by zero")?;
            x / y
        }
        Op::FloorDiv => {
            zero("float floor division by zero")?;
            (x / y).floor()
        }
        Op::Rem => {
            zero("float modulo")?;
            let rest = x % y;
            if rest != 0.0 && (rest < 0.0) != (y < 0.0) { rest + y } else { rest }
        }
        Op::Pow => {
            if x == 0.0 && y < 0.0 {
                return Err(fail("0.0 cannot be raised to a negative power"));
            }
            let result = x.powf(y);
            if result.is_infinite() && x.is_finite() && y.is_finite() {
                return Err(fail("(34, 'Numerical result out of range')"));
            }
            result
        }
        Op::Concat => return Err(unsupported(symbol, a, b)),
    }))
}

impl Rt {
    fn as_big_operand(&self) -> Option<BigInt> {
        self.as_big()
    }
}

fn integers(op: Op, x: &BigInt, y: &BigInt) -> Res<Rt> {
    let zero = |message: &str| if y.is_zero() { Err(fail(message)) } else { Ok(()) };
    let float = |n: &BigInt| n.to_f64().unwrap_or(f64::NAN);
    Ok(match op {
        Op::Add => Rt::big(x + y),
        Op::Sub => Rt::big(x - y),
        Op::Mul => Rt::big(x * y),
        Op::Div => {
            zero("division by zero")?;
            Rt::Float(float(x) / float(y))
        }
        Op::FloorDiv => {
            zero("integer division or modulo by zero")?;
            Rt::big(x.div_floor(y))
        }
        Op::Rem => {
            zero("integer modulo by zero")?;
            Rt::big(x.mod_floor(y))
        }
        Op::Pow if y.is_negative() => {
            if x.is_zero() {
                return Err(fail("0.0 cannot be raised to a negative power"));
            }
            Rt::Float(float(x).powf(float(y)))
        }
        Op::Pow => {
            match y.to_u32().filter(|e| *e <= MAX_POWER && x.bits().saturating_mul(u64::from(*e)) < 1 << 24) {
                Some(exponent) => Rt::big(num_traits::pow::Pow::pow(x, exponent)),
                None => return Err(fail("the result of ** is too large")),
            }
        }
        Op::Concat => Rt::Null,
    })
}

/// `-a`.
pub(crate) fn negate(a: &Rt) -> Res<Rt> {
    match a {
        Rt::Undef(fault) => Err(fault.clone()),
        Rt::Float(number) => Ok(Rt::Float(-number)),
        other => match other.as_big() {
            Some(number) => Ok(Rt::big(-number)),
            None => Err(fail(format!("bad operand type for unary -: '{}'", other.type_name()))),
        },
    }
}

/// `a == b` as Python sees it; an undefined value anywhere is an error.
pub(crate) fn equal(a: &Rt, b: &Rt) -> Res<bool> {
    Ok(match (a, b) {
        (Rt::Undef(fault), _) | (_, Rt::Undef(fault)) => return Err(fault.clone()),
        (Rt::Null, Rt::Null) | (Rt::Omit, Rt::Omit) => true,
        (Rt::Str(x), Rt::Str(y)) => x == y,
        (Rt::List(x), Rt::List(y)) => Rc::ptr_eq(x, y) || sequences(&x.items(), &y.items())?,
        (Rt::Tuple(x), Rt::Tuple(y)) => sequences(x, y)?,
        (Rt::Range(..), Rt::Range(..)) => sequences(&a.iterate()?, &b.iterate()?)?,
        (Rt::Dict(x), Rt::Dict(y)) => {
            if Rc::ptr_eq(x, y) {
                return Ok(true);
            }
            if x.len() != y.len() {
                return Ok(false);
            }
            for (key, value) in x.entries() {
                let Some(other) = y.get(&key) else { return Ok(false) };
                if !equal(&value, &other)? {
                    return Ok(false);
                }
            }
            true
        }
        (Rt::Obj(x), Rt::Obj(y)) => {
            Rc::ptr_eq(x, y)
                || crate::moments::order(a, b) == Some(Ordering::Equal)
                || crate::bytes::inside(a).is_some_and(|bytes| crate::bytes::inside(b) == Some(bytes))
        }
        _ => match (a.as_big_or_none(), b.as_big_or_none()) {
            (Some(x), Some(y)) => x == y,
            _ => matches!((a.as_f64(), b.as_f64()), (Some(x), Some(y)) if x == y),
        },
    })
}

impl Rt {
    fn as_big_or_none(&self) -> Option<BigInt> {
        self.as_big()
    }
}

fn sequences(a: &[Rt], b: &[Rt]) -> Res<bool> {
    if a.len() != b.len() {
        return Ok(false);
    }
    for (x, y) in a.iter().zip(b) {
        if !equal(x, y)? {
            return Ok(false);
        }
    }
    Ok(true)
}

/// The order of two values; unlike types have none.
pub(crate) fn order(a: &Rt, b: &Rt, symbol: &str) -> Res<Option<Ordering>> {
    match (a, b) {
        (Rt::Undef(fault), _) | (_, Rt::Undef(fault)) => return Err(fault.clone()),
        (Rt::Int(x), Rt::Int(y)) => return Ok(Some(x.cmp(y))),
        (Rt::Str(x), Rt::Str(y)) => return Ok(Some(x.as_str().cmp(y.as_str()))),
        (Rt::List(x), Rt::List(y)) => return ordered(&x.items(), &y.items(), symbol),
        (Rt::Tuple(x), Rt::Tuple(y)) => return ordered(x, y, symbol),
        _ => {}
    }
    if let (Some(x), Some(y)) = (a.as_big(), b.as_big()) {
        return Ok(Some(x.cmp(&y)));
    }
    if let (Some(x), Some(y)) = (a.as_f64(), b.as_f64()) {
        return Ok(x.partial_cmp(&y));
    }
    if let Some(order) = crate::moments::order(a, b) {
        return Ok(Some(order));
    }
    Err(fail(format!(
        "'{symbol}' not supported between instances of '{}' and '{}'",
        a.type_name(),
        b.type_name()
    )))
}

fn ordered(a: &[Rt], b: &[Rt], symbol: &str) -> Res<Option<Ordering>> {
    for (x, y) in a.iter().zip(b) {
        if !equal(x, y)? {
            return order(x, y, symbol);
        }
    }
    Ok(Some(a.len().cmp(&b.len())))
}

/// One comparison.
pub(crate) fn compare(op: Cmp, a: &Rt, b: &Rt) -> Res<bool> {
    Ok(match op {
        Cmp::Eq => equal(a, b)?,
        Cmp::Ne => !equal(a, b)?,
        Cmp::Lt => order(a, b, "<")? == Some(Ordering::Less),
        Cmp::Lte => matches!(order(a, b, "<=")?, Some(Ordering::Less | Ordering::Equal)),
        Cmp::Gt => order(a, b, ">")? == Some(Ordering::Greater),
        Cmp::Gte => matches!(order(a, b, ">=")?, Some(Ordering::Greater | Ordering::Equal)),
        Cmp::In => contains(b, a)?,
        Cmp::NotIn => !contains(b, a)?,
    })
}

/// `needle in haystack`.
pub(crate) fn contains(haystack: &Rt, needle: &Rt) -> Res<bool> {
    if let Rt::Undef(fault) = needle {
        return Err(fault.clone());
    }
    match haystack {
        Rt::Undef(fault) => Err(fault.clone()),
        Rt::Str(text) => match needle {
            Rt::Str(part) => Ok(text.contains(part.as_str())),
            other => {
                Err(fail(format!("'in <string>' requires string as left operand, not {}", other.type_name())))
            }
        },
        Rt::Dict(dict) => Ok(dict.has(&needle.to_key()?)),
        Rt::List(list) => {
            for item in (0..list.len()).filter_map(|at| list.get(at)) {
                if equal(&item, needle)? {
                    return Ok(true);
                }
            }
            Ok(false)
        }
        Rt::Tuple(_) | Rt::Range(..) => {
            for item in haystack.iterate()? {
                if equal(&item, needle)? {
                    return Ok(true);
                }
            }
            Ok(false)
        }
        other => Err(fail(format!("argument of type '{}' is not iterable", other.type_name()))),
    }
}

/// Sort by Python's order; the first pair without one is the error.
pub(crate) fn sort_by(items: &mut [Rt], key: impl Fn(&Rt) -> Res<Rt>, reverse: bool) -> Res<()> {
    let mut keyed: Vec<(Rt, Rt)> = items.iter().map(|i| Ok((key(i)?, i.clone()))).collect::<Res<_>>()?;
    let mut failed = None;
    keyed.sort_by(|(a, _), (b, _)| {
        if failed.is_some() {
            return Ordering::Equal;
        }
        // Python asks the later item whether it is smaller.
        let (first, second) = if reverse { (b, a) } else { (a, b) };
        match order(first, second, "<") {
            Ok(order) => order.unwrap_or(Ordering::Equal),
            Err(fault) => {
                failed = Some(fault);
                Ordering::Equal
            }
        }
    });
    if let Some(fault) = failed {
        return Err(fault);
    }
    for (slot, (_, item)) in items.iter_mut().zip(keyed) {
        *slot = item;
    }
    Ok(())
}

/// The positions that a slice takes of so many items.
pub(crate) fn slice(len: usize, start: Option<i64>, stop: Option<i64>, step: Option<i64>) -> Res<Vec<usize>> {
    let step = step.unwrap_or(1);
    if step == 0 {
        return Err(fail("slice step cannot be zero"));
    }
    let len = i64::try_from(len).unwrap_or(i64::MAX);
    let (low, high) = if step > 0 { (0, len) } else { (-1, len - 1) };
    let clamp = |at: i64| (if at < 0 { at.saturating_add(len) } else { at }).clamp(low, high);
    let from = start.map_or(if step > 0 { 0 } else { len - 1 }, clamp);
    let to = stop.map_or(if step > 0 { len } else { -1 }, clamp);
    let mut out = Vec::new();
    let mut at = from;
    while if step > 0 { at < to } else { at > to } {
        out.push(usize::try_from(at).unwrap_or(0));
        at = at.saturating_add(step);
    }
    Ok(out)
}
