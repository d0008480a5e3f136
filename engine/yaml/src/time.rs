//! Dates, to the ISO form that the house keeps them in.

use crate::fault::Fault;

/// A date and perhaps a time, as digits.
struct Stamp<'a> {
    date: [&'a str; 3],
    time: Option<Time<'a>>,
}

struct Time<'a> {
    clock: [&'a str; 3],
    fraction: &'a str,
    zone: Option<Zone<'a>>,
}

enum Zone<'a> {
    Utc,
    Offset { sign: char, hours: &'a str, minutes: &'a str },
}

/// Whether a plain word is a date or a date with a time.
pub(crate) fn is_timestamp(word: &str) -> bool {
    word.len() >= 8
        && split(word).is_some_and(|s| s.time.is_some() || (s.date[1].len() == 2 && s.date[2].len() == 2))
}

/// `2001-12-14`, or `2001-12-14T21:59:43.100000-05:00`.
pub(crate) fn iso(text: &str) -> Result<String, Fault> {
    let Some(stamp) = split(text) else {
        return Err(Fault::plain("'NoneType' object has no attribute 'groupdict'"));
    };
    let [year, month, day] = stamp.date.map(number);
    if year == 0 {
        return Err(Fault::plain("year 0 is out of range"));
    }
    if !(1..=12).contains(&month) {
        return Err(Fault::plain("month must be in 1..12"));
    }
    if day == 0 || day > days(year, month) {
        return Err(Fault::plain("day is out of range for month"));
    }
    let mut out = format!("{year:04}-{month:02}-{day:02}");
    let Some(time) = stamp.time else { return Ok(out) };
    let [hour, minute, second] = time.clock.map(number);
    for (name, value, limit) in [("hour", hour, 23), ("minute", minute, 59), ("second", second, 59)] {
        if value > limit {
            return Err(Fault::plain(format!("{name} must be in 0..{limit}")));
        }
    }
    out.push_str(&format!("T{hour:02}:{minute:02}:{second:02}"));
    let micros = number(&format!("{:0<6}", time.fraction.get(..6).unwrap_or(time.fraction)));
    if micros > 0 {
        out.push_str(&format!(".{micros:06}"));
    }
    match time.zone {
        None => {}
        Some(Zone::Utc) => out.push_str("+00:00"),
        Some(Zone::Offset { sign, hours, minutes }) => {
            let total = number(hours) * 60 + number(minutes);
            if total >= 24 * 60 {
                return Err(Fault::plain(
                    "offset must be a timedelta strictly between -timedelta(hours=24) and timedelta(hours=24)",
                ));
            }
            let sign = if total == 0 { '+' } else { sign };
            out.push_str(&format!("{sign}{:02}:{:02}", total / 60, total % 60));
        }
    }
    Ok(out)
}

fn number(digits: &str) -> u32 {
    digits.parse().unwrap_or_default()
}

fn days(year: u32, month: u32) -> u32 {
    let leap = year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400));
    match month {
        2 => 28 + u32::from(leap),
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

fn split(text: &str) -> Option<Stamp<'_>> {
    let mut rest = text;
    let year = digits(&mut rest, 4, 4)?;
    eat(&mut rest, '-')?;
    let month = digits(&mut rest, 1, 2)?;
    eat(&mut rest, '-')?;
    let day = digits(&mut rest, 1, 2)?;
    let date = [year, month, day];
    if rest.is_empty() {
        return Some(Stamp { date, time: None });
    }
    let blank = rest.trim_start_matches([' ', '\t']);
    rest = if blank.len() < rest.len() { blank } else { rest.strip_prefix(['T', 't'])? };
    let hour = digits(&mut rest, 1, 2)?;
    eat(&mut rest, ':')?;
    let minute = digits(&mut rest, 2, 2)?;
    eat(&mut rest, ':')?;
    let clock = [hour, minute, digits(&mut rest, 2, 2)?];
    let fraction = if eat(&mut rest, '.').is_some() { digits(&mut rest, 0, usize::MAX)? } else { "" };
    rest = rest.trim_start_matches([' ', '\t']);
    let zone = match rest.chars().next() {
        None => None,
        Some('Z') if rest.len() == 1 => Some(Zone::Utc),
        Some(sign @ ('-' | '+')) => {
            rest = &rest[1..];
            let hours = digits(&mut rest, 1, 2)?;
            let minutes = if rest.is_empty() {
                "0"
            } else {
                eat(&mut rest, ':').and_then(|()| digits(&mut rest, 2, 2))?
            };
            rest.is_empty().then_some(Zone::Offset { sign, hours, minutes }).map(Some)?
        }
        Some(_) => return None,
    };
    Some(Stamp { date, time: Some(Time { clock, fraction, zone }) })
}

fn digits<'a>(rest: &mut &'a str, least: usize, most: usize) -> Option<&'a str> {
    let count = rest.bytes().take(most).take_while(u8::is_ascii_digit).count();
    let (digits, after) = rest.split_at(count);
    *rest = after;
    (count >= least).then_some(digits)
}

fn eat(rest: &mut &str, c: char) -> Option<()> {
    *rest = rest.strip_prefix(c)?;
    Some(())
}
