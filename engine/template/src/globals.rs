//! Functions every template can call: `range`, `dict`, `lookup`, `query`, `now`, `undef`, `namespace`, ...

use std::{any::Any, cell::RefCell, rc::Rc};

use indexmap::IndexMap;
use rustible_protocol::Value;

use crate::{
    args::{bind, integer},
    context::Ctx,
    filters, lookups,
    rt::{Args, Obj, Res, Rt, fail, undefined},
};

type Run = fn(&Rc<Ctx>, Args) -> Res<Rt>;

/// A function by name.
pub(crate) struct Function {
    name: &'static str,
    run: Run,
}

impl Obj for Function {
    fn type_name(&self) -> &'static str {
        "function"
    }
    fn callable(&self) -> bool {
        true
    }
    fn call(&self, ctx: &Rc<Ctx>, args: Args) -> Res<Rt> {
        (self.run)(ctx, args)
    }
    fn text(&self) -> String {
        format!("<function {}>", self.name)
    }
    fn any(&self) -> &dyn Any {
        self
    }
}

/// `self`: the template, whose blocks are called through it.
struct Itself;

impl Obj for Itself {
    fn type_name(&self) -> &'static str {
        "TemplateReference"
    }
    fn text(&self) -> String {
        "<TemplateReference None>".into()
    }
    fn any(&self) -> &dyn Any {
        self
    }
}

/// The global of that name.
pub(crate) fn global(name: &str) -> Option<Rt> {
    if name == "omit" {
        return Some(Rt::Omit);
    }
    if name == "self" {
        return Some(Rt::obj(Itself));
    }
    let run: (&'static str, Run) = match name {
        "range" => ("range", range),
        "dict" => ("dict", dict),
        "lookup" => ("lookup", |ctx, args| lookup(ctx, args, false)),
        "query" | "q" => ("query", |ctx, args| lookup(ctx, args, true)),
        "now" => ("now", filters::time::now),
        "undef" => ("undef", undef),
        "namespace" => ("namespace", namespace),
        "cycler" => ("cycler", cycler),
        "joiner" => ("joiner", joiner),
        "lipsum" => ("generate_lorem_ipsum", crate::lipsum::lipsum),
        _ => return None,
    };
    Some(Rt::obj(Function { name: run.0, run: run.1 }))
}

fn marker(args: &Args) -> Res<()> {
    let all = args.pos.iter().chain(args.kw.iter().map(|(_, v)| v));
    match all.into_iter().find_map(|v| if let Rt::Undef(f) = v { Some(f.clone()) } else { None }) {
        Some(fault) => Err(fault),
        None => Ok(()),
    }
}

fn lookup(ctx: &Rc<Ctx>, mut args: Args, list: bool) -> Res<Rt> {
    if args.pos.is_empty() {
        return Err(fail("_lookup() missing 1 required positional argument: 'plugin_name'"));
    }
    let name = crate::repr::text(&args.pos.remove(0))?;
    if list {
        args.kw.retain(|(k, _)| k != "wantlist");
        args.kw.push(("wantlist".into(), Rt::Bool(true)));
    }
    lookups::run(ctx, &name, args, false)
}

fn range(_: &Rc<Ctx>, args: Args) -> Res<Rt> {
    marker(&args)?;
    let numbers = args
        .pos
        .iter()
        .map(|v| match v {
            Rt::Str(_) | Rt::Float(_) => {
                Err(fail(format!("'{}' object cannot be interpreted as an integer", v.type_name())))
            }
            other => integer(other),
        })
        .collect::<Res<Vec<i64>>>()?;
    let range = match numbers[..] {
        [stop] => Rt::Range(0, stop, 1),
        [start, stop] => Rt::Range(start, stop, 1),
        [_, _, 0] => return Err(fail("range() arg 3 must not be zero")),
        [start, stop, step] => Rt::Range(start, stop, step),
        _ => return Err(fail(format!("range expected at least 1 argument, got {}", numbers.len()))),
    };
    if range.range_len() > 50_000_000 {
        return Err(fail("the range is too large"));
    }
    Ok(range)
}

pub(crate) fn pairs(value: &Rt) -> Res<IndexMap<Value, Rt>> {
    if let Rt::Dict(dict) = value {
        return Ok(dict.entries().into_iter().collect());
    }
    let mut out = IndexMap::new();
    for (i, item) in value.iterate()?.into_iter().enumerate() {
        let pair = item.iterate()?;
        let [key, value] = &pair[..] else {
            return Err(fail(format!(
                "dictionary update sequence element #{i} has length {}; 2 is required",
                pair.len()
            )));
        };
        out.insert(key.to_key()?, value.clone());
    }
    Ok(out)
}

