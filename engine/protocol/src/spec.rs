//! What a module or action accepts, said once: validation, coercion, documentation and secrecy come from it.

use crate::value::Value;

/// The interface of one module or action.
#[derive(Debug, Clone)]
pub struct Spec {
    /// Full name: `ansible.builtin.lineinfile`.
    pub name: &'static str,
    /// One sentence, with a capital and a period.
    pub summary: &'static str,
    /// The rest of its documentation.
    pub description: &'static str,
    /// Its arguments in the order of the documentation.
    pub fields: Vec<Field>,
    /// What must hold between them.
    pub rules: Vec<Rule>,
    /// What it does under `--check`.
    pub check: CheckMode,
    /// Whether it returns `diff`.
    pub diff: bool,
    /// Whether a bare string (`command: ls -l`) is its argument `_raw_params`.
    pub free_form: bool,
    /// Whether arguments that no field names are taken as they are (`set_fact`).
    pub open: bool,
}

/// What a module does in check mode.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CheckMode {
    /// It predicts; nothing is changed.
    Full,
    /// It predicts some of its effects; nothing is changed.
    Partial,
    /// It cannot: the task is skipped.
    None,
}

/// One argument.
#[derive(Debug, Clone)]
pub struct Field {
    /// Its name.
    pub name: &'static str,
    /// Other names it goes by.
    pub aliases: Vec<&'static str>,
    /// Its type.
    pub kind: Kind,
    /// The type of a list's items.
    pub elements: Option<Kind>,
    /// Whether it must be given.
    pub required: bool,
    /// What it is when it is not given.
    pub default: Option<Value>,
    /// The values it may have; empty for any.
    pub choices: Vec<Value>,
    /// Whether its value is a secret.
    pub no_log: bool,
    /// Environment variables of the target that stand in when it is not given, first match wins.
    pub fallback_env: Vec<&'static str>,
    /// The arguments inside it, for mappings and lists of mappings; `None` when anything may be in it.
    pub options: Option<Vec<Self>>,
    /// What must hold between [`Field::options`].
    pub rules: Vec<Rule>,
    /// What it means.
    pub doc: &'static str,
}

/// The type of an argument, as Ansible names it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Text; numbers and booleans become text.
    Str,
    /// A whole number; text of digits becomes one.
    Int,
    /// A number.
    Float,
    /// A boolean; `yes`, `on`, `1`, `true` ... become one.
    Bool,
    /// A list; text becomes its parts between commas, a scalar a list of one.
    List,
    /// A mapping; JSON text and `k=v, k=v` become one.
    Dict,
    /// A path; `~` and `$VAR` are expanded on the target.
    Path,
    /// Anything, unchanged.
    Raw,
    /// Text of JSON; other values become such text.
    JsonArg,
    /// Bytes: `10M`.
    Bytes,
    /// Bits: `10Mb`.
    Bits,
}

/// What must hold between arguments.
#[derive(Debug, Clone)]
pub enum Rule {
    /// At most one of these.
    MutuallyExclusive(Vec<&'static str>),
    /// All of these or none.
    RequiredTogether(Vec<&'static str>),
    /// At least one of these.
    RequiredOneOf(Vec<&'static str>),
    /// With the first, all of the others.
    RequiredBy(&'static str, Vec<&'static str>),
    /// When the argument has the value: all (or, with `any`, at least one) of these.
    RequiredIf {
        /// The argument looked at.
        arg: &'static str,
        /// The value that makes the others required.
        value: Value,
        /// The others.
        required: Vec<&'static str>,
        /// Whether one of them is enough.
        any: bool,
    },
}

impl Spec {
    /// The field that goes by that name or alias.
    #[must_use]
    pub fn field(&self, name: &str) -> Option<&Field> {
        self.fields.iter().find(|f| f.name == name || f.aliases.contains(&name))
    }
}
