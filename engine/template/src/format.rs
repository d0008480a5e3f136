//! `'%s' % x` and `'{}'.format(x)`.

use num_bigint::BigInt;
use num_traits::{Signed, ToPrimitive};

use crate::{
    eval::{attribute, item},
    repr,
    rt::{Args, Fault, Res, Rt, fail},
};

/// Wider fields are refused.
const MAX_WIDTH: usize = 1 << 20;

/// Flags, width, precision and type of a field.
#[derive(Default, Debug)]
struct Spec {
    fill: Option<char>,
    align: Option<char>,
    sign: Option<char>,
    alternate: bool,
    zero: bool,
    width: usize,
    group: Option<char>,
    precision: Option<usize>,
    kind: Option<char>,
}

type Chars<'t> = std::iter::Peekable<std::str::Chars<'t>>;
type Values<'v> = std::slice::Iter<'v, Rt>;

fn too_few() -> Fault {
    fail("not enough arguments for format string")
}

/// A number in the field, or `*` for the next value.
fn number(chars: &mut Chars<'_>, next: &mut Values<'_>) -> Res<Option<i64>> {
    if chars.peek() == Some(&'*') {
        chars.next();
        return next.next().ok_or_else(too_few)?.as_i64().map(Some).ok_or_else(|| fail("* wants int"));
    }
    let mut digits = String::new();
    while let Some(digit) = chars.peek().filter(|c| c.is_ascii_digit()) {
        digits.push(*digit);
        chars.next();
    }
    Ok(digits.parse().ok())
}

/// Flags, width and precision behind a `%`.
fn percent_spec(chars: &mut Chars<'_>, next: &mut Values<'_>) -> Res<Spec> {
    let mut spec = Spec::default();
    let mut left = false;
    while let Some(flag) = chars.peek().copied().filter(|c| "-+ #0".contains(*c)) {
        chars.next();
        match flag {
            '-' => left = true,
            '+' => spec.sign = Some('+'),
            ' ' => spec.sign = spec.sign.or(Some(' ')),
            '#' => spec.alternate = true,
            _ => spec.zero = true,
        }
    }
    if let Some(width) = number(chars, next)? {
        left |= width < 0;
        spec.width = limited(width.unsigned_abs())?;
    }
    if chars.peek() == Some(&'.') {
        chars.next();
        spec.precision = Some(limited(number(chars, next)?.unwrap_or(0).unsigned_abs())?);
    }
    while matches!(chars.peek(), Some('l' | 'h' | 'L')) {
        chars.next();
    }
    spec.align = Some(if left { '<' } else { '>' });
    spec.zero &= !left;
    Ok(spec)
}

/// `template % value`.
pub(crate) fn percent(template: &str, value: &Rt) -> Res<String> {
    let positional: Vec<Rt> = match value {
        Rt::Tuple(items) => items.to_vec(),
        other => vec![other.clone()],
    };
    let mut next = positional.iter();
    let mut used_names = false;
    let mut out = String::new();
    let mut chars = template.chars().peekable();
    while let Some(c) = chars.next() {
        if c != '%' {
            out.push(c);
            continue;
        }
        let mut named = None;
        if chars.peek() == Some(&'(') {
            chars.next();
            let name: String = chars.by_ref().take_while(|c| *c != ')').collect();
            used_names = true;
            named = Some(match value {
                Rt::Dict(dict) => dict.get_str(&name).ok_or_else(|| fail(format!("'{name}'")))?,
                _ => return Err(fail("format requires a mapping")),
            });
        }
        let spec = percent_spec(&mut chars, &mut next)?;
        let Some(kind) = chars.next() else {
            return Err(fail("incomplete format"));
        };
        if kind == '%' {
            out.push('%');
            continue;
        }
        let value = match named {
            Some(value) => value,
            None => next.next().ok_or_else(too_few)?.clone(),
        };
        out.push_str(&percent_one(&value.defined()?, kind, spec)?);
    }
    if !used_names && next.next().is_some() && !matches!(value, Rt::Dict(_)) {
        return Err(fail("not all arguments converted during string formatting"));
    }
    Ok(out)
}

fn limited(width: u64) -> Res<usize> {
    usize::try_from(width)
        .ok()
        .filter(|w| *w <= MAX_WIDTH)
        .ok_or_else(|| fail("Too many decimal digits in format string"))
}

