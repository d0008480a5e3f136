//! Names that variables should not have: those of keywords, and of the functions that every template has.

use rustible_protocol::Dict;
use rustible_source::Diagnostic;

use crate::keywords::{KEYWORDS, Level};

/// The functions of templates; a variable of that name hides one.
const FUNCTIONS: [&str; 12] = [
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

/// Whether the name is one of the language's own.
#[must_use]
pub fn is_reserved(name: &str) -> bool {
    let levels = [Level::Play, Level::Block, Level::Task, Level::Role];
    let keyword = |k: &crate::Keyword| levels.iter().any(|level| k.levels & *level as u8 != 0);
    match name {
        "vars" | "gather_subset" | "role" => false,
        "with_" => true,
        _ => FUNCTIONS.contains(&name) || KEYWORDS.iter().any(|k| k.name == name && keyword(k)),
    }
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
