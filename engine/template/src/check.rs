//! What a text names, without rendering it: filters, tests and lookups that do not exist, and the variables it reads.

use std::collections::BTreeSet;

use rustible_protocol::{Text, Value};

use crate::{
    Engine,
    ir::{Arg, Ex, St, Template},
    options::Options,
    registry,
};

/// A filter, test or lookup that a text names and nobody has.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Unknown {
    /// `filter`, `test` or `lookup`.
    pub kind: &'static str,
    /// Its name as written.
    pub name: String,
    /// Line and column of the name in the text, from 1.
    pub position: (u32, u32),
}

#[derive(Default)]
struct Walk {
    named: BTreeSet<(&'static str, String)>,
    variables: BTreeSet<String>,
    bound: BTreeSet<String>,
}

fn walk(engine: &Engine, text: &Text, expression: bool) -> Option<Walk> {
    let parsed =
        if expression { engine.expression(text, false) } else { engine.template(text, &Options::value()) };
    let template = parsed.ok()?;
    let mut walk = Walk::default();
    walk.template(&template);
    Some(walk)
}

/// Filters, tests and lookups named in a text that are not built in. A text that cannot be parsed names none: rendering
/// reports it. `expression`: the text is a condition.
#[must_use]
pub fn check_names(engine: &Engine, text: &Text, expression: bool) -> Vec<Unknown> {
    let Some(walk) = walk(engine, text, expression) else { return Vec::new() };
    let unknown = walk.named.into_iter().filter(|(kind, name)| match *kind {
        "filter" => !registry::filter_exists(name),
        "test" => !registry::test_exists(name),
        _ => !registry::lookup_exists(name),
    });
    unknown.map(|(kind, name)| Unknown { kind, position: position(text, &name), name }).collect()
}

/// Names a text reads from its scope (those it sets itself are left out).
#[must_use]
pub fn variables(engine: &Engine, text: &Text, expression: bool) -> Vec<String> {
    let Some(walk) = walk(engine, text, expression) else { return Vec::new() };
    walk.variables.difference(&walk.bound).cloned().collect()
}

fn position(text: &str, name: &str) -> (u32, u32) {
    let word = |c: char| c.is_alphanumeric() || c == '_' || c == '.';
    let found = text
        .match_indices(name)
        .map(|(at, _)| at)
        .find(|at| !text[..*at].ends_with(word) && !text[at + name.len()..].starts_with(word));
    let before = &text[..found.unwrap_or(0)];
    let line = before.matches('\n').count();
    let column = before.chars().rev().take_while(|c| *c != '\n').count();
    (u32::try_from(line).unwrap_or(0) + 1, u32::try_from(column).unwrap_or(0) + 1)
}

impl Walk {
    fn template(&mut self, template: &Template) {
        self.body(&template.body);
        if let Some(ex) = &template.expr {
            self.expr(ex);
        }
    }
    fn body(&mut self, body: &[St]) {
        for stmt in body {
            self.stmt(stmt);
        }
    }
    fn target(&mut self, target: &crate::ir::Target) {
        match target {
            crate::ir::Target::Name(name) => drop(self.bound.insert(name.to_string())),
            crate::ir::Target::Many(all) => all.iter().for_each(|t| self.target(t)),
            crate::ir::Target::Attr(..) => {}
        }
    }
    fn macro_def(&mut self, def: &crate::ir::MacroDef) {
        self.bound.insert(def.name.to_string());
        self.bound.extend(def.params.iter().map(ToString::to_string));
        self.bound.extend(["varargs", "kwargs", "caller"].map(String::from));
        def.defaults.iter().for_each(|d| self.expr(d));
        self.body(&def.body);
    }
    fn stmt(&mut self, stmt: &St) {
        match stmt {
            St::Emit(ex) | St::Do(ex) | St::Extends(ex) | St::Include(ex, ..) => self.expr(ex),
            St::Raw(_) | St::Continue | St::Break => {}
            St::For(l) => {
                self.target(&l.target);
                self.bound.insert("loop".into());
                self.expr(&l.iter);
                l.filter.iter().for_each(|f| self.expr(f));
                self.body(&l.body);
                self.body(&l.otherwise);
            }
            St::If(test, yes, no) => {
                self.expr(test);
                self.body(yes);
                self.body(no);
            }
            St::With(pairs, body) => {
                for (target, ex) in pairs {
                    self.target(target);
                    self.expr(ex);
                }
                self.body(body);
            }
            St::Set(target, ex) => {
                self.expr(ex);
                self.target(target);
            }
            St::SetBlock(target, filter, body) => {
                self.target(target);
                filter.iter().for_each(|f| self.expr(f));
                self.body(body);
            }
            St::Filter(ex, body) => {
                self.expr(ex);
                self.body(body);
            }
            St::Block(_, _, body) => self.body(body),
            St::Group(body) => self.body(body),
            St::Import(ex, target, _) => {
                self.expr(ex);
                self.target(target);
            }
            St::FromImport(ex, names, _) => {
                self.expr(ex);
                self.bound.extend(names.iter().map(|(_, to)| to.to_string()));
            }
            St::Macro(def) => self.macro_def(def),
            St::CallBlock(callee, args, def) => {
                self.expr(callee);
                self.args(args);
                self.macro_def(def);
            }
        }
    }
    fn args(&mut self, args: &[Arg]) {
        for arg in args {
            match arg {
                Arg::Pos(ex) | Arg::Named(_, ex) | Arg::Splat(ex) | Arg::NamedSplat(ex) => self.expr(ex),
            }
        }
    }
    fn named_first(&mut self, kind: &'static str, args: &[Arg]) {
        if let Some(Arg::Pos(Ex::Const(Value::Str(name)))) = args.first() {
            self.named.insert((kind, name.to_string()));
        }
    }
    fn expr(&mut self, ex: &Ex) {
        match ex {
            Ex::Const(_) => {}
            Ex::Var(name) => drop(self.variables.insert(name.to_string())),
            Ex::List(items) | Ex::Tuple(items) => items.iter().for_each(|i| self.expr(i)),
            Ex::Map(pairs) => pairs.iter().for_each(|(k, v)| {
                self.expr(k);
                self.expr(v);
            }),
            Ex::Bin(_, sides) | Ex::And(sides) | Ex::Or(sides) | Ex::Item(sides) => {
                self.expr(&sides.0);
                self.expr(&sides.1);
            }
            Ex::Compare(first, ops) => {
                self.expr(first);
                ops.iter().for_each(|(_, e)| self.expr(e));
            }
            Ex::Not(inner) | Ex::Neg(inner) | Ex::Attr(inner, _) => self.expr(inner),
            Ex::If(parts) => {
                self.expr(&parts.0);
                self.expr(&parts.1);
                parts.2.iter().for_each(|e| self.expr(e));
            }
            Ex::Slice(parts) => {
                self.expr(&parts.0);
                [&parts.1, &parts.2, &parts.3].into_iter().flatten().for_each(|e| self.expr(e));
            }
            Ex::Filter(name, input, args) => {
                self.named.insert(("filter", name.to_string()));
                if &**name == "map" {
                    self.named_first("filter", args);
                }
                if matches!(&**name, "select" | "reject") {
                    self.named_first("test", args);
                }
                input.iter().for_each(|i| self.expr(i));
                self.args(args);
            }
            Ex::Test(name, input, args) => {
                self.named.insert(("test", name.to_string()));
                self.expr(input);
                self.args(args);
            }
            Ex::Call(callee, args) => {
                if matches!(&**callee, Ex::Var(n) if matches!(&**n, "lookup" | "query" | "q")) {
                    self.named_first("lookup", args);
                }
                self.expr(callee);
                self.args(args);
            }
        }
    }
}
