//! All lookups, one file each, and the rules of calling them: `wantlist`, `errors`, one result alone is itself.

mod config;
mod csvfile;
mod dict;
mod encoding;
mod env;
mod file;
mod fileglob;
mod filetree;
mod first_found;
mod indexed_items;
mod ini;
mod inventory_hostnames;
mod items;
mod nested;
mod password;
mod pipe;
mod random_choice;
mod sequence;
mod subelements;
mod template;
mod together;
mod url;
mod vars;

use std::rc::Rc;

use rustible_source::Diagnostic;

use crate::{
    context::Ctx,
    foreign,
    options::Options,
    registry, repr,
    rt::{Args, Fault, MarkerKind, Res, Rt, fault},
    secret,
};

/// What a lookup is given.
pub(crate) struct Call {
    pub(crate) ctx: Rc<Ctx>,
    pub(crate) terms: Vec<Rt>,
    pub(crate) options: Vec<(String, Rt)>,
    /// It makes the items of a loop.
    pub(crate) as_loop: bool,
}

/// What runs a lookup: a list comes back.
pub(crate) type Run = fn(Call) -> Res<Vec<Rt>>;

/// All lookups.
pub(crate) const NAMES: &[(&str, Run)] = &[
    ("config", config::run),
    ("ansible._protomatter.config", config::internal),
    ("csvfile", csvfile::run),
    ("dict", dict::run),
    ("env", env::run),
    ("file", file::run),
    ("unvault", file::unvault),
    ("fileglob", fileglob::run),
    ("filetree", filetree::run),
    ("community.general.filetree", filetree::run),
    ("first_found", first_found::run),
    ("indexed_items", indexed_items::run),
    ("ini", ini::run),
    ("inventory_hostnames", inventory_hostnames::run),
    ("items", items::items),
    ("list", items::list),
    ("flattened", items::flattened),
    ("community.general.flattened", items::flattened),
    ("cartesian", nested::run),
    ("community.general.cartesian", nested::run),
    ("nested", nested::run),
    ("password", password::run),
    ("pipe", pipe::run),
    ("lines", pipe::lines),
    ("random_choice", random_choice::run),
    ("sequence", sequence::run),
    ("subelements", subelements::run),
    ("template", template::run),
    ("together", together::run),
    ("url", url::run),
    ("vars", vars::vars),
    ("varnames", vars::varnames),
];

pub(crate) fn find(name: &str) -> Option<Run> {
    NAMES.iter().find(|(n, _)| *n == name).map(|(_, run)| *run)
}

impl Call {
    pub(crate) fn option(&self, name: &str) -> Option<&Rt> {
        self.options.iter().find(|(k, _)| k == name).map(|(_, v)| v)
    }
    pub(crate) fn text(&self, name: &str, default: &str) -> Res<String> {
        self.option(name).filter(|v| !v.is_null()).map_or_else(|| Ok(default.to_string()), repr::text)
    }
    pub(crate) fn flag(&self, name: &str, default: bool) -> Res<bool> {
        match self.option(name) {
            None => Ok(default),
            Some(value) => match crate::filters::common::truth(value) {
                Some(flag) => Ok(flag),
                None => value.truthy(),
            },
        }
    }
    pub(crate) fn texts(&self) -> Res<Vec<String>> {
        self.terms.iter().map(repr::text).collect()
    }
    /// A term `name key=value ...`: the name and its options.
    pub(crate) fn term_options(term: &str) -> (String, Vec<(String, String)>) {
        let mut name = Vec::new();
        let mut options = Vec::new();
        for word in words(term) {
            match word
                .split_once('=')
                .filter(|(k, _)| !k.is_empty() && k.chars().all(|c| c.is_alphanumeric() || c == '_'))
            {
                Some((key, value)) => options.push((key.to_string(), unquoted(value).to_string())),
                None => name.push(word),
            }
        }
        (name.join(" "), options)
    }
}

fn unquoted(text: &str) -> &str {
    for quote in ['\'', '"'] {
        if let Some(inner) = text.strip_prefix(quote).and_then(|t| t.strip_suffix(quote)) {
            return inner;
        }
    }
    text
}

/// Words between blanks; quotes hold blanks together.
fn words(text: &str) -> Vec<String> {
    let mut out: Vec<String> = Vec::new();
    let mut current = String::new();
    let mut quote = None;
    for c in text.chars() {
        match quote {
            Some(q) => {
                if q == c {
                    quote = None;
                }
                current.push(c);
            }
            None if c.is_whitespace() => {
                if !current.is_empty() {
                    out.push(std::mem::take(&mut current));
                }
            }
            None => {
                if matches!(c, '\'' | '"') {
                    quote = Some(c);
                }
                current.push(c);
            }
        }
    }
    if !current.is_empty() {
        out.push(current);
    }
    out
}

