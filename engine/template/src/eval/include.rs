//! Other templates: `include`, `import`, `extends` and blocks.

use std::{any::Any, path::PathBuf, rc::Rc, sync::Arc};

use rustible_protocol::{Origin, Text};
use rustible_source::Diagnostic;

use super::{Evaluator, Frame};
use crate::{
    ir::{Ex, Name, St, Target, Template},
    options::Options,
    rt::{MarkerKind, Obj, Res, Rt, fail, fault, undefined},
};

/// An imported template: its names, and what it prints.
struct Module {
    name: String,
    names: Vec<(Name, Rt)>,
    body: Res<Text>,
}

impl Obj for Module {
    fn type_name(&self) -> &'static str {
        "TemplateModule"
    }
    fn attr(&self, name: &str) -> Option<Rt> {
        self.names.iter().find(|(n, _)| &**n == name).map(|(_, v)| v.clone())
    }
    fn text(&self) -> String {
        format!("<TemplateModule '{}'>", self.name)
    }
    fn printed(&self) -> Res<String> {
        self.body.clone().map(|text| text.to_string())
    }
    fn any(&self) -> &dyn Any {
        self
    }
}

impl Evaluator {
    /// Remember the blocks of a template behind those of the templates that extend it.
    pub(crate) fn collect_blocks(&mut self, body: &[St]) {
        for stmt in body {
            match stmt {
                St::Block(name, _, inner) => {
                    self.blocks.borrow_mut().entry(name.clone()).or_default().push(inner.clone());
                    self.collect_blocks(inner);
                }
                St::If(_, yes, no) => {
                    self.collect_blocks(yes);
                    self.collect_blocks(no);
                }
                St::For(def) => self.collect_blocks(&def.body),
                St::With(_, body) | St::Group(body) | St::Filter(_, body) => self.collect_blocks(body),
                _ => {}
            }
        }
    }

    pub(crate) fn block(
        &mut self,
        name: &Name,
        required: bool,
        frame: &Rc<Frame>,
        out: &mut Vec<Rt>,
    ) -> Res<()> {
        if self.parent.is_some() {
            return Ok(());
        }
        if required && self.blocks.borrow().get(name).is_some_and(|d| d.len() == 1) {
            return Err(fail(format!("Required block '{name}' not found")));
        }
        self.level(name, 0, frame, out)
    }

    fn level(&mut self, name: &Name, level: usize, frame: &Rc<Frame>, out: &mut Vec<Rt>) -> Res<()> {
        let body = self.blocks.borrow().get(name).and_then(|d| d.get(level).cloned());
        let Some(body) = body else {
            return Err(fail(format!("there is no parent block called '{name}'.")));
        };
        let inner = Frame::under(Some(frame));
        let mark: Name = " block".into();
        inner.set(&mark, Rt::tuple(vec![Rt::str(name.clone()), Rt::from(level)]));
        self.run(&body, &inner, out)?;
        Ok(())
    }

    pub(crate) fn super_block(&mut self, frame: &Rc<Frame>) -> Res<Rt> {
        let Some(Rt::Tuple(at)) = frame.get(" block") else {
            return Ok(Rt::Undef(undefined("'super' is undefined")));
        };
        let (Some(name), Some(level)) = (at[0].as_str(), at[1].as_i64()) else {
            return Ok(Rt::Null);
        };
        let mut out = Vec::new();
        self.level(&name.into(), usize::try_from(level).unwrap_or(0) + 1, frame, &mut out)?;
        Ok(Rt::Str(self.concat_text(out)?))
    }

    pub(crate) fn self_block(&mut self, name: &Name, frame: &Rc<Frame>) -> Res<Rt> {
        let mut out = Vec::new();
        if !self.blocks.borrow().contains_key(name) {
            return Ok(Rt::Undef(undefined(format!("'self' has no attribute '{name}'"))));
        }
        self.level(name, 0, frame, &mut out)?;
        Ok(Rt::Str(self.concat_text(out)?))
    }

    fn search(&self, name: &str) -> Option<PathBuf> {
        self.ctx.env.find("templates", name)
    }

