//! The values of a running template: Python's, with undefined, omit, lazy containers and things that can be called.

use std::{any::Any, cell::RefCell, collections::HashMap, rc::Rc, sync::Arc};

use indexmap::IndexMap;
use num_bigint::BigInt;
use num_traits::ToPrimitive;
use rustible_protocol::{Dict, List, Sort, Text, Value};
use rustible_source::Diagnostic;

use crate::{HostVars, context::Ctx};

/// What an undefined or failed value remembers; it travels as an error or as a value until something needs it.
#[derive(Debug, Clone)]
pub(crate) struct Marker {
    pub(crate) kind: MarkerKind,
    pub(crate) error: Diagnostic,
    /// The envelope that could not be opened.
    pub(crate) sealed: Option<Text>,
}

/// What made a marker.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum MarkerKind {
    /// A name, attribute or item that is not there.
    Undefined,
    /// An inline `if` without `else` whose condition is false: prints as nothing.
    Blank,
    /// A vaulted value that cannot be opened: fails when it is used, and `default` may stand in for it.
    Vault,
    /// Any other failure at run time.
    Failed,
    /// A template that cannot be parsed, or that needs itself: nothing may catch it.
    Fatal,
    /// A scalar template that resolved to `omit`.
    Omitted,
}

/// A shared marker.
pub(crate) type Fault = Rc<Marker>;
/// The outcome of an operation of the evaluator.
pub(crate) type Res<T> = Result<T, Fault>;

/// A failure with a message.
pub(crate) fn fail(message: impl Into<String>) -> Fault {
    fault(MarkerKind::Failed, Diagnostic::new(message))
}
/// A failure that came up while another one was dealt with: it is told apart from what is around it.
pub(crate) fn fail_apart(message: impl Into<String>) -> Fault {
    fault(MarkerKind::Failed, Diagnostic { apart: true, ..Diagnostic::new(message) })
}
/// A failure from a diagnostic.
pub(crate) fn fault(kind: MarkerKind, error: Diagnostic) -> Fault {
    Rc::new(Marker { kind, error, sealed: None })
}
/// Something undefined, with the reason.
pub(crate) fn undefined(message: impl Into<String>) -> Fault {
    fault(MarkerKind::Undefined, Diagnostic::new(message))
}

/// A value inside the evaluator.
#[derive(Clone)]
pub(crate) enum Rt {
    Null,
    Bool(bool),
    Int(i64),
    Big(Arc<BigInt>),
    Float(f64),
    Str(Text),
    List(Rc<ListObj>),
    Tuple(Rc<Vec<Self>>),
    Dict(Rc<DictObj>),
    Range(i64, i64, i64),
    Undef(Fault),
    Omit,
    Obj(Rc<dyn Obj>),
}

/// A text as the value it stands for.
pub(crate) fn text(text: &Text) -> Rt {
    let other = if text.sort() == Sort::Plain {
        None
    } else {
        crate::moments::of(text).or_else(|| crate::bytes::Bytes::of(text))
    };
    other.unwrap_or_else(|| Rt::Str(text.clone()))
}

/// Arguments of a call.
#[derive(Clone, Default)]
pub(crate) struct Args {
    pub(crate) pos: Vec<Rt>,
    pub(crate) kw: Vec<(String, Rt)>,
}

/// Anything that is not plain data: functions, macros, loops, namespaces, dates.
pub(crate) trait Obj {
    /// Python's name of its type.
    fn type_name(&self) -> &'static str;
    /// An attribute.
    fn attr(&self, _name: &str) -> Option<Rt> {
        None
    }
    /// Whether it can be called.
    fn callable(&self) -> bool {
        false
    }
    /// Call it.
    fn call(&self, _ctx: &Rc<Ctx>, _args: Args) -> Res<Rt> {
        Err(fail(format!("'{}' object is not callable", self.type_name())))
    }
    /// Set an attribute (namespaces).
    fn set_attr(&self, name: &str, _value: Rt) -> Res<()> {
        Err(fail(format!("cannot assign attribute '{name}' on non-namespace object")))
    }
    /// The text it prints as.
    fn text(&self) -> String {
        format!("<{}>", self.type_name())
    }
    /// How it is shown inside of containers.
    fn repr(&self) -> String {
        self.text()
    }
    /// What printing it gives, or why that fails.
    fn printed(&self) -> Res<String> {
        Ok(self.text())
    }
    /// For downcasting.
    fn any(&self) -> &dyn Any;
}

