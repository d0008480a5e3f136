//! Numbers: conversions, rounding, sums, extremes, sizes in words.

use std::{cmp::Ordering, rc::Rc};

use num_bigint::BigInt;
use num_traits::{FromPrimitive, Signed};

use super::{
    Table,
    pick::{attribute, folded},
};
use crate::{
    args::bind,
    context::Ctx,
    ir::Op,
    ops, repr,
    rt::{Args, Res, Rt, fail, undefined},
};

pub(crate) const TABLE: Table = &[
    ("int", int),
    ("float", float),
    ("abs", abs),
    ("round", round),
    ("sum", sum),
    ("min", |_, v, a| extreme(&v, a, Ordering::Less)),
    ("max", |_, v, a| extreme(&v, a, Ordering::Greater)),
    ("pow", |_, v, a| {
        let y = bind("power", a, &["y"])?;
        match (v.as_f64(), y.need(0)?.as_f64()) {
            (Some(x), Some(y)) => Ok(Rt::Float(x.powf(y))),
            _ => Err(fail("pow() can only be used on numbers: must be real number, not str")),
        }
    }),
    ("root", root),
    ("log", log),
    ("human_readable", human_readable),
    ("human_to_bytes", human_to_bytes),
];

fn int(_: &Rc<Ctx>, input: Rt, args: Args) -> Res<Rt> {
    let args = bind("do_int", args, &["default", "base"])?;
    let default = args.given(0).cloned().unwrap_or(Rt::Int(0));
    let base = u32::try_from(args.int(1, 10)?).unwrap_or(10);
    Ok(match &input {
        Rt::Int(_) | Rt::Big(_) => input,
        Rt::Bool(flag) => Rt::Int(i64::from(*flag)),
        Rt::Float(f) => BigInt::from_f64(f.trunc()).map_or(default, Rt::big),
        Rt::Str(text) => parse(text, base).or_else(|| truncated(text)).unwrap_or(default),
        _ => default,
    })
}

fn truncated(text: &str) -> Option<Rt> {
    BigInt::from_f64(text.trim().replace('_', "").parse::<f64>().ok()?.trunc()).map(Rt::big)
}

/// Python's `int(text, base)`.
pub(crate) fn parse(text: &str, base: u32) -> Option<Rt> {
    let text = text.trim();
    let (negative, digits) = match text.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, text.strip_prefix('+').unwrap_or(text)),
    };
    let lower = digits.to_ascii_lowercase();
    let mut radix = base;
    let mut digits = lower.as_str();
    for (prefix, value) in [("0x", 16), ("0o", 8), ("0b", 2)] {
        if let Some(rest) = lower.strip_prefix(prefix).filter(|_| base == value || base == 0) {
            radix = value;
            digits = rest;
        }
    }
    if radix == 0 {
        if digits.len() > 1 && digits.starts_with('0') && digits.bytes().any(|b| b != b'0') {
            return None;
        }
        radix = 10;
    }
    let clean = digits.replace('_', "");
    if clean.is_empty() || !(2..=36).contains(&radix) || digits.starts_with('_') || digits.ends_with('_') {
        return None;
    }
    let number = BigInt::parse_bytes(clean.as_bytes(), radix).filter(|n| !n.is_negative())?;
    Some(Rt::big(if negative { -number } else { number }))
}

fn float(_: &Rc<Ctx>, input: Rt, args: Args) -> Res<Rt> {
    let default = bind("do_float", args, &["default"])?.given(0).cloned().unwrap_or(Rt::Float(0.0));
    Ok(match &input {
        Rt::Str(text) => {
            let clean = text.trim().replace('_', "");
            let known =
                clean.trim_start_matches(['+', '-']).starts_with(|c: char| c.is_ascii_digit() || c == '.');
            let word = clean.trim_start_matches(['+', '-']).to_lowercase();
            if known || ["inf", "nan", "infinity"].contains(&word.as_str()) {
                clean.parse().map_or(default, Rt::Float)
            } else {
                default
            }
        }
        other => other.as_f64().map_or(default, Rt::Float),
    })
}

