//! Turning what a playbook wrote into the type an argument has, as Ansible's modules do.

use num_traits::ToPrimitive;

use crate::{
    json,
    repr::{repr, str as text_of},
    spec::Kind,
    value::{Dict, List, Value},
};

/// The words that mean true.
const TRUE: &[&str] = &["y", "yes", "on", "1", "true", "t", "1.0"];
/// The words that mean false.
const FALSE: &[&str] = &["n", "no", "off", "0", "false", "f", "0.0"];

/// The name of a type in messages and documentation: `str`, `int`, `list` ...
#[must_use]
pub fn name(kind: Kind) -> &'static str {
    match kind {
        Kind::Str => "str",
        Kind::Int => "int",
        Kind::Float => "float",
        Kind::Bool => "bool",
        Kind::List => "list",
        Kind::Dict => "dict",
        Kind::Path => "path",
        Kind::Raw => "raw",
        Kind::JsonArg => "jsonarg",
        Kind::Bytes => "bytes",
        Kind::Bits => "bits",
    }
}

/// The value as that type. `~` and variables in paths stay: they mean something on the target only.
///
/// # Errors
/// Why it cannot be one.
pub fn coerce(kind: Kind, value: &Value) -> Result<Value, String> {
    match kind {
        Kind::Raw => Ok(value.clone()),
        Kind::Str | Kind::Path => Ok(text(value)),
        Kind::Bool => boolean(value).map(Value::Bool),
        Kind::Int => integer(value),
        Kind::Float => float(value),
        Kind::List => list(value),
        Kind::Dict => dict(value),
        Kind::JsonArg => match value {
            Value::Str(text) => Ok(Value::str(text.trim())),
            Value::List(_) | Value::Dict(_) => Ok(Value::str(json::dumps(value))),
            other => Err(format!("{} cannot be converted to a json string", class(other))),
        },
        Kind::Bytes => {
            size(value, false).ok_or_else(|| format!("{} cannot be converted to a Byte value", class(value)))
        }
        Kind::Bits => {
            size(value, true).ok_or_else(|| format!("{} cannot be converted to a Bit value", class(value)))
        }
    }
}

/// `<class 'str'>`.
#[must_use]
pub fn class(value: &Value) -> String {
    format!("<class '{}'>", value.type_name())
}

fn text(value: &Value) -> Value {
    match value {
        Value::Str(_) => value.clone(),
        Value::Null => Value::str(""),
        other => Value::str(text_of(other)),
    }
}

/// A boolean from any of the words for it.
///
/// # Errors
/// When it is none of them.
pub fn boolean(value: &Value) -> Result<bool, String> {
    let word = match value {
        Value::Bool(flag) => return Ok(*flag),
        Value::Str(text) => text.trim().to_lowercase(),
        Value::Int(number) => number.to_string(),
        Value::Float(number) => json::float(*number),
        other => return Err(format!("{} cannot be converted to a bool", class(other))),
    };
    if TRUE.contains(&word.as_str()) {
        return Ok(true);
    }
    if FALSE.contains(&word.as_str()) {
        return Ok(false);
    }
    Err(format!(
        "The value '{}' is not a valid boolean. Valid booleans include: 0, 1, '0', '1', 'f', 'false', 'n', 'no', 'off', \
         'on', 't', 'true', 'y', 'yes'",
        text_of(value)
    ))
}

fn integer(value: &Value) -> Result<Value, String> {
    let no = || format!("\"{}\" cannot be converted to an int", repr(value));
    match value {
        Value::Int(_) | Value::Big(_) => Ok(value.clone()),
        Value::Bool(flag) => Ok(Value::Int(i64::from(*flag))),
        Value::Float(number) if number.fract() == 0.0 => number.to_i64().map(Value::Int).ok_or_else(no),
        Value::Str(text) => {
            let digits = text.trim().replace('_', "");
            if let Ok(number) = digits.parse::<num_bigint::BigInt>() {
                return Ok(Value::big(number));
            }
            let number: f64 = digits.parse().map_err(|_| no())?;
            (number.fract() == 0.0).then(|| number.to_i64().map(Value::Int)).flatten().ok_or_else(no)
        }
        _ => Err(no()),
    }
}

