//! The door of the crate: rendering values, conditions, expressions, files and lookups.

use std::{rc::Rc, sync::Arc};

use rustible_protocol::{Dict, Text, Value};
use rustible_source::Diagnostic;

use crate::{
    Engine, Env, FileOptions, HostVars, Scope,
    context::{Ctx, settled_already},
    lookups,
    options::{self, Options},
    repr,
    rt::{Args, DictRepr, Fault, ListRepr, MarkerKind, Res, Rt, fail},
};

/// What a value became.
#[derive(Debug, Clone, PartialEq)]
pub enum Rendered {
    /// Plain data in which nothing is left to template.
    Value(Value),
    /// The whole value was `omit`.
    Omit,
}

impl Rendered {
    /// The value, `None` when it was omitted.
    #[must_use]
    pub fn value(self) -> Option<Value> {
        if let Self::Value(value) = self { Some(value) } else { None }
    }
}

/// Renders against one scope. Cheap to make and to clone.
#[derive(Clone)]
pub struct Templar {
    engine: Arc<Engine>,
    env: Env,
    scope: Arc<dyn Scope>,
}

/// Variables over another scope.
struct Layered {
    extra: Dict,
    below: Arc<dyn Scope>,
}

impl Scope for Layered {
    fn get(&self, name: &str) -> Option<Value> {
        self.extra.get(name).cloned().or_else(|| self.below.get(name))
    }
    fn names(&self) -> Vec<Text> {
        let mut names = self.below.names();
        names.extend(self.extra.texts().map(|(k, _)| k).filter(|k| self.below.get(k).is_none()).cloned());
        names
    }
    fn hostvars(&self) -> Option<Arc<dyn HostVars>> {
        self.below.hostvars()
    }
    fn delegated(&self) -> Option<Arc<dyn HostVars>> {
        self.below.delegated()
    }
}

/// A scope with extra variables on top.
pub(crate) fn layered(extra: Dict, below: Arc<dyn Scope>) -> Arc<dyn Scope> {
    Arc::new(Layered { extra, below })
}

fn shown(fault: &Fault) -> Diagnostic {
    Diagnostic { undefined: fault.kind == MarkerKind::Undefined, ..fault.error.clone() }
}

impl Templar {
    /// A templar over a scope.
    #[must_use]
    pub fn new(engine: Arc<Engine>, env: Env, scope: Arc<dyn Scope>) -> Self {
        Self { engine, env, scope }
    }

    /// The same templar with more variables on top.
    #[must_use]
    pub fn with_vars(&self, extra: Dict) -> Self {
        Self { scope: layered(extra, self.scope.clone()), ..self.clone() }
    }

    /// The same variables in other surroundings (search paths of a role, say).
    #[must_use]
    pub fn with_env(&self, env: Env) -> Self {
        Self { env, ..self.clone() }
    }

    /// The surroundings.
    #[must_use]
    pub fn env(&self) -> &Env {
        &self.env
    }

    /// The variables.
    #[must_use]
    pub fn scope(&self) -> &Arc<dyn Scope> {
        &self.scope
    }

    /// The cache of parsed templates.
    #[must_use]
    pub fn engine(&self) -> &Arc<Engine> {
        &self.engine
    }

    fn ctx(&self) -> Rc<Ctx> {
        Ctx::new(self.engine.clone(), self.env.clone(), self.scope.clone())
    }

    /// Render a value all the way down: strings, items and entries (keys stay as they are). What is omitted inside a
    /// container is dropped from it.
    ///
    /// # Errors
    /// The innermost reason with the place of the text it came from: undefined names, failed filters, syntax.
    pub fn render(&self, value: &Value) -> Result<Rendered, Diagnostic> {
        if settled_already(value) {
            return Ok(Rendered::Value(value.clone()));
        }
        let ctx = self.ctx();
        let rt = ctx.wrap(value);
        finish(&ctx, &rt).map_err(|f| shown(&f).at(value.origin()))
    }

