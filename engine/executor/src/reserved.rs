//! Variables called like words of the language: allowed, with a warning.

use std::sync::Arc;

use rustible_playbook::{Frame, FrameKind, KEYWORDS, Level};
use rustible_protocol::Dict;
use rustible_source::Diagnostic;

use crate::emitter::Emitter;

/// Names besides those of keywords: inner names of keywords, and what templates can call.
const OTHERS: &[&str] = &[
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

fn reserved(name: &str) -> bool {
    let levels = Level::Play as u8 | Level::Block as u8 | Level::Task as u8;
    // `vars` is always there.
    !matches!(name, "vars" | "gather_subset")
        && (OTHERS.contains(&name) || KEYWORDS.iter().any(|k| k.name == name && k.levels & levels != 0))
}

/// Warn of each variable in it that has a reserved name; a warning is shown once.
pub(crate) fn warn(emitter: &Emitter, vars: &Dict) {
    for key in vars.keys() {
        if let Some(name) = key.as_str()
            && reserved(name)
        {
            let text = format!("Found variable using reserved name '{name}'.");
            emitter.warn(Diagnostic::new(text).at(key.origin()).render());
        }
    }
}

/// Warn of the variables of a task and of all that is around it.
pub(crate) fn warn_around(emitter: &Emitter, frame: &Arc<Frame>) {
    for around in frame.chain().filter(|f| f.kind != FrameKind::Play) {
        warn(emitter, &around.vars);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keywords_and_functions_are_reserved_and_role_keywords_are_not() {
        assert!(["port", "query", "serial", "with_", "async"].iter().all(|n| reserved(n)));
        assert!(!["vars", "role", "listen", "gather_subset", "host"].iter().any(|n| reserved(n)));
    }
}