fn percent_one(value: &Rt, kind: char, mut spec: Spec) -> Res<String> {
    let number = |want: &str| -> Res<Rt> {
        match value {
            Rt::Float(_) | Rt::Int(_) | Rt::Bool(_) | Rt::Big(_) => Ok(value.clone()),
            other => Err(fail(format!("%{kind} format: {want} is required, not {}", other.type_name()))),
        }
    };
    match kind {
        's' | 'r' | 'a' => {
            let text = if kind == 's' { repr::text(value)? } else { repr::repr(value)? };
            let text = spec.precision.map_or(text.clone(), |p| text.chars().take(p).collect());
            spec.zero = false;
            Ok(pad(&text, "", &spec, '>'))
        }
        'd' | 'i' | 'u' => {
            let whole = match number("a real number")? {
                Rt::Float(f) => whole(f)?,
                other => other,
            };
            spec.kind = Some('d');
            integer(&whole, &spec)
        }
        'x' | 'X' | 'o' => {
            if matches!(value, Rt::Float(_)) {
                return Err(fail(format!("%{kind} format: an integer is required, not float")));
            }
            spec.kind = Some(kind);
            integer(&number("an integer")?, &spec)
        }
        'f' | 'F' | 'e' | 'E' | 'g' | 'G' => {
            let Some(f) = value.as_f64() else {
                return Err(fail(format!("must be real number, not {}", value.type_name())));
            };
            spec.kind = Some(kind);
            Ok(real(f, &spec))
        }
        'c' => {
            let c = match value {
                Rt::Str(text) if text.chars().count() == 1 => text.to_string(),
                other => match other.as_i64().and_then(|n| u32::try_from(n).ok()).and_then(char::from_u32) {
                    Some(c) => c.to_string(),
                    None => return Err(fail("%c requires an int or a unicode character, not str")),
                },
            };
            Ok(pad(&c, "", &spec, '>'))
        }
        other => {
            Err(fail(format!("unsupported format character '{other}' (0x{:x}) at index 1", other as u32)))
        }
    }
}

fn whole(f: f64) -> Res<Rt> {
    use num_traits::FromPrimitive;
    BigInt::from_f64(f.trunc()).map(Rt::big).ok_or_else(|| fail("cannot convert float to integer"))
}

/// `template.format(args)`.
pub(crate) fn format(template: &str, args: &Args) -> Res<String> {
    let mut auto = 0;
    fields(template, args, &mut auto, 0)
}

fn fields(template: &str, args: &Args, auto: &mut usize, depth: usize) -> Res<String> {
    let mut out = String::new();
    let mut rest = template;
    while let Some(at) = rest.find(['{', '}']) {
        out.push_str(&rest[..at]);
        let brace = &rest[at..=at];
        rest = &rest[at + 1..];
        if rest.starts_with(brace) {
            out.push_str(brace);
            rest = &rest[1..];
            continue;
        }
        if brace == "}" {
            return Err(fail("Single '}' encountered in format string"));
        }
        let mut level = 1;
        let end = rest.char_indices().find(|(_, c)| {
            level += i32::from(*c == '{') - i32::from(*c == '}');
            level == 0
        });
        let Some((end, _)) = end else {
            return Err(fail("Single '{' encountered in format string"));
        };
        let field = &rest[..end];
        rest = &rest[end + 1..];
        let (head, spec) = field.split_once(':').unwrap_or((field, ""));
        let (name, conversion) = head.split_once('!').unwrap_or((head, ""));
        let value = lookup(name, args, auto)?.defined()?;
        let spec =
            if spec.contains('{') && depth == 0 { fields(spec, args, auto, 1)? } else { spec.to_string() };
        let value = match conversion {
            "r" | "a" => Rt::from(repr::repr(&value)?),
            "s" => Rt::from(repr::text(&value)?),
            _ => value,
        };
        out.push_str(&one(&value, &spec)?);
    }
    out.push_str(rest);
    Ok(out)
}

fn lookup(name: &str, args: &Args, auto: &mut usize) -> Res<Rt> {
    let end = name.find(['.', '[']).unwrap_or(name.len());
    let (first, mut path) = name.split_at(end);
    let index = if first.is_empty() {
        *auto += 1;
        Some(*auto - 1)
    } else {
        first.parse::<usize>().ok()
    };
    let mut value =
        match index {
            Some(i) => args.pos.get(i).cloned().ok_or_else(|| {
                fail(format!("Replacement index {i} out of range for positional args tuple"))
            })?,
            None => {
                let found = args.kw.iter().find(|(k, _)| k == first).map(|(_, v)| v.clone());
                found.ok_or_else(|| fail(format!("'{first}'")))?
            }
        };
    while !path.is_empty() {
        if let Some(after) = path.strip_prefix('.') {
            let end = after.find(['.', '[']).unwrap_or(after.len());
            let name = &after[..end];
            // Python's attributes: items are reached with brackets only.
            if !matches!(value, Rt::Obj(_)) && !crate::methods::exists(&value, name) {
                return Err(fail(format!("'{}' object has no attribute '{name}'", value.type_name())));
            }
            value = attribute(&value, name);
            path = &after[end..];
        } else {
            let Some(end) = path.find(']') else {
                return Err(fail("Missing ']' in format string"));
            };
            let key = &path[1..end];
            let key = key.parse::<i64>().map_or_else(|_| Rt::str(key), Rt::Int);
            value = item(&value, &key);
            path = &path[end + 1..];
        }
    }
    Ok(value)
}