fn abs(_: &Rc<Ctx>, input: Rt, _: Args) -> Res<Rt> {
    match &input {
        Rt::Float(f) => Ok(Rt::Float(f.abs())),
        other => match other.as_big() {
            Some(number) => Ok(Rt::big(number.abs())),
            None => Err(fail(format!("bad operand type for abs(): '{}'", other.type_name()))),
        },
    }
}

/// Round half to even, by the decimal digits Python's `round` sees.
fn half_even(value: f64, digits: i64) -> f64 {
    /// More digits than any number has, on either side of the point.
    const ALL: i64 = 400;
    if digits > ALL {
        return value;
    }
    if digits < -ALL {
        return 0.0_f64.copysign(value);
    }
    if let Ok(digits) = usize::try_from(digits) {
        return format!("{value:.digits$}").parse().unwrap_or(value);
    }
    let scale = 10f64.powi(i32::try_from(-digits).unwrap_or(0));
    (value / scale).round_ties_even() * scale
}

fn round(_: &Rc<Ctx>, input: Rt, args: Args) -> Res<Rt> {
    let args = bind("do_round", args, &["precision", "method"])?;
    let digits = args.int(0, 0)?;
    let method = args.text(1, "common")?;
    if !["common", "ceil", "floor"].contains(&method.as_str()) {
        return Err(fail("method must be common, ceil or floor"));
    }
    let Some(value) = input.as_f64() else {
        return Err(fail(format!("type {} doesn't define __round__ method", input.type_name())));
    };
    if method == "common" {
        if let (Some(_), false) = (input.as_big(), matches!(input, Rt::Bool(_))) {
            if digits >= 0 {
                return Ok(input);
            }
            return Ok(Rt::Int(half_even(value, digits) as i64));
        }
        return Ok(Rt::Float(half_even(value, digits)));
    }
    let scale = 10f64.powi(i32::try_from(digits).unwrap_or(0));
    let scaled = value * scale;
    Ok(Rt::Float(if method == "ceil" { scaled.ceil() } else { scaled.floor() } / scale))
}

fn sum(_: &Rc<Ctx>, input: Rt, args: Args) -> Res<Rt> {
    let args = bind("do_sum", args, &["attribute", "start"])?;
    let mut total = args.given(1).cloned().unwrap_or(Rt::Int(0));
    if let Rt::Str(_) = total {
        return Err(fail("sum() can't sum strings [use ''.join(seq) instead]"));
    }
    for item in input.iterate()? {
        let item = match args.get(0) {
            Some(path) => attribute(&item, path, None)?,
            None => item,
        };
        total = ops::binary(Op::Add, &total, &item)?;
    }
    Ok(total)
}

fn extreme(input: &Rt, args: Args, wanted: Ordering) -> Res<Rt> {
    let args = bind("do_min", args, &["case_sensitive", "attribute"])?;
    let case = args.flag(0, false)?;
    let key = |item: &Rt| -> Res<Rt> {
        let value = match args.get(1) {
            Some(path) => attribute(item, path, None)?,
            None => item.clone(),
        };
        Ok(folded(value.defined()?, case))
    };
    let mut best: Option<(Rt, Rt)> = None;
    let symbol = if wanted == Ordering::Less { "<" } else { ">" };
    for item in input.iterate()? {
        let this = key(&item)?;
        let better = match &best {
            Some((other, _)) => ops::order(&this, other, symbol)? == Some(wanted),
            None => true,
        };
        if better {
            best = Some((this, item));
        }
    }
    Ok(best.map_or_else(|| Rt::Undef(undefined("No aggregated item, sequence was empty.")), |(_, item)| item))
}

fn real(value: &Rt, function: &str) -> Res<f64> {
    value.as_f64().ok_or_else(|| {
        fail(format!(
            "{function}() can only be used on numbers: must be real number, not {}",
            value.type_name()
        ))
    })
}

fn root(_: &Rc<Ctx>, input: Rt, args: Args) -> Res<Rt> {
    let args = bind("inversepower", args, &["base"])?;
    let x = real(&input, "root")?;
    let base = args.get(0).map_or(Ok(2.0), |b| real(b, "root"))?;
    if x < 0.0 && (base == 2.0 || (1.0 / base).fract() != 0.0) {
        return Err(fail("root() can only be used on numbers: math domain error"));
    }
    Ok(Rt::Float(if base == 2.0 { x.sqrt() } else { x.powf(1.0 / base) }))
}

