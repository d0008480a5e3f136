//! Dates as text: ISO 8601, Python's `repr`, C formats, and back.

use jiff::{
    Zoned,
    civil::{Date, DateTime, Time},
    fmt::strtime,
    tz::Offset,
};
use rustible_protocol::Sort;

use super::Moment;
use crate::rt::{Res, fail};

/// A date in ISO form, with that character before the time.
pub(crate) fn iso(moment: &Moment, separator: char) -> String {
    let micros = moment.when.subsec_nanosecond() / 1000;
    let fraction = if micros > 0 { format!(".{micros:06}") } else { String::new() };
    let offset = moment.offset.map(sign).unwrap_or_default();
    let time = format!("{}{fraction}{offset}", moment.when.strftime("%H:%M:%S"));
    match moment.sort {
        Sort::Date => moment.when.date().to_string(),
        Sort::Time => time,
        _ => format!("{}{separator}{time}", moment.when.date()),
    }
}

/// `-05:00`.
fn sign(offset: Offset) -> String {
    let seconds = offset.seconds();
    let sign = if seconds < 0 { '-' } else { '+' };
    let minutes = seconds.abs() / 60;
    format!("{sign}{:02}:{:02}", minutes / 60, minutes % 60)
}

/// `UTC-05:00`, as Python names a zone that is an offset alone.
pub(crate) fn zone(offset: Offset) -> String {
    if offset.seconds() == 0 { "UTC".to_string() } else { format!("UTC{}", sign(offset)) }
}

/// `datetime.datetime(2001, 12, 14, 21, 59, 43)`.
pub(crate) fn repr(moment: &Moment) -> String {
    let when = moment.when;
    let date = format!("{}, {}, {}", when.year(), when.month(), when.day());
    let mut time = format!("{}, {}", when.hour(), when.minute());
    let micros = when.subsec_nanosecond() / 1000;
    if when.second() > 0 || micros > 0 {
        time.push_str(&format!(", {}", when.second()));
    }
    if micros > 0 {
        time.push_str(&format!(", {micros}"));
    }
    let zone = match moment.offset {
        None => String::new(),
        Some(offset) if offset.seconds() == 0 => ", tzinfo=datetime.timezone.utc".to_string(),
        Some(offset) => {
            let span = super::Span(jiff::SignedDuration::from_secs(i64::from(offset.seconds())));
            format!(", tzinfo=datetime.timezone({})", crate::rt::Obj::repr(&span))
        }
    };
    match moment.sort {
        Sort::Date => format!("datetime.date({date})"),
        Sort::Time => format!("datetime.time({time}{zone})"),
        _ => format!("datetime.datetime({date}, {time}{zone})"),
    }
}

/// The date that a text in ISO form tells.
pub(crate) fn parse(text: &str, sort: Sort) -> Option<Moment> {
    Some(match sort {
        Sort::Date => Moment { when: text.parse::<Date>().ok()?.at(0, 0, 0, 0), offset: None, sort },
        Sort::Time => {
            let time = text.parse::<Time>().ok()?;
            Moment { when: DateTime::default().date().to_datetime(time), offset: None, sort }
        }
        Sort::Moment => {
            let clock = text.find(['T', ' ']).map_or(text.len(), |at| at + 1);
            let zone = text[clock..].find(['+', '-', 'Z']).map(|at| clock + at);
            let when = text[..zone.unwrap_or(text.len())].parse::<DateTime>().ok()?;
            let offset = match zone.map(|at| &text[at..]) {
                None => None,
                Some("Z") => Some(Offset::UTC),
                Some(sign) => {
                    let hours = sign.get(1..3)?.parse::<i32>().ok()?;
                    let minutes = sign.get(4..6)?.parse::<i32>().ok()?;
                    let seconds = (hours * 60 + minutes) * 60;
                    Some(Offset::from_seconds(if sign.starts_with('-') { -seconds } else { seconds }).ok()?)
                }
            };
            Moment { when, offset, sort }
        }
        Sort::Plain | Sort::Bytes | Sort::Opaque => return None,
    })
}

/// Text by a C format; `%f` are microseconds, as Python has them.
pub(crate) fn written(format: &str, when: &Zoned) -> Res<String> {
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