fn parse(text: &str) -> Res<Spec> {
    let mut spec = Spec::default();
    let chars: Vec<char> = text.chars().collect();
    let mut at = 0;
    let is_align = |c: Option<&char>| c.is_some_and(|c| "<>=^".contains(*c));
    if is_align(chars.get(1)) {
        spec.fill = chars.first().copied();
        spec.align = chars.get(1).copied();
        at = 2;
    } else if is_align(chars.first()) {
        spec.align = chars.first().copied();
        at = 1;
    }
    if let Some(sign) = chars.get(at).filter(|c| "+- ".contains(**c)) {
        spec.sign = Some(*sign).filter(|c| *c != '-');
        at += 1;
    }
    if chars.get(at) == Some(&'#') {
        spec.alternate = true;
        at += 1;
    }
    if chars.get(at) == Some(&'0') {
        spec.zero = true;
        at += 1;
    }
    let digits = |at: &mut usize| {
        let start = *at;
        while chars.get(*at).is_some_and(char::is_ascii_digit) {
            *at += 1;
        }
        chars[start..*at].iter().collect::<String>().parse::<u64>().ok()
    };
    spec.width = limited(digits(&mut at).unwrap_or(0))?;
    if let Some(group) = chars.get(at).filter(|c| ",_".contains(**c)) {
        spec.group = Some(*group);
        at += 1;
    }
    if chars.get(at) == Some(&'.') {
        at += 1;
        let precision = digits(&mut at).ok_or_else(|| fail("Format specifier missing precision"))?;
        spec.precision = Some(limited(precision)?);
    }
    spec.kind = chars.get(at).copied();
    if chars.len() > at + 1 {
        return Err(fail(format!("Invalid format specifier '{text}'")));
    }
    Ok(spec)
}

fn one(value: &Rt, text: &str) -> Res<String> {
    if text.is_empty() {
        return repr::text(value);
    }
    let mut spec = parse(text)?;
    let bad =
        |kind: char| fail(format!("Unknown format code '{kind}' for object of type '{}'", value.type_name()));
    match (value, spec.kind) {
        (Rt::Str(text), None | Some('s')) => {
            let text = spec.precision.map_or(text.to_string(), |p| text.chars().take(p).collect());
            if spec.zero && spec.fill.is_none() {
                spec.fill = Some('0');
                spec.zero = false;
            }
            Ok(pad(&text, "", &spec, '<'))
        }
        (Rt::Int(_) | Rt::Big(_) | Rt::Bool(_), None | Some('d' | 'x' | 'X' | 'o' | 'b' | 'n')) => {
            integer(value, &spec)
        }
        (Rt::Int(n), Some('c')) => {
            let c = u32::try_from(*n).ok().and_then(char::from_u32).map(String::from).unwrap_or_default();
            Ok(pad(&c, "", &spec, '<'))
        }
        (
            Rt::Int(_) | Rt::Big(_) | Rt::Bool(_) | Rt::Float(_),
            None | Some('f' | 'F' | 'e' | 'E' | 'g' | 'G' | '%'),
        ) => Ok(real(value.as_f64().unwrap_or(f64::NAN), &spec)),
        (Rt::Int(_) | Rt::Big(_) | Rt::Float(_) | Rt::Str(_) | Rt::Bool(_), Some(kind)) => Err(bad(kind)),
        (other, _) => {
            Err(fail(format!("unsupported format string passed to {}.__format__", other.type_name())))
        }
    }
}

