//! The one value of the house: what YAML holds, variables are, templates yield, modules take and return.
//!
//! Values are immutable and cheap to clone (containers are shared); changing one copies on write.

use std::{
    fmt,
    hash::{Hash, Hasher},
    sync::Arc,
};

use indexmap::{Equivalent, IndexMap};
use num_bigint::BigInt;
use num_traits::ToPrimitive;

use crate::text::{Origin, Text};

/// A value of the playbook language, with Python's meaning of equality (`1 == 1.0 == true`).
#[derive(Clone, Default)]
pub enum Value {
    /// `null`, `~`, Python's `None`.
    #[default]
    Null,
    /// `true` or `false`.
    Bool(bool),
    /// An integer that fits into 64 bits.
    Int(i64),
    /// An integer that does not; never one that would.
    Big(Arc<BigInt>),
    /// A floating-point number; may be infinite or not a number.
    Float(f64),
    /// A string with its provenance.
    Str(Text),
    /// An encrypted string (`!vault`): the envelope as written, decrypted when it is used.
    Vaulted(Text),
    /// A list.
    List(List),
    /// A mapping in the order it was written.
    Dict(Dict),
}

/// A shared list that knows where it was written.
#[derive(Clone, Default)]
pub struct List {
    items: Arc<Vec<Value>>,
    origin: Option<Arc<Origin>>,
}

/// A shared mapping, in order, that knows where it was written. Keys are usually strings.
#[derive(Clone, Default)]
pub struct Dict {
    entries: Arc<IndexMap<Value, Value>>,
    origin: Option<Arc<Origin>>,
}

impl List {
    /// A list from items, without an origin.
    #[must_use]
    pub fn new(items: Vec<Value>) -> Self {
        Self { items: Arc::new(items), origin: None }
    }
    /// The same list, written there.
    #[must_use]
    pub fn with_origin(mut self, origin: Option<Arc<Origin>>) -> Self {
        self.origin = Origin::moved(self.origin.as_ref(), origin);
        self
    }
    /// Where it was written.
    #[must_use]
    pub fn origin(&self) -> Option<&Arc<Origin>> {
        self.origin.as_ref().filter(|origin| origin.is_place())
    }
    /// Where it was written, and what is said of its use.
    #[must_use]
    pub fn provenance(&self) -> Option<&Arc<Origin>> {
        self.origin.as_ref()
    }
    /// The items to change; copies them when they are shared.
    pub fn make_mut(&mut self) -> &mut Vec<Value> {
        Arc::make_mut(&mut self.items)
    }
    /// Whether both are the same allocation.
    #[must_use]
    pub fn same(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.items, &other.items)
    }
    /// A number that two lists share when and only when they are the same allocation.
    #[must_use]
    pub fn address(&self) -> usize {
        Arc::as_ptr(&self.items).addr()
    }
}
impl std::ops::Deref for List {
    type Target = [Value];
    fn deref(&self) -> &[Value] {
        &self.items
    }
}
impl From<Vec<Value>> for List {
    fn from(items: Vec<Value>) -> Self {
        Self::new(items)
    }
}
impl FromIterator<Value> for List {
    fn from_iter<I: IntoIterator<Item = Value>>(items: I) -> Self {
        Self::new(items.into_iter().collect())
    }
}
impl<'a> IntoIterator for &'a List {
    type Item = &'a Value;
    type IntoIter = std::slice::Iter<'a, Value>;
    fn into_iter(self) -> Self::IntoIter {
        self.items.iter()
    }
}

