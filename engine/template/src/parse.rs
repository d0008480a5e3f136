//! From text to our tree: minijinja's parser, then a pass that puts back what Jinja2 and the reference mean differently.

use std::{cell::Cell, sync::Arc};

use minijinja::machinery::{self, Span, ast};
use rustible_protocol::{Text, Value};

use crate::{
    depth, explain,
    ir::{Arg, Cmp, Ex, ForLoop, MacroDef, Op, St, Target, Template},
    literal,
    options::Options,
    repair,
};

/// How many things in one text are put into words that the parser knows.
const REPAIRS: usize = 200;

/// A syntax error: message and line.
#[derive(Debug, Clone)]
pub(crate) struct SyntaxError {
    pub(crate) message: String,
    pub(crate) line: usize,
}

/// Parse a template text.
pub(crate) fn template(source: &str, options: &Options) -> Result<Template, SyntaxError> {
    let mut source = normalise(source);
    if let Some(prefix) = &options.file.line_comment_prefix {
        source = repair::without_line_comments(&source, prefix, &options.file);
    }
    let config = options.syntax().map_err(|message| SyntaxError { message, line: 1 })?;
    if depth::exceeded(&source, false, &config) {
        return Err(SyntaxError { message: depth::TOO_DEEP.into(), line: 1 });
    }
    for _ in 0..REPAIRS {
        let Err(fault) = machinery::parse(&source, "<template>", config.clone()) else { break };
        let Some(repaired) = repair::repaired(&source, &fault, Some(&options.file)) else { break };
        source = repaired;
    }
    let hidden = options.escape_backslashes
        && machinery::parse(&source, "<template>", config.clone()).is_err_and(|fault| bad_escape(&fault));
    let readable = if hidden { repair::without_escapes(&source) } else { source.clone() };
    let parsed = machinery::parse(&readable, "<template>", config).map_err(|e| {
        let ended = e.detail().is_some_and(|detail| detail.starts_with("unexpected end of input"));
        let until = e.range().filter(|_| !ended).map(|range| range.start);
        error(&e, &source, explain::template(&source, &options.file, until))
    })?;
    let newline = if options.file.marks(&source) { options.file.newline_sequence.as_str() } else { "\n" };
    let lower =
        Lower { readable: &readable, newline, ..Lower::new(&source, options.escape_backslashes, false) };
    let ast::Stmt::Template(root) = &parsed else {
        return Err(SyntaxError { message: "not a template".into(), line: 1 });
    };
    let body = lower.body(&root.children)?;
    Ok(Template { body, expr: None, extension: lower.extension.get() })
}

/// Parse a bare expression.
pub(crate) fn expression(source: &str, verbatim: bool) -> Result<Template, SyntaxError> {
    let mut source = normalise(source);
    if depth::exceeded(&source, true, &minijinja::syntax::SyntaxConfig::default()) {
        return Err(SyntaxError { message: depth::TOO_DEEP.into(), line: 1 });
    }
    for _ in 0..REPAIRS {
        let Err(fault) = machinery::parse_expr(&source) else { break };
        let Some(repaired) = repair::repaired(&source, &fault, None) else { break };
        source = repaired;
    }
    let hidden = verbatim && machinery::parse_expr(&source).is_err_and(|fault| bad_escape(&fault));
    let readable = if hidden { repair::without_escapes(&source) } else { source.clone() };
    let parsed = machinery::parse_expr(&readable).map_err(|e| {
        let until = e.range().map_or(source.len(), |range| range.start);
        error(&e, &source, explain::expression(&source, until))
    })?;
    let lower = Lower::new(&source, verbatim, true);
    Ok(Template { body: Vec::new(), expr: Some(lower.expr(&parsed)?), extension: None })
}

/// Where backslashes mean themselves, those that the parser cannot read as escapes are none.
fn bad_escape(fault: &minijinja::Error) -> bool {
    fault.kind() == minijinja::ErrorKind::BadEscape
}

fn normalise(source: &str) -> String {
    if source.contains('\r') { source.replace("\r\n", "\n").replace('\r', "\n") } else { source.to_string() }
}

