//! `sequence`: numbers from a start to an end, formatted.

use super::Call;
use crate::{
    args::integer,
    filters::math::parse,
    rt::{Res, Rt, fail},
};

#[derive(Default, Clone)]
struct Numbers {
    start: Option<i64>,
    end: Option<i64>,
    count: Option<i64>,
    stride: Option<i64>,
    format: Option<String>,
}

/// A decimal number.
fn number(name: &str, text: &str) -> Res<i64> {
    let found = parse(text, 10).and_then(|n| n.as_i64());
    found.ok_or_else(|| {
        fail(format!(
            "Config '{name}' for 'sequence' lookup plugin from 'Direct' has an invalid value: Invalid value provided for 'integer': '{text}'"
        ))
    })
}

/// The short form: `[start-]end[/stride][:format]`; what looks like numbers, hexadecimal ones too, must be some.
fn short(term: &str, numbers: &mut Numbers) -> Res<bool> {
    let (range, format) = term.split_once(':').map_or((term, None), |(r, f)| (r, Some(f.to_string())));
    let (range, stride) = range.split_once('/').map_or((range, None), |(r, s)| (r, Some(s)));
    let (start, end) = range.split_once('-').map_or((None, range), |(s, e)| (Some(s), e));
    let digits = |text: &str| {
        let digits = text.strip_prefix("0x").unwrap_or(text);
        !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_hexdigit())
    };
    if ![start, Some(end), stride].into_iter().flatten().all(digits) {
        return Ok(false);
    }
    numbers.end = Some(number("end", end)?);
    if let Some(start) = start {
        numbers.start = Some(number("start", start)?);
    }
    if let Some(stride) = stride {
        numbers.stride = Some(number("stride", stride)?);
    }
    numbers.format = format.or(numbers.format.take());
    Ok(true)
}

fn long(term: &str, numbers: &mut Numbers) -> Res<()> {
    for word in super::words(term) {
        let Some((key, value)) = word.split_once('=') else {
            return Err(fail("unrecognized arguments to with_sequence: ['_raw_params']"));
        };
        match key {
            "start" => numbers.start = Some(number(key, value)?),
            "end" => numbers.end = Some(number(key, value)?),
            "count" => numbers.count = Some(number(key, value)?),
            "stride" => numbers.stride = Some(number(key, value)?),
            "format" => numbers.format = Some(super::unquoted(value).to_string()),
            other => {
                return Err(fail(format!("unrecognized arguments to with_sequence: ['{other}']")));
            }
        }
    }
    Ok(())
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
        Some(count) => start + count * stride - 1,
        None => numbers.end.unwrap_or(0),
    };
    if stride == 0 {
        return Ok(Vec::new());
    }
    if stride > 0 && end < start {
        return Err(fail("to count backwards make stride negative"));
    }
    if stride < 0 && end > start {
        return Err(fail("to count forward don't make stride negative"));
    }
    let format = numbers.format.unwrap_or_else(|| "%d".into());
    if format.matches('%').count() != 1 {
        return Err(fail(format!("bad formatting string: {format}")));
    }
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
    let option = |name: &str| call.option(name).map(integer).transpose();
    let common = Numbers {
        start: option("start")?,
        end: option("end")?,
        count: option("count")?,
        stride: option("stride")?,
        format: call.option("format").map(crate::repr::text).transpose()?,
    };
    if call.terms.is_empty() {
        return if call.options.is_empty() { Ok(Vec::new()) } else { expand(common) };
    }
    let mut out = Vec::new();
    for term in call.texts()? {
        let mut numbers = common.clone();
        if !short(&term, &mut numbers)? {
            long(&term, &mut numbers)?;
        }
        out.extend(expand(numbers)?);
    }
    Ok(out)
}
