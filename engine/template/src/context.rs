//! One rendering: the scope, what has been rendered of it, and the way between the program's values and the evaluator's.

use std::{
    cell::{Cell, RefCell},
    collections::{HashMap, HashSet},
    rc::Rc,
    sync::Arc,
};

use rustible_protocol::{Dict, List, Origin, Sort, Text, Value, deprecated};
use rustible_source::Diagnostic;

use crate::{
    Env, Scope,
    engine::Engine,
    eval::{Evaluator, Flow, Frame},
    ir::Template,
    options::Options,
    parse::SyntaxError,
    rt::{DictObj, DictRepr, Fault, ListObj, ListRepr, Marker, MarkerKind, Res, Rt, fault, undefined},
};

/// Nested variables deeper than this are taken for a loop.
const MAX_NESTING: usize = 60;

/// What all renderings that grow out of one share.
#[derive(Default)]
pub(crate) struct Shared {
    /// Texts being rendered, by address of their characters and scope: meeting one again is a loop.
    active: RefCell<HashSet<(usize, usize)>>,
    /// Whether a secret has been touched, so that results must be watched.
    pub(crate) secrets: Cell<bool>,
    /// Envelopes of the texts that were opened, by the address of their characters, which they keep alive.
    envelopes: RefCell<HashMap<usize, (Text, Text)>>,
    /// What was undefined in the result, when that is shown in the place of the values.
    pub(crate) replaced: RefCell<Option<Vec<Diagnostic>>>,
    /// Where the text that was rendered last stands.
    place: RefCell<Option<Arc<Origin>>>,
    /// Depth of macro calls and nested renderings.
    pub(crate) depth: Cell<usize>,
    /// Levels of expressions that are being evaluated.
    pub(crate) levels: Cell<usize>,
}

const EMBEDDED: &str = "Jinja constant strings should not contain embedded templates. This feature will be disabled by default in ansible-core 2.23.";
const INLINE: &str =
    "Use inline expressions, for example: `when: \"{{ a_var }}\" == 42` becomes `when: a_var == 42`";

/// The surroundings of a rendering.
pub(crate) struct Ctx {
    pub(crate) engine: Arc<Engine>,
    pub(crate) env: Env,
    pub(crate) scope: Arc<dyn Scope>,
    pub(crate) shared: Rc<Shared>,
    vars: RefCell<HashMap<Arc<str>, Option<Rt>>>,
}

impl Ctx {
    pub(crate) fn new(engine: Arc<Engine>, env: Env, scope: Arc<dyn Scope>) -> Rc<Self> {
        Rc::new(Self { engine, env, scope, shared: Rc::default(), vars: RefCell::default() })
    }
    /// The same rendering over another scope.
    pub(crate) fn beside(other: &Rc<Self>, scope: Arc<dyn Scope>) -> Rc<Self> {
        Rc::new(Self {
            engine: other.engine.clone(),
            env: other.env.clone(),
            scope,
            shared: other.shared.clone(),
            vars: RefCell::default(),
        })
    }

    /// A variable of the scope, rendered.
    pub(crate) fn variable(self: &Rc<Self>, name: &str) -> Option<Rt> {
        if let Some(known) = self.vars.borrow().get(name) {
            return known.clone();
        }
        let found = match self.scope.get(name) {
            Some(value) => Some(self.wrap(&value)),
            // The variables themselves, by name, where there are those of a run.
            None if name == "vars" && self.scope.hostvars().is_some() => {
                Some(Rt::Dict(DictObj::of(DictRepr::Vars { ctx: self.clone() })))
            }
            None => {
                let hosts = match name {
                    "hostvars" => self.scope.hostvars(),
                    "ansible_delegated_vars" => self.scope.delegated(),
                    _ => None,
                };
                hosts.map(|hosts| {
                    let ctx = self.clone();
                    Rt::Dict(DictObj::of(DictRepr::Hosts { ctx, hosts, memo: HashMap::new() }))
                })
            }
        };
        self.vars.borrow_mut().insert(name.into(), found.clone());
        found
    }