    /// The template of a name, or the first of several that is there.
    pub(crate) fn load(&mut self, name: &Rt) -> Res<Option<(Arc<Template>, Text)>> {
        let names = match name {
            Rt::List(_) | Rt::Tuple(_) => name.iterate()?,
            other => vec![other.clone()],
        };
        for name in &names {
            let Some(text) = name.as_str() else { continue };
            if let Some(path) = self.search(text) {
                let file: Arc<str> = path.display().to_string().into();
                let content = std::fs::read_to_string(&path)
                    .map_err(|e| fail(format!("the template '{file}' cannot be read: {e}")))?;
                let text = Text::trusted(content, Some(Origin::new(&file, 0, 0)));
                let options = Options { escape_backslashes: false, ..self.options.clone() };
                let template = self.ctx.template(&text, &options)?;
                return Ok(Some((template, text)));
            }
        }
        Ok(None)
    }

    fn not_found(&self, name: &Rt) -> crate::rt::Fault {
        let name = crate::repr::repr(name).unwrap_or_default();
        let paths: Vec<String> = self.ctx.env.search.iter().map(|p| p.display().to_string()).collect();
        let cause = Diagnostic::new(format!("{name} not found in search path: '{}'", paths.join(":")));
        fault(MarkerKind::Fatal, Diagnostic::new("Error rendering template").because(cause))
    }

    fn nested(&self) -> Res<usize> {
        let depth = self.ctx.shared.depth.get();
        if depth > 60 {
            let cause = Diagnostic::new("maximum recursion depth exceeded");
            return Err(fault(
                MarkerKind::Fatal,
                Diagnostic::new("Recursive loop detected in template").because(cause),
            ));
        }
        self.ctx.shared.depth.set(depth + 1);
        Ok(depth)
    }

    pub(crate) fn include(
        &mut self,
        name: &Ex,
        ignore: bool,
        context: bool,
        frame: &Rc<Frame>,
        out: &mut Vec<Rt>,
    ) -> Res<()> {
        let name = self.expr(name, frame)?.defined()?;
        let Some((template, _)) = self.load(&name)? else {
            return if ignore { Ok(()) } else { Err(self.not_found(&name)) };
        };
        let inner = if context { Frame::under(Some(frame)) } else { Frame::bare() };
        if context {
            // The loop of the including template is not the included one's.
            inner.set(&"loop".into(), Rt::Undef(crate::context::unknown("loop")));
        }
        let depth = self.nested()?;
        let mut evaluator = Self::new(self.ctx.clone(), self.options.clone());
        let done = evaluator.extends_aware(&template, &inner, out);
        self.ctx.shared.depth.set(depth);
        done
    }

    fn module(&mut self, name: &Ex, context: bool, frame: &Rc<Frame>) -> Res<Module> {
        let name = self.expr(name, frame)?.defined()?;
        let Some((template, _)) = self.load(&name)? else {
            return Err(self.not_found(&name));
        };
        let inner = if context { Frame::under(Some(frame)) } else { Frame::bare() };
        let depth = self.nested()?;
        let mut evaluator = Self::new(self.ctx.clone(), self.options.clone());
        let mut nodes = Vec::new();
        let done = evaluator.extends_aware(&template, &inner, &mut nodes);
        self.ctx.shared.depth.set(depth);
        done?;
        let names = inner.own().into_iter().filter(|(n, _)| !n.starts_with('_')).collect();
        Ok(Module { name: crate::repr::text(&name)?, names, body: evaluator.concat_text(nodes) })
    }

    pub(crate) fn import(&mut self, name: &Ex, target: &Target, context: bool, frame: &Rc<Frame>) -> Res<()> {
        let module = self.module(name, context, frame)?;
        self.assign(target, Rt::obj(module), frame)
    }

    pub(crate) fn import_from(
        &mut self,
        name: &Ex,
        names: &[(Name, Name)],
        context: bool,
        frame: &Rc<Frame>,
    ) -> Res<()> {
        let module = self.module(name, context, frame)?;
        for (from, to) in names {
            let value = module.attr(from).unwrap_or_else(|| {
                Rt::Undef(undefined(format!(
                    "the template '{}' does not export the requested name '{from}'",
                    module.name
                )))
            });
            frame.set(to, value);
        }
        Ok(())
    }
}
