//! The evaluator: a walk over the tree. Output is a list of values, so that one value alone stays what it is.

mod access;
mod call;
mod expr;
mod include;
mod loops;
mod macros;
mod stmt;

use std::{cell::RefCell, collections::HashMap, rc::Rc, sync::Arc};

use rustible_protocol::{Origin, Text, Value};
use rustible_source::Diagnostic;

pub(crate) use access::{attribute, item};
pub(crate) use call::{call_filter, call_test, call_value, first_marker, known};
pub(crate) use expr::caught;

use crate::{
    Deprecation, Outgoing,
    context::Ctx,
    depth,
    ir::{Name, St},
    options::Options,
    repr,
    rt::{DictRepr, Fault, MarkerKind, Res, Rt, fault},
};

const VARS: Outgoing = Outgoing {
    what: "The internal \"vars\" dictionary is deprecated.",
    version: "2.24",
    instead: "Use the `vars` and `varnames` lookups instead.",
};

/// How a statement ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Flow {
    Next,
    Break,
    Continue,
}

/// Names set by the template, innermost scope first.
pub(crate) struct Frame {
    vars: RefCell<HashMap<Name, Rt>>,
    parent: Option<Rc<Self>>,
    /// Whether the scope's variables are hidden (an import without context).
    bare: bool,
}

impl Frame {
    pub(crate) fn under(parent: Option<&Rc<Self>>) -> Rc<Self> {
        let bare = parent.is_some_and(|p| p.bare);
        Rc::new(Self { vars: RefCell::default(), parent: parent.cloned(), bare })
    }
    pub(crate) fn bare() -> Rc<Self> {
        Rc::new(Self { vars: RefCell::default(), parent: None, bare: true })
    }
    pub(crate) fn set(&self, name: &Name, value: Rt) {
        self.vars.borrow_mut().insert(name.clone(), value);
    }
    pub(crate) fn get(&self, name: &str) -> Option<Rt> {
        if let Some(found) = self.vars.borrow().get(name) {
            return Some(found.clone());
        }
        self.parent.as_ref().and_then(|p| p.get(name))
    }
    /// What this frame itself holds.
    pub(crate) fn own(&self) -> Vec<(Name, Rt)> {
        self.vars.borrow().iter().map(|(k, v)| (k.clone(), v.clone())).collect()
    }
}

/// Definitions of one block, the most derived first.
pub(crate) type Blocks = HashMap<Name, Vec<Arc<Vec<St>>>>;

/// Runs one template.
pub(crate) struct Evaluator {
    pub(crate) ctx: Rc<Ctx>,
    pub(crate) options: Options,
    /// Templates in string literals are rendered (conditions).
    pub(crate) render_constants: bool,
    /// Whether there were templates in literals.
    pub(crate) embedded: std::cell::Cell<bool>,
    pub(crate) blocks: Rc<RefCell<Blocks>>,
    /// Where the text stands.
    pub(crate) place: Option<Arc<Origin>>,
    /// The parent named by `extends`.
    pub(crate) parent: Option<Rt>,
}

impl Evaluator {
    pub(crate) fn new(ctx: Rc<Ctx>, options: Options) -> Self {
        Self {
            ctx,
            options,
            render_constants: false,
            place: None,
            embedded: std::cell::Cell::default(),
            blocks: Rc::default(),
            parent: None,
        }
    }

    /// The value of what was emitted: nothing is `None`, one node is itself, several are one text.
    pub(crate) fn concat(&self, mut nodes: Vec<Rt>) -> Res<Rt> {
        if nodes.len() > 1 {
            nodes.retain(|node| !node.is_null());
        }
        if nodes.len() < 2 {
            return Ok(nodes.pop().unwrap_or(Rt::Null));
        }
        let mut out = String::new();
        let mut secret = false;
        for node in &nodes {
            match node {
                Rt::Undef(fault) if fault.kind == MarkerKind::Blank => {}
                Rt::Undef(fault) => match self.ctx.replacement(fault, self.place.as_ref()) {
                    Ok(text) => out.push_str(text.as_str().unwrap_or_default()),
                    Err(_) => return Ok(node.clone()),
                },
                Rt::Str(text) => {
                    secret |= text.is_secret();
                    out.push_str(text);
                }
                Rt::List(_) | Rt::Tuple(_) | Rt::Dict(_) => {
                    out.push_str(&repr::printed(node)?);
                    secret |= self.ctx.shared.secrets.get() && crate::secret::within(node);
                }
                other => out.push_str(&repr::printed(other)?),
            }
        }
        Ok(Rt::Str(Text::untrusted(out).with_secret(secret)))
    }

    /// What was emitted as one text: for captures and files.
    pub(crate) fn concat_text(&self, nodes: Vec<Rt>) -> Res<Text> {
        let whole = self.concat(nodes)?;
        Ok(match whole.defined()? {
            Rt::Null => Text::untrusted(""),
            Rt::Str(text) => text,
            other => Text::untrusted(repr::printed(&other)?).with_secret(crate::secret::within(&other)),
        })
    }

    /// A name: set by the template, else a variable, else a global function.
    pub(crate) fn name(&self, name: &str, frame: &Rc<Frame>) -> Rt {
        if let Some(found) = frame.get(name) {
            return found;
        }
        if !frame.bare
            && let Some(found) = self.ctx.variable(name)
        {
            self.tell_outgoing(name, &found);
            return found;
        }
        crate::globals::global(name).unwrap_or_else(|| Rt::Undef(crate::context::unknown(name)))
    }

    /// Tell of a variable that goes away, where it is used.
    fn tell_outgoing(&self, name: &str, found: &Rt) {
        let env = &self.ctx.env;
        let all = |found: &Rt| matches!(found, Rt::Dict(dict) if matches!(&*dict.repr.borrow(), DictRepr::Vars { .. }));
        let outgoing = if name == "vars" && all(found) { Some(VARS) } else { self.ctx.scope.outgoing(name) };
        if env.deprecate.is_some()
            && let Some(outgoing) = outgoing
        {
            let again = !self.ctx.engine.first_notice(outgoing.what, self.place.as_ref());
            let what = Diagnostic::new(outgoing.what).at(self.place.as_ref()).help(outgoing.instead);
            env.deprecated(&Deprecation { again, ..Deprecation::new(what, outgoing.version) });
        }
    }

    /// A literal as a value.
    pub(crate) fn constant(&self, value: &Value) -> Rt {
        match value {
            Value::Str(text) if self.render_constants && text.may_be_template() => {
                self.embedded.set(true);
                self.ctx.evaluate(text, &Options::value(), None)
            }
            Value::Str(text) => Rt::Str(text.clone()),
            other => Rt::from_key(other.clone()),
        }
    }
}

/// The error of what calls itself without end.
fn endless() -> Fault {
    let cause = Diagnostic::new(depth::TOO_DEEP);
    fault(MarkerKind::Fatal, Diagnostic::new("Recursive loop detected in template").because(cause))
}