    /// Whether a rendered element must be kept, because making it again costs or would lose changes.
    pub(crate) fn worth_keeping(value: &Value) -> bool {
        match value {
            Value::Str(text) => text.may_be_template() || text.sort() != Sort::Plain,
            Value::List(_) | Value::Dict(_) | Value::Vaulted(_) => true,
            _ => false,
        }
    }

    /// The program's value as the evaluator's: templates in strings are rendered, containers wait until they are touched.
    pub(crate) fn wrap(self: &Rc<Self>, value: &Value) -> Rt {
        if deprecated::any()
            && let Some(note) = value.deprecated()
        {
            self.note_use(note);
        }
        match value {
            Value::Null => Rt::Null,
            Value::Bool(flag) => Rt::Bool(*flag),
            Value::Int(number) => Rt::Int(*number),
            Value::Big(number) => Rt::Big(number.clone()),
            Value::Float(number) => Rt::Float(*number),
            Value::Str(text) => {
                if text.is_secret() {
                    self.shared.secrets.set(true);
                }
                if text.may_be_template() { self.nested(text) } else { crate::rt::text(text) }
            }
            Value::Vaulted(envelope) => self.open(envelope),
            Value::List(list) => Rt::List(ListObj::frozen(list.clone(), self)),
            Value::Dict(dict) => Rt::Dict(DictObj::frozen(dict.clone(), self)),
        }
    }

    /// A text that was found in an envelope, and goes back into it where it is written.
    pub(crate) fn opened(&self, plain: String, envelope: &Text) -> Rt {
        let plain = envelope.like(plain).with_trust(false).with_secret(true);
        let address = plain.shared().as_ptr().addr();
        self.shared.envelopes.borrow_mut().insert(address, (plain.clone(), envelope.clone()));
        Rt::Str(plain)
    }

    fn open(&self, envelope: &Text) -> Rt {
        self.shared.secrets.set(true);
        let opened = match &self.env.vault {
            Some(vault) => vault.decrypt(envelope),
            None => Err("Attempting to decrypt but no vault secrets found.".to_string()),
        };
        match opened {
            Ok(plain) => self.opened(plain, envelope),
            Err(why) => {
                let cause = Diagnostic::new(why);
                let error = Diagnostic::new("Attempt to use undecryptable variable").because(cause);
                let error = error.at(envelope.origin());
                Rt::Undef(Rc::new(Marker { kind: MarkerKind::Vault, error, sealed: Some(envelope.clone()) }))
            }
        }
    }

    /// A template inside a variable.
    fn nested(self: &Rc<Self>, text: &Text) -> Rt {
        self.evaluate(text, &Options::value(), None)
    }

    /// Render a text; failures come back as markers that know where the text stands.
    pub(crate) fn evaluate(self: &Rc<Self>, text: &Text, options: &Options, frame: Option<&Rc<Frame>>) -> Rt {
        let key = (text.shared().as_ptr() as usize, Rc::as_ptr(self) as usize);
        let depth = self.shared.depth.get();
        if depth >= MAX_NESTING || !self.shared.active.borrow_mut().insert(key) {
            let cause = Diagnostic::new("maximum recursion depth exceeded");
            let error =
                Diagnostic::new("Recursive loop detected in template").because(cause).at(text.origin());
            return Rt::Undef(fault(MarkerKind::Fatal, error));
        }
        self.shared.depth.set(depth + 1);
        let outer = self.shared.place.borrow().clone();
        let result = self.run(text, options, frame);
        if depth > 0 {
            self.shared.place.replace(outer);
        }
        self.shared.depth.set(depth);
        self.shared.active.borrow_mut().remove(&key);
        let result = match result {
            Ok(rt) => rt,
            Err(fault) => Rt::Undef(fault),
        };
        let result = match result {
            Rt::Undef(f) => Rt::Undef(rendering(&f, "template")),
            other => other,
        };
        match result {
            Rt::Undef(f) if f.error.origin.is_none() && text.origin().is_some() && !of_plugin(&f.error) => {
                Rt::Undef(fault(f.kind, f.error.clone().at(text.origin())))
            }
            Rt::Str(out) => Rt::Str(tail_kept(out, text, options)),
            other => other,
        }
    }

