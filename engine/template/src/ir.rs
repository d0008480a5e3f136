//! A parsed template in our own owned form: what the evaluator walks.

use std::sync::Arc;

use rustible_protocol::Value;

/// A name.
pub(crate) type Name = Arc<str>;

/// A parsed template.
#[derive(Debug)]
pub(crate) struct Template {
    pub(crate) body: Vec<St>,
    /// The expression, when the text was one.
    pub(crate) expr: Option<Ex>,
}

/// An expression.
#[derive(Debug)]
pub(crate) enum Ex {
    /// A literal; a string in which a template stands is trusted.
    Const(Value),
    Var(Name),
    List(Vec<Ex>),
    Tuple(Vec<Ex>),
    Map(Vec<(Ex, Ex)>),
    Bin(Op, Box<(Ex, Ex)>),
    And(Box<(Ex, Ex)>),
    Or(Box<(Ex, Ex)>),
    Compare(Box<Ex>, Vec<(Cmp, Ex)>),
    Not(Box<Ex>),
    Neg(Box<Ex>),
    If(Box<(Ex, Ex, Option<Ex>)>),
    /// The input is missing at the head of a filter block.
    Filter(Name, Option<Box<Ex>>, Vec<Arg>),
    Test(Name, Box<Ex>, Vec<Arg>),
    Attr(Box<Ex>, Name),
    Item(Box<(Ex, Ex)>),
    Slice(Box<(Ex, Option<Ex>, Option<Ex>, Option<Ex>)>),
    Call(Box<Ex>, Vec<Arg>),
}

/// An argument of a call.
#[derive(Debug)]
pub(crate) enum Arg {
    Pos(Ex),
    Named(Name, Ex),
    Splat(Ex),
    NamedSplat(Ex),
}

/// An arithmetic operator.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Op {
    Add,
    Sub,
    Mul,
    Div,
    FloorDiv,
    Rem,
    Pow,
    Concat,
}

/// A comparison.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Cmp {
    Eq,
    Ne,
    Lt,
    Lte,
    Gt,
    Gte,
    In,
    NotIn,
}

/// Where an assignment goes.
#[derive(Debug)]
pub(crate) enum Target {
    Name(Name),
    Many(Vec<Target>),
    Attr(Name, Name),
}

/// A macro or a `call` body.
#[derive(Debug)]
pub(crate) struct MacroDef {
    pub(crate) name: Name,
    pub(crate) params: Vec<Name>,
    /// Defaults of the last parameters.
    pub(crate) defaults: Vec<Ex>,
    pub(crate) body: Vec<St>,
    /// Whether the body asks for `varargs`, `kwargs` or `caller`.
    pub(crate) varargs: bool,
    pub(crate) kwargs: bool,
}

/// A `for` statement.
#[derive(Debug)]
pub(crate) struct ForLoop {
    pub(crate) target: Target,
    pub(crate) iter: Ex,
    pub(crate) filter: Option<Ex>,
    pub(crate) recursive: bool,
    pub(crate) body: Vec<St>,
    pub(crate) otherwise: Vec<St>,
}

/// A statement.
#[derive(Debug)]
pub(crate) enum St {
    Emit(Ex),
    Raw(Arc<str>),
    For(Arc<ForLoop>),
    If(Ex, Vec<St>, Vec<St>),
    With(Vec<(Target, Ex)>, Vec<St>),
    Set(Target, Ex),
    SetBlock(Target, Option<Ex>, Vec<St>),
    Filter(Ex, Vec<St>),
    Block(Name, bool, Arc<Vec<St>>),
    Import(Ex, Target, bool),
    FromImport(Ex, Vec<(Name, Name)>, bool),
    Extends(Ex),
    /// Name, ignore missing, with context.
    Include(Ex, bool, bool),
    Macro(Arc<MacroDef>),
    CallBlock(Ex, Vec<Arg>, Arc<MacroDef>),
    Group(Vec<St>),
    Continue,
    Break,
    Do(Ex),
}
