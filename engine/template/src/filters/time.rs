//! Dates and times: `to_datetime`, `strftime`, `now()`.

use std::rc::Rc;

use jiff::{SignedDuration, Timestamp, fmt::strtime, tz::TimeZone};

use super::Table;
use crate::{
    args::bind,
    context::Ctx,
    moments::{Moment, written},
    repr,
    rt::{Args, Res, Rt, fail},
};

pub(crate) const TABLE: Table = &[("to_datetime", to_datetime), ("strftime", strftime)];

/// `now(utc=False, fmt=None)`.
pub(crate) fn now(_: &Rc<Ctx>, args: Args) -> Res<Rt> {
    let args = bind("now", args, &["utc", "fmt"])?;
    let zone = if args.flag(0, false)? { TimeZone::UTC } else { TimeZone::system() };
    let now = Timestamp::now().to_zoned(zone);
    match args.opt_text(1)? {
        Some(format) => Ok(Rt::from(written(&format, &now)?)),
        None => Ok(Rt::obj(Moment::naive(now.datetime()))),
    }
}

/// A time of this machine in a format; a format that is not understood stays as it is.
#[must_use]
pub fn stamp(format: &str, time: std::time::SystemTime) -> String {
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
            SignedDuration::try_from_secs_f64(number.trunc())
                .and_then(Timestamp::from_duration)
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
    Ok(Rt::obj(Moment::naive(date)))
}
