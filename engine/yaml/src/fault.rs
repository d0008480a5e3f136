//! What can go wrong while reading, and the message, place and advice that the reference gives for it.

use std::sync::{Arc, LazyLock};

use regex::Regex;
use rustible_protocol::Origin;
use rustible_source::Diagnostic;

const PREFIX: &str = "YAML parsing failed: ";

/// Line and column, both from 0.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Place {
    pub(crate) line: u32,
    pub(crate) col: u32,
}

impl Place {
    pub(crate) fn origin(self, file: &Arc<str>) -> Arc<Origin> {
        Origin::new(file, self.line + 1, self.col + 1)
    }
}

/// A reading error before it is put into words.
#[derive(Debug)]
pub(crate) enum Fault {
    /// One of the YAML library's: what it was doing, what went wrong, where; the line is searched for usual mistakes.
    Marked { context: Option<Box<(String, Option<Place>)>>, problem: String, place: Place },
    /// One of Ansible's own rules.
    Ours { problem: String, place: Place },
    /// One without a place.
    Plain(String),
}

impl From<&libyaml_safer::Error> for Fault {
    fn from(error: &libyaml_safer::Error) -> Self {
        let Some(mark) = error.problem_mark() else { return Self::Plain(error.problem().to_string()) };
        let begun = error.context_mark().map(Place::from);
        let context = error.context().map(|context| Box::new((context.to_string(), begun)));
        Self::Marked { context, problem: error.problem().to_string(), place: mark.into() }
    }
}

impl Fault {
    pub(crate) fn marked(context: Option<(&str, Place)>, problem: &str, place: Place) -> Self {
        Self::Marked {
            context: context.map(|(text, place)| Box::new((text.to_string(), Some(place)))),
            problem: problem.to_string(),
            place,
        }
    }
    pub(crate) fn ours(problem: &str, place: Place) -> Self {
        Self::Ours { problem: problem.to_string(), place }
    }
    pub(crate) fn plain(message: impl Into<String>) -> Self {
        Self::Plain(message.into())
    }

    /// The error about a text of that name, as the YAML library of Python writes it.
    pub(crate) fn of_text(self, name: &str) -> Diagnostic {
        let at = |place: Place| format!("  in \"{name}\", line {}, column {}", place.line + 1, place.col + 1);
        let lines = match self {
            Self::Plain(message) => vec![message],
            Self::Ours { problem, place } => vec![problem, at(place)],
            Self::Marked { context, problem, place } => {
                let (context, begun) = context.map(|context| *context).unzip();
                let begun = begun.flatten().filter(|begun| *begun != place);
                context.into_iter().chain(begun.map(at)).chain([problem, at(place)]).collect()
            }
        };
        Diagnostic::new(lines.join("\n"))
    }

    /// The error for people. `text` is what was read; the line at fault is searched for well-known mistakes.
    pub(crate) fn diagnostic(self, file: &Arc<str>, text: &str) -> Diagnostic {
        match self {
            Self::Plain(message) => {
                Diagnostic::parse(format!("{PREFIX}{message}"), Some(&Origin::new(file, 0, 0)))
            }
            Self::Ours { problem, place } => {
                Diagnostic::parse(format!("{PREFIX}{}", sentence(&problem)), Some(&place.origin(file)))
            }
            Self::Marked { context, problem, place } => {
                // A text that came from no file cannot be looked at by the reference.
                let line = if file.starts_with('<') {
                    ""
                } else {
                    text.split('\n').nth(place.line as usize).unwrap_or("")
                };
                if let Some(hint) = Hint::find(line.trim_end_matches('\r')) {
                    let place = Place { col: u32::try_from(hint.col).unwrap_or_default(), ..place };
                    let error =
                        Diagnostic::parse(format!("{PREFIX}{}", hint.message), Some(&place.origin(file)));
                    return if let Some((is, should)) = hint.example {
                        error.help(format!(
                            "\nFor example:\n\n    raw: {is}\n\nShould be:\n\n    raw: {should}\n"
                        ))
                    } else {
                        error
                    };
                }
                let message = context
                    .map(|context| context.0)
                    .into_iter()
                    .chain([problem])
                    .collect::<Vec<_>>()
                    .join(" ");
                Diagnostic::parse(format!("{PREFIX}{}", sentence(&message)), Some(&place.origin(file)))
            }
        }
    }
}

fn sentence(message: &str) -> String {
    let words = message.split_whitespace().collect::<Vec<_>>().join(" ");
    let mut chars = words.chars();
    let first = chars.next().map(|c| c.to_uppercase().to_string()).unwrap_or_default();
    let end = if words.ends_with('.') { "" } else { "." };
    format!("{first}{}{end}", chars.as_str())
}