fn integer(value: &Rt, spec: &Spec) -> Res<String> {
    let number = value.as_big().ok_or_else(|| fail("an integer is required"))?;
    let digits = number.abs();
    let (mut text, prefix) = match spec.kind {
        Some('x') => (digits.to_str_radix(16), "0x"),
        Some('X') => (digits.to_str_radix(16).to_uppercase(), "0X"),
        Some('o') => (digits.to_str_radix(8), "0o"),
        Some('b') => (digits.to_str_radix(2), "0b"),
        _ => (digits.to_string(), ""),
    };
    if let Some(precision) = spec.precision {
        text = "0".repeat(precision.saturating_sub(text.chars().count())) + &text;
    }
    if let Some(group) = spec.group {
        text = grouped(&text, group, if prefix.is_empty() { 3 } else { 4 });
    }
    let mut sign = sign_of(number.is_negative(), spec).to_string();
    if spec.alternate {
        sign.push_str(prefix);
    }
    Ok(pad(&text, &sign, spec, '>'))
}

fn grouped(digits: &str, mark: char, every: usize) -> String {
    let mut out = String::new();
    for (i, c) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(every) {
            out.push(mark);
        }
        out.push(c);
    }
    out
}

fn sign_of(negative: bool, spec: &Spec) -> &'static str {
    match (negative, spec.sign) {
        (true, _) => "-",
        (false, Some('+')) => "+",
        (false, Some(' ')) => " ",
        _ => "",
    }
}

/// More digits than any double has behind its point.
const DIGITS: usize = 1100;

fn real(number: f64, spec: &Spec) -> String {
    let sign = sign_of(number.is_sign_negative() && !number.is_nan(), spec);
    let magnitude = number.abs();
    let kind = spec.kind.unwrap_or(' ');
    let mut text = if magnitude.is_nan() {
        "nan".to_string()
    } else if magnitude.is_infinite() {
        "inf".to_string()
    } else {
        // A number has no more digits than that, and the standard library takes no more than 65535.
        let wanted = spec.precision.unwrap_or(6);
        let precision = wanted.min(DIGITS);
        let zeros = "0".repeat(wanted - precision);
        match kind.to_ascii_lowercase() {
            'f' => format!("{magnitude:.precision$}{zeros}"),
            '%' => format!("{:.precision$}{zeros}%", magnitude * 100.0),
            'e' => exponent(&format!("{magnitude:.precision$e}").replacen('e', &format!("{zeros}e"), 1)),
            'g' => general(magnitude, precision.max(1), spec.alternate),
            _ => match spec.precision {
                Some(_) => {
                    let text = general(magnitude, precision.max(1), false);
                    if text.contains(['.', 'e']) { text } else { text + ".0" }
                }
                None => repr::float(magnitude),
            },
        }
    };
    if kind.is_ascii_uppercase() {
        text = text.to_uppercase();
    }
    if let Some(group) = spec.group {
        let end = text.find(['.', 'e', '%']).unwrap_or(text.len());
        text = grouped(&text[..end], group, 3) + &text[end..];
    }
    pad(&text, sign, spec, '>')
}

fn exponent(text: &str) -> String {
    let (mantissa, power) = text.split_once('e').unwrap_or((text, "0"));
    let (sign, digits) = power.strip_prefix('-').map_or(('+', power), |d| ('-', d));
    format!("{mantissa}e{sign}{digits:0>2}")
}

fn general(number: f64, precision: usize, alternate: bool) -> String {
    let scientific = format!("{number:.*e}", precision - 1);
    let power: i64 = scientific.split_once('e').and_then(|(_, p)| p.parse().ok()).unwrap_or(0);
    let short = |text: String| {
        if alternate || !text.contains('.') {
            return text;
        }
        text.trim_end_matches('0').trim_end_matches('.').to_string()
    };
    if power < -4 || power >= i64::try_from(precision).unwrap_or(i64::MAX) {
        let (mantissa, power) = scientific.split_once('e').unwrap_or((&scientific, "0"));
        return exponent(&format!("{}e{power}", short(mantissa.to_string())));
    }
    let decimals = (i64::try_from(precision).unwrap_or(0) - 1 - power).max(0);
    short(format!("{number:.*}", decimals.to_usize().unwrap_or(0)))
}

fn pad(text: &str, sign: &str, spec: &Spec, default: char) -> String {
    let len = text.chars().count() + sign.chars().count();
    let missing = spec.width.saturating_sub(len);
    let fill = spec.fill.unwrap_or(if spec.zero { '0' } else { ' ' });
    let align = match spec.align {
        Some('>') if spec.zero && spec.fill.is_none() => '=',
        Some(align) => align,
        None if spec.zero => '=',
        None => default,
    };
    let run = |n: usize| fill.to_string().repeat(n);
    match align {
        '<' => format!("{sign}{text}{}", run(missing)),
        '^' => format!("{}{sign}{text}{}", run(missing / 2), run(missing - missing / 2)),
        '=' => format!("{sign}{}{text}", run(missing)),
        _ => format!("{}{sign}{text}", run(missing)),
    }
}