impl Dict {
    /// An empty mapping.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }
    /// The same mapping, written there.
    #[must_use]
    pub fn with_origin(mut self, origin: Option<Arc<Origin>>) -> Self {
        self.origin = Origin::moved(self.origin.as_ref(), origin);
        self
    }
    /// Where it was written.
    #[must_use]
    pub fn origin(&self) -> Option<&Arc<Origin>> {
        self.origin.as_ref().filter(|origin| origin.is_place())
    }
    /// Where it was written, and what is said of its use.
    #[must_use]
    pub fn provenance(&self) -> Option<&Arc<Origin>> {
        self.origin.as_ref()
    }
    /// The value under a string key.
    #[must_use]
    pub fn get(&self, key: &str) -> Option<&Value> {
        self.entries.get(key)
    }
    /// The value under any key.
    #[must_use]
    pub fn get_value(&self, key: &Value) -> Option<&Value> {
        self.entries.get(key)
    }
    /// Whether the string key is there.
    #[must_use]
    pub fn contains_key(&self, key: &str) -> bool {
        self.entries.contains_key(key)
    }
    /// The key as it was written (with its origin) and its value.
    #[must_use]
    pub fn get_key_value(&self, key: &str) -> Option<(&Value, &Value)> {
        self.entries.get_key_value(key)
    }
    /// Put a value under a key, in the place of the one there or at the end.
    pub fn insert(&mut self, key: impl Into<Value>, value: impl Into<Value>) -> Option<Value> {
        Arc::make_mut(&mut self.entries).insert(key.into(), value.into())
    }
    /// Take a string key out, keeping the order of the others.
    pub fn remove(&mut self, key: &str) -> Option<Value> {
        if !self.contains_key(key) {
            return None;
        }
        Arc::make_mut(&mut self.entries).shift_remove(key)
    }
    /// Put all entries of another mapping in, later ones winning.
    pub fn extend(&mut self, other: &Self) {
        if self.is_empty() && self.origin.is_none() {
            *self = other.clone();
            return;
        }
        let entries = Arc::make_mut(&mut self.entries);
        for (key, value) in other {
            entries.insert(key.clone(), value.clone());
        }
    }
    /// The entries to change; copies them when they are shared.
    pub fn make_mut(&mut self) -> &mut IndexMap<Value, Value> {
        Arc::make_mut(&mut self.entries)
    }
    /// Number of entries.
    #[must_use]
    pub fn len(&self) -> usize {
        self.entries.len()
    }
    /// Whether there is no entry.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }
    /// Keys and values in order.
    pub fn iter(&self) -> indexmap::map::Iter<'_, Value, Value> {
        self.entries.iter()
    }
    /// Keys in order.
    pub fn keys(&self) -> indexmap::map::Keys<'_, Value, Value> {
        self.entries.keys()
    }
    /// Values in order.
    pub fn values(&self) -> indexmap::map::Values<'_, Value, Value> {
        self.entries.values()
    }
    /// Entries whose key is a string.
    pub fn texts(&self) -> impl Iterator<Item = (&Text, &Value)> {
        self.iter().filter_map(|(k, v)| k.as_text().map(|k| (k, v)))
    }
    /// Whether both are the same allocation.
    #[must_use]
    pub fn same(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.entries, &other.entries)
    }
    /// A number that two mappings share when and only when they are the same allocation.
    #[must_use]
    pub fn address(&self) -> usize {
        Arc::as_ptr(&self.entries).addr()
    }
}
impl<'a> IntoIterator for &'a Dict {
    type Item = (&'a Value, &'a Value);
    type IntoIter = indexmap::map::Iter<'a, Value, Value>;
    fn into_iter(self) -> Self::IntoIter {
        self.entries.iter()
    }
}
impl<K: Into<Value>, V: Into<Value>> FromIterator<(K, V)> for Dict {
    fn from_iter<I: IntoIterator<Item = (K, V)>>(entries: I) -> Self {
        let entries: IndexMap<Value, Value> =
            entries.into_iter().map(|(k, v)| (k.into(), v.into())).collect();
        Self { entries: Arc::new(entries), origin: None }
    }
}

