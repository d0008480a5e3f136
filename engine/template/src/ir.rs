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
    /// The first tag of an extension, and its line.
    pub(crate) extension: Option<(&'static str, usize)>,
}

/// An expression.
#[derive(Debug)]
pub(crate) enum Ex {
    /// A literal; a string in which a template stands is trusted.
    Const(Value),
    Var(Name),
    List(Vec<Self>),
    Tuple(Vec<Self>),
    Map(Vec<(Self, Self)>),
    Bin(Op, Box<(Self, Self)>),
    And(Box<(Self, Self)>),
    Or(Box<(Self, Self)>),
    Compare(Box<Self>, Vec<(Cmp, Self)>),
    Not(Box<Self>),
    Neg(Box<Self>),
    If(Box<(Self, Self, Option<Self>)>),
    /// The input is missing at the head of a filter block.
    Filter(Name, Option<Box<Self>>, Vec<Arg>),
    Test(Name, Box<Self>, Vec<Arg>),
    Attr(Box<Self>, Name),
    Item(Box<(Self, Self)>),
    Slice(Box<Slice>),
    Call(Box<Self>, Vec<Arg>),
}

/// What is sliced, start, stop, step.
pub(crate) type Slice = (Ex, Option<Ex>, Option<Ex>, Option<Ex>);

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
    Many(Vec<Self>),
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
    If(Ex, Vec<Self>, Vec<Self>),
    With(Vec<(Target, Ex)>, Vec<Self>),
    Set(Target, Ex),
    SetBlock(Target, Option<Ex>, Vec<Self>),
    Filter(Ex, Vec<Self>),
    Block(Name, bool, Arc<Vec<Self>>),
    Import(Ex, Target, bool),
    FromImport(Ex, Vec<(Name, Name)>, bool),
    Extends(Ex),
    /// Name, ignore missing, with context.
    Include(Ex, bool, bool),
    Macro(Arc<MacroDef>),
    CallBlock(Ex, Vec<Arg>, Arc<MacroDef>),
    Group(Vec<Self>),
    Continue,
    Break,
    Do(Ex),
}
