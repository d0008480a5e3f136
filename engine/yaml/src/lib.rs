//! YAML 1.1 as Ansible reads and writes it: values that know where they were written, `!vault`, `!unsafe`,
//! merge keys, duplicate-key warnings, the reference's error texts, and a writer that matches PyYAML.
//!
//! Grammar, positions and line breaking are libyaml's (through its safe port); the meaning is ours.

mod astral;
mod blocks;
mod compose;
mod construct;
pub mod emit;
mod fault;
mod json;
mod quiet;
mod represent;
mod scalar;
mod tag;
mod time;

use std::sync::Arc;

use rustible_protocol::Value;
use rustible_source::{Diagnostic, Files};

use crate::{compose::Tree, construct::Builder, fault::Fault};

/// Deepest nesting that is read; deeper input is refused.
pub const MAX_DEPTH: usize = 400;

/// What a text holds: its documents in order and what is worth a warning.
#[derive(Debug, Default)]
pub struct Documents {
    /// One value for each document; none for a text without any.
    pub values: Vec<Value>,
    /// Keys that were given twice in a mapping (the last one wins): message, place of the later key, advice.
    pub warnings: Vec<Diagnostic>,
}

/// What a key given twice in a mapping is (`DUPLICATE_YAML_DICT_KEY`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum DuplicateKeys {
    /// A warning; the last one wins.
    #[default]
    Warn,
    /// An error.
    Error,
    /// Nothing; the last one wins.
    Ignore,
}

impl Documents {
    /// The documents under a rule for keys given twice: with warnings, without, or the first one as an error.
    ///
    /// # Errors
    /// The first key given twice, where the rule says so.
    pub fn under(mut self, rule: DuplicateKeys) -> Result<Self, Diagnostic> {
        match (rule, self.warnings.first()) {
            (DuplicateKeys::Error, Some(first)) => {
                return Err(Diagnostic::parse(
                    format!("YAML parsing failed: {}", first.message),
                    first.origin.as_ref(),
                ));
            }
            (DuplicateKeys::Ignore, _) => self.warnings.clear(),
            _ => {}
        }
        Ok(self)
    }
    /// The first document, or null when there is none.
    #[must_use]
    pub fn first(self) -> Value {
        self.values.into_iter().next().unwrap_or_default()
    }
}

/// Read every document of a text. `name` is the path (or a description such as `<extra vars>`) that positions
/// refer to; the text is remembered under it, so that messages can show its lines.
///
/// # Errors
/// The reference's message (`YAML parsing failed: ...`) at the place that is to blame.
pub fn parse(name: &Arc<str>, text: &str) -> Result<Documents, Diagnostic> {
    read(name, text, false)
}

/// Read a text that holds one document at most, with its warnings. A text that is JSON is read by JSON's rules,
/// as the reference does (`1e5` is a number there, and a key given twice is no warning).
///
/// # Errors
/// As [`parse`], and when a second document follows.
pub fn parse_single(name: &Arc<str>, text: &str) -> Result<Documents, Diagnostic> {
    read(name, text, true)
}

/// The value of a text that holds one document at most; an empty text is null.
///
/// # Errors
/// As [`parse_single`].
pub fn load(name: &Arc<str>, text: &str) -> Result<Value, Diagnostic> {
    parse_single(name, text).map(Documents::first)
}

/// As [`load`], with errors in the words and places of Python's YAML library, which says of a file's path that it is
/// bytes.
///
/// # Errors
/// Several lines: what was read, where, what is wrong, where.
pub fn load_plainly(name: &Arc<str>, text: &str) -> Result<Value, Diagnostic> {
    let documents = read_yaml(name, text.strip_prefix('\u{feff}').unwrap_or(text), true);
    documents.map(Documents::first).map_err(|fault| fault.of_text(&format!("b'{name}'")))
}

/// The values of all documents of a text.
///
/// # Errors
/// As [`parse`].
pub fn load_all(name: &Arc<str>, text: &str) -> Result<Vec<Value>, Diagnostic> {
    parse(name, text).map(|documents| documents.values)
}

/// The name of a text that comes from no file; errors about it are those of Python's YAML library.
pub const TEXT: &str = "<unicode string>";

fn read(name: &Arc<str>, text: &str, single: bool) -> Result<Documents, Diagnostic> {
    Files::global().add(name, &text.into());
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let data = single.then(|| json::read(text)).flatten();
    let documents = read_yaml(name, text, single);
    match (data, documents) {
        (Some(data), documents) => {
            let places = documents.map(Documents::first).unwrap_or_default();
            Ok(Documents { values: vec![json::place(data, &places, name)], warnings: Vec::new() })
        }
        (None, documents) => documents.map_err(|fault| match &**name {
            TEXT => fault.of_text(TEXT),
            _ => fault.diagnostic(name, text),
        }),
    }
}

fn read_yaml(name: &Arc<str>, text: &str, single: bool) -> Result<Documents, Fault> {
    fault::check_characters(text)?;
    // The parser has known defects that end in a panic; none may end the program. One is a tag right before the
    // comma of a flow collection: a blank between them is as good.
    let attempt = |text: &str| quiet::attempt(|| compose::trees(text, single));
    let trees = attempt(text)
        .or_else(|| attempt(&fault::spaced_tags(text)))
        .unwrap_or_else(|| Err(Fault::plain("the parser could not understand this text")))?;
    let mut documents = Documents::default();
    for tree in trees {
        let Tree { nodes, root } = tree;
        let mut builder = Builder::new(name, nodes);
        documents.values.push(builder.root(root)?);
        documents.warnings.extend(builder.into_warnings());
    }
    Ok(documents)
}