/// Refuse what no YAML stream may contain, before anything else is looked at.
pub(crate) fn check_characters(text: &str) -> Result<(), Fault> {
    let allowed = |c: char| matches!(c, '\t' | '\n' | '\r' | ' '..='~' | '\u{85}' | '\u{a0}'..='\u{d7ff}' | '\u{e000}'..='\u{fffd}' | '\u{10000}'..);
    let Some((at, c)) = text.char_indices().find(|(_, c)| !allowed(*c)) else { return Ok(()) };
    let code = u32::from(c);
    Err(Fault::plain(format!(
        "unacceptable character #x{code:04x}: control characters are not allowed in \"<unicode string>\", position {at}"
    )))
}

static TAG_AND_COMMA: LazyLock<Option<Regex>> = LazyLock::new(|| Regex::new(r"(![^\s,\[\]{}]*),").ok());

/// The text with a blank between each tag and the comma that follows it.
pub(crate) fn spaced_tags(text: &str) -> std::borrow::Cow<'_, str> {
    TAG_AND_COMMA.as_ref().map_or(text.into(), |pattern| pattern.replace_all(text, "$1 ,"))
}

/// A usual mistake seen in a line.
struct Hint {
    /// Column in characters, from 0.
    col: usize,
    message: &'static str,
    example: Option<(&'static str, &'static str)>,
}

static TEMPLATE: LazyLock<Option<Regex>> =
    LazyLock::new(|| Regex::new(r"^\s*(?:-\s+)*(?:[\w\s]+:\s+)?(\{\{.*\}\})").ok());
static VALUE: LazyLock<Option<Regex>> =
    LazyLock::new(|| Regex::new(r"^\s*(?:-\s+)*(?:[\w\s\[\]{}]+:\s+)?(.*)$").ok());
static QUOTED: LazyLock<Option<Regex>> =
    LazyLock::new(|| Regex::new(r#"^\s*(?:-\s+)*(?:[\w\s]+:\s+)?(["'].*?\s*)$"#).ok());
static WHOLLY_QUOTED: LazyLock<Option<Regex>> =
    LazyLock::new(|| Regex::new(r#"^\s*('[^']*'|"[^"]*")\s*$"#).ok());

impl Hint {
    fn find(line: &str) -> Option<Self> {
        let chars = |bytes: usize| line.get(..bytes).unwrap_or_default().chars().count();
        if let Some(at) = line.find('\t') {
            return Some(Self {
                col: chars(at),
                message: "Tabs are usually invalid in YAML.",
                example: None,
            });
        }
        let group =
            |pattern: &LazyLock<Option<Regex>>| pattern.as_ref()?.captures(line)?.get(1).map(|m| m.range());
        if let Some(range) = group(&TEMPLATE) {
            return Some(Self {
                col: chars(range.start),
                message: "This may be an issue with missing quotes around a template block.",
                example: Some(("{{ some_var }}", "\"{{ some_var }}\"")),
            });
        }
        if !line.trim_start().starts_with(':')
            && let Some(range) = group(&VALUE)
            && !WHOLLY_QUOTED.as_ref().is_some_and(|p| p.is_match(&line[range.clone()]))
            && let Some(colon) = unquoted_colon(&line[range.clone()])
        {
            return Some(Self {
                col: chars(range.start + colon),
                message: "Colons in unquoted values must be followed by a non-space character.",
                example: Some(("echo 'name: ansible'", "\"echo 'name: ansible'\"")),
            });
        }
        let range = group(&QUOTED)?;
        let value = &line[range.clone()];
        let (first, last) = (value.chars().next()?, value.chars().next_back()?);
        if first != last {
            return Some(Self {
                col: chars(range.start),
                message: "Values starting with a quote must end with the same quote.",
                example: Some(("\"foo\" in bar", "'\"foo\" in bar'")),
            });
        }
        (line.matches(first).count() > 2).then(|| Self {
            col: chars(range.start),
            message: "Values starting with a quote must end with the same quote, and not contain that quote.",
            example: Some(("\"foo\" in \"bar\"", "'\"foo\" in \"bar\"'")),
        })
    }
}

/// Byte offset of a colon that ends the value or is followed by a blank.
fn unquoted_colon(value: &str) -> Option<usize> {
    value
        .char_indices()
        .find(|(at, c)| *c == ':' && matches!(value.as_bytes().get(at + 1), None | Some(b' ')))
        .map(|(at, _)| at)
}
