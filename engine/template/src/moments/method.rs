//! The methods of dates and spans.

use std::{any::Any, rc::Rc};

use jiff::{SignedDuration, civil::DateTime};
use rustible_protocol::Sort;

use super::{Moment, Span, forms};
use crate::{
    args::bind,
    context::Ctx,
    rt::{Args, Obj, Res, Rt, fail},
};

/// A method of a date or span, to be called.
pub(crate) struct Method {
    of: Rt,
    name: String,
}

const ANY: &[&str] = &["strftime", "isoformat", "replace"];
const DATES: &[&str] = &["weekday", "isoweekday", "toordinal", "ctime"];
const MOMENTS: &[&str] = &["timestamp", "date", "time"];
const ZONES: &[&str] = &["utcoffset"];

impl Method {
    /// The method of that name, if this date has it; its zone is an attribute.
    pub(crate) fn of(moment: &Moment, name: &str) -> Option<Rt> {
        if name == "tzinfo" {
            let zone = moment.offset.map(forms::zone);
            return (moment.sort != Sort::Date).then(|| zone.map_or(Rt::Null, Rt::from));
        }
        let known = ANY.contains(&name)
            || (moment.sort != Sort::Time && DATES.contains(&name))
            || (moment.sort != Sort::Date && ZONES.contains(&name))
            || (!matches!(moment.sort, Sort::Date | Sort::Time) && MOMENTS.contains(&name));
        known.then(|| Rt::obj(Self { of: Rt::obj(moment.clone()), name: name.to_string() }))
    }

    /// `span.total_seconds`.
    pub(crate) fn total_seconds(span: &Span) -> Rt {
        Rt::obj(Self { of: Rt::obj(span.clone()), name: "total_seconds".to_string() })
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
        let when = moment.when;
        Ok(match self.name.as_str() {
            "strftime" => Rt::from(moment.formatted(&bind("strftime", args, &["format"])?.text(0, "")?)?),
            "isoformat" => {
                let separator = bind("isoformat", args, &["sep"])?.text(0, "T")?;
                Rt::from(forms::iso(moment, separator.chars().next().unwrap_or('T')))
            }
            "replace" => replaced(moment, args)?,
            "ctime" => Rt::from(moment.formatted("%c")?),
            "timestamp" => Rt::Float(moment.zoned()?.timestamp().as_duration().as_secs_f64()),
            "date" => Rt::obj(moment.part(Sort::Date)),
            "time" => Rt::obj(moment.part(Sort::Time)),
            "weekday" => Rt::Int(i64::from(when.weekday().to_monday_zero_offset())),
            "isoweekday" => Rt::Int(i64::from(when.weekday().to_monday_one_offset())),
            "utcoffset" => moment.offset.map_or(Rt::Null, |offset| {
                Rt::obj(Span(SignedDuration::from_secs(i64::from(offset.seconds()))))
            }),
            "toordinal" => {
                let first = DateTime::constant(1, 1, 1, 0, 0, 0, 0);
                Rt::Int(when.duration_since(first).as_secs().div_euclid(86_400) + 1)
            }
            other => return Err(fail(format!("datetime.{other}() is not supported"))),
        })
    }
    fn any(&self) -> &dyn Any {
        self
    }
}

/// The same moment with other parts.
fn replaced(moment: &Moment, args: Args) -> Res<Rt> {
    let names: &[&str] = match moment.sort {
        Sort::Date => &["year", "month", "day"],
        Sort::Time => &["hour", "minute", "second", "microsecond"],
        _ => &["year", "month", "day", "hour", "minute", "second", "microsecond"],
    };
    let args = bind("replace", args, names)?;
    let mut with = moment.when.with();
    for (index, name) in names.iter().enumerate() {
        let Some(number) = args.opt_int(index)? else { continue };
        let wrong = || fail(format!("{name} is out of range"));
        let small = i8::try_from(number).map_err(|_| wrong());
        with = match *name {
            "year" => with.year(i16::try_from(number).map_err(|_| wrong())?),
            "month" => with.month(small?),
            "day" => with.day(small?),
            "hour" => with.hour(small?),
            "minute" => with.minute(small?),
            "second" => with.second(small?),
            _ => with.subsec_nanosecond(i32::try_from(number * 1000).map_err(|_| wrong())?),
        };
    }
    let when = with.build().map_err(|error| fail(error.to_string()))?;
    Ok(Rt::obj(Moment { when, ..moment.clone() }))
}