fn log(_: &Rc<Ctx>, input: Rt, args: Args) -> Res<Rt> {
    let args = bind("logarithm", args, &["base"])?;
    let x = real(&input, "log")?;
    if x <= 0.0 {
        return Err(fail("math domain error"));
    }
    Ok(Rt::Float(match args.get(0) {
        None => x.ln(),
        Some(base) => {
            let base = real(base, "log")?;
            if base == 10.0 { x.log10() } else { x.ln() / base.ln() }
        }
    }))
}

const UNITS: [(char, u32); 8] =
    [('Y', 80), ('Z', 70), ('E', 60), ('P', 50), ('T', 40), ('G', 30), ('M', 20), ('K', 10)];

fn human_readable(_: &Rc<Ctx>, input: Rt, args: Args) -> Res<Rt> {
    let args = bind("human_readable", args, &["isbits", "unit"])?;
    let base = if args.flag(0, false)? { "bits" } else { "Bytes" };
    let unit = args.opt_text(1)?;
    let Some(size) = input.as_f64() else {
        return Err(fail(format!(
            "human_readable() failed on bad input: '>=' not supported between instances of '{}' and 'int'",
            input.type_name()
        )));
    };
    for (letter, power) in UNITS {
        let limit = f64::from(power).exp2();
        let chosen = match &unit {
            None => size >= limit,
            Some(unit) => unit.to_uppercase().starts_with(letter),
        };
        if chosen {
            let suffix: String = base.chars().next().into_iter().collect();
            return Ok(Rt::from(format!("{:.2} {letter}{suffix}", size / limit)));
        }
    }
    Ok(Rt::from(format!("{size:.2} {base}")))
}

fn human_to_bytes(ctx: &Rc<Ctx>, input: Rt, args: Args) -> Res<Rt> {
    bytes(ctx, input, args).map_err(|cause| {
        fail(format!("human_to_bytes() can't interpret the input: {}", cause.error.summary()))
    })
}

fn bytes(_: &Rc<Ctx>, input: Rt, args: Args) -> Res<Rt> {
    let args = bind("human_to_bytes", args, &["default_unit", "isbits"])?;
    let bits = args.flag(1, false)?;
    let text = repr::text(&input)?;
    let bad = || fail(format!("human_to_bytes() can't interpret following string: {text}"));
    let trimmed = text.trim();
    let end = trimmed.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(trimmed.len());
    let number: f64 = trimmed[..end].parse().map_err(|_| bad())?;
    let unit = match trimmed[end..].trim() {
        "" => args.text(0, "")?,
        unit => unit.to_string(),
    };
    if unit.is_empty() {
        return Ok(Rt::Int(number.round_ties_even() as i64));
    }
    let letter = unit.chars().next().unwrap_or(' ').to_ascii_uppercase();
    let power = UNITS.iter().find(|(c, _)| *c == letter).map(|(_, p)| *p).or((letter == 'B').then_some(0));
    let Some(power) = power else {
        return Err(fail(format!(
            "human_to_bytes() failed to convert {text} (unit = {unit}). The suffix must be one of Y, Z, E, P, T, G, M, K, B"
        )));
    };
    if unit.len() > 1 && power > 0 {
        let wanted = if bits { "b" } else { "B" };
        let tail = &unit[1..];
        if tail != wanted && !tail.eq_ignore_ascii_case(if bits { "bit" } else { "byte" }) {
            let expect = format!("expect {letter}{wanted} or {letter}");
            return Err(fail(format!(
                "human_to_bytes() failed to convert {text}. Value is not a valid string ({expect})"
            )));
        }
    }
    Ok(Rt::Int((number * f64::from(power).exp2()).round_ties_even() as i64))
}

#[cfg(test)]
mod tests {
    use super::half_even;

    #[test]
    fn digits_beyond_those_of_any_number_change_nothing_or_leave_nothing() {
        assert_eq!(half_even(2.675, 2_147_483_648).to_string(), "2.675");
        assert_eq!(half_even(2.675, -2_147_483_648).to_string(), "0");
        assert_eq!(half_even(2.675, 2).to_string(), "2.67");
    }
}