impl Value {
    /// An empty list.
    #[must_use]
    pub fn list() -> Self {
        Self::List(List::default())
    }
    /// An untrusted string.
    #[must_use]
    pub fn str(text: impl Into<Arc<str>>) -> Self {
        Self::Str(Text::untrusted(text))
    }
    /// An integer of any size; small ones become `Int`.
    #[must_use]
    pub fn big(number: BigInt) -> Self {
        number.to_i64().map_or_else(|| Self::Big(Arc::new(number)), Self::Int)
    }
    /// The string, when it is one.
    #[must_use]
    pub fn as_str(&self) -> Option<&str> {
        self.as_text().map(Text::as_str)
    }
    /// The string with its provenance, when it is one.
    #[must_use]
    pub fn as_text(&self) -> Option<&Text> {
        if let Self::Str(text) = self { Some(text) } else { None }
    }
    /// The list, when it is one.
    #[must_use]
    pub fn as_list(&self) -> Option<&List> {
        if let Self::List(list) = self { Some(list) } else { None }
    }
    /// The mapping, when it is one.
    #[must_use]
    pub fn as_dict(&self) -> Option<&Dict> {
        if let Self::Dict(dict) = self { Some(dict) } else { None }
    }
    /// The boolean, when it is one (no conversion).
    #[must_use]
    pub fn as_bool(&self) -> Option<bool> {
        if let Self::Bool(flag) = self { Some(*flag) } else { None }
    }
    /// The integer, when it is a small one (no conversion).
    #[must_use]
    pub fn as_int(&self) -> Option<i64> {
        if let Self::Int(number) = self { Some(*number) } else { None }
    }
    /// Whether it is `null`.
    #[must_use]
    pub fn is_null(&self) -> bool {
        matches!(self, Self::Null)
    }
    /// The value under a string key, when it is a mapping that has it.
    #[must_use]
    pub fn get(&self, key: &str) -> Option<&Self> {
        self.as_dict()?.get(key)
    }
    /// Where it was written, for strings and containers.
    #[must_use]
    pub fn origin(&self) -> Option<&Arc<Origin>> {
        match self {
            Self::Str(text) | Self::Vaulted(text) => text.origin(),
            Self::List(list) => list.origin(),
            Self::Dict(dict) => dict.origin(),
            Self::Null | Self::Bool(_) | Self::Int(_) | Self::Big(_) | Self::Float(_) => None,
        }
    }
    /// Python's truth: empty, zero, `None` and `False` are false.
    #[must_use]
    pub fn truthy(&self) -> bool {
        match self {
            Self::Null => false,
            Self::Bool(flag) => *flag,
            Self::Int(number) => *number != 0,
            Self::Big(_) => true,
            Self::Float(number) => *number != 0.0,
            Self::Str(text) | Self::Vaulted(text) => !text.is_empty(),
            Self::List(list) => !list.is_empty(),
            Self::Dict(dict) => !dict.is_empty(),
        }
    }
    /// Python's name of the type: `str`, `int`, `dict` ...
    #[must_use]
    pub fn type_name(&self) -> &'static str {
        match self {
            Self::Null => "NoneType",
            Self::Bool(_) => "bool",
            Self::Int(_) | Self::Big(_) => "int",
            Self::Float(_) => "float",
            Self::Str(text) => text.sort().type_name(),
            Self::Vaulted(_) => "str",
            Self::List(_) => "list",
            Self::Dict(_) => "dict",
        }
    }
    /// Whether there are bytes in it, which JSON has no form for.
    #[must_use]
    pub fn has_bytes(&self) -> bool {
        match self {
            Self::Str(text) => text.sort().is_bytes(),
            Self::List(items) => items.iter().any(Self::has_bytes),
            Self::Dict(dict) => dict.iter().any(|(key, value)| key.has_bytes() || value.has_bytes()),
            _ => false,
        }
    }
    /// The same data with nothing in it that may be templated: what a fact or a module result is.
    #[must_use]
    pub fn into_untrusted(self) -> Self {
        match self {
            Self::Str(text) => Self::Str(text.with_trust(false)),
            Self::List(list) => {
                let origin = list.origin.clone();
                Self::List(
                    list.iter().cloned().map(Self::into_untrusted).collect::<List>().with_origin(origin),
                )
            }
            Self::Dict(dict) => {
                let origin = dict.origin.clone();
                let entries =
                    dict.iter().map(|(k, v)| (k.clone().into_untrusted(), v.clone().into_untrusted()));
                Self::Dict(entries.collect::<Dict>().with_origin(origin))
            }
            other => other,
        }
    }
}

