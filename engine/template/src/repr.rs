//! Values as Python prints them: `str()` and `repr()`.

use rustible_protocol::json;

use crate::{
    bytes,
    rt::{Res, Rt},
};

/// `str(value)`; undefined is an error.
pub(crate) fn text(value: &Rt) -> Res<String> {
    Ok(match value {
        Rt::Str(text) => text.as_str().to_string(),
        Rt::Obj(obj) => obj.printed()?,
        other => repr(other)?,
    })
}

/// `repr(value)`.
pub(crate) fn repr(value: &Rt) -> Res<String> {
    let mut out = String::new();
    put(&mut out, value, true)?;
    Ok(out)
}

/// `str(value)` of what a template prints beside other text: tuples have become lists by then.
pub(crate) fn printed(value: &Rt) -> Res<String> {
    if let Rt::Str(_) | Rt::Obj(_) = value {
        return bytes::inside(value).map_or_else(|| text(value), |bytes| Ok(bytes.to_string()));
    }
    let mut out = String::new();
    put(&mut out, value, false)?;
    Ok(out)
}

/// A float as `repr` writes it.
pub(crate) fn float(number: f64) -> String {
    if number.is_nan() {
        "nan".into()
    } else if number.is_infinite() {
        if number > 0.0 { "inf".into() } else { "-inf".into() }
    } else {
        json::float(number)
    }
}

/// `tuples`: they are shown as what they are.
fn put(out: &mut String, value: &Rt, tuples: bool) -> Res<()> {
    match value {
        Rt::Null => out.push_str("None"),
        Rt::Bool(true) => out.push_str("True"),
        Rt::Bool(false) => out.push_str("False"),
        Rt::Int(number) => out.push_str(&number.to_string()),
        Rt::Big(number) => out.push_str(&number.to_string()),
        Rt::Float(number) => out.push_str(&float(*number)),
        Rt::Str(text) => quote(out, text),
        Rt::List(list) => sequence(out, &list.items(), ["[", "]"], tuples)?,
        Rt::Tuple(items) if tuples => {
            sequence(out, items, if items.len() == 1 { ["(", ",)"] } else { ["(", ")"] }, tuples)?;
        }
        Rt::Tuple(items) => sequence(out, items, ["[", "]"], tuples)?,
        Rt::Dict(dict) => {
            out.push('{');
            let shown = dict.entries();
            for (i, (key, item)) in shown.iter().filter(|(_, v)| !matches!(v, Rt::Omit)).enumerate() {
                if i > 0 {
                    out.push_str(", ");
                }
                put(out, &Rt::from_key(key.clone()), tuples)?;
                out.push_str(": ");
                put(out, item, tuples)?;
            }
            out.push('}');
        }
        Rt::Range(start, stop, 1) => out.push_str(&format!("range({start}, {stop})")),
        Rt::Range(start, stop, step) => out.push_str(&format!("range({start}, {stop}, {step})")),
        Rt::Undef(fault) => return Err(fault.clone()),
        Rt::Omit => out.push_str("<<Omit>>"),
        Rt::Obj(obj) => out.push_str(&obj.repr()),
    }
    Ok(())
}

fn sequence(out: &mut String, items: &[Rt], [open, close]: [&str; 2], tuples: bool) -> Res<()> {
    out.push_str(open);
    for (i, item) in items.iter().filter(|i| !matches!(i, Rt::Omit)).enumerate() {
        if i > 0 {
            out.push_str(", ");
        }
        put(out, item, tuples)?;
    }
    out.push_str(close);
    Ok(())
}

/// What `repr` escapes: controls, blanks other than the usual one, formats, private and unassigned characters.
fn unprintable(c: char) -> bool {
    c.is_control()
        || (c != ' ' && c.is_whitespace())
        || matches!(c as u32,
            0xad | 0x600..=0x605 | 0x61c | 0x6dd | 0x70f | 0x180e | 0x200b..=0x200f | 0x202a..=0x202e
            | 0x2060..=0x206f | 0xe000..=0xf8ff | 0xfeff | 0xfff9..=0xfffb | 0xfffe..=0xffff
            | 0xe0000..=0xe007f | 0xf0000..)
}

/// A string in Python's quotes.
pub(crate) fn quote(out: &mut String, text: &str) {
    let mark = if text.contains('\'') && !text.contains('"') { '"' } else { '\'' };
    out.push(mark);
    for c in text.chars() {
        match c {
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            '\\' => out.push_str("\\\\"),
            c if c == mark => {
                out.push('\\');
                out.push(c);
            }
            c if unprintable(c) => match c as u32 {
                code @ ..=0xff => out.push_str(&format!("\\x{code:02x}")),
                code @ ..=0xffff => out.push_str(&format!("\\u{code:04x}")),
                code => out.push_str(&format!("\\U{code:08x}")),
            },
            c => out.push(c),
        }
    }
    out.push(mark);
}
