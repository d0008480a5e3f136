//! How values travel: as plain data. Where a text was written stays on the controller, trust does not survive the trip.

use std::fmt;

use num_bigint::BigInt;
use serde::{
    Deserialize, Deserializer, Serialize, Serializer,
    de::{self, MapAccess, SeqAccess, Visitor},
    ser::{SerializeMap, SerializeSeq},
};

use crate::value::{Dict, List, Value};

/// Big integers and encrypted texts travel as a mapping with one of these keys; no module argument is named so.
const BIG: &str = "__rustible_big";

/// The note on a value whose use is told; beside it the value.
const NOTE: &str = "__rustible_deprecated";

fn noted<S: Serializer>(s: S, note: &Value, value: &Value) -> Result<S::Ok, S::Error> {
    let mut map = s.serialize_map(Some(2))?;
    map.serialize_entry(NOTE, note)?;
    match value {
        Value::Str(text) => map.serialize_entry("value", text.as_str())?,
        Value::List(list) => map.serialize_entry("value", list)?,
        Value::Dict(dict) => map.serialize_entry("value", dict)?,
        other => map.serialize_entry("value", other)?,
    }
    map.end()
}

impl Serialize for Value {
    fn serialize<S: Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        if let Some(note) = self.deprecated() {
            return noted(s, note, self);
        }
        match self {
            Self::Null => s.serialize_unit(),
            Self::Bool(flag) => s.serialize_bool(*flag),
            Self::Int(number) => s.serialize_i64(*number),
            Self::Big(number) => {
                let mut map = s.serialize_map(Some(1))?;
                map.serialize_entry(BIG, &number.to_string())?;
                map.end()
            }
            Self::Float(number) => s.serialize_f64(*number),
            Self::Str(text) | Self::Vaulted(text) => s.serialize_str(text),
            Self::List(list) => list.serialize(s),
            Self::Dict(dict) => dict.serialize(s),
        }
    }
}
impl Serialize for List {
    fn serialize<S: Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        let mut seq = s.serialize_seq(Some(self.len()))?;
        for item in self {
            seq.serialize_element(item)?;
        }
        seq.end()
    }
}
impl Serialize for Dict {
    fn serialize<S: Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        let mut map = s.serialize_map(Some(self.len()))?;
        for (key, value) in self {
            map.serialize_entry(key, value)?;
        }
        map.end()
    }
}

struct AnyValue;

impl<'de> Visitor<'de> for AnyValue {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value")
    }
    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }
    fn visit_none<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }
    fn visit_some<D: Deserializer<'de>>(self, d: D) -> Result<Value, D::Error> {
        Value::deserialize(d)
    }
    fn visit_bool<E>(self, x: bool) -> Result<Value, E> {
        Ok(Value::Bool(x))
    }
    fn visit_i64<E>(self, x: i64) -> Result<Value, E> {
        Ok(Value::Int(x))
    }
    fn visit_u64<E>(self, x: u64) -> Result<Value, E> {
        Ok(Value::from(x))
    }
    fn visit_f64<E>(self, x: f64) -> Result<Value, E> {
        Ok(Value::Float(x))
    }
    fn visit_str<E>(self, x: &str) -> Result<Value, E> {
        Ok(Value::str(x))
    }
    fn visit_string<E>(self, x: String) -> Result<Value, E> {
        Ok(Value::str(x))
    }
    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Value, A::Error> {
        let mut items = Vec::with_capacity(seq.size_hint().unwrap_or(0).min(4096));
        while let Some(item) = seq.next_element()? {
            items.push(item);
        }
        Ok(Value::List(items.into()))
    }
    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Value, A::Error> {
        let mut dict = Dict::new();
        while let Some((key, value)) = map.next_entry::<Value, Value>()? {
            dict.insert(key, value);
        }
        if dict.len() == 1
            && let Some(digits) = dict.get(BIG).and_then(Value::as_str)
        {
            let number: BigInt = digits.parse().map_err(de::Error::custom)?;
            return Ok(Value::big(number));
        }
        if dict.len() == 2
            && let (Some(note), Some(value)) = (dict.get(NOTE), dict.get("value"))
        {
            return Ok(value.clone().with_deprecated(note.clone()));
        }
        Ok(Value::Dict(dict))
    }
}

impl<'de> Deserialize<'de> for Value {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        d.deserialize_any(AnyValue)
    }
}
impl<'de> Deserialize<'de> for Dict {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        match Value::deserialize(d)? {
            Value::Dict(dict) => Ok(dict),
            other => Err(de::Error::custom(format!("expected a mapping, got {}", other.type_name()))),
        }
    }
}

/// Bytes that travel as bytes, not as a list of numbers.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Blob(pub Vec<u8>);

impl Serialize for Blob {
    fn serialize<S: Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        s.serialize_bytes(&self.0)
    }
}
impl<'de> Deserialize<'de> for Blob {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        struct AnyBytes;
        impl Visitor<'_> for AnyBytes {
            type Value = Blob;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("bytes")
            }
            fn visit_bytes<E>(self, x: &[u8]) -> Result<Blob, E> {
                Ok(Blob(x.to_vec()))
            }
            fn visit_byte_buf<E>(self, x: Vec<u8>) -> Result<Blob, E> {
                Ok(Blob(x))
            }
        }
        d.deserialize_byte_buf(AnyBytes)
    }
}
