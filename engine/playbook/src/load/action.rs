//! The action of a task: what names it, and what its arguments are.

use std::sync::Arc;

use rustible_protocol::{Dict, Origin, Text, Value, repr};
use rustible_source::Diagnostic;

use super::Loader;
use crate::{free_form::parse_kv, model::Args};

/// The action of a task as found among its keys.
pub(super) struct Action {
    pub(super) name: Text,
    pub(super) origin: Option<Arc<Origin>>,
    pub(super) value: Value,
    /// Came by `local_action`.
    pub(super) local: bool,
    /// Came by `action` or `local_action`.
    pub(super) old: bool,
}

impl Loader {
    /// `action: copy src=a`, `action: {module: copy, src: a}` and the `local_action` forms; nothing when no module is named.
    pub(super) fn old_style(
        &self,
        key: &str,
        value: &Value,
        origin: Option<&Arc<Origin>>,
        entry: &Dict,
    ) -> Result<Option<Action>, Diagnostic> {
        let local = key == "local_action";
        let action = |name: Text, value: Value| {
            Some(Action { name, origin: origin.cloned(), value, local, old: true })
        };
        match value {
            Value::Str(text) => {
                let trimmed = text.trim();
                let end = first_word(trimmed);
                let rest = trimmed[end..].trim_start();
                let rest = if rest.is_empty() { Value::Null } else { Value::Str(text.like(rest)) };
                Ok(action(text.like(&trimmed[..end]), rest))
            }
            Value::Dict(dict) => {
                let note = deprecated("Using a mapping for `action` is deprecated.", dict.origin());
                self.source.deprecate(note.help("Use a string value for `action`.").render());
                let mut args = dict.clone();
                let Some(Value::Str(name)) = args.remove("module") else { return Ok(None) };
                let end = first_word(name.trim());
                let first = name.like(&name.trim()[..end]);
                let rest = name.trim()[end..].trim_start();
                if !rest.is_empty() {
                    args.extend(&parse_kv(&name.like(rest), raw_action(&first))?);
                }
                merge_inner_args(&mut args)?;
                Ok(action(first, Value::Dict(args)))
            }
            other => Err(unexpected(other, entry)),
        }
    }

    /// The arguments: those of the action's own value, over those of `args`.
    pub(super) fn arguments(&self, action: &Action, entry: &Dict) -> Result<Args, Diagnostic> {
        const NEEDED: &str = "A mapping or template which resolves to a mapping is required.";
        let mut args = Args::default();
        let extra = entry.get("args");
        match extra {
            None => {}
            Some(Value::Null) => {
                let note = deprecated("Ignoring empty task `args` keyword.", entry.origin());
                self.source.deprecate(note.help(NEEDED).render());
            }
            Some(Value::Dict(dict)) => args.named = dict.clone(),
            Some(Value::Str(text)) if text.may_be_template() && whole_template(text) => {
                args.template = Some(text.clone());
            }
            Some(other) => {
                let error = "The value of the task `args` keyword is invalid.";
                let at = other.origin().or(entry.origin());
                return Err(Diagnostic::parse(error, at).help(NEEDED));
            }
        }
        if let Value::Dict(given) = &action.value
            && !raw_action(&action.name)
        {
            refuse_inner_names(action, given)?;
        }
        match &action.value {
            Value::Null => {}
            Value::Dict(dict) => args.named.extend(dict),
            Value::Str(text) => {
                let whole = text.trim();
                if whole.starts_with("{{") && whole.ends_with("}}") && whole.matches("{{").count() == 1 {
                    // What the whole template yields is told by the action's kind when it runs.
                    args.named.insert("_raw_params", text.clone());
                    return Ok(args);
                }
                let given = parse_kv(text, raw_action(&action.name))
                    .map_err(|error| Diagnostic { origin: None, ..error })
                    .map_err(|error| error.context("Error loading tasks", entry.origin()))?;
                if !raw_action(&action.name) {
                    refuse_inner_names(action, &given)?;
                }
                if extra.is_some() && !action.old {
                    self.merged(text, &given);
                }
                args.named.extend(&given);
            }
            other => return Err(unexpected(other, entry)),
        }
        Ok(args)
    }

    /// Arguments written as `key=value` beside `args`.
    fn merged(&self, text: &Text, given: &Dict) {
        let mut names: Vec<&str> =
            given.keys().filter_map(Value::as_str).filter(|key| *key != "_raw_params").collect();
        if names.is_empty() {
            return;
        }
        names.sort_unstable();
        let names: Vec<String> = names.iter().map(|name| repr::repr(&Value::from(*name))).collect();
        let note = format!("Merging legacy k=v args ({}) into task args.", names.join(", "));
        let note = deprecated(&note, text.origin());
        self.source.deprecate(note.help("Include all task args in the task `args` mapping.").render());
    }
}

/// A form that goes away with the next release but one.
fn deprecated(what: &str, at: Option<&Arc<Origin>>) -> Diagnostic {
    let end = "This feature will be removed from ansible-core version 2.23.";
    Diagnostic::new(format!("{what} {end}")).at(at)
}

fn unexpected(found: &Value, entry: &Dict) -> Diagnostic {
    let error = format!("unexpected parameter type in action: {}", repr::class(found));
    Diagnostic::parse(error, entry.origin())
}

fn whole_template(text: &str) -> bool {
    let text = text.trim();
    ["{{", "{%"].iter().any(|open| text.starts_with(open))
        && ["}}", "%}"].iter().any(|end| text.ends_with(end))
}

/// `action: {module: x, args: {...}}`: the inner mapping adds to what is beside it.
fn merge_inner_args(args: &mut Dict) -> Result<(), Diagnostic> {
    match args.get("args").cloned() {
        Some(Value::Dict(inner)) => {
            args.remove("args");
            args.extend(&inner);
        }
        Some(Value::Str(text)) => {
            args.remove("args");
            args.extend(&parse_kv(&text, false)?);
        }
        _ => {}
    }
    Ok(())
}

/// Where the first word ends; blanks in templates do not end it.
fn first_word(text: &str) -> usize {
    let mut depth = 0usize;
    let mut chars = text.char_indices().peekable();
    while let Some((at, c)) = chars.next() {
        let next = chars.peek().map(|(_, next)| *next);
        match (c, next) {
            ('{', Some('{' | '%')) => depth += 1,
            ('}' | '%', Some('}')) if depth > 0 => depth -= 1,
            (c, _) if c.is_whitespace() && depth == 0 => return at,
            _ => continue,
        }
        if matches!(c, '{' | '}' | '%') {
            chars.next();
        }
    }
    text.len()
}

pub(super) fn last_part(name: &str) -> &str {
    name.rsplit('.').next().unwrap_or(name)
}

fn raw_action(name: &str) -> bool {
    matches!(last_part(name), "command" | "shell" | "raw" | "script" | "win_command" | "win_shell")
}

/// Names that results use for the engine may not be given as arguments.
fn refuse_inner_names(action: &Action, given: &Dict) -> Result<(), Diagnostic> {
    for (key, _) in given {
        if let Some(name) = key.as_str().filter(|name| name.starts_with("_ansible_")) {
            let message = format!(
                "Invalid parameter specified beginning with keyword '_ansible_' for action '{}': '{name}'. The prefix '_ansible_' is reserved for internal use only.",
                action.name
            );
            return Err(Diagnostic::new(message).at(key.origin()));
        }
    }
    Ok(())
}