/// A list that can change, or one of the program's data that is rendered as it is touched.
pub(crate) struct ListObj {
    pub(crate) repr: RefCell<ListRepr>,
}
pub(crate) enum ListRepr {
    Live(Vec<Rt>),
    Frozen { data: List, ctx: Rc<Ctx>, memo: HashMap<usize, Rt> },
}

/// A mapping that can change, or one of the program's data that is rendered as it is touched.
pub(crate) struct DictObj {
    pub(crate) repr: RefCell<DictRepr>,
}
pub(crate) enum DictRepr {
    Live(IndexMap<Value, Rt>),
    Frozen {
        data: Dict,
        ctx: Rc<Ctx>,
        memo: HashMap<Value, Rt>,
    },
    /// The variables of hosts, made as they are asked for.
    Hosts {
        ctx: Rc<Ctx>,
        hosts: Arc<dyn HostVars>,
        memo: HashMap<String, Rt>,
    },
    /// The variables of one scope by name.
    Vars {
        ctx: Rc<Ctx>,
    },
}

impl ListObj {
    pub(crate) fn new(items: Vec<Rt>) -> Rc<Self> {
        Rc::new(Self { repr: RefCell::new(ListRepr::Live(items)) })
    }
    pub(crate) fn frozen(data: List, ctx: &Rc<Ctx>) -> Rc<Self> {
        Rc::new(Self {
            repr: RefCell::new(ListRepr::Frozen { data, ctx: ctx.clone(), memo: HashMap::new() }),
        })
    }
    pub(crate) fn len(&self) -> usize {
        match &*self.repr.borrow() {
            ListRepr::Live(items) => items.len(),
            ListRepr::Frozen { data, .. } => data.len(),
        }
    }
    /// The item; a failed nested template is a marker.
    pub(crate) fn get(&self, at: usize) -> Option<Rt> {
        let (value, ctx) = match &*self.repr.borrow() {
            ListRepr::Live(items) => return items.get(at).cloned(),
            ListRepr::Frozen { data, ctx, memo } => {
                if let Some(done) = memo.get(&at) {
                    return Some(done.clone());
                }
                (data.get(at)?.clone(), ctx.clone())
            }
        };
        let keep = Ctx::worth_keeping(&value);
        let rt = ctx.wrap(&value);
        if keep && let ListRepr::Frozen { memo, .. } = &mut *self.repr.borrow_mut() {
            memo.insert(at, rt.clone());
        }
        Some(rt)
    }
    pub(crate) fn items(&self) -> Vec<Rt> {
        if let ListRepr::Live(items) = &*self.repr.borrow() {
            return items.clone();
        }
        (0..self.len()).filter_map(|i| self.get(i)).collect()
    }
    /// Change the items in place.
    pub(crate) fn change<T>(&self, f: impl FnOnce(&mut Vec<Rt>) -> T) -> T {
        if matches!(&*self.repr.borrow(), ListRepr::Frozen { .. }) {
            let items = self.items();
            *self.repr.borrow_mut() = ListRepr::Live(items);
        }
        match &mut *self.repr.borrow_mut() {
            ListRepr::Live(items) => f(items),
            ListRepr::Frozen { .. } => f(&mut Vec::new()),
        }
    }
}

