//! Macros, `call` blocks and `caller()`.

use std::{any::Any, cell::RefCell, rc::Rc, sync::Arc};

use indexmap::IndexMap;
use rustible_protocol::Value;

use super::{Blocks, Evaluator, Frame, call_value};
use crate::{
    context::Ctx,
    ir::{Arg, Ex, MacroDef},
    options::Options,
    rt::{Args, Obj, Res, Rt, fail, undefined},
};

/// Deeper recursion of macros is an error, as in Python.
pub(super) const MAX_DEPTH: usize = 150;

/// A macro with the scope it was defined in.
struct Macro {
    def: Arc<MacroDef>,
    home: Rc<Frame>,
    /// The rendering it was defined in.
    ctx: Rc<Ctx>,
    options: Options,
    blocks: Rc<RefCell<Blocks>>,
}

impl Obj for Macro {
    fn type_name(&self) -> &'static str {
        "Macro"
    }
    fn callable(&self) -> bool {
        true
    }
    fn attr(&self, name: &str) -> Option<Rt> {
        Some(match name {
            "name" => Rt::str(self.def.name.clone()),
            "arguments" => Rt::tuple(self.def.params.iter().map(|p| Rt::str(p.clone())).collect()),
            "catch_kwargs" => Rt::Bool(self.def.kwargs),
            "catch_varargs" => Rt::Bool(self.def.varargs),
            _ => return None,
        })
    }
    fn call(&self, ctx: &Rc<Ctx>, args: Args) -> Res<Rt> {
        let depth = ctx.shared.depth.get();
        if depth >= MAX_DEPTH {
            return Err(super::endless());
        }
        ctx.shared.depth.set(depth + 1);
        let result = self.invoke(args);
        ctx.shared.depth.set(depth);
        result
    }
    fn text(&self) -> String {
        format!("<Macro '{}'>", self.def.name)
    }
    fn any(&self) -> &dyn Any {
        self
    }
}

impl Macro {
    fn invoke(&self, args: Args) -> Res<Rt> {
        let def = &self.def;
        let frame = Frame::under(Some(&self.home));
        let mut evaluator = Evaluator::new(self.ctx.clone(), self.options.clone());
        evaluator.blocks = self.blocks.clone();
        let mut named: IndexMap<String, Rt> = args.kw.into_iter().collect();
        let mut pos = args.pos.into_iter();
        let optional = def.params.len() - def.defaults.len();
        for (i, param) in def.params.iter().enumerate() {
            let value = match pos.next().or_else(|| named.shift_remove(&**param)) {
                Some(value) => value,
                None if i >= optional => evaluator.expr(&def.defaults[i - optional], &frame)?,
                None => Rt::Undef(undefined(format!("parameter '{param}' was not provided"))),
            };
            frame.set(param, value);
        }
        if let Some(caller) = named.shift_remove("caller") {
            frame.set(&"caller".into(), caller);
        }
        let rest: Vec<Rt> = pos.collect();
        if def.varargs {
            frame.set(&"varargs".into(), Rt::tuple(rest));
        } else if !rest.is_empty() {
            return Err(fail(format!(
                "macro '{}' takes not more than {} argument(s)",
                def.name,
                def.params.len()
            )));
        }
        if def.kwargs {
            let entries = named.into_iter().map(|(k, v)| (Value::from(k), v)).collect();
            frame.set(&"kwargs".into(), Rt::dict(entries));
        } else if let Some(name) = named.keys().next() {
            return Err(fail(format!("macro '{}' takes no keyword argument '{name}'", def.name)));
        }
        let mut out = Vec::new();
        evaluator.run(&def.body, &frame, &mut out)?;
        if out.is_empty() { Ok(Rt::str("")) } else { evaluator.concat(out) }
    }
}

impl Evaluator {
    pub(crate) fn macro_value(&self, def: &Arc<MacroDef>, frame: &Rc<Frame>) -> Rt {
        Rt::obj(Macro {
            def: def.clone(),
            home: frame.clone(),
            ctx: self.ctx.clone(),
            options: self.options.clone(),
            blocks: self.blocks.clone(),
        })
    }

    pub(crate) fn call_block(
        &mut self,
        callee: &Ex,
        args: &[Arg],
        def: &Arc<MacroDef>,
        frame: &Rc<Frame>,
        out: &mut Vec<Rt>,
    ) -> Res<()> {
        let target = self.expr(callee, frame)?;
        let mut args = self.arguments(args, frame)?;
        args.kw.push(("caller".into(), self.macro_value(def, frame)));
        let result = call_value(&self.ctx, &target, args)?;
        out.push(result);
        Ok(())
    }
}
