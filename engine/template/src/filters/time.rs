//! Dates and times: `to_datetime`, `strftime`, `now()`, and arithmetic with them.

use std::{any::Any, cmp::Ordering, rc::Rc};

use jiff::{SignedDuration, Timestamp, Zoned, civil::DateTime, fmt::strtime, tz::TimeZone};

use super::Table;
use crate::{
    args::bind,
    context::Ctx,
    repr,
    rt::{Args, Obj, Res, Rt, fail},
};

pub(crate) const TABLE: Table = &[("to_datetime", to_datetime), ("strftime", strftime)];

/// A date and time without a zone.
struct Moment(DateTime);
/// The time between two moments.
struct Span(SignedDuration);
/// A method of either, to be called.
struct Method {
    of: Rt,
    name: String,
}

const MOMENT_METHODS: &[&str] =
    &["strftime", "isoformat", "timestamp", "date", "time", "weekday", "isoweekday", "replace"];

impl Obj for Moment {
    fn type_name(&self) -> &'static str {
        "datetime"
    }
    fn attr(&self, name: &str) -> Option<Rt> {
        let number = match name {
            "year" => i64::from(self.0.year()),
            "month" => i64::from(self.0.month()),
            "day" => i64::from(self.0.day()),
            "hour" => i64::from(self.0.hour()),
            "minute" => i64::from(self.0.minute()),
            "second" => i64::from(self.0.second()),
            "microsecond" => i64::from(self.0.subsec_nanosecond() / 1000),
            _ if MOMENT_METHODS.contains(&name) => {
                return Some(Rt::obj(Method { of: Rt::obj(Self(self.0)), name: name.to_string() }));
            }
            _ => return None,
        };
        Some(Rt::Int(number))
    }
    fn text(&self) -> String {
        show(self.0, ' ')
    }
    fn any(&self) -> &dyn Any {
        self
    }
}

impl Obj for Span {
    fn type_name(&self) -> &'static str {
        "timedelta"
    }
    fn attr(&self, name: &str) -> Option<Rt> {
        let seconds = self.0.as_micros().div_euclid(1_000_000);
        Some(match name {
            "days" => Rt::Int(i64::try_from(seconds.div_euclid(86_400)).unwrap_or(i64::MAX)),
            "seconds" => Rt::Int(i64::try_from(seconds.rem_euclid(86_400)).unwrap_or(0)),
            "microseconds" => Rt::Int(i64::try_from(self.0.as_micros().rem_euclid(1_000_000)).unwrap_or(0)),
            "total_seconds" => Rt::obj(Method { of: Rt::obj(Self(self.0)), name: name.to_string() }),
            _ => return None,
        })
    }
    fn text(&self) -> String {
        let micros = self.0.as_micros();
        let (seconds, micros) = (micros.div_euclid(1_000_000), micros.rem_euclid(1_000_000));
        let (days, rest) = (seconds.div_euclid(86_400), seconds.rem_euclid(86_400));
        let clock = format!("{}:{:02}:{:02}", rest / 3600, rest / 60 % 60, rest % 60);
        let fraction = if micros > 0 { format!(".{micros:06}") } else { String::new() };
        match days {
            0 => format!("{clock}{fraction}"),
            1 | -1 => format!("{days} day, {clock}{fraction}"),
            _ => format!("{days} days, {clock}{fraction}"),
        }
    }
    fn any(&self) -> &dyn Any {
        self
    }
}

impl Obj for Method {
    fn type_name(&self) -> &'static str {
        "builtin_function_or_method"
    }
    fn callable(&self) -> bool {
        true
    }
    fn call(&self, _: &Rc<Ctx>, args: Args) -> Res<Rt> {
        if let Some(span) = self.of.down::<Span>() {
            return Ok(Rt::Float(span.0.as_secs_f64()));
        }
        let Some(moment) = self.of.down::<Moment>() else { return Ok(Rt::Null) };
        let date = moment.0;
        Ok(match self.name.as_str() {
            "strftime" => {
                let zoned = date.to_zoned(TimeZone::system()).map_err(|e| fail(e.to_string()))?;
                Rt::from(written(&bind("strftime", args, &["format"])?.text(0, "")?, &zoned)?)
            }
            "isoformat" => Rt::from(show(date, 'T')),
            "timestamp" => {
                let zoned = date.to_zoned(TimeZone::system()).map_err(|e| fail(e.to_string()))?;
                Rt::Float(zoned.timestamp().as_duration().as_secs_f64())
            }
            "date" => Rt::from(date.date().to_string()),
            "time" => Rt::from(date.time().to_string()),
            "weekday" => Rt::Int(i64::from(date.weekday().to_monday_zero_offset())),
            "isoweekday" => Rt::Int(i64::from(date.weekday().to_monday_one_offset())),
            other => return Err(fail(format!("datetime.{other}() is not supported"))),
        })
    }
    fn any(&self) -> &dyn Any {
        self
    }
}

fn show(date: DateTime, separator: char) -> String {
    let micros = date.subsec_nanosecond() / 1000;
    let fraction = if micros > 0 { format!(".{micros:06}") } else { String::new() };
    let base = date.strftime("%Y-%m-%d %H:%M:%S").to_string();
    base.replacen(' ', &separator.to_string(), 1) + &fraction
}