    /// Render one text.
    ///
    /// # Errors
    /// As [`Templar::render`].
    pub fn render_text(&self, text: &Text) -> Result<Rendered, Diagnostic> {
        if !text.may_be_template() {
            return Ok(Rendered::Value(Value::Str(text.clone())));
        }
        let ctx = self.ctx();
        let rt = ctx.evaluate(text, &Options::value(), None);
        finish(&ctx, &rt).map_err(|f| shown(&f).at(text.origin()))
    }

    /// A text rendered to a container whose contents stay as they were written, templates included; anything else as
    /// [`Templar::render_text`] gives it.
    ///
    /// # Errors
    /// As [`Templar::render`].
    pub fn container(&self, text: &Text) -> Result<Rendered, Diagnostic> {
        if !text.may_be_template() {
            return Ok(Rendered::Value(Value::Str(text.clone())));
        }
        let ctx = self.ctx();
        let rt = ctx.evaluate(text, &Options::value(), None);
        match written(&ctx, &rt) {
            Some(value) => Ok(Rendered::Value(value)),
            None => finish(&ctx, &rt).map_err(|f| shown(&f).at(text.origin())),
        }
    }

    /// A condition (`when`, `until`, `that`, ...): a bare expression or a boolean whose result must be a boolean.
    ///
    /// # Errors
    /// When the expression fails or its result is no boolean, in the reference's words.
    pub fn condition(&self, value: &Value) -> Result<bool, Diagnostic> {
        let origin = value.origin().cloned();
        let place = origin.as_ref();
        let allowed = self.env.broken_conditionals;
        let empty = || {
            let error = Diagnostic::new("Empty conditional expressions are not allowed.").at(place);
            if !allowed {
                return Err(error.help(BROKEN));
            }
            self.env.warning(&error);
            Ok(true)
        };
        let text = match value {
            Value::Bool(flag) => return Ok(*flag),
            Value::Null => return empty(),
            Value::Str(text) => text.clone(),
            other if allowed => {
                let ctx = self.ctx();
                return boolean(&ctx, &ctx.wrap(other), place);
            }
            _ => {
                let error = Diagnostic::new("Conditional expressions must be strings.");
                return Err(error.at(place).help(BROKEN));
            }
        };
        let trimmed = text.trim();
        if trimmed.is_empty() {
            return empty();
        }
        let ctx = self.ctx();
        let mut expression = text.like(trimmed);
        if text.is_trusted() && whole_template(trimmed) {
            let rt = ctx.evaluate(&expression, &Options::value(), None);
            let result = rt.defined().map_err(|f| evaluating(&f, place))?;
            match result {
                // Only a text that the author wrote may be evaluated once more.
                Rt::Str(inner) => {
                    if inner.trim().is_empty() {
                        return empty();
                    }
                    expression = inner.like(inner.trim());
                }
                Rt::Null => return empty(),
                other => {
                    self.env
                        .deprecated(&crate::Deprecation::new(Diagnostic::new(DELIMITERS).at(place), "2.23"));
                    return boolean(&ctx, &other, place);
                }
            }
        }
        if !expression.is_trusted() {
            let message = "Encountered untrusted template or expression.";
            return Err(Diagnostic::new(message).at(expression.origin()).at(place));
        }
        let rt = ctx
            .expression(&expression, false, true)
            .and_then(Rt::defined)
            .map_err(|f| evaluating(&f, place))?;
        boolean(&ctx, &rt, place)
    }

    /// The value of a bare expression.
    ///
    /// # Errors
    /// As [`Templar::render`].
    pub fn expression(&self, text: &Text) -> Result<Value, Diagnostic> {
        let ctx = self.ctx();
        let rt = ctx.expression(text, true, false).map_err(|f| shown(&f).at(text.origin()))?;
        ctx.plain(&rt).map_err(|f| shown(&f).at(text.origin()))
    }