/// Literals of the template with templates in them are rendered; values are not.
fn constants(ctx: &Rc<Ctx>, term: Rt) -> Rt {
    match term {
        Rt::Str(text) if text.may_be_template() => {
            ctx.evaluate(&text.with_origin(None), &Options::value(), None)
        }
        Rt::List(list) if matches!(&*list.repr.borrow(), crate::rt::ListRepr::Live(_)) => {
            Rt::list(list.items().into_iter().map(|i| constants(ctx, i)).collect())
        }
        Rt::Dict(dict) if matches!(&*dict.repr.borrow(), crate::rt::DictRepr::Live(_)) => {
            Rt::dict(dict.entries().into_iter().map(|(key, value)| (key, constants(ctx, value))).collect())
        }
        other => other,
    }
}

fn first_marker(terms: &[Rt], options: &[(String, Rt)]) -> Option<Fault> {
    let all = terms.iter().chain(options.iter().map(|(_, v)| v));
    all.into_iter().find_map(|rt| if let Rt::Undef(f) = rt { Some(f.clone()) } else { None })
}

fn native_takes_markers(name: &str) -> bool {
    matches!(name.rsplit('.').next(), Some("first_found" | "env"))
}

/// Whether terms that cannot be rendered are the lookup's to judge.
pub(crate) fn takes_markers(ctx: &Rc<Ctx>, name: &str) -> bool {
    let foreign = foreign::find(ctx, "lookup", name, registry::lookup(name).is_some());
    foreign.is_ok_and(|found| found.map_or_else(|| native_takes_markers(name), |found| found.markers))
}

/// Run a lookup by name. `as_loop`: it was called by `with_x`, where terms are values already.
pub(crate) fn run(ctx: &Rc<Ctx>, name: &str, args: Args, as_loop: bool) -> Res<Rt> {
    let known = registry::lookup(name);
    let foreign = foreign::find(ctx, "lookup", name, known.is_some())?;
    if known.is_none() && foreign.is_none() {
        let error = Diagnostic::new(format!("The lookup plugin '{name}' was not found."));
        return Err(fault(MarkerKind::Failed, error));
    }
    let takes_markers = foreign.map_or_else(|| native_takes_markers(name), |found| found.markers);
    let mut terms = args.pos;
    let mut options = args.kw;
    let mut take = |key: &str| options.iter().position(|(k, _)| k == key).map(|i| options.remove(i).1);
    let want_list = take("wantlist").map_or(Ok(false), |v| v.truthy())?;
    let errors = take("errors").map_or(Ok("strict".to_string()), |v| repr::text(&v))?;
    if !as_loop {
        terms = terms.into_iter().map(|t| constants(ctx, t)).collect();
    }
    if !takes_markers && let Some(marker) = first_marker(&terms, &options) {
        return Err(marker);
    }
    let watch = ctx.shared.secrets.get().then(|| Args { pos: terms.clone(), kw: options.clone() });
    let outcome = match (known, foreign) {
        (_, Some(found)) => foreign::lookup(ctx, name, found, &terms, &options),
        (Some(run), None) => run(Call { ctx: ctx.clone(), terms, options, as_loop }),
        (None, None) => Ok(Vec::new()),
    };
    let mut found = match outcome {
        Ok(found) => found,
        Err(cause) if cause.kind == MarkerKind::Failed => match errors.as_str() {
            "ignore" => return Ok(if want_list { Rt::list(Vec::new()) } else { Rt::Null }),
            "warn" => {
                ctx.env.warning(&Diagnostic::new(format!(
                    "An error occurred while running the lookup plugin '{name}': {}",
                    cause.error.summary()
                )));
                return Ok(if want_list { Rt::list(Vec::new()) } else { Rt::Null });
            }
            _ => {
                let outer = Diagnostic::new(format!("The lookup plugin '{name}' failed"));
                return Err(fault(MarkerKind::Failed, outer.because(cause.error.clone())));
            }
        },
        Err(marker) => return Err(marker),
    };
    if let Some(args) = watch {
        found = found.into_iter().map(|f| secret::keep(f, &Rt::Null, &args)).collect();
    }
    if want_list {
        return Ok(Rt::list(found));
    }
    if found.len() == 1 {
        return Ok(found.remove(0));
    }
    if !found.is_empty() && found.iter().all(|f| f.as_str().is_some()) {
        let secret = found.iter().any(secret::within);
        let texts: Vec<&str> = found.iter().filter_map(Rt::as_str).collect();
        return Ok(Rt::Str(rustible_protocol::Text::untrusted(texts.join(",")).with_secret(secret)));
    }
    Ok(Rt::list(found))
}

/// A list among the terms stands for its items, once.
pub(crate) fn flat_once(terms: &[Rt]) -> Res<Vec<Rt>> {
    let mut out = Vec::new();
    for term in terms {
        match term {
            Rt::List(_) | Rt::Tuple(_) => out.extend(term.iterate()?),
            other => out.push(other.clone()),
        }
    }
    Ok(out)
}
