//! `sequence`: numbers from a start to an end, formatted.

use super::Call;
use crate::{
    args::integer,
    filters::math::parse,
    rt::{Res, Rt, fail},
};

#[derive(Default)]
struct Numbers {
    start: Option<i64>,
    end: Option<i64>,
    count: Option<i64>,
    stride: Option<i64>,
    format: Option<String>,
}

fn number(text: &str) -> Res<i64> {
    parse(text, 0)
        .or_else(|| parse(text, 10))
        .and_then(|n| n.as_i64())
        .ok_or_else(|| fail(format!("can't parse {text} as integer")))
}

/// The short form: `[start-]end[/stride][:format]`.
fn short(term: &str) -> Option<Numbers> {
    let (range, format) = term.split_once(':').map_or((term, None), |(r, f)| (r, Some(f.to_string())));
    let (range, stride) = range.split_once('/').map_or((range, None), |(r, s)| (r, Some(s)));
    let (start, end) = range.split_once('-').map_or((None, range), |(s, e)| (Some(s), e));
    Some(Numbers {
        start: start.map(number).transpose().ok()?,
        end: Some(number(end).ok()?),
        count: None,
        stride: stride.map(number).transpose().ok()?,
        format,
    })
}

fn long(term: &str) -> Res<Numbers> {
    let mut out = Numbers::default();
    for word in super::words(term) {
        let Some((key, value)) = word.split_once('=') else {
            return Err(fail(format!("unrecognized arguments to with_sequence: {word}")));
        };
        match key {
            "start" => out.start = Some(number(value)?),
            "end" => out.end = Some(number(value)?),
            "count" => out.count = Some(number(value)?),
            "stride" => out.stride = Some(number(value)?),
            "format" => out.format = Some(super::unquoted(value).to_string()),
            other => return Err(fail(format!("unrecognized arguments to with_sequence: ['{other}']"))),
        }
    }
    Ok(out)
}

fn expand(numbers: Numbers) -> Res<Vec<Rt>> {
    if numbers.count.is_none() && numbers.end.is_none() {
        return Err(fail("must specify count or end in with_sequence"));
    }
    if numbers.count.is_some() && numbers.end.is_some() {
        return Err(fail("can't specify both count and end in with_sequence"));
    }
    let start = numbers.start.unwrap_or(1);
    let stride = numbers.stride.unwrap_or(1);
    let end = match numbers.count {
        Some(0) => return Ok(Vec::new()),
        Some(count) => start + count * stride - stride.signum(),
        None => numbers.end.unwrap_or(0),
    };
    if stride > 0 && end < start {
        return Err(fail("to count backwards make stride negative"));
    }
    if stride < 0 && end > start {
        return Err(fail("to count forward don't make stride negative"));
    }
    if stride == 0 {
        return Ok(Vec::new());
    }
    let format = numbers.format.unwrap_or_else(|| "%d".into());
    let mut out = Vec::new();
    let mut at = start;
    while if stride > 0 { at <= end } else { at >= end } {
        if out.len() > 1_000_000 {
            return Err(fail("the sequence is too long"));
        }
        let text = crate::format::percent(&format, &Rt::Int(at))
            .map_err(|_| fail(format!("problem formatting {at} with '{format}'")))?;
        out.push(Rt::from(text));
        at += stride;
    }
    Ok(out)
}

pub(super) fn run(call: Call) -> Res<Vec<Rt>> {
    call.known(&["start", "end", "count", "stride", "format"])?;
    let option = |name: &str| call.option(name).map(integer).transpose();
    if call.terms.is_empty() {
        return expand(Numbers {
            start: option("start")?,
            end: option("end")?,
            count: option("count")?,
            stride: option("stride")?,
            format: call.option("format").map(crate::repr::text).transpose()?,
        });
    }
    let mut out = Vec::new();
    for term in call.texts()? {
        let numbers = match short(&term) {
            Some(numbers) => numbers,
            None => long(&term)?,
        };
        out.extend(expand(numbers)?);
    }
    Ok(out)
}