impl DictObj {
    pub(crate) fn new(entries: IndexMap<Value, Rt>) -> Rc<Self> {
        Rc::new(Self { repr: RefCell::new(DictRepr::Live(entries)) })
    }
    pub(crate) fn of(repr: DictRepr) -> Rc<Self> {
        Rc::new(Self { repr: RefCell::new(repr) })
    }
    pub(crate) fn frozen(data: Dict, ctx: &Rc<Ctx>) -> Rc<Self> {
        Self::of(DictRepr::Frozen { data, ctx: ctx.clone(), memo: HashMap::new() })
    }
    pub(crate) fn len(&self) -> usize {
        match &*self.repr.borrow() {
            DictRepr::Live(entries) => entries.len(),
            DictRepr::Frozen { data, .. } => data.len(),
            DictRepr::Hosts { hosts, .. } => hosts.hosts().len(),
            DictRepr::Vars { ctx } => ctx.scope.names().len(),
        }
    }
    /// The value under a key; a failed nested template is a marker.
    pub(crate) fn get(&self, key: &Value) -> Option<Rt> {
        let (value, ctx) = match &*self.repr.borrow() {
            DictRepr::Live(entries) => return entries.get(key).cloned(),
            DictRepr::Vars { ctx } => return ctx.variable(key.as_str()?),
            DictRepr::Hosts { ctx, hosts, memo } => {
                let name = key.as_str()?;
                if let Some(done) = memo.get(name) {
                    return Some(done.clone());
                }
                let scope = hosts.host(name)?;
                (None, Ctx::beside(ctx, scope))
            }
            DictRepr::Frozen { data, ctx, memo } => {
                if let Some(done) = memo.get(key) {
                    return Some(done.clone());
                }
                (Some(data.get_value(key)?.clone()), ctx.clone())
            }
        };
        let Some(value) = value else {
            let rt = Rt::Dict(Self::of(DictRepr::Vars { ctx }));
            if let (DictRepr::Hosts { memo, .. }, Some(name)) = (&mut *self.repr.borrow_mut(), key.as_str()) {
                memo.insert(name.to_string(), rt.clone());
            }
            return Some(rt);
        };
        let keep = Ctx::worth_keeping(&value);
        let rt = ctx.wrap(&value);
        if keep && let DictRepr::Frozen { memo, .. } = &mut *self.repr.borrow_mut() {
            memo.insert(key.clone(), rt.clone());
        }
        Some(rt)
    }
    pub(crate) fn get_str(&self, key: &str) -> Option<Rt> {
        self.get(&Value::from(key))
    }
    pub(crate) fn has(&self, key: &Value) -> bool {
        match &*self.repr.borrow() {
            DictRepr::Live(entries) => entries.contains_key(key),
            DictRepr::Frozen { data, .. } => data.get_value(key).is_some(),
            DictRepr::Hosts { hosts, .. } => key.as_str().is_some_and(|k| hosts.host(k).is_some()),
            DictRepr::Vars { ctx } => key.as_str().is_some_and(|k| {
                ctx.scope.get(k).is_some() || k == "hostvars" && ctx.scope.hostvars().is_some()
            }),
        }
    }
    pub(crate) fn keys(&self) -> Vec<Value> {
        match &*self.repr.borrow() {
            DictRepr::Live(entries) => entries.keys().cloned().collect(),
            DictRepr::Frozen { data, .. } => data.keys().cloned().collect(),
            DictRepr::Hosts { hosts, .. } => hosts.hosts().into_iter().map(Value::Str).collect(),
            DictRepr::Vars { ctx } => {
                let hosts = ctx.scope.hostvars().map(|_| Value::from("hostvars"));
                ctx.scope.names().into_iter().map(Value::Str).chain(hosts).collect()
            }
        }
    }
    pub(crate) fn entries(&self) -> Vec<(Value, Rt)> {
        if let DictRepr::Live(entries) = &*self.repr.borrow() {
            return entries.iter().map(|(k, v)| (k.clone(), v.clone())).collect();
        }
        let keys = self.keys();
        keys.into_iter().filter_map(|k| self.get(&k).map(|v| (k, v))).collect()
    }
    /// Change the entries in place.
    pub(crate) fn change<T>(&self, f: impl FnOnce(&mut IndexMap<Value, Rt>) -> T) -> T {
        if !matches!(&*self.repr.borrow(), DictRepr::Live(_)) {
            let entries = self.entries().into_iter().collect();
            *self.repr.borrow_mut() = DictRepr::Live(entries);
        }
        match &mut *self.repr.borrow_mut() {
            DictRepr::Live(entries) => f(entries),
            _ => f(&mut IndexMap::new()),
        }
    }
}

