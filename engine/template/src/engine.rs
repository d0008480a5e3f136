//! The cache of parsed templates, shared by all renderings of a run.

use std::{
    collections::{HashMap, HashSet},
    sync::{Arc, Mutex, RwLock},
};

use rustible_protocol::{Origin, Text};
use rustible_source::Diagnostic;

use crate::{
    ir::Template,
    options::Options,
    parse::{self, SyntaxError},
    rt::{MarkerKind, Res, fault},
};

/// More templates than any run holds; beyond it the cache starts over.
const CAPACITY: usize = 50_000;

type Parsed = Result<Arc<Template>, SyntaxError>;

/// What was told, and where.
type Notice = (&'static str, Option<Arc<Origin>>);

/// Parsed templates by their text. One for the whole run.
#[derive(Default)]
pub struct Engine {
    values: RwLock<HashMap<Arc<str>, Parsed>>,
    expressions: RwLock<HashMap<(Arc<str>, bool), Parsed>>,
    files: RwLock<HashMap<(Arc<str>, Options), Parsed>>,
    /// What was told of variables that go away, and where.
    notices: Mutex<HashSet<Notice>>,
}

impl std::fmt::Debug for Engine {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Engine").finish_non_exhaustive()
    }
}

impl Engine {
    /// Whether this is told of that place for the first time.
    pub(crate) fn first_notice(&self, message: &'static str, place: Option<&Arc<Origin>>) -> bool {
        let mut notices = self.notices.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        notices.insert((message, place.cloned()))
    }

    /// An empty cache.
    #[must_use]
    pub fn new() -> Arc<Self> {
        Arc::default()
    }

    pub(crate) fn template(&self, text: &Text, options: &Options) -> Res<Arc<Template>> {
        if *options == Options::value() {
            return cached(&self.values, text.shared().clone(), text, "template", || {
                parse::template(text, options)
            });
        }
        let key = (text.shared().clone(), options.clone());
        cached(&self.files, key, text, "template", || parse::template(text, options))
    }

    pub(crate) fn expression(&self, text: &Text, verbatim: bool) -> Res<Arc<Template>> {
        let key = (text.shared().clone(), verbatim);
        cached(&self.expressions, key, text, "expression", || parse::expression(text, verbatim))
    }
}

fn cached<K: std::hash::Hash + Eq>(
    cache: &RwLock<HashMap<K, Parsed>>,
    key: K,
    text: &Text,
    kind: &str,
    parse: impl FnOnce() -> Result<Template, SyntaxError>,
) -> Res<Arc<Template>> {
    let found = cache.read().ok().and_then(|c| c.get(&key).cloned());
    let parsed = found.unwrap_or_else(|| {
        let parsed = parse().map(Arc::new);
        if let Ok(mut cache) = cache.write() {
            if cache.len() >= CAPACITY {
                cache.clear();
            }
            cache.insert(key, parsed.clone());
        }
        parsed
    });
    parsed.map_err(|error| syntax(kind, &error, text))
}

/// The error of a text that cannot be parsed.
pub(crate) fn syntax(kind: &str, error: &SyntaxError, text: &Text) -> crate::rt::Fault {
    let delimited = kind == "expression" && ["{{", "{%"].iter().any(|open| text.contains(open));
    let hint = if delimited { ". Template delimiters are not supported in expressions" } else { "" };
    let message = format!("Syntax error in {kind}{hint}");
    let cause = Diagnostic::new(error.message.clone());
    // In a file of its own the line is known; inside a YAML scalar only where the scalar stands.
    let place = text.origin().map(|place| match place.line {
        0 => Origin::new(&place.file, error.line.try_into().unwrap_or(0), 0),
        _ => place.clone(),
    });
    fault(MarkerKind::Fatal, Diagnostic::new(message).because(cause).at(place.as_ref()))
}
