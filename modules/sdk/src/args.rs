//! Arguments of a module as a struct.

use std::path::PathBuf;

use rustible_protocol::coerce;

use crate::{ArgError, CheckMode, Dict, Field, Kind, List, Rule, Spec, Value};

/// A struct of arguments; derived.
pub trait Arguments: Sized {
    /// Its fields.
    fn fields() -> Vec<Field>;
    /// What must hold between them.
    fn rules() -> Vec<Rule>;
    /// The interface of the module of that full name.
    fn spec(name: &'static str) -> Spec;
    /// The struct of validated arguments.
    ///
    /// # Errors
    /// An argument whose type says more than the spec can (a pattern that is none).
    fn from_args(args: &Dict) -> Result<Self, ArgError>;
}

/// A type an argument can have.
pub trait FromArg: Sized {
    /// How Ansible calls the type.
    const KIND: Kind;
    /// The type of the items, for lists.
    const ELEMENTS: Option<Kind> = None;
    /// Whether it must be given when there is no default.
    const REQUIRED: bool = true;
    /// The values it may have; empty for any.
    #[must_use]
    fn choices() -> Vec<Value> {
        Vec::new()
    }
    /// The arguments inside it.
    #[must_use]
    fn options() -> Option<Vec<Field>> {
        None
    }
    /// What must hold between [`FromArg::options`].
    #[must_use]
    fn option_rules() -> Vec<Rule> {
        Vec::new()
    }
    /// What it is when it was not given.
    #[must_use]
    fn absent() -> Option<Self> {
        None
    }
    /// It, of a value that was coerced to [`FromArg::KIND`].
    ///
    /// # Errors
    /// Why it is none.
    fn from_arg(value: &Value) -> Result<Self, String>;
}

macro_rules! from_arg {
    ($($ty:ty: $kind:ident, $value:ident => $read:expr;)*) => {$(
        impl FromArg for $ty {
            const KIND: Kind = Kind::$kind;
            fn from_arg($value: &Value) -> Result<Self, String> {
                $read.ok_or_else(|| format!("{:?} is no {}", $value, coerce::name(Kind::$kind)))
            }
        }
    )*};
}
from_arg! {
    String: Str, v => v.as_str().map(str::to_string);
    bool: Bool, v => v.as_bool();
    i64: Int, v => v.as_int();
    i32: Int, v => v.as_int().and_then(|n| n.try_into().ok());
    u32: Int, v => v.as_int().and_then(|n| n.try_into().ok());
    u64: Int, v => v.as_int().and_then(|n| n.try_into().ok());
    f64: Float, v => v.number_as_f64();
    PathBuf: Path, v => v.as_str().map(Self::from);
    Dict: Dict, v => v.as_dict().cloned();
}
impl FromArg for Value {
    const KIND: Kind = Kind::Raw;
    fn from_arg(value: &Value) -> Result<Self, String> {
        Ok(value.clone())
    }
}
impl FromArg for List {
    const KIND: Kind = Kind::List;
    fn from_arg(value: &Value) -> Result<Self, String> {
        value.as_list().cloned().ok_or_else(|| "a list is needed".to_string())
    }
}

/// Text of JSON (`jsonarg`).
#[derive(Debug, Clone)]
pub struct Json(pub String);
impl FromArg for Json {
    const KIND: Kind = Kind::JsonArg;
    fn from_arg(value: &Value) -> Result<Self, String> {
        String::from_arg(value).map(Self)
    }
}

/// Bytes, written `10M`.
#[derive(Debug, Clone, Copy)]
pub struct Bytes(pub u64);
impl FromArg for Bytes {
    const KIND: Kind = Kind::Bytes;
    fn from_arg(value: &Value) -> Result<Self, String> {
        u64::from_arg(value).map(Self)
    }
}

impl<T: FromArg> FromArg for Option<T> {
    const KIND: Kind = T::KIND;
    const ELEMENTS: Option<Kind> = T::ELEMENTS;
    const REQUIRED: bool = false;
    fn choices() -> Vec<Value> {
        T::choices()
    }
    fn options() -> Option<Vec<Field>> {
        T::options()
    }
    fn option_rules() -> Vec<Rule> {
        T::option_rules()
    }
    fn absent() -> Option<Self> {
        Some(None)
    }
    fn from_arg(value: &Value) -> Result<Self, String> {
        if value.is_null() { Ok(None) } else { T::from_arg(value).map(Some) }
    }
}

impl<T: FromArg> FromArg for Vec<T> {
    const KIND: Kind = Kind::List;
    const ELEMENTS: Option<Kind> = Some(T::KIND);
    fn choices() -> Vec<Value> {
        T::choices()
    }
    fn options() -> Option<Vec<Field>> {
        T::options()
    }
    fn option_rules() -> Vec<Rule> {
        T::option_rules()
    }
    fn from_arg(value: &Value) -> Result<Self, String> {
        value.as_list().ok_or("a list is needed")?.iter().map(T::from_arg).collect()
    }
}

/// What `#[arg(...)]` says of a field; for the derive macro.
pub struct Said {
    /// Its name.
    pub name: &'static str,
    /// Its documentation.
    pub doc: &'static str,
    /// Other names.
    pub aliases: &'static [&'static str],
    /// Allowed values when the type does not say them.
    pub choices: &'static [&'static str],
    /// Variables of the environment that stand in.
    pub env: &'static [&'static str],
    /// The default, not yet coerced.
    pub default: Option<Value>,
    /// Whether it is a secret.
    pub no_log: bool,
    /// Whether it is required although its type allows for nothing.
    pub required: bool,
}

/// The field of a type; for the derive macro.
#[must_use]
pub fn field<T: FromArg>(said: Said) -> Field {
    let mut choices = T::choices();
    choices.extend(said.choices.iter().map(|c| Value::str(*c)));
    let default = said.default.map(|value| coerce::coerce(T::KIND, &value).unwrap_or(value));
    Field {
        name: said.name,
        aliases: said.aliases.to_vec(),
        kind: T::KIND,
        elements: T::ELEMENTS,
        required: said.required || (T::REQUIRED && default.is_none()),
        default,
        choices,
        no_log: said.no_log,
        fallback_env: said.env.to_vec(),
        options: T::options(),
        rules: T::option_rules(),
        doc: said.doc,
    }
}

/// What `#[args(...)]` says of a struct; for the derive macro.
pub struct Claims {
    /// What it does in check mode.
    pub check: CheckMode,
    /// Whether it returns `diff`.
    pub diff: bool,
    /// Whether a bare string is its argument.
    pub free_form: bool,
    /// Whether arguments without a field are taken.
    pub open: bool,
}

/// The spec of a module; for the derive macro.
#[must_use]
pub fn spec(
    name: &'static str,
    doc: &'static str,
    fields: Vec<Field>,
    rules: Vec<Rule>,
    claims: Claims,
) -> Spec {
    let (summary, description) = doc.split_once('\n').unwrap_or((doc, ""));
    Spec {
        name,
        summary,
        description: description.trim(),
        fields,
        rules,
        check: claims.check,
        diff: claims.diff,
        free_form: claims.free_form,
        open: claims.open,
    }
}

/// One argument as its type; for the derive macro.
///
/// # Errors
/// When the type does not take the value.
pub fn take<T: FromArg>(args: &Dict, name: &str) -> Result<T, ArgError> {
    let value = args.get(name).unwrap_or(&Value::Null);
    if value.is_null()
        && let Some(absent) = T::absent()
    {
        return Ok(absent);
    }
    T::from_arg(value).map_err(|msg| ArgError { arg: name.to_string(), msg })
}
