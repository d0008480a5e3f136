//! Names that variables should not have: those of keywords, and of the functions that every template has.

use std::{collections::HashSet, sync::LazyLock};

use rustible_protocol::Dict;
use rustible_source::Diagnostic;

use crate::keywords::{KEYWORDS, Level};

/// Names besides those of keywords: inner names of keywords, and the functions of templates, which such a variable hides.
const OTHERS: [&str; 16] = [
    "async_val",
    "local_action",
    "loop_with",
    "with_",
    "cycler",
    "dict",
    "joiner",
    "lipsum",
    "lookup",
    "namespace",
    "now",
    "omit",
    "q",
    "query",
    "range",
    "undef",
];

static RESERVED: LazyLock<HashSet<&str>> = LazyLock::new(|| {
    let levels = Level::Play as u8 | Level::Block as u8 | Level::Task as u8;
    let keywords = KEYWORDS.iter().filter(|k| k.levels & levels != 0).map(|k| k.name);
    // `vars` is always there.
    keywords.chain(OTHERS).filter(|name| !matches!(*name, "vars" | "gather_subset")).collect()
});

/// Whether the name is one of the language's own.
fn is_reserved(name: &str) -> bool {
    RESERVED.contains(name)
}

/// A warning for each variable with a reserved name in layers of variables, at the first that has it.
#[must_use]
pub fn reserved_in(layers: &[Dict]) -> Vec<Diagnostic> {
    let mut seen = HashSet::new();
    let mut all = layers.iter().flat_map(reserved_names).collect::<Vec<_>>();
    all.retain(|warning| seen.insert(warning.message.clone()));
    all
}

/// A warning for each variable with a reserved name.
#[must_use]
pub fn reserved_names(vars: &Dict) -> Vec<Diagnostic> {
    let reserved = vars.texts().filter(|(name, _)| is_reserved(name));
    reserved
        .map(|(name, _)| {
            Diagnostic::new(format!("Found variable using reserved name '{name}'.")).at(name.origin())
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keywords_and_functions_are_reserved_and_role_keywords_are_not() {
        assert!(["port", "query", "serial", "with_", "async"].iter().all(|n| is_reserved(n)));
        assert!(!["vars", "role", "listen", "gather_subset", "host"].iter().any(|n| is_reserved(n)));
    }
}