    /// The parsed text; its tags must be Jinja's own or allowed.
    pub(crate) fn template(&self, text: &Text, options: &Options) -> Res<Arc<Template>> {
        let template = self.engine.template(text, options)?;
        match template.extension {
            Some((tag, line)) if !self.env.tags.contains(&tag) => {
                let message = crate::explain::refused(text, &options.file, tag);
                Err(crate::engine::syntax("template", &SyntaxError { message, line }, text))
            }
            _ => Ok(template),
        }
    }

    fn run(self: &Rc<Self>, text: &Text, options: &Options, frame: Option<&Rc<Frame>>) -> Res<Rt> {
        let template = self.template(text, options)?;
        let mut evaluator = Evaluator::new(self.clone(), options.clone());
        evaluator.place = text.origin().cloned();
        self.shared.place.replace(text.origin().cloned());
        let frame = Frame::under(frame);
        let mut out = Vec::new();
        evaluator.extends_aware(&template, &frame, &mut out)?;
        evaluator.concat(out)
    }

    /// The value of a bare expression.
    pub(crate) fn expression(self: &Rc<Self>, text: &Text, verbatim: bool, constants: bool) -> Res<Rt> {
        let template = self.engine.expression(text, verbatim)?;
        let mut evaluator = Evaluator::new(self.clone(), Options::value());
        evaluator.render_constants = constants;
        evaluator.place = text.origin().cloned();
        self.shared.place.replace(text.origin().cloned());
        let frame = Frame::under(None);
        let result = match &template.expr {
            Some(ex) => match evaluator.expr(ex, &frame) {
                Ok(Rt::Undef(f)) | Err(f) => Ok(Rt::Undef(located(&rendering(&f, "expression"), text))),
                other => other,
            },
            None => Ok(Rt::Null),
        };
        if evaluator.embedded.get() {
            let warning = Diagnostic::new(EMBEDDED).at(text.origin()).help(INLINE);
            self.env.warning(&warning);
        }
        result
    }

    /// The evaluator's value as the program's; `None` for `omit`.
    pub(crate) fn finalise(self: &Rc<Self>, rt: &Rt) -> Res<Option<Value>> {
        Ok(Some(match rt {
            Rt::Null => Value::Null,
            Rt::Bool(flag) => Value::Bool(*flag),
            Rt::Int(number) => Value::Int(*number),
            Rt::Big(number) => Value::Big(number.clone()),
            Rt::Float(number) => Value::Float(*number),
            Rt::Str(text) => Value::Str(settled(text)),
            Rt::List(list) => return self.finalise_list(list).map(Some),
            Rt::Tuple(items) => Value::List(self.all(items)?.into()),
            Rt::Dict(dict) => return self.finalise_dict(dict).map(Some),
            Rt::Range(..) => {
                return Err(crate::rt::fail("Type 'range' is unsupported for variable storage."));
            }
            Rt::Undef(fault) => return self.replacement(fault, None).map(Some),
            Rt::Omit => return Ok(None),
            Rt::Obj(obj) => match crate::moments::iso(rt).or_else(|| crate::bytes::inside(rt)) {
                Some(text) => Value::Str(text),
                None => {
                    let name = obj.type_name();
                    return Err(crate::rt::fail(format!(
                        "Type '{name}' is unsupported for variable storage."
                    )));
                }
            },
        }))
    }

