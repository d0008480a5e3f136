//! Events to the callbacks, in order, and the counts for the recap.

use std::sync::{Arc, Mutex, PoisonError};

use rustible_protocol::{
    Dict, Value,
    event::{Callback, Event, HostStats, Stats},
};

/// Tells callbacks what happens, and counts.
#[derive(Clone)]
pub struct Emitter(Arc<Mutex<Inner>>);

struct Inner {
    callbacks: Vec<Box<dyn Callback>>,
    stats: Stats,
}

impl Emitter {
    /// An emitter for these callbacks.
    #[must_use]
    pub fn new(callbacks: Vec<Box<dyn Callback>>) -> Self {
        Self(Arc::new(Mutex::new(Inner { callbacks, stats: Stats::default() })))
    }

    fn inner(&self) -> std::sync::MutexGuard<'_, Inner> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Tell all callbacks.
    pub fn emit(&self, event: &Event) {
        for callback in &mut self.inner().callbacks {
            callback.on(event);
        }
    }

    /// `[WARNING]: text`.
    pub fn warn(&self, text: impl Into<String>) {
        self.emit(&Event::Warning(text.into()));
    }

    /// A line for `-v` levels.
    pub fn verbose(&self, level: u8, host: Option<&Arc<str>>, text: impl Into<String>) {
        self.emit(&Event::Verbose { level, host: host.cloned(), text: text.into() });
    }

    /// Change a host's counts.
    pub fn count(&self, host: &Arc<str>, change: impl FnOnce(&mut HostStats)) {
        change(self.inner().stats.hosts.entry(host.clone()).or_default());
    }

    /// A host's counts so far.
    #[must_use]
    pub fn counts(&self, host: &Arc<str>) -> HostStats {
        self.inner().stats.hosts.get(host).cloned().unwrap_or_default()
    }

    /// `set_stats`.
    pub fn custom(&self, host: Option<&str>, data: &Dict, aggregate: bool) {
        let mut inner = self.inner();
        let stats = inner.stats.custom.entry(host.unwrap_or("_run").to_string()).or_default();
        for (key, value) in data {
            let merged = match (stats.get_value(key), value, aggregate) {
                (Some(old), new, true) => add(old, new),
                (_, new, _) => new.clone(),
            };
            stats.insert(key.clone(), merged);
        }
    }

    /// The counts so far.
    #[must_use]
    pub fn stats(&self) -> Stats {
        self.inner().stats.clone()
    }
}

/// Two values of `set_stats` added up as the reference does: numbers, texts and lists by `+`, mappings merged.
fn add(old: &Value, new: &Value) -> Value {
    match (old, new) {
        (Value::Int(a), Value::Int(b)) => Value::Int(a.saturating_add(*b)),
        (Value::Str(a), Value::Str(b)) => Value::str(format!("{a}{b}")),
        (Value::List(a), Value::List(b)) => a.iter().chain(b).cloned().collect::<Vec<_>>().into(),
        (Value::Dict(a), Value::Dict(b)) => {
            let mut merged = a.clone();
            merged.extend(b);
            merged.into()
        }
        (a, b) => match (a.number_as_f64(), b.number_as_f64()) {
            (Some(a), Some(b)) => Value::Float(a + b),
            _ => new.clone(),
        },
    }
}
