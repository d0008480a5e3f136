//! What arguments mean on this target: paths with `~` and variables, and values from the environment.

use crate::{Dict, Field, Kind, Spec, Value, host::environment, host::users};

/// The arguments with variables of the environment for those not given.
pub(crate) fn from_environment(spec: &Spec, args: &Dict, call: &[(String, String)]) -> Dict {
    let mut out = args.clone();
    for field in &spec.fields {
        let given =
            args.contains_key(field.name) || field.aliases.iter().any(|alias| args.contains_key(alias));
        if given {
            continue;
        }
        if let Some(value) = field.fallback_env.iter().find_map(|name| environment(call, name)) {
            out.insert(field.name, value);
        }
    }
    out
}

/// The arguments with their paths expanded.
pub(crate) fn paths(fields: &[Field], args: &Dict, call: &[(String, String)]) -> Dict {
    let mut out = args.clone();
    for field in fields {
        let Some(value) = args.get(field.name) else { continue };
        let new = match (field.kind, value) {
            (Kind::Path, Value::Str(text)) => Value::Str(text.like(path(text, call))),
            (Kind::List, Value::List(items)) if field.elements == Some(Kind::Path) => items
                .iter()
                .map(|item| item.as_str().map_or_else(|| item.clone(), |text| Value::str(path(text, call))))
                .collect::<crate::List>()
                .into(),
            (Kind::Dict, Value::Dict(dict)) => match &field.options {
                Some(options) => Value::Dict(paths(options, dict, call)),
                None => continue,
            },
            _ => continue,
        };
        out.insert(field.name, new);
    }
    out
}

/// A path with variables, then `~`, put in.
pub(crate) fn path(text: &str, call: &[(String, String)]) -> String {
    let text = variables(text, call);
    let Some(rest) = text.strip_prefix('~') else { return text };
    let (name, tail) = rest.find('/').map_or((rest, ""), |at| rest.split_at(at));
    let home = if name.is_empty() {
        environment(call, "HOME").or_else(|| users::own_home(None))
    } else {
        users::home_of(name, None)
    };
    match home {
        Some(home) => format!("{}{tail}", home.trim_end_matches('/')),
        None => text,
    }
}

fn variables(text: &str, call: &[(String, String)]) -> String {
    let (mut out, mut rest) = (String::new(), text);
    while let Some(at) = rest.find('$') {
        let (before, after) = rest.split_at(at);
        out.push_str(before);
        let after = after.get(1..).unwrap_or_default();
        let (name, len) = match after.strip_prefix('{').and_then(|inner| inner.split_once('}')) {
            Some((name, _)) => (name, name.len() + 2),
            None => {
                let end = after.find(|c: char| !c.is_ascii_alphanumeric() && c != '_').unwrap_or(after.len());
                (after.get(..end).unwrap_or_default(), end)
            }
        };
        match environment(call, name).filter(|_| !name.is_empty()) {
            Some(value) => out.push_str(&value),
            None => out.push_str(rest.get(at..=at + len).unwrap_or_default()),
        }
        rest = after.get(len..).unwrap_or_default();
    }
    out.push_str(rest);
    out
}