impl PartialEq for Value {
    fn eq(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Null, Self::Null) => true,
            (Self::Str(a), Self::Str(b)) | (Self::Vaulted(a), Self::Vaulted(b)) => a == b,
            (Self::List(a), Self::List(b)) => a == b,
            (Self::Dict(a), Self::Dict(b)) => a == b,
            (Self::Float(a), Self::Float(b)) => a == b,
            (Self::Big(a), Self::Big(b)) => a == b,
            (Self::Float(f), n) | (n, Self::Float(f)) => n.number_as_f64() == Some(*f),
            (a, b) => matches!((a.small_int(), b.small_int()), (Some(a), Some(b)) if a == b),
        }
    }
}
impl Eq for Value {}

impl Value {
    fn small_int(&self) -> Option<i64> {
        match self {
            Self::Bool(flag) => Some(i64::from(*flag)),
            Self::Int(number) => Some(*number),
            _ => None,
        }
    }
    /// The number as floating point, booleans included as Python has it; `None` for what is no number.
    #[must_use]
    pub fn number_as_f64(&self) -> Option<f64> {
        match self {
            Self::Float(number) => Some(*number),
            Self::Big(number) => number.to_f64(),
            #[expect(clippy::cast_precision_loss, reason = "Python compares int and float so as well")]
            other => other.small_int().map(|n| n as f64),
        }
    }
}

impl Hash for Value {
    fn hash<H: Hasher>(&self, state: &mut H) {
        match self {
            Self::Null => 0u8.hash(state),
            // As `str` hashes, so that a mapping can be asked with a `&str`.
            Self::Str(text) | Self::Vaulted(text) => text.as_str().hash(state),
            Self::Bool(_) | Self::Int(_) | Self::Big(_) | Self::Float(_) => {
                self.number_as_f64().unwrap_or_default().to_bits().hash(state);
            }
            Self::List(list) => list.iter().for_each(|item| item.hash(state)),
            Self::Dict(dict) => dict.len().hash(state),
        }
    }
}
impl Equivalent<Value> for str {
    fn equivalent(&self, key: &Value) -> bool {
        key.as_str() == Some(self)
    }
}

impl fmt::Debug for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Null => f.write_str("null"),
            Self::Bool(flag) => write!(f, "{flag}"),
            Self::Int(number) => write!(f, "{number}"),
            Self::Big(number) => write!(f, "{number}"),
            Self::Float(number) => write!(f, "{number:?}"),
            Self::Str(text) => write!(f, "{text:?}"),
            Self::Vaulted(_) => f.write_str("<vaulted>"),
            Self::List(list) => list.fmt(f),
            Self::Dict(dict) => dict.fmt(f),
        }
    }
}
impl fmt::Debug for List {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.iter()).finish()
    }
}
impl fmt::Debug for Dict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_map().entries(self.iter()).finish()
    }
}
impl PartialEq for Dict {
    fn eq(&self, other: &Self) -> bool {
        self.same(other) || self.entries == other.entries
    }
}
impl PartialEq for List {
    fn eq(&self, other: &Self) -> bool {
        self.same(other) || self[..] == other[..]
    }
}

macro_rules! from {
    ($($from:ty => |$x:ident| $to:expr;)*) => {$(
        impl From<$from> for Value { fn from($x: $from) -> Self { $to } }
    )*};
}
from! {
    bool => |x| Self::Bool(x);
    i64 => |x| Self::Int(x);
    i32 => |x| Self::Int(i64::from(x));
    u32 => |x| Self::Int(i64::from(x));
    u64 => |x| i64::try_from(x).map_or_else(|_| Self::Big(Arc::new(x.into())), Self::Int);
    usize => |x| Self::from(x as u64);
    f64 => |x| Self::Float(x);
    &str => |x| Self::str(x);
    &String => |x| Self::str(x.as_str());
    String => |x| Self::str(x);
    std::borrow::Cow<'_, str> => |x| Self::str(&*x);
    &std::path::Path => |x| Self::str(&*x.to_string_lossy());
    &std::path::PathBuf => |x| Self::str(&*x.to_string_lossy());
    Text => |x| Self::Str(x);
    &Text => |x| Self::Str(x.clone());
    List => |x| Self::List(x);
    Dict => |x| Self::Dict(x);
    Vec<Self> => |x| Self::List(x.into());
    &Self => |x| x.clone();
}
impl<T: Into<Self>> From<Option<T>> for Value {
    fn from(value: Option<T>) -> Self {
        value.map_or(Self::Null, Into::into)
    }
}