/// The longest text, in bytes, whose characters are gone through one by one.
const LONGEST: usize = 5_000_000;

impl Rt {
    pub(crate) fn str(text: impl Into<Arc<str>>) -> Self {
        Self::Str(Text::untrusted(text))
    }
    pub(crate) fn list(items: Vec<Self>) -> Self {
        Self::List(ListObj::new(items))
    }
    pub(crate) fn tuple(items: Vec<Self>) -> Self {
        Self::Tuple(Rc::new(items))
    }
    pub(crate) fn dict(entries: IndexMap<Value, Self>) -> Self {
        Self::Dict(DictObj::new(entries))
    }
    pub(crate) fn big(number: BigInt) -> Self {
        number.to_i64().map_or_else(|| Self::Big(Arc::new(number)), Self::Int)
    }
    pub(crate) fn obj(obj: impl Obj + 'static) -> Self {
        Self::Obj(Rc::new(obj))
    }
    pub(crate) fn as_text(&self) -> Option<&Text> {
        if let Self::Str(text) = self { Some(text) } else { None }
    }
    pub(crate) fn as_str(&self) -> Option<&str> {
        self.as_text().map(Text::as_str)
    }
    pub(crate) fn is_null(&self) -> bool {
        matches!(self, Self::Null)
    }
    pub(crate) fn as_i64(&self) -> Option<i64> {
        match self {
            Self::Int(n) => Some(*n),
            Self::Bool(b) => Some(i64::from(*b)),
            _ => None,
        }
    }
    #[expect(clippy::cast_precision_loss, reason = "Python turns an int into a float so as well")]
    pub(crate) fn as_f64(&self) -> Option<f64> {
        match self {
            Self::Int(n) => Some(*n as f64),
            Self::Bool(b) => Some(f64::from(u8::from(*b))),
            Self::Float(f) => Some(*f),
            Self::Big(n) => n.to_f64(),
            _ => None,
        }
    }
    pub(crate) fn as_big(&self) -> Option<BigInt> {
        match self {
            Self::Big(n) => Some((**n).clone()),
            other => other.as_i64().map(BigInt::from),
        }
    }
    pub(crate) fn down<T: 'static>(&self) -> Option<&T> {
        if let Self::Obj(obj) = self { obj.any().downcast_ref() } else { None }
    }
    /// Python's name of the type.
    pub(crate) fn type_name(&self) -> &'static str {
        match self {
            Self::Null => "NoneType",
            Self::Bool(_) => "bool",
            Self::Int(_) | Self::Big(_) => "int",
            Self::Float(_) => "float",
            Self::Str(_) => "str",
            Self::List(_) => "list",
            Self::Tuple(_) => "tuple",
            Self::Dict(dict) => match &*dict.repr.borrow() {
                DictRepr::Hosts { .. } => "HostVars",
                DictRepr::Vars { .. } => "HostVarsVars",
                DictRepr::Live(_) | DictRepr::Frozen { .. } => "dict",
            },
            Self::Range(..) => "range",
            Self::Undef(_) => "Undefined",
            Self::Omit => "_OmitType",
            Self::Obj(obj) => obj.type_name(),
        }
    }
    /// Python's truth; an undefined value is an error.
    pub(crate) fn truthy(&self) -> Res<bool> {
        Ok(match self {
            Self::Null => false,
            Self::Bool(flag) => *flag,
            Self::Int(n) => *n != 0,
            Self::Obj(_) if let Some(bytes) = crate::bytes::inside(self) => !bytes.is_empty(),
            Self::Big(_) | Self::Obj(_) | Self::Omit => true,
            Self::Float(f) => *f != 0.0,
            Self::Str(text) => !text.is_empty(),
            Self::List(list) => list.len() > 0,
            Self::Tuple(items) => !items.is_empty(),
            Self::Dict(dict) => dict.len() > 0,
            Self::Range(..) => self.range_len() > 0,
            Self::Undef(fault) if fault.kind == MarkerKind::Blank => false,
            Self::Undef(fault) => return Err(fault.clone()),
        })
    }
    /// Number of items of a range.
    pub(crate) fn range_len(&self) -> usize {
        let Self::Range(start, stop, step) = *self else { return 0 };
        let span = if step > 0 { stop.saturating_sub(start) } else { start.saturating_sub(stop) };
        if span <= 0 { 0 } else { ((span - 1) / step.abs() + 1) as usize }
    }
    /// The value itself, or its error when it is undefined.
    pub(crate) fn defined(self) -> Res<Self> {
        if let Self::Undef(fault) = self { Err(fault) } else { Ok(self) }
    }
    /// The items that a loop over it sees.
    pub(crate) fn iterate(&self) -> Res<Vec<Self>> {
        Ok(match self {
            Self::List(list) => list.items(),
            Self::Tuple(items) => items.to_vec(),
            Self::Dict(dict) => dict.keys().into_iter().map(Self::from_key).collect(),
            // A list of as many values would take many times the memory of the text.
            Self::Str(text) if text.len() > LONGEST => {
                return Err(fail("the text is too long to go through its characters"));
            }
            Self::Str(text) => {
                text.chars().map(|c| Self::Str(text.like(c.to_string()).with_trust(false))).collect()
            }
            Self::Range(start, _, step) => {
                let count = self.range_len() as i64;
                (0..count).map(|i| Self::Int(start + i * step)).collect()
            }
            Self::Undef(fault) => return Err(fault.clone()),
            other => match other.down::<crate::bytes::Bytes>() {
                Some(bytes) => bytes.numbers()?,
                None => return Err(fail(format!("'{}' object is not iterable", other.type_name()))),
            },
        })
    }
    /// A key of a mapping as a value.
    pub(crate) fn from_key(key: Value) -> Self {
        match key {
            Value::Null => Self::Null,
            Value::Bool(b) => Self::Bool(b),
            Value::Int(n) => Self::Int(n),
            Value::Big(n) => Self::Big(n),
            Value::Float(f) => Self::Float(f),
            Value::Str(t) | Value::Vaulted(t) => text(&t),
            // Only a tuple can have been the key.
            Value::List(items) => Self::tuple(items.iter().cloned().map(Self::from_key).collect()),
            Value::Dict(_) => Self::Null,
        }
    }
    /// The value as a key of a mapping; lists and mappings cannot be one.
    pub(crate) fn to_key(&self) -> Res<Value> {
        Ok(match self {
            Self::Null => Value::Null,
            Self::Bool(b) => Value::Bool(*b),
            Self::Int(n) => Value::Int(*n),
            Self::Big(n) => Value::Big(n.clone()),
            Self::Float(f) => Value::Float(*f),
            Self::Str(t) => Value::Str(t.clone()),
            Self::Tuple(items) => Value::from(items.iter().map(Self::to_key).collect::<Res<Vec<_>>>()?),
            Self::Undef(fault) => return Err(fault.clone()),
            other => match crate::moments::iso(other).or_else(|| crate::bytes::inside(other)) {
                Some(text) => Value::Str(text),
                None => return Err(fail(format!("unhashable type: '{}'", other.type_name()))),
            },
        })
    }
    /// Whether it is a mapping.
    pub(crate) fn as_dict(&self) -> Option<&Rc<DictObj>> {
        if let Self::Dict(dict) = self { Some(dict) } else { None }
    }
}

impl From<bool> for Rt {
    fn from(flag: bool) -> Self {
        Self::Bool(flag)
    }
}
impl From<i64> for Rt {
    fn from(number: i64) -> Self {
        Self::Int(number)
    }
}
impl From<usize> for Rt {
    fn from(number: usize) -> Self {
        Self::Int(i64::try_from(number).unwrap_or(i64::MAX))
    }
}
impl From<f64> for Rt {
    fn from(number: f64) -> Self {
        Self::Float(number)
    }
}
impl From<String> for Rt {
    fn from(text: String) -> Self {
        Self::str(text)
    }
}
impl From<&str> for Rt {
    fn from(text: &str) -> Self {
        Self::str(text)
    }
}
impl From<Text> for Rt {
    fn from(text: Text) -> Self {
        Self::Str(text)
    }
}
impl From<Vec<Self>> for Rt {
    fn from(items: Vec<Self>) -> Self {
        Self::list(items)
    }
}
