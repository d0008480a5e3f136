//! Values whose use is told: a module may say of what it returns that it goes away.

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

use crate::{
    text::{Origin, Text},
    value::{Dict, List, Value},
};

/// Whether there has been such a value: as long as there was none, nobody looks for one.
static SEEN: AtomicBool = AtomicBool::new(false);

/// The key of a note for what to do instead; results do not have it.
pub const HELP: &str = "help_text";

/// Whether any value is told of when it is used.
#[must_use]
pub fn any() -> bool {
    SEEN.load(Ordering::Relaxed)
}

/// What a module says of a value, in the form of an entry of a result's `deprecations`, with [`HELP`] where there is some.
#[must_use]
pub fn note(tag: &Dict) -> Value {
    let of = |name: &str| tag.get(name).filter(|value| !value.is_null()).cloned();
    let mut note = Dict::new();
    note.insert("msg", of("msg"));
    let deprecator = of("deprecator").unwrap_or_default();
    let name = deprecator.get("resolved_name").and_then(Value::as_str);
    let collection = name.map(|name| name.split('.').take(2).collect::<Vec<_>>().join("."));
    note.insert("collection_name", collection.map(Value::from));
    match of("date") {
        Some(date) => note.insert("date", date),
        None => note.insert("version", of("version")),
    };
    note.insert("deprecator", deprecator);
    if let Some(help) = of(HELP) {
        note.insert(HELP, help);
    }
    note.into()
}

impl Origin {
    /// The same place, with a note or without.
    fn noted(place: Option<&Arc<Self>>, note: Option<Box<Value>>) -> Option<Arc<Self>> {
        match (place, note) {
            (None, None) => None,
            (place, note) => {
                let nowhere = Self { file: "".into(), line: 0, col: 0, value: None, deprecated: None };
                let place = place.map_or(nowhere, |place| (**place).clone());
                Some(Arc::new(Self { deprecated: note, ..place })).filter(|all| all.says())
            }
        }
    }
    fn says(&self) -> bool {
        self.deprecated.is_some() || self.is_place()
    }
    /// Whether it is a place at all, and not only a note.
    pub(crate) fn is_place(&self) -> bool {
        !(self.file.is_empty() && self.line == 0 && self.value.is_none())
    }
    /// Another place for a value, which keeps what is noted of it.
    pub(crate) fn moved(before: Option<&Arc<Self>>, place: Option<Arc<Self>>) -> Option<Arc<Self>> {
        match before.and_then(|before| before.deprecated.clone()) {
            Some(note) if place.as_ref().is_none_or(|place| place.deprecated.is_none()) => {
                Self::noted(place.as_ref(), Some(note))
            }
            _ => place,
        }
    }
    /// The place without what is noted of the value.
    pub(crate) fn without_note(place: Option<Arc<Self>>) -> Option<Arc<Self>> {
        match &place {
            Some(noted) if noted.deprecated.is_some() => Self::noted(Some(noted), None),
            _ => place,
        }
    }
}

impl Value {
    /// The note on its use, if there is one: an entry of a result's `deprecations`.
    #[must_use]
    pub fn deprecated(&self) -> Option<&Self> {
        let place = match self {
            Self::Str(text) => text.provenance(),
            Self::List(list) => list.provenance(),
            Self::Dict(dict) => dict.provenance(),
            _ => None,
        };
        place?.deprecated.as_deref()
    }
    /// The same value, whose use is told; numbers cannot have a note and stay as they are.
    #[must_use]
    pub fn with_deprecated(self, note: Self) -> Self {
        SEEN.store(true, Ordering::Relaxed);
        let place = |place: Option<&Arc<Origin>>| Origin::noted(place, Some(Box::new(note)));
        match self {
            Self::Str(text) => {
                let place = place(text.provenance());
                Self::Str(Text::with_origin(text, place))
            }
            Self::List(list) => {
                let place = place(list.provenance());
                Self::List(List::with_origin(list, place))
            }
            Self::Dict(dict) => {
                let place = place(dict.provenance());
                Self::Dict(Dict::with_origin(dict, place))
            }
            other => other,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_note_stays_with_its_value_and_on_its_way_and_is_no_place() {
        let note = note(&[("msg", "old")].into_iter().collect());
        let value = Value::str("x").with_deprecated(note.clone());
        assert_eq!(value.origin(), None);
        assert_eq!(value.deprecated(), Some(&note));
        let moved = value.as_text().unwrap().clone().with_origin(Some(Origin::of_value("here", "x")));
        assert!(moved.origin().is_some());
        assert_eq!(Value::Str(moved.clone()).deprecated(), Some(&note));
        assert_eq!(Value::Str(moved.like("y")).deprecated(), None);
        let wire = rmp_serde::to_vec_named(&Value::from(vec![value])).unwrap();
        let read: Value = rmp_serde::from_slice(&wire).unwrap();
        assert_eq!(read.as_list().unwrap()[0].deprecated(), Some(&note));
        assert_eq!(read, Value::from(vec![Value::str("x")]));
    }
}