fn float(value: &Value) -> Result<Value, String> {
    let number = match value {
        Value::Str(text) => text.trim().parse().ok(),
        other => other.number_as_f64(),
    };
    number.map(Value::Float).ok_or_else(|| format!("{} cannot be converted to a float", class(value)))
}

fn list(value: &Value) -> Result<Value, String> {
    match value {
        Value::List(_) => Ok(value.clone()),
        Value::Str(text) => {
            Ok(Value::List(text.split(',').map(|part| Value::Str(text.like(part))).collect::<List>()))
        }
        Value::Bool(_) | Value::Int(_) | Value::Big(_) | Value::Float(_) => {
            Ok(Value::from(vec![Value::str(text_of(value))]))
        }
        other => Err(format!("{} cannot be converted to a list", class(other))),
    }
}

fn dict(value: &Value) -> Result<Value, String> {
    let text = match value {
        Value::Dict(_) => return Ok(value.clone()),
        Value::Str(text) => text,
        other => return Err(format!("{} cannot be converted to a dict", class(other))),
    };
    if text.starts_with('{') {
        return match json::read(text) {
            Ok(read @ Value::Dict(_)) => Ok(read),
            _ => Err("unable to evaluate string as dictionary".to_string()),
        };
    }
    if !text.contains('=') {
        return Err("dictionary requested, could not parse JSON or key=value".to_string());
    }
    let mut out = Dict::new();
    for field in fields(text.trim()) {
        let (key, value) = field
            .split_once('=')
            .ok_or("unable to evaluate string in the \"key=value\" format as dictionary")?;
        out.insert(key, value);
    }
    Ok(Value::Dict(out))
}

/// The parts between commas and blanks that are not quoted; quotes and backslashes are taken away.
fn fields(text: &str) -> Vec<String> {
    let (mut all, mut field, mut quote, mut escaped) = (Vec::new(), String::new(), None, false);
    for c in text.chars() {
        match (c, quote) {
            _ if escaped => {
                field.push(c);
                escaped = false;
            }
            ('\\', _) => escaped = true,
            ('\'' | '"', None) => quote = Some(c),
            (c, Some(open)) if c == open => quote = None,
            (',' | ' ', None) => all.push(std::mem::take(&mut field)),
            _ => field.push(c),
        }
    }
    all.push(field);
    all.retain(|field| !field.is_empty());
    all
}

/// `10M`, `1.5 GB`, `1Mb`: bytes (or bits) with powers of 1024.
fn size(value: &Value, bits: bool) -> Option<Value> {
    let text = text_of(value);
    let text = text.trim();
    let end = text.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(text.len());
    let (number, unit) = (text.get(..end)?.parse::<f64>().ok()?, text.get(end..)?.trim());
    let own = if bits { 'b' } else { 'B' };
    let mut letters = unit.chars();
    let power = match letters.next().map(|c| c.to_ascii_uppercase()) {
        None => 0,
        Some('B') if unit.len() == 1 && unit.starts_with(own) => 0,
        Some(c) => {
            let power = "KMGTPEZY".find(c)? + 1;
            let rest = letters.as_str();
            let long = if bits { "bit" } else { "byte" };
            if !rest.is_empty() && rest != own.to_string() && !rest.to_lowercase().contains(long) {
                return None;
            }
            i32::try_from(power).ok()?
        }
    };
    (number * 1024f64.powi(power)).round().to_i64().map(Value::Int)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_become_what_the_type_says() {
        let to = |kind, text: &str| coerce(kind, &Value::str(text));
        assert_eq!(to(Kind::Bool, "Yes"), Ok(Value::Bool(true)));
        assert_eq!(to(Kind::Int, " 12.0 "), Ok(Value::Int(12)));
        assert_eq!(to(Kind::Int, "x"), Err("\"'x'\" cannot be converted to an int".to_string()));
        assert_eq!(to(Kind::List, "a, b"), Ok(Value::from(vec!["a".into(), " b".into()])));
        assert_eq!(to(Kind::Bytes, "1.5K"), Ok(Value::Int(1536)));
        assert_eq!(to(Kind::Bits, "1Mb"), Ok(Value::Int(1_048_576)));
        let dict: Dict = [("a", "1"), ("b", "x y")].into_iter().collect();
        assert_eq!(to(Kind::Dict, "a=1, b='x y'"), Ok(Value::Dict(dict)));
    }
}
