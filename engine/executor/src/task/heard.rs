//! What is warned of while a task runs: kept until it has ended, and then part of its result, with which it is told.
//!
//! What comes up before the items of a loop are gone through, and behind the task, is told at once.

use std::sync::{Arc, Mutex, PoisonError};

use rustible_protocol::{Dict, Origin, Value, deprecated::HELP};
use rustible_source::Diagnostic;
use rustible_template::{Deprecation, Env, deprecation};

use super::Finished;

/// The listener of one job. Cheap to clone.
#[derive(Clone, Default)]
pub(crate) struct Heard(Arc<Mutex<Inner>>);

#[derive(Default)]
struct Inner {
    listening: bool,
    said: [Vec<Said>; 2],
}

/// A warning or a deprecation. The same words about the same place are said once.
struct Said {
    /// What it says, in one line.
    words: String,
    /// What it says it of.
    place: Option<Arc<Origin>>,
    /// As results have it.
    value: Value,
    /// As it is told, where that is more than the result has.
    told: Option<String>,
}

/// The keys of results for warnings and deprecations, in the order of [`Inner::said`].
const KEYS: [&str; 2] = ["warnings", "deprecations"];

impl Heard {
    fn inner(&self) -> std::sync::MutexGuard<'_, Inner> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The sinks of an environment for templates, with this in front of those it has.
    pub(super) fn before(&self, env: Env) -> Env {
        let (here, behind) = (self.clone(), env.warn.clone());
        let warn = move |warning: &Diagnostic| {
            if !here.hears(0, &warning.summary(), warning.origin.as_ref(), || Said::warning(warning))
                && let Some(behind) = &behind
            {
                behind(warning);
            }
        };
        let (here, behind) = (self.clone(), env.deprecate.clone());
        let deprecate = move |note: &Deprecation| {
            if !here.hears(1, &note.what.message, note.what.origin.as_ref(), || Said::deprecation(note))
                && let Some(behind) = &behind
            {
                behind(note);
            }
        };
        let here = self.clone();
        let hear = move |key: &str, said: &Value, help: Option<&str>| {
            let which = KEYS.iter().position(|known| *known == key);
            let words = deprecation::text(said);
            which.is_some_and(|which| here.hears(which, &words, None, || Said::by_plugin(&words, said, help)))
        };
        Env {
            warn: Some(Arc::new(warn)),
            deprecate: Some(Arc::new(deprecate)),
            hear: Some(Arc::new(hear)),
            ..env
        }
    }

    /// From now on warnings are kept.
    pub(super) fn listen(&self) {
        self.inner().listening = true;
    }

    /// A warning of the engine itself.
    pub(super) fn warn(&self, warning: &Diagnostic) {
        let mut inner = self.inner();
        if !inner.knows(0, &warning.summary(), warning.origin.as_ref()) {
            inner.said[0].push(Said::warning(warning));
        }
    }

    /// Whether it is listened to. What is made of it is made once: facts used in a loop say the same again and again.
    fn hears(
        &self,
        which: usize,
        words: &str,
        place: Option<&Arc<Origin>>,
        said: impl FnOnce() -> Said,
    ) -> bool {
        let mut inner = self.inner();
        let listening = inner.listening;
        if listening && !inner.knows(which, words, place) {
            inner.said[which].push(said());
        }
        listening
    }

    /// The result with all that was heard so far; what it says itself comes behind what was heard before.
    pub(super) fn keep(&self, result: &mut Dict) {
        let mut inner = self.inner();
        for (which, key) in KEYS.into_iter().enumerate() {
            match result.get(key) {
                Some(Value::List(own)) => {
                    for value in own.iter() {
                        inner.add(which, value);
                    }
                }
                None | Some(Value::Null) => {}
                Some(_) => continue,
            }
            if !inner.said[which].is_empty() {
                result
                    .insert(key, inner.said[which].iter().map(|said| said.value.clone()).collect::<Vec<_>>());
            }
        }
    }

    /// An item has ended: its result has what was heard, and nothing is kept any more.
    pub(super) fn end(&self, finished: &mut Finished) {
        self.keep(&mut finished.result);
        let said = {
            let mut inner = self.inner();
            inner.listening = false;
            std::mem::take(&mut inner.said)
        };
        for said in said.into_iter().flatten() {
            if let Some(told) = said.told {
                finished.rendered.push((deprecation::text(&said.value), told));
            }
        }
    }
}

impl Inner {
    fn knows(&self, which: usize, words: &str, place: Option<&Arc<Origin>>) -> bool {
        self.said[which].iter().any(|said| said.words == words && said.place.as_ref() == place)
    }

    /// What a result says itself.
    fn add(&mut self, which: usize, value: &Value) {
        let mut value = value.clone();
        let help = match &mut value {
            Value::Dict(dict) => dict.remove(HELP),
            _ => None,
        };
        if !self.said[which].iter().any(|said| said.value == value) {
            let words = deprecation::text(&value);
            let help = help.as_ref().and_then(Value::as_str);
            self.said[which].push(Said::by_plugin(&words, &value, help));
        }
    }
}

impl Said {
    fn warning(warning: &Diagnostic) -> Self {
        let (words, told) = (warning.summary(), warning.render());
        let place = warning.origin.clone();
        Self { value: words.as_str().into(), told: (told != words).then_some(told), words, place }
    }

    fn by_plugin(words: &str, said: &Value, help: Option<&str>) -> Self {
        let told = help.map(|help| Diagnostic::new(words).help(help).render());
        Self { words: words.to_string(), place: None, value: said.clone(), told }
    }

    fn deprecation(note: &Deprecation) -> Self {
        let told = if note.again { String::new() } else { note.render() };
        let (words, place) = (note.what.message.clone(), note.what.origin.clone());
        if let Some(value) = &note.value {
            return Self { words, place, value: value.clone(), told: Some(told) };
        }
        let mut deprecator = Dict::new();
        match note.lookup {
            Some(name) => {
                deprecator.insert("resolved_name", format!("ansible.builtin.{name}"));
                deprecator.insert("type", "lookup");
            }
            None => {
                deprecator.insert("resolved_name", "ansible.builtin");
                deprecator.insert("type", Value::Null);
            }
        }
        let mut value = Dict::new();
        value.insert("msg", note.what.message.as_str());
        value.insert("collection_name", "ansible.builtin");
        value.insert("version", note.version);
        value.insert("deprecator", deprecator);
        Self { words, place, value: value.into(), told: Some(told) }
    }
}