/// The parser's complaint, or what is told of the text in its place.
fn error(error: &minijinja::Error, source: &str, told: Option<String>) -> SyntaxError {
    let line = error.line().unwrap_or(1);
    if let Some(message) = told {
        return SyntaxError { message, line };
    }
    let detail = error.detail().map_or_else(|| error.kind().to_string(), ToString::to_string);
    let found = error.range().and_then(|r| source.get(r)).unwrap_or_default();
    SyntaxError { message: crate::syntax_text::translate(&detail, found), line }
}

struct Lower<'s> {
    source: &'s str,
    /// The source as the parser had it: of the same length, with some characters hidden.
    readable: &'s str,
    /// What ends a line of the literal text.
    newline: &'s str,
    verbatim: bool,
    in_print: bool,
    extension: Cell<Option<(&'static str, usize)>>,
}

type Lowered<T> = Result<T, SyntaxError>;

impl<'s> Lower<'s> {
    fn new(source: &'s str, verbatim: bool, in_print: bool) -> Self {
        Self { source, readable: source, newline: "\n", verbatim, in_print, extension: Cell::default() }
    }
    fn printing(&self) -> Self {
        Self { readable: self.readable, newline: self.newline, ..Self::new(self.source, self.verbatim, true) }
    }
    /// A tag of an extension, which must be on.
    fn extends(&self, tag: &'static str, span: Span) {
        self.extension.set(self.extension.get().or(Some((tag, span.start_line.into()))));
    }
    /// What stands in the source where the parser had this part.
    fn written<'t>(&'t self, part: &'t str) -> &'t str {
        let at = part.as_ptr().addr().checked_sub(self.readable.as_ptr().addr());
        at.and_then(|at| self.source.get(at..at + part.len())).unwrap_or(part)
    }
    fn slice(&self, span: Span) -> &str {
        self.source.get(span.start_offset as usize..span.end_offset as usize).unwrap_or("")
    }
    fn bad<T>(message: impl Into<String>, span: Span) -> Lowered<T> {
        Err(SyntaxError { message: message.into(), line: span.start_line.into() })
    }

