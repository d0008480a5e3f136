//! Statements.

use std::rc::Rc;

use super::{Evaluator, Flow, Frame, call_filter};
use crate::{
    context::ended,
    ir::{Ex, St, Target, Template},
    rt::{Res, Rt, fail},
};

impl Evaluator {
    /// A whole template, and the template it extends instead of its own text.
    pub(crate) fn extends_aware(
        &mut self,
        template: &Template,
        frame: &Rc<Frame>,
        out: &mut Vec<Rt>,
    ) -> Res<()> {
        self.collect_blocks(&template.body);
        let mut own = Vec::new();
        self.run(&template.body, frame, &mut own)?;
        while let Some(parent) = self.parent.take() {
            let (template, _) =
                self.load(&parent)?.ok_or_else(|| fail("the template to extend was not found"))?;
            self.collect_blocks(&template.body);
            own.clear();
            self.run(&template.body, frame, &mut own)?;
        }
        out.append(&mut own);
        Ok(())
    }

    /// Statements in order.
    pub(crate) fn run(&mut self, body: &[St], frame: &Rc<Frame>, out: &mut Vec<Rt>) -> Res<Flow> {
        for stmt in body {
            let flow = self.stmt(stmt, frame, out)?;
            if !ended(flow) {
                return Ok(flow);
            }
        }
        Ok(Flow::Next)
    }

    fn stmt(&mut self, stmt: &St, frame: &Rc<Frame>, out: &mut Vec<Rt>) -> Res<Flow> {
        match stmt {
            St::Emit(ex) => {
                let value = self.expr(ex, frame)?;
                out.push(value);
            }
            St::Raw(text) => out.push(Rt::str(text.clone())),
            St::For(def) => return self.for_loop(def, frame, out),
            St::If(test, yes, no) => {
                let body = if self.expr(test, frame)?.truthy()? { yes } else { no };
                return self.run(body, frame, out);
            }
            St::With(pairs, body) => {
                let inner = Frame::under(Some(frame));
                for (target, ex) in pairs {
                    let value = self.expr(ex, frame)?;
                    self.assign(target, value, &inner)?;
                }
                return self.run(body, &inner, out);
            }
            St::Set(target, ex) => {
                let value = self.expr(ex, frame)?;
                self.assign(target, value, frame)?;
            }
            St::SetBlock(target, filter, body) => {
                let text = self.capture(body, frame)?;
                let value = match filter {
                    Some(filter) => self.filtered(filter, text, frame)?,
                    None => text,
                };
                self.assign(target, value, frame)?;
            }
            St::Filter(filter, body) => {
                let text = self.capture(body, frame)?;
                let value = self.filtered(filter, text, frame)?;
                out.push(value);
            }
            St::Group(body) => return self.run(body, frame, out),
            St::Continue => return Ok(Flow::Continue),
            St::Break => return Ok(Flow::Break),
            St::Do(ex) => {
                self.expr(ex, frame)?.defined()?;
            }
            other => self.modular(other, frame, out)?,
        }
        Ok(Flow::Next)
    }

    fn modular(&mut self, stmt: &St, frame: &Rc<Frame>, out: &mut Vec<Rt>) -> Res<()> {
        match stmt {
            St::Block(name, required, _) => self.block(name, *required, frame, out),
            St::Import(name, target, context) => self.import(name, target, *context, frame),
            St::FromImport(name, names, context) => self.import_from(name, names, *context, frame),
            St::Extends(name) => {
                if self.parent.is_some() {
                    return Err(fail("extended multiple times"));
                }
                let name = self.expr(name, frame)?.defined()?;
                self.parent = Some(name);
                Ok(())
            }
            St::Include(name, ignore, context) => self.include(name, *ignore, *context, frame, out),
            St::Macro(def) => {
                let value = self.macro_value(def, frame);
                frame.set(&def.name, value);
                Ok(())
            }
            St::CallBlock(callee, args, def) => self.call_block(callee, args, def, frame, out),
            _ => Ok(()),
        }
    }

    /// The text a body emits.
    pub(crate) fn capture(&mut self, body: &[St], frame: &Rc<Frame>) -> Res<Rt> {
        let mut nodes = Vec::new();
        let inner = Frame::under(Some(frame));
        self.run(body, &inner, &mut nodes)?;
        if nodes.is_empty() {
            return Ok(Rt::str(""));
        }
        self.concat(nodes)
    }

    /// A chain of filters whose innermost input is given.
    fn filtered(&mut self, filter: &Ex, input: Rt, frame: &Rc<Frame>) -> Res<Rt> {
        let Ex::Filter(name, inner, args) = filter else {
            return Err(fail("expected a filter"));
        };
        let input = match inner {
            Some(inner) => self.filtered(inner, input, frame)?,
            None => input,
        };
        let args = self.arguments(args, frame)?;
        call_filter(&self.ctx, name, input, args)
    }

    /// Give a value to a name, several names, or an attribute of a namespace.
    pub(crate) fn assign(&mut self, target: &Target, value: Rt, frame: &Rc<Frame>) -> Res<()> {
        match target {
            Target::Name(name) => frame.set(name, value),
            Target::Attr(base, name) => match self.name(base, frame) {
                Rt::Obj(obj) => obj.set_attr(name, value)?,
                Rt::Undef(fault) => return Err(fault),
                _ => return Err(fail("cannot assign attribute on non-namespace object")),
            },
            Target::Many(targets) => {
                let items = match value.iterate() {
                    Ok(items) => items,
                    Err(_) if !matches!(value, Rt::Undef(_)) => {
                        return Err(fail(format!("cannot unpack non-iterable {} object", value.type_name())));
                    }
                    Err(fault) => return Err(fault),
                };
                if items.len() < targets.len() {
                    return Err(fail(format!(
                        "not enough values to unpack (expected {}, got {})",
                        targets.len(),
                        items.len()
                    )));
                }
                if items.len() > targets.len() {
                    return Err(fail(format!("too many values to unpack (expected {})", targets.len())));
                }
                for (target, item) in targets.iter().zip(items) {
                    self.assign(target, item, frame)?;
                }
            }
        }
        Ok(())
    }
}