fn dict(_: &Rc<Ctx>, args: Args) -> Res<Rt> {
    let mut out = match args.pos.first() {
        Some(first) => pairs(first)?,
        None => IndexMap::new(),
    };
    for (key, value) in args.kw {
        out.insert(Value::from(key), value);
    }
    Ok(Rt::dict(out))
}

fn undef(_: &Rc<Ctx>, args: Args) -> Res<Rt> {
    let args = bind("undef", args, &["hint"])?;
    if let Some(other) = args.get(0).filter(|hint| !matches!(hint, Rt::Str(_) | Rt::Undef(_))) {
        let kind = other.type_name();
        return Err(fail(format!("The 'hint' argument must be of type 'str' or 'NoneType', not '{kind}'.")));
    }
    let hint = args.text(0, "Mandatory variable has not been overridden")?;
    Ok(Rt::Undef(undefined(hint)))
}

/// A namespace: attributes that can be set from inner scopes.
struct Namespace(RefCell<IndexMap<String, Rt>>);

impl Obj for Namespace {
    fn type_name(&self) -> &'static str {
        "Namespace"
    }
    fn attr(&self, name: &str) -> Option<Rt> {
        self.0.borrow().get(name).cloned()
    }
    fn set_attr(&self, name: &str, value: Rt) -> Res<()> {
        self.0.borrow_mut().insert(name.to_string(), value);
        Ok(())
    }
    fn any(&self) -> &dyn Any {
        self
    }
}

fn namespace(ctx: &Rc<Ctx>, args: Args) -> Res<Rt> {
    let Rt::Dict(entries) = dict(ctx, args)? else { return Ok(Rt::Null) };
    let entries = entries.entries().into_iter().map(|(k, v)| (k.as_str().unwrap_or_default().to_string(), v));
    Ok(Rt::obj(Namespace(RefCell::new(entries.collect()))))
}

/// `cycler(...)`: the state and its two methods.
struct Cycler {
    items: Vec<Rt>,
    at: Rc<RefCell<usize>>,
    method: Option<&'static str>,
}

impl Obj for Cycler {
    fn type_name(&self) -> &'static str {
        "Cycler"
    }
    fn callable(&self) -> bool {
        self.method.is_some()
    }
    fn attr(&self, name: &str) -> Option<Rt> {
        let method = match name {
            "next" => "next",
            "reset" => "reset",
            "current" => return self.items.get(*self.at.borrow()).cloned(),
            _ => return None,
        };
        Some(Rt::obj(Self { items: self.items.clone(), at: self.at.clone(), method: Some(method) }))
    }
    fn call(&self, _: &Rc<Ctx>, _: Args) -> Res<Rt> {
        let mut at = self.at.borrow_mut();
        if self.method == Some("reset") {
            *at = 0;
            return Ok(Rt::Null);
        }
        let item = self.items[*at].clone();
        *at = (*at + 1) % self.items.len();
        Ok(item)
    }
    fn any(&self) -> &dyn Any {
        self
    }
}

fn cycler(_: &Rc<Ctx>, args: Args) -> Res<Rt> {
    if args.pos.is_empty() {
        return Err(fail("at least one item has to be provided"));
    }
    Ok(Rt::obj(Cycler { items: args.pos, at: Rc::default(), method: None }))
}

/// `joiner(sep)`: nothing the first time, the separator after that.
struct Joiner {
    separator: String,
    used: RefCell<bool>,
}

impl Obj for Joiner {
    fn type_name(&self) -> &'static str {
        "Joiner"
    }
    fn callable(&self) -> bool {
        true
    }
    fn call(&self, _: &Rc<Ctx>, _: Args) -> Res<Rt> {
        let used = self.used.replace(true);
        Ok(Rt::str(if used { self.separator.as_str() } else { "" }))
    }
    fn any(&self) -> &dyn Any {
        self
    }
}

fn joiner(_: &Rc<Ctx>, args: Args) -> Res<Rt> {
    let args = bind("joiner", args, &["sep"])?;
    Ok(Rt::obj(Joiner { separator: args.text(0, ", ")?, used: RefCell::new(false) }))
}