    /// The value of a bare expression in which notes stand for what is undefined; a warning for each is added to those
    /// there are.
    ///
    /// # Errors
    /// As [`Templar::render`], but for what is undefined; and a text that is not the author's.
    pub fn inspect(&self, text: &Text, notes: &mut Vec<Diagnostic>) -> Result<Value, Diagnostic> {
        if !text.is_trusted() {
            let help = "Templates and expressions must be defined by trusted sources such as playbooks or roles, not untrusted sources such as module results.";
            let error = Diagnostic::new("Encountered untrusted template or expression.").help(help);
            return Err(error.at(text.origin()));
        }
        let (ctx, place) = (self.ctx(), text.origin());
        ctx.shared.replaced.replace(Some(std::mem::take(notes)));
        let value = ctx.expression(text, true, false).and_then(|rt| ctx.finalise(&rt));
        *notes = ctx.shared.replaced.take().unwrap_or_default();
        let value = value.map(|value| {
            value.unwrap_or_else(|| {
                // In two parts for the sake of the rule against words that hide unfinished work.
                let text = concat!(
                    "The result of the `var` expression could not be omitted; a place",
                    "holder was used instead."
                );
                notes.push(Diagnostic::new(text).at(place));
                "<<Omit>>".into()
            })
        });
        value.map_err(|f| shown(&f).at(text.origin()))
    }

    /// Render a value in which notes stand for what is undefined or fails, and a warning for each text with some.
    #[must_use]
    pub fn replacing(&self, value: &Value) -> (Rendered, Vec<Diagnostic>) {
        let ctx = self.ctx();
        ctx.shared.replaced.replace(Some(Vec::new()));
        let rendered = finish(&ctx, &ctx.wrap(value));
        let mut notes = ctx.shared.replaced.take().unwrap_or_default();
        let rendered = rendered.unwrap_or_else(|fault| {
            let error = fault.error.summary();
            let rest = "template potentially truncated";
            let text = format!("Encountered 2 template errors.\nerror 1 - {error}\nerror 2 - {rest}");
            notes = vec![Diagnostic::new(text).at(fault.error.origin.as_ref()).at(value.origin())];
            Rendered::Value(Value::from(format!("<< error 1 - {error} >><< error 2 - {rest} >>")))
        });
        (rendered, notes)
    }

    /// A template file's text, its `#jinja2:` line taken into account, as the text to write.
    ///
    /// # Errors
    /// As [`Templar::render`]; the origin of `text` is the file.
    pub fn template_file(&self, text: &Text, options: &FileOptions) -> Result<String, Diagnostic> {
        let ctx = self.ctx();
        let rendered = file(&ctx, text, options).and_then(|rt| ctx.finalise(&rt));
        match rendered.map_err(|f| shown(&f).at(text.origin()))? {
            None => Ok(String::new()),
            Some(Value::Null) => Ok(String::new()),
            Some(Value::Str(text)) => Ok(text.as_str().to_string()),
            Some(other) => {
                let rt = ctx.data(other);
                repr::printed(&rt).map_err(|f| shown(&f))
            }
        }
    }

    /// Run a lookup, for `with_*` loops and actions; the result is always the list the lookup returns.
    ///
    /// # Errors
    /// `The lookup plugin '...' failed: ...`, or an undefined term.
    pub fn lookup(&self, name: &str, terms: Vec<Value>, options: Dict) -> Result<Value, Diagnostic> {
        let ctx = self.ctx();
        let mut args = Args::default();
        for term in &terms {
            args.pos.push(ctx.wrap(term));
        }
        for (key, value) in options.texts() {
            args.kw.push((key.to_string(), ctx.wrap(value)));
        }
        args.kw.push(("wantlist".into(), Rt::Bool(true)));
        let result = lookups::run(&ctx, name, args, true).and_then(Rt::defined).and_then(|rt| ctx.plain(&rt));
        result.map_err(|f| shown(&f))
    }

