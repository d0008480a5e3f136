//! `for` loops and the `loop` object.

use std::{
    any::Any,
    cell::{Cell, RefCell},
    rc::Rc,
    sync::Arc,
};

use super::{Evaluator, Flow, Frame};
use crate::{
    context::Ctx,
    ir::ForLoop,
    ops,
    options::Options,
    rt::{Args, Obj, Res, Rt, fail, undefined},
};

/// What `loop` is in a loop's body.
struct Loop {
    items: Rc<Vec<Rt>>,
    at: Cell<usize>,
    depth: usize,
    changed: RefCell<Option<Vec<Rt>>>,
    again: Option<Again>,
}

/// What a recursive loop needs to run its body once more.
#[derive(Clone)]
struct Again {
    def: Arc<ForLoop>,
    frame: Rc<Frame>,
    options: Options,
}

/// `loop.cycle` and `loop.changed`.
struct LoopMethod {
    of: Rc<Loop>,
    changed: bool,
}

/// The object that the body sees; the state is shared with the loop itself.
struct LoopRef(Rc<Loop>);

impl Obj for LoopRef {
    fn type_name(&self) -> &'static str {
        "LoopContext"
    }
    fn callable(&self) -> bool {
        self.0.again.is_some()
    }
    fn attr(&self, name: &str) -> Option<Rt> {
        let (at, len) = (self.0.at.get(), self.0.items.len());
        let neighbour = |i: Option<usize>, what: &str| {
            i.and_then(|i| self.0.items.get(i).cloned())
                .unwrap_or_else(|| Rt::Undef(undefined(format!("there is no {what} item"))))
        };
        Some(match name {
            "index" => Rt::from(at + 1),
            "index0" => Rt::from(at),
            "revindex" => Rt::from(len - at),
            "revindex0" => Rt::from(len - at - 1),
            "first" => Rt::Bool(at == 0),
            "last" => Rt::Bool(at + 1 == len),
            "length" => Rt::from(len),
            "depth" => Rt::from(self.0.depth),
            "depth0" => Rt::from(self.0.depth - 1),
            "previtem" => neighbour(at.checked_sub(1), "previous"),
            "nextitem" => neighbour(Some(at + 1), "next"),
            "cycle" | "changed" => Rt::obj(LoopMethod { of: self.0.clone(), changed: name == "changed" }),
            _ => return None,
        })
    }
    fn call(&self, ctx: &Rc<Ctx>, args: Args) -> Res<Rt> {
        let Some(again) = self.0.again.clone() else {
            return Err(fail("The loop must have the 'recursive' marker to be called recursively."));
        };
        let Some(items) = args.pos.into_iter().next() else {
            return Err(fail("LoopContext.__call__() missing 1 required positional argument: 'iterable'"));
        };
        let depth = ctx.shared.depth.get();
        if depth >= super::macros::MAX_DEPTH {
            return Err(super::endless());
        }
        ctx.shared.depth.set(depth + 1);
        let mut evaluator = Evaluator::new(ctx.clone(), again.options.clone());
        let mut out = Vec::new();
        let done = evaluator.iterate(&again.def, items.iterate()?, &again.frame, self.0.depth + 1, &mut out);
        ctx.shared.depth.set(depth);
        done?;
        if out.is_empty() { Ok(Rt::str("")) } else { evaluator.concat(out) }
    }
    fn text(&self) -> String {
        format!("<LoopContext {}/{}>", self.0.at.get() + 1, self.0.items.len())
    }
    fn any(&self) -> &dyn Any {
        self
    }
}

impl Obj for LoopMethod {
    fn type_name(&self) -> &'static str {
        "method"
    }
    fn callable(&self) -> bool {
        true
    }
    fn call(&self, _ctx: &Rc<Ctx>, args: Args) -> Res<Rt> {
        if !self.changed {
            if args.pos.is_empty() {
                return Err(fail("no items for cycling given"));
            }
            return Ok(args.pos[self.of.at.get() % args.pos.len()].clone());
        }
        let mut last = self.of.changed.borrow_mut();
        let same = match &*last {
            Some(before) if before.len() == args.pos.len() => {
                let mut same = true;
                for (a, b) in before.iter().zip(&args.pos) {
                    same &= ops::equal(a, b)?;
                }
                same
            }
            _ => false,
        };
        *last = Some(args.pos);
        Ok(Rt::Bool(!same))
    }
    fn any(&self) -> &dyn Any {
        self
    }
}

impl Evaluator {
    pub(crate) fn for_loop(&mut self, def: &Arc<ForLoop>, frame: &Rc<Frame>, out: &mut Vec<Rt>) -> Res<Flow> {
        let items = self.expr(&def.iter, frame)?.iterate()?;
        self.iterate(def, items, frame, 1, out)?;
        Ok(Flow::Next)
    }

    fn iterate(
        &mut self,
        def: &Arc<ForLoop>,
        mut items: Vec<Rt>,
        frame: &Rc<Frame>,
        depth: usize,
        out: &mut Vec<Rt>,
    ) -> Res<()> {
        if let Some(filter) = &def.filter {
            let mut kept = Vec::new();
            for item in items {
                let inner = Frame::under(Some(frame));
                self.assign(&def.target, item.clone(), &inner)?;
                if self.expr(filter, &inner)?.truthy()? {
                    kept.push(item);
                }
            }
            items = kept;
        }
        if items.is_empty() {
            let inner = Frame::under(Some(frame));
            self.run(&def.otherwise, &inner, out)?;
            return Ok(());
        }
        let again = def.recursive.then(|| Again {
            def: def.clone(),
            frame: frame.clone(),
            options: self.options.clone(),
        });
        let state = Rc::new(Loop {
            items: Rc::new(items),
            at: Cell::new(0),
            depth,
            changed: RefCell::default(),
            again,
        });
        let name: crate::ir::Name = "loop".into();
        let handle = Rt::obj(LoopRef(state.clone()));
        for (i, item) in state.items.iter().enumerate() {
            state.at.set(i);
            let inner = Frame::under(Some(frame));
            inner.set(&name, handle.clone());
            self.assign(&def.target, item.clone(), &inner)?;
            if self.run(&def.body, &inner, out)? == Flow::Break {
                break;
            }
        }
        Ok(())
    }
}
