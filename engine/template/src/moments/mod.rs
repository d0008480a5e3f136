//! Python's dates: `date`, `datetime`, `time`, `timedelta`, what they are made from, and arithmetic with them.

mod forms;
mod method;
mod span;

use std::{any::Any, cmp::Ordering};

use jiff::{SignedDuration, Zoned, civil::DateTime, tz::Offset};
use rustible_protocol::{Sort, Text};

use self::method::Method;
pub(crate) use self::{forms::written, span::Span};
use crate::rt::{Obj, Res, Rt, fail};

/// A date, a time of a day, or both, perhaps with an offset from UTC.
#[derive(Clone)]
pub(crate) struct Moment {
    pub(crate) when: DateTime,
    pub(crate) offset: Option<Offset>,
    /// [`Sort::Date`], [`Sort::Time`], else a date with a time.
    pub(crate) sort: Sort,
}

const DATE: &[&str] = &["year", "month", "day"];
const TIME: &[&str] = &["hour", "minute", "second", "microsecond"];

impl Moment {
    /// A date with a time, without an offset.
    pub(crate) fn naive(when: DateTime) -> Self {
        Self { when, offset: None, sort: Sort::Moment }
    }

    /// The date alone, or the time of the day alone.
    fn part(&self, sort: Sort) -> Self {
        let when = match sort {
            Sort::Date => self.when.date().at(0, 0, 0, 0),
            _ => DateTime::default().date().to_datetime(self.when.time()),
        };
        Self { when, offset: None, sort }
    }

    /// Text by a C format.
    fn formatted(&self, format: &str) -> Res<String> {
        written(format, &self.zoned()?)
    }

    /// At its offset, or in this machine's zone.
    fn zoned(&self) -> Res<Zoned> {
        let zone = self.offset.map_or_else(jiff::tz::TimeZone::system, Offset::to_time_zone);
        self.when.to_zoned(zone).map_err(|error| fail(error.to_string()))
    }

    /// For comparing: the same instant of two offsets is one.
    fn instant(&self) -> DateTime {
        let back = self
            .offset
            .map_or(SignedDuration::ZERO, |offset| SignedDuration::from_secs(-i64::from(offset.seconds())));
        self.when.checked_add(back).unwrap_or(self.when)
    }
}

impl Obj for Moment {
    fn type_name(&self) -> &'static str {
        self.sort.type_name()
    }
    fn attr(&self, name: &str) -> Option<Rt> {
        let (date, time) = (self.sort != Sort::Time, self.sort != Sort::Date);
        if (DATE.contains(&name) && !date) || (TIME.contains(&name) && !time) {
            return None;
        }
        Some(Rt::Int(match name {
            "year" => i64::from(self.when.year()),
            "month" => i64::from(self.when.month()),
            "day" => i64::from(self.when.day()),
            "hour" => i64::from(self.when.hour()),
            "minute" => i64::from(self.when.minute()),
            "second" => i64::from(self.when.second()),
            "microsecond" => i64::from(self.when.subsec_nanosecond() / 1000),
            _ => return Method::of(self, name),
        }))
    }
    fn text(&self) -> String {
        forms::iso(self, ' ')
    }
    fn repr(&self) -> String {
        forms::repr(self)
    }
    fn any(&self) -> &dyn Any {
        self
    }
}

/// The date that a text stands for.
pub(crate) fn of(text: &Text) -> Option<Rt> {
    forms::parse(text, text.sort()).map(Rt::obj)
}

/// A date as the text that stands for it; a span as its text.
pub(crate) fn iso(value: &Rt) -> Option<Text> {
    if let Some(moment) = value.down::<Moment>() {
        return Some(Text::untrusted(forms::iso(moment, 'T')).with_sort(moment.sort));
    }
    value.down::<Span>().map(|span| Text::untrusted(span.text()))
}

/// `a - b` of moments and spans, if that is what they are.
pub(crate) fn subtract(a: &Rt, b: &Rt) -> Option<Res<Rt>> {
    if let (Some(a), Some(b)) = (a.down::<Moment>(), b.down::<Moment>()) {
        if a.sort != b.sort || a.sort == Sort::Time {
            return None;
        }
        if a.offset.is_some() != b.offset.is_some() {
            return Some(Err(fail("can't subtract offset-naive and offset-aware datetimes")));
        }
        return Some(Ok(Rt::obj(Span(a.instant().duration_since(b.instant())))));
    }
    match (a.down::<Moment>(), a.down::<Span>(), b.down::<Span>()) {
        (Some(moment), _, Some(span)) => moved(moment, -span.0),
        (_, Some(a), Some(b)) => a.0.checked_sub(b.0).map(|span| Ok(Rt::obj(Span(span)))),
        _ => None,
    }
}

/// `a + b` of moments and spans, if that is what they are.
pub(crate) fn add(a: &Rt, b: &Rt) -> Option<Res<Rt>> {
    match (a.down::<Moment>(), a.down::<Span>(), b.down::<Moment>(), b.down::<Span>()) {
        (Some(moment), _, _, Some(span)) | (_, Some(span), Some(moment), _) => moved(moment, span.0),
        (_, Some(a), _, Some(b)) => a.0.checked_add(b.0).map(|span| Ok(Rt::obj(Span(span)))),
        _ => None,
    }
}

fn moved(moment: &Moment, span: SignedDuration) -> Option<Res<Rt>> {
    // A date moves by whole days.
    let span = match moment.sort {
        Sort::Time => return None,
        Sort::Date => SignedDuration::from_hours(span.as_secs().div_euclid(86_400) * 24),
        _ => span,
    };
    let when = moment.when.checked_add(span).map_err(|_| fail("date value out of range"));
    Some(when.map(|when| Rt::obj(Moment { when, ..moment.clone() })))
}

/// The order of two moments or spans, if they have one.
pub(crate) fn order(a: &Rt, b: &Rt) -> Option<Ordering> {
    if let (Some(a), Some(b)) = (a.down::<Moment>(), b.down::<Moment>()) {
        let alike = a.sort == b.sort && a.offset.is_some() == b.offset.is_some();
        return alike.then(|| a.instant().cmp(&b.instant()));
    }
    match (a.down::<Span>(), b.down::<Span>()) {
        (Some(a), Some(b)) => Some(a.0.cmp(&b.0)),
        _ => None,
    }
}