    fn body(&self, stmts: &[ast::Stmt<'_>]) -> Lowered<Vec<St>> {
        stmts.iter().map(|s| self.stmt(s)).collect()
    }

    fn stmt(&self, stmt: &ast::Stmt<'_>) -> Lowered<St> {
        Ok(match stmt {
            ast::Stmt::Template(t) => St::Group(self.body(&t.children)?),
            ast::Stmt::EmitExpr(e) => St::Emit(self.printing().expr(&e.expr)?),
            ast::Stmt::EmitRaw(raw) => St::Raw(self.raw(self.written(raw.raw))),
            ast::Stmt::ForLoop(l) => St::For(Arc::new(ForLoop {
                target: self.target(&l.target)?,
                iter: self.expr(&l.iter)?,
                filter: l.filter_expr.as_ref().map(|e| self.expr(e)).transpose()?,
                recursive: l.recursive,
                body: self.body(&l.body)?,
                otherwise: self.body(&l.else_body)?,
            })),
            ast::Stmt::IfCond(c) => {
                St::If(self.expr(&c.expr)?, self.body(&c.true_body)?, self.body(&c.false_body)?)
            }
            ast::Stmt::WithBlock(w) => {
                let pairs = w.assignments.iter().map(|(t, e)| Ok((self.target(t)?, self.expr(e)?)));
                St::With(pairs.collect::<Lowered<_>>()?, self.body(&w.body)?)
            }
            ast::Stmt::Set(s) => St::Set(self.target(&s.target)?, self.expr(&s.expr)?),
            ast::Stmt::SetBlock(s) => {
                let filter = s.filter.as_ref().map(|f| self.expr(f)).transpose()?;
                St::SetBlock(self.target(&s.target)?, filter, self.body(&s.body)?)
            }
            ast::Stmt::AutoEscape(a) => St::Group(self.body(&a.body)?),
            ast::Stmt::FilterBlock(f) => St::Filter(self.expr(&f.filter)?, self.body(&f.body)?),
            ast::Stmt::Do(d) => {
                self.extends("do", d.span());
                St::Do(Ex::Call(Box::new(self.expr(&d.call.expr)?), self.args(&d.call.args)?))
            }
            ast::Stmt::Continue(c) => {
                self.extends("continue", c.span());
                St::Continue
            }
            ast::Stmt::Break(b) => {
                self.extends("break", b.span());
                St::Break
            }
            other => self.modular(other)?,
        })
    }

    /// Literal text. The newline behind `{% raw %}` belongs to it, whatever is done behind other blocks.
    fn raw(&self, text: &str) -> Arc<str> {
        if self.newline == "\n" {
            self.whole(text)
        } else {
            self.whole(text).replace('\n', self.newline).into()
        }
    }

    fn whole(&self, text: &str) -> Arc<str> {
        let at = (text.as_ptr() as usize).checked_sub(self.source.as_ptr() as usize);
        let before = at.and_then(|at| self.source.get(..at)).unwrap_or_default();
        let opened = before.strip_suffix('\n').and_then(|b| b.strip_suffix("%}"));
        if opened.is_some_and(|b| {
            b.trim_end().ends_with("raw") && !b.trim_end().ends_with("endraw") && !b.ends_with('-')
        }) {
            return format!("\n{text}").into();
        }
        text.into()
    }

    /// Statements that name other templates or define something.
    fn modular(&self, stmt: &ast::Stmt<'_>) -> Lowered<St> {
        Ok(match stmt {
            ast::Stmt::Block(b) => St::Block(b.name.into(), b.required, Arc::new(self.body(&b.body)?)),
            ast::Stmt::Import(i) => St::Import(
                self.expr(&i.expr)?,
                self.target(&i.name)?,
                self.context_after(i.name.span(), false),
            ),
            ast::Stmt::FromImport(f) => {
                let name = |e: &ast::Expr<'_>| match e {
                    ast::Expr::Var(v) => Ok(v.id.into()),
                    other => Self::bad("expected a name", other.span()),
                };
                let mut last = f.expr.span();
                let mut names = Vec::new();
                for (from, to) in &f.names {
                    last = to.as_ref().unwrap_or(from).span();
                    names.push((name(from)?, name(to.as_ref().unwrap_or(from))?));
                }
                St::FromImport(self.expr(&f.expr)?, names, self.context_after(last, false))
            }
            ast::Stmt::Extends(e) => St::Extends(self.expr(&e.name)?),
            ast::Stmt::Include(i) => {
                St::Include(self.expr(&i.name)?, i.ignore_missing, self.context_after(i.name.span(), true))
            }
            ast::Stmt::Macro(m) => St::Macro(Arc::new(self.macro_def(m)?)),
            ast::Stmt::CallBlock(c) => St::CallBlock(
                self.expr(&c.call.expr)?,
                self.args(&c.call.args)?,
                Arc::new(self.macro_def(&c.macro_decl)?),
            ),
            _ => return Err(SyntaxError { message: "unsupported statement".into(), line: 1 }),
        })
    }

    /// `with context` or `without context` behind an expression; the parser reads over it.
    fn context_after(&self, span: Span, default: bool) -> bool {
        let rest = self.source.get(span.end_offset as usize..).unwrap_or("");
        let line = rest.find("%}").map_or(rest, |end| &rest[..end]);
        let words: Vec<&str> = line.split_whitespace().collect();
        match words.iter().position(|w| *w == "context").and_then(|i| i.checked_sub(1)).map(|i| words[i]) {
            Some("with") => true,
            Some("without") => false,
            _ => default,
        }
    }

    fn macro_def(&self, m: &ast::Macro<'_>) -> Lowered<MacroDef> {
        let params = m.args.iter().map(|a| match a {
            ast::Expr::Var(v) => Ok(v.id.into()),
            other => Self::bad("expected a name", other.span()),
        });
        let body = self.body(&m.body)?;
        let source = format!("{body:?}");
        let uses = |name: &str| source.contains(&format!("Var(\"{name}\")"));
        Ok(MacroDef {
            name: m.name.into(),
            params: params.collect::<Lowered<_>>()?,
            defaults: m.defaults.iter().map(|d| self.expr(d)).collect::<Lowered<_>>()?,
            varargs: uses("varargs"),
            kwargs: uses("kwargs"),
            body,
        })
    }