    /// What stands for an undefined value in the result, if anything may. Those of one text are told together.
    pub(crate) fn replacement(&self, fault: &Fault, place: Option<&Arc<Origin>>) -> Res<Value> {
        if fault.kind != MarkerKind::Undefined {
            return Err(fault.clone());
        }
        let mut replaced = self.shared.replaced.borrow_mut();
        let Some(found) = replaced.as_mut() else { return Err(fault.clone()) };
        let counted = |note: &Diagnostic| note.message.matches("\nerror ").count();
        let number = found.iter().map(counted).sum::<usize>() + 1;
        let text = format!("error {number} - {}", fault.error.summary());
        let place = fault.error.origin.as_ref().or(place);
        match found.last_mut() {
            Some(note) if counted(note) > 0 && note.origin.as_ref() == place => {
                let (_, before) = note.message.split_once('\n').unwrap_or_default();
                let count = counted(note) + 1;
                note.message = format!("Encountered {count} template errors.\n{before}\n{text}");
            }
            _ => {
                let warning = Diagnostic::new(format!("Encountered 1 template error.\n{text}"));
                found.push(warning.at(place));
            }
        }
        Ok(Value::from(format!("<< {text} >>")))
    }

    fn all(self: &Rc<Self>, items: &[Rt]) -> Res<Vec<Value>> {
        items.iter().filter_map(|i| self.finalise(i).transpose()).collect()
    }

    fn finalise_list(self: &Rc<Self>, list: &Rc<ListObj>) -> Res<Value> {
        if let ListRepr::Frozen { data, memo, .. } = &*list.repr.borrow()
            && memo.values().all(unchanged)
            && data.iter().all(settled_already)
            && !deprecated::any()
        {
            return Ok(Value::List(data.clone()));
        }
        let origin = match &*list.repr.borrow() {
            ListRepr::Frozen { data, .. } => data.provenance().cloned(),
            ListRepr::Live(_) => None,
        };
        // What is behind an item that fails is not looked at.
        let mut items = Vec::with_capacity(list.len());
        for item in (0..list.len()).filter_map(|at| list.get(at)) {
            items.extend(self.finalise(&item)?);
        }
        let items: List = items.into();
        Ok(Value::List(items.with_origin(origin)))
    }

    fn finalise_dict(self: &Rc<Self>, dict: &Rc<DictObj>) -> Res<Value> {
        let mut origin = None;
        if let DictRepr::Frozen { data, memo, .. } = &*dict.repr.borrow() {
            self.note_old_key(data);
            if memo.values().all(unchanged)
                && data.iter().all(|(k, v)| settled_already(k) && settled_already(v))
                && !deprecated::any()
            {
                return Ok(Value::Dict(data.clone()));
            }
            origin = data.provenance().cloned();
        }
        let mut out = Dict::new();
        for key in dict.keys() {
            let Some(value) = dict.get(&key) else { continue };
            let key = if let Value::Str(text) = key { Value::Str(settled(&text)) } else { key };
            if let Some(value) = self.finalise(&value)? {
                out.insert(key, value);
            }
        }
        Ok(Value::Dict(out.with_origin(origin)))
    }

    /// A value is used of which a module says that it goes away.
    fn note_use(&self, note: &Value) {
        if self.env.deprecate.is_some() {
            let place = self.shared.place.borrow().clone();
            self.env.deprecated(&crate::Deprecation::of_value(note, place.as_ref()));
        }
    }

    /// A loop without items says why it was skipped under two names, of which one goes away.
    fn note_old_key(&self, data: &Dict) {
        if data.get("skipped_reason").and_then(Value::as_str) == Some("No items in the list") {
            let note = Diagnostic::new("The 'skipped_reason' value is deprecated.");
            let note = note.at(self.shared.place.borrow().as_ref()).help("Use 'skip_reason' instead.");
            self.env.deprecated(&crate::Deprecation::new(note, "2.24"));
        }
    }

