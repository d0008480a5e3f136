//! Python's `bytes`: what `!!binary` makes. They are texts here; those that are not UTF-8 can only be shown.

use std::{any::Any, rc::Rc};

use rustible_protocol::{Sort, Text};

use crate::{
    context::Ctx,
    repr,
    rt::{Args, Obj, Res, Rt, fail},
};

/// Bytes.
pub(crate) struct Bytes(Text);

/// `bytes.decode`, to be called.
struct Decode(Text);

impl Obj for Bytes {
    fn type_name(&self) -> &'static str {
        "bytes"
    }
    fn attr(&self, name: &str) -> Option<Rt> {
        (name == "decode").then(|| Rt::obj(Decode(self.0.clone())))
    }
    fn text(&self) -> String {
        if self.0.sort() == Sort::Opaque {
            return "<bytes that are not UTF-8>".to_string();
        }
        let mark = if self.0.contains('\'') && !self.0.contains('"') { '"' } else { '\'' };
        let shown = self.0.bytes().map(|byte| match byte {
            b'\n' => "\\n".to_string(),
            b'\r' => "\\r".to_string(),
            b'\t' => "\\t".to_string(),
            b'\\' => "\\\\".to_string(),
            byte if char::from(byte) == mark => format!("\\{mark}"),
            b' '..=b'~' => char::from(byte).to_string(),
            byte => format!("\\x{byte:02x}"),
        });
        format!("b{mark}{}{mark}", shown.collect::<String>())
    }
    fn any(&self) -> &dyn Any {
        self
    }
}

impl Obj for Decode {
    fn type_name(&self) -> &'static str {
        "builtin_function_or_method"
    }
    fn callable(&self) -> bool {
        true
    }
    fn call(&self, _: &Rc<Ctx>, _: Args) -> Res<Rt> {
        Ok(Rt::Str(whole(&self.0)?.clone().with_sort(Sort::Plain)))
    }
    fn any(&self) -> &dyn Any {
        self
    }
}

impl Bytes {
    /// The bytes that a text stands for.
    pub(crate) fn of(text: &Text) -> Option<Rt> {
        text.sort().is_bytes().then(|| Rt::obj(Self(text.clone())))
    }
    /// Each as a number.
    pub(crate) fn numbers(&self) -> Res<Vec<Rt>> {
        Ok(whole(&self.0)?.bytes().map(|byte| Rt::Int(i64::from(byte))).collect())
    }
}

/// The text, if it is what the bytes are.
fn whole(text: &Text) -> Res<&Text> {
    if text.sort() == Sort::Opaque {
        return Err(fail("these bytes are not UTF-8; rustible has them for showing only"));
    }
    Ok(text)
}

/// The text that stands for bytes, if the value is some.
pub(crate) fn inside(value: &Rt) -> Option<Text> {
    value.down::<Bytes>().map(|bytes| bytes.0.clone())
}

/// What a filter that works on bytes is given: the bytes themselves, else the text of the value.
pub(crate) fn text(value: &Rt) -> Res<String> {
    inside(value).map_or_else(|| repr::text(value), |text| whole(&text).map(ToString::to_string))
}