    fn target(&self, expr: &ast::Expr<'_>) -> Lowered<Target> {
        Ok(match expr {
            ast::Expr::Var(v) => Target::Name(v.id.into()),
            ast::Expr::List(l) => {
                Target::Many(l.items.iter().map(|i| self.target(i)).collect::<Lowered<_>>()?)
            }
            ast::Expr::Tuple(t) => {
                Target::Many(t.items.iter().map(|i| self.target(i)).collect::<Lowered<_>>()?)
            }
            ast::Expr::GetAttr(a) => match &a.expr {
                ast::Expr::Var(v) => Target::Attr(v.id.into(), a.name.into()),
                other => return Self::bad("can't assign to 'getattr'", other.span()),
            },
            other => return Self::bad("can't assign to 'const'", other.span()),
        })
    }

    fn args(&self, args: &[ast::CallArg<'_>]) -> Lowered<Vec<Arg>> {
        for (at, arg) in args.iter().enumerate() {
            let same = |before: &ast::CallArg<'_>| matches!((before, arg), (ast::CallArg::Kwarg(a, _), ast::CallArg::Kwarg(b, _)) if a == b);
            if let ast::CallArg::Kwarg(name, value) = arg
                && args[..at].iter().any(same)
            {
                return Self::bad(format!("keyword argument repeated: {name}"), value.span());
            }
        }
        args.iter()
            .map(|arg| {
                Ok(match arg {
                    ast::CallArg::Pos(e) => Arg::Pos(self.expr(e)?),
                    ast::CallArg::Kwarg(name, e) => Arg::Named((*name).into(), self.expr(e)?),
                    ast::CallArg::PosSplat(e) => Arg::Splat(self.expr(e)?),
                    ast::CallArg::KwargSplat(e) => Arg::NamedSplat(self.expr(e)?),
                })
            })
            .collect()
    }

    fn exprs(&self, items: &[ast::Expr<'_>]) -> Lowered<Vec<Ex>> {
        items.iter().map(|e| self.expr(e)).collect()
    }
    fn opt(&self, item: Option<&ast::Expr<'_>>) -> Lowered<Option<Ex>> {
        item.map(|e| self.expr(e)).transpose()
    }
    fn pair(&self, a: &ast::Expr<'_>, b: &ast::Expr<'_>) -> Lowered<Box<(Ex, Ex)>> {
        Ok(Box::new((self.expr(a)?, self.expr(b)?)))
    }

    fn expr(&self, expr: &ast::Expr<'_>) -> Lowered<Ex> {
        Ok(match expr {
            ast::Expr::Var(v) => Ex::Var(v.id.into()),
            ast::Expr::Const(c) => Ex::Const(self.constant(&c.value, c.span())?),
            ast::Expr::Slice(s) => Ex::Slice(Box::new((
                self.expr(&s.expr)?,
                self.opt(s.start.as_ref())?,
                self.opt(s.stop.as_ref())?,
                self.opt(s.step.as_ref())?,
            ))),
            ast::Expr::UnaryOp(u) => {
                let inner = Box::new(self.expr(&u.expr)?);
                if matches!(u.op, ast::UnaryOpKind::Not) { Ex::Not(inner) } else { Ex::Neg(inner) }
            }
            ast::Expr::BinOp(b) => self.binary(b)?,
            ast::Expr::Compare(c) => {
                let ops = c.ops.iter().map(|o| Ok((compare(o.op), self.expr(&o.expr)?)));
                Ex::Compare(Box::new(self.expr(&c.expr)?), ops.collect::<Lowered<_>>()?)
            }
            ast::Expr::IfExpr(i) => Ex::If(Box::new((
                self.expr(&i.test_expr)?,
                self.expr(&i.true_expr)?,
                self.opt(i.false_expr.as_ref())?,
            ))),
            ast::Expr::Filter(f) => {
                Ex::Filter(f.name.into(), self.opt(f.expr.as_ref())?.map(Box::new), self.args(&f.args)?)
            }
            ast::Expr::Test(t) => Ex::Test(t.name.into(), Box::new(self.expr(&t.expr)?), self.args(&t.args)?),
            ast::Expr::GetAttr(a) => self.attribute(a)?,
            ast::Expr::GetItem(i) => Ex::Item(self.pair(&i.expr, &i.subscript_expr)?),
            ast::Expr::Call(c) => Ex::Call(Box::new(self.expr(&c.expr)?), self.args(&c.args)?),
            ast::Expr::List(l) => Ex::List(self.exprs(&l.items)?),
            ast::Expr::Tuple(t) => Ex::Tuple(self.exprs(&t.items)?),
            ast::Expr::Map(m) => {
                let pairs = m.keys.iter().zip(&m.values).map(|(k, v)| Ok((self.expr(k)?, self.expr(v)?)));
                Ex::Map(pairs.collect::<Lowered<_>>()?)
            }
        })
    }

    /// `x.0` is an item in Jinja2.
    fn attribute(&self, a: &ast::GetAttr<'_>) -> Lowered<Ex> {
        let inner = self.expr(&a.expr)?;
        Ok(match a.name.parse::<i64>() {
            Ok(number) => Ex::Item(Box::new((inner, Ex::Const(Value::Int(number))))),
            Err(_) => Ex::Attr(Box::new(inner), a.name.into()),
        })
    }

    fn binary(&self, b: &ast::BinOp<'_>) -> Lowered<Ex> {
        use ast::BinOpKind as K;
        let op = match b.op {
            K::ScAnd => return Ok(Ex::And(self.pair(&b.left, &b.right)?)),
            K::ScOr => return Ok(Ex::Or(self.pair(&b.left, &b.right)?)),
            K::Add => Op::Add,
            K::Sub => Op::Sub,
            K::Mul => Op::Mul,
            K::Div => Op::Div,
            K::FloorDiv => Op::FloorDiv,
            K::Rem => Op::Rem,
            K::Pow => Op::Pow,
            K::Concat => Op::Concat,
            K::Eq | K::Ne | K::Lt | K::Lte | K::Gt | K::Gte | K::In => {
                let op = match b.op {
                    K::Eq => Cmp::Eq,
                    K::Ne => Cmp::Ne,
                    K::Lt => Cmp::Lt,
                    K::Lte => Cmp::Lte,
                    K::Gt => Cmp::Gt,
                    K::Gte => Cmp::Gte,
                    _ => Cmp::In,
                };
                return Ok(Ex::Compare(Box::new(self.expr(&b.left)?), vec![(op, self.expr(&b.right)?)]));
            }
        };
        Ok(Ex::Bin(op, self.pair(&b.left, &b.right)?))
    }

    fn constant(&self, value: &minijinja::Value, span: Span) -> Lowered<Value> {
        use minijinja::value::ValueKind;
        Ok(match value.kind() {
            ValueKind::Bool => Value::Bool(value.is_true()),
            ValueKind::String => {
                let verbatim = self.verbatim && self.in_print;
                let text = literal::strings(self.slice(span), verbatim)
                    .unwrap_or_else(|| value.as_str().unwrap_or_default().to_string());
                let template = ["{{", "{%"].iter().any(|open| text.contains(open));
                if template { Value::Str(Text::trusted(text, None)) } else { Value::str(text) }
            }
            ValueKind::Number if self.slice(span).ends_with('.') => {
                return Self::bad("expected name or number", span);
            }
            ValueKind::Number => match literal::number(self.slice(span)) {
                Some(number) => number,
                None => match i64::try_from(value.clone()) {
                    Ok(number) if value.is_integer() => Value::Int(number),
                    _ => Value::Float(f64::try_from(value.clone()).unwrap_or(f64::NAN)),
                },
            },
            _ => Value::Null,
        })
    }
}

fn compare(op: ast::CompareOpKind) -> Cmp {
    use ast::CompareOpKind as K;
    match op {
        K::Eq => Cmp::Eq,
        K::Ne => Cmp::Ne,
        K::Lt => Cmp::Lt,
        K::Lte => Cmp::Lte,
        K::Gt => Cmp::Gt,
        K::Gte => Cmp::Gte,
        K::In => Cmp::In,
        K::NotIn => Cmp::NotIn,
    }
}