    /// The evaluator's value as plain data for a filter; `omit` is an error.
    pub(crate) fn plain(self: &Rc<Self>, rt: &Rt) -> Res<Value> {
        self.finalise(rt)?.ok_or_else(omitted)
    }
    /// The value with its opened texts in their envelopes again.
    pub(crate) fn sealed(&self, value: Value) -> Value {
        match value {
            Value::Str(text) => match self.shared.envelopes.borrow().get(&text.shared().as_ptr().addr()) {
                Some((_, envelope)) => Value::Vaulted(envelope.clone()),
                None => Value::Str(text),
            },
            Value::List(list) => list.iter().map(|item| self.sealed(item.clone())).collect::<Vec<_>>().into(),
            Value::Dict(dict) => Value::Dict(
                dict.iter().map(|(key, item)| (key.clone(), self.sealed(item.clone()))).collect::<Dict>(),
            ),
            other => other,
        }
    }
    /// Plain data as a value that is never templated.
    pub(crate) fn data(self: &Rc<Self>, value: Value) -> Rt {
        self.wrap(&value.into_untrusted())
    }
}

/// Whether a plugin failed. Such an error is told with the place of the whole value that was rendered.
fn of_plugin(error: &Diagnostic) -> bool {
    let kinds = ["The filter plugin", "The test plugin", "The lookup plugin"];
    kinds.iter().any(|kind| error.message.starts_with(kind))
}

/// A failure that no plugin has reported yet, as the failure of the text it happened in.
fn rendering(error: &Fault, kind: &str) -> Fault {
    let known = error.error.cause.is_some() || of_plugin(&error.error);
    if !matches!(error.kind, MarkerKind::Failed | MarkerKind::Blank) || known {
        return error.clone();
    }
    let outer = Diagnostic::new(format!("Error rendering {kind}")).at(error.error.origin.as_ref());
    fault(MarkerKind::Failed, outer.because(Diagnostic { origin: None, ..error.error.clone() }))
}

/// Newlines at the end of the template stay there; a secret template makes a secret.
fn tail_kept(mut out: Text, source: &Text, options: &Options) -> Text {
    let count = |text: &str| text.len() - text.trim_end_matches('\n').len();
    let missing = count(source).saturating_sub(count(&out));
    let tail = if options.file.marks(source) { options.tail.as_str() } else { "\n" };
    if missing > 0 {
        out = out.like(format!("{out}{}", tail.repeat(missing)));
    }
    if source.is_secret() { out.with_secret(true) } else { out }
}

/// An error that a scalar resolved to `omit`.
pub(crate) fn omitted() -> Fault {
    fault(MarkerKind::Omitted, Diagnostic::new("A template was resolved to an Omit scalar."))
}

/// The same error, at the place of the text.
pub(crate) fn located(error: &Fault, text: &Text) -> Fault {
    if error.error.origin.is_some() || text.origin().is_none() {
        return error.clone();
    }
    fault(error.kind, error.error.clone().at(text.origin()))
}

/// A result must never be templated again.
fn settled(text: &Text) -> Text {
    if text.may_be_template() { text.clone().with_trust(false) } else { text.clone() }
}

fn unchanged(rt: &Rt) -> bool {
    match rt {
        Rt::List(list) => {
            matches!(&*list.repr.borrow(), ListRepr::Frozen { memo, .. } if memo.values().all(unchanged))
        }
        Rt::Dict(dict) => {
            matches!(&*dict.repr.borrow(), DictRepr::Frozen { memo, .. } if memo.values().all(unchanged))
        }
        _ => false,
    }
}

/// Whether plain data needs no rendering at all.
pub(crate) fn settled_already(value: &Value) -> bool {
    match value {
        Value::Str(text) => !text.may_be_template(),
        Value::Vaulted(_) => false,
        Value::List(list) => list.iter().all(settled_already),
        Value::Dict(dict) => dict.iter().all(|(k, v)| settled_already(k) && settled_already(v)),
        _ => true,
    }
}

/// A variable that is not there.
pub(crate) fn unknown(name: &str) -> Fault {
    undefined(format!("'{name}' is undefined"))
}

/// What a statement list did, as a value for callers that need no loops.
pub(crate) fn ended(flow: Flow) -> bool {
    matches!(flow, Flow::Next)
}
