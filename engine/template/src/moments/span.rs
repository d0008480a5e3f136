//! `timedelta`: the time between two moments.

use std::any::Any;

use jiff::SignedDuration;

use super::method::Method;
use crate::rt::{Obj, Rt};

/// The time between two moments.
#[derive(Clone)]
pub(crate) struct Span(pub(crate) SignedDuration);

impl Span {
    /// Days, seconds and microseconds as Python keeps them: only the days may be negative.
    fn parts(&self) -> (i128, i128, i128) {
        let micros = self.0.as_micros();
        let seconds = micros.div_euclid(1_000_000);
        (seconds.div_euclid(86_400), seconds.rem_euclid(86_400), micros.rem_euclid(1_000_000))
    }
}

impl Obj for Span {
    fn type_name(&self) -> &'static str {
        "timedelta"
    }
    fn attr(&self, name: &str) -> Option<Rt> {
        let (days, seconds, micros) = self.parts();
        let number = match name {
            "days" => days,
            "seconds" => seconds,
            "microseconds" => micros,
            "total_seconds" => return Some(Method::total_seconds(self)),
            _ => return None,
        };
        Some(Rt::Int(i64::try_from(number).unwrap_or(i64::MAX)))
    }
    fn text(&self) -> String {
        let (days, rest, micros) = self.parts();
        let clock = format!("{}:{:02}:{:02}", rest / 3600, rest / 60 % 60, rest % 60);
        let fraction = if micros > 0 { format!(".{micros:06}") } else { String::new() };
        match days {
            0 => format!("{clock}{fraction}"),
            1 | -1 => format!("{days} day, {clock}{fraction}"),
            _ => format!("{days} days, {clock}{fraction}"),
        }
    }
    fn repr(&self) -> String {
        let (days, seconds, micros) = self.parts();
        let named = [("days", days), ("seconds", seconds), ("microseconds", micros)];
        let shown: Vec<_> =
            named.iter().filter(|(_, n)| *n != 0).map(|(name, n)| format!("{name}={n}")).collect();
        let shown = if shown.is_empty() { "0".to_string() } else { shown.join(", ") };
        format!("datetime.timedelta({shown})")
    }
    fn any(&self) -> &dyn Any {
        self
    }
}