/// A date as text, when the value is one.
pub(crate) fn iso(value: &Rt) -> Option<String> {
    if let Some(moment) = value.down::<Moment>() {
        return Some(show(moment.0, 'T'));
    }
    value.down::<Span>().map(Obj::text)
}

/// `a - b` of moments and spans.
pub(crate) fn subtract(a: &Rt, b: &Rt) -> Option<Rt> {
    if let (Some(a), Some(b)) = (a.down::<Moment>(), b.down::<Moment>()) {
        return Some(Rt::obj(Span(a.0.duration_since(b.0))));
    }
    if let (Some(a), Some(b)) = (a.down::<Moment>(), b.down::<Span>()) {
        return a.0.checked_sub(b.0).ok().map(|d| Rt::obj(Moment(d)));
    }
    match (a.down::<Span>(), b.down::<Span>()) {
        (Some(a), Some(b)) => a.0.checked_sub(b.0).map(|s| Rt::obj(Span(s))),
        _ => None,
    }
}

/// `a + b` of moments and spans.
pub(crate) fn add(a: &Rt, b: &Rt) -> Option<Rt> {
    if let (Some(a), Some(b)) = (a.down::<Moment>(), b.down::<Span>()) {
        return a.0.checked_add(b.0).ok().map(|d| Rt::obj(Moment(d)));
    }
    match (a.down::<Span>(), b.down::<Span>()) {
        (Some(a), Some(b)) => a.0.checked_add(b.0).map(|s| Rt::obj(Span(s))),
        _ => None,
    }
}

/// The order of two moments or spans.
pub(crate) fn order(a: &Rt, b: &Rt) -> Option<Ordering> {
    if let (Some(a), Some(b)) = (a.down::<Moment>(), b.down::<Moment>()) {
        return Some(a.0.cmp(&b.0));
    }
    match (a.down::<Span>(), b.down::<Span>()) {
        (Some(a), Some(b)) => Some(a.0.cmp(&b.0)),
        _ => None,
    }
}

/// Text by a C format; `%f` are microseconds, as Python has them.
fn written(format: &str, when: &Zoned) -> Res<String> {
    let mut pattern = String::new();
    let mut chars = format.chars();
    while let Some(c) = chars.next() {
        if c != '%' {
            pattern.push(c);
            continue;
        }
        match chars.next() {
            Some('f') => pattern.push_str(&format!("{:06}", when.subsec_nanosecond() / 1000)),
            Some('c') => pattern.push_str("%a %b %e %H:%M:%S %Y"),
            Some('x') => pattern.push_str("%m/%d/%y"),
            Some('X') => pattern.push_str("%H:%M:%S"),
            Some(other) => {
                pattern.push('%');
                pattern.push(other);
            }
            None => pattern.push_str("%%"),
        }
    }
    strtime::format(&pattern, when).map_err(|e| fail(e.to_string()))
}

/// `now(utc=False, fmt=None)`.
pub(crate) fn now(_: &Rc<Ctx>, args: Args) -> Res<Rt> {
    let args = bind("now", args, &["utc", "fmt"])?;
    let zone = if args.flag(0, false)? { TimeZone::UTC } else { TimeZone::system() };
    let now = Timestamp::now().to_zoned(zone);
    match args.opt_text(1)? {
        Some(format) => Ok(Rt::from(written(&format, &now)?)),
        None => Ok(Rt::obj(Moment(now.datetime()))),
    }
}

/// A time of this machine in a format; a format that is not understood stays as it is.
pub(crate) fn stamp(format: &str, time: std::time::SystemTime) -> String {
    let when = Timestamp::try_from(time).map(|when| when.to_zoned(TimeZone::system()));
    when.ok().and_then(|when| written(format, &when).ok()).unwrap_or_else(|| format.to_string())
}

fn strftime(_: &Rc<Ctx>, input: Rt, args: Args) -> Res<Rt> {
    let args = bind("strftime", args, &["second", "utc"])?;
    let zone = if args.flag(1, false)? { TimeZone::UTC } else { TimeZone::system() };
    let when = match args.get(0) {
        None => Timestamp::now(),
        Some(second) => {
            let number = match second {
                Rt::Str(text) => text.trim().parse::<f64>().ok(),
                other => other.as_f64(),
            };
            let Some(number) = number else {
                return Err(fail(format!("Invalid value for epoch value ({})", repr::text(second)?)));
            };
            Timestamp::from_duration(SignedDuration::from_secs_f64(number.trunc()))
                .map_err(|e| fail(e.to_string()))?
        }
    };
    Ok(Rt::from(written(&repr::text(&input)?, &when.to_zoned(zone))?))
}

fn to_datetime(_: &Rc<Ctx>, input: Rt, args: Args) -> Res<Rt> {
    let format = bind("to_datetime", args, &["format"])?.text(0, "%Y-%m-%d %H:%M:%S")?;
    let text = repr::text(&input)?;
    let mismatch = || fail(format!("time data '{text}' does not match format '{format}'"));
    let parsed = strtime::parse(format.replace(".%f", "%.f"), &text).map_err(|_| mismatch())?;
    let date = match parsed.to_datetime() {
        Ok(date) => date,
        Err(_) => parsed.to_date().map_err(|_| mismatch())?.at(0, 0, 0, 0),
    };
    Ok(Rt::obj(Moment(date)))
}