    /// As [`Self::lookup`] with the terms as they were written: those that cannot be rendered are the lookup's to judge.
    /// `None` for a lookup that takes no such terms.
    ///
    /// # Errors
    /// As [`Self::lookup`].
    pub fn lookup_written(&self, name: &str, terms: &Value) -> Option<Result<Value, Diagnostic>> {
        let ctx = self.ctx();
        if !lookups::takes_markers(&ctx, name) {
            return None;
        }
        let pos = match ctx.wrap(terms) {
            list @ (Rt::List(_) | Rt::Tuple(_)) => list.iterate(),
            other => Ok(vec![other]),
        };
        let kw = vec![("wantlist".to_string(), Rt::Bool(true))];
        let result = pos.and_then(|pos| {
            let pos = pos.into_iter().filter(|term| !matches!(term, Rt::Omit)).collect();
            lookups::run(&ctx, name, Args { pos, kw }, true)
                .and_then(Rt::defined)
                .and_then(|rt| ctx.plain(&rt))
        });
        Some(result.map_err(|f| shown(&f)))
    }

    /// Whether the text would be changed by rendering.
    #[must_use]
    pub fn is_template(&self, text: &Text) -> bool {
        text.may_be_template()
    }
}

/// Render a template file's text in a context.
pub(crate) fn file(ctx: &Rc<Ctx>, text: &Text, options: &FileOptions) -> Res<Rt> {
    let (own, skip) = options::header(text, options).map_err(fail)?;
    let body = text.like(text.get(skip..).unwrap_or_default());
    let body = if body.is_trusted() { body } else { body.with_trust(true) };
    Ok(ctx.evaluate(&body, &Options::file(own, options), None))
}

/// The data of a variable that nothing has changed, as it was written where these variables are seen.
fn written(ctx: &Rc<Ctx>, rt: &Rt) -> Option<Value> {
    match rt {
        Rt::List(list) => match &*list.repr.borrow() {
            ListRepr::Frozen { data, ctx: own, .. } if Rc::ptr_eq(own, ctx) => {
                Some(Value::List(data.clone()))
            }
            _ => None,
        },
        Rt::Dict(dict) => match &*dict.repr.borrow() {
            DictRepr::Frozen { data, ctx: own, .. } if Rc::ptr_eq(own, ctx) => {
                Some(Value::Dict(data.clone()))
            }
            _ => None,
        },
        _ => None,
    }
}

fn finish(ctx: &Rc<Ctx>, rt: &Rt) -> Res<Rendered> {
    Ok(ctx.finalise(rt)?.map_or(Rendered::Omit, Rendered::Value))
}

fn whole_template(text: &str) -> bool {
    ["{{", "{%"].iter().any(|open| text.starts_with(open))
        && ["}}", "%}"].iter().any(|end| text.ends_with(end))
}

fn evaluating(fault: &Fault, place: Option<&Arc<rustible_protocol::Origin>>) -> Diagnostic {
    let inner = shown(fault).at(place);
    if fault.kind == MarkerKind::Undefined {
        return inner.context("Error while evaluating conditional", place);
    }
    inner
}

const BROKEN: &str = "Broken conditionals can be temporarily allowed with the `ALLOW_BROKEN_CONDITIONALS` configuration option.";

const DELIMITERS: &str =
    "Conditionals should not be surrounded by templating delimiters such as {{ }} or {% %}.";

fn boolean(
    ctx: &Rc<Ctx>,
    rt: &Rt,
    place: Option<&Arc<rustible_protocol::Origin>>,
) -> Result<bool, Diagnostic> {
    if let Rt::Bool(flag) = rt {
        return Ok(*flag);
    }
    let value = ctx.finalise(rt).map_err(|f| evaluating(&f, place))?.unwrap_or_default();
    let (truth, kind) = (if value.truthy() { "True" } else { "False" }, value.type_name());
    let from = value.origin().or(place).map_or_else(|| "<unknown>".to_string(), |o| o.to_string());
    let message = format!(
        "Conditional result ({truth}) was derived from value of type '{kind}' at '{from}'. Conditionals must have a boolean result."
    );
    if ctx.env.broken_conditionals {
        ctx.env.warning(&Diagnostic::new(message).at(place));
        return Ok(value.truthy());
    }
    Err(Diagnostic::new(message).at(place).help(BROKEN))
}
