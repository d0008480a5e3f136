//! Holding a call's arguments against a spec, with the messages Ansible's modules have.

use std::collections::BTreeSet;

use thiserror::Error;

use crate::{
    coerce::{boolean, coerce, name},
    repr::str as text_of,
    spec::{Field, Kind, Rule, Spec},
    value::{Dict, List, Value},
};

/// What is wrong with the arguments.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("{msg}")]
pub struct ArgError {
    /// The argument it is about; empty when it is one that is not there. `a.b` for sub-options.
    pub arg: String,
    /// What is wrong, as a playbook sees it.
    pub msg: String,
}

/// The errors in order, and the arguments that nobody knows: these are said only when all else is right.
#[derive(Default)]
struct State<'a> {
    errors: Vec<ArgError>,
    unknown: BTreeSet<String>,
    supported: Vec<&'a Field>,
    context: Vec<&'a str>,
}

/// The arguments with their own names, in their types, with defaults; `null` for what was not given.
///
/// # Errors
/// The first thing that is wrong, worded as in Ansible.
pub fn validate(spec: &Spec, args: &Dict) -> Result<Dict, ArgError> {
    let mut state = State::default();
    let out = state.level(&spec.fields, &spec.rules, args, spec.open);
    if !state.errors.is_empty() {
        return Err(state.errors.swap_remove(0));
    }
    let Some((first, unknown)) = state.unknown() else { return Ok(out) };
    Err(ArgError { arg: first, msg: format!("Unsupported parameters for ({}) module: {unknown}", spec.name) })
}

/// All that is wrong with the arguments, in order; empty when nothing is.
#[must_use]
pub fn complaints(spec: &Spec, args: &Dict) -> Vec<String> {
    let mut state = State::default();
    state.level(&spec.fields, &spec.rules, args, spec.open);
    let unknown = state.unknown().map(|(_, text)| text);
    state.errors.into_iter().map(|error| error.msg).chain(unknown).collect()
}

impl<'a> State<'a> {
    fn fail(&mut self, arg: &str, msg: String) {
        let mut path = self.context.join(".");
        if !path.is_empty() && !arg.is_empty() {
            path.push('.');
        }
        path.push_str(arg);
        self.errors.push(ArgError { arg: path, msg });
    }

    /// The first argument that nobody knows, and all of them with those that are known.
    fn unknown(&self) -> Option<(String, String)> {
        let first = self.unknown.first()?;
        let mut names: Vec<&str> = self.supported.iter().map(|f| f.name).collect();
        let mut aliases: Vec<&str> = self.supported.iter().flat_map(|f| f.aliases.iter().copied()).collect();
        names.sort_unstable();
        aliases.sort_unstable();
        let mut known = names.join(", ");
        if !aliases.is_empty() {
            known = format!("{known} ({})", aliases.join(", "));
        }
        let unknown = self.unknown.iter().map(String::as_str).collect::<Vec<_>>().join(", ");
        Some((first.clone(), format!("{unknown}. Supported parameters include: {known}.")))
    }

    fn found_in(&self, msg: String) -> String {
        if self.context.is_empty() { msg } else { format!("{msg} found in {}", self.context.join(" -> ")) }
    }

    fn level(&mut self, fields: &'a [Field], rules: &'a [Rule], args: &Dict, open: bool) -> Dict {
        let mut out = self.own_names(fields, args, open);
        for rule in rules {
            if let Rule::MutuallyExclusive(names) = rule
                && given(&out, names) > 1
            {
                let msg = self.found_in(format!("parameters are mutually exclusive: {}", names.join("|")));
                let arg = names.iter().rev().find(|n| is_given(&out, n)).copied().unwrap_or_default();
                self.fail(arg, msg);
            }
        }
        for field in fields {
            if let Some(default) = &field.default
                && !out.contains_key(field.name)
            {
                out.insert(field.name, default.clone());
            }
        }
        let missing = |f: &&Field| f.required && f.fallback_env.is_empty() && !out.contains_key(f.name);
        let mut missing: Vec<&str> = fields.iter().filter(missing).map(|f| f.name).collect();
        if !missing.is_empty() {
            missing.sort_unstable();
            let msg = self.found_in(format!("missing required arguments: {}", missing.join(", ")));
            self.fail("", msg);
        }
        self.types(fields, &mut out);
        self.choices(fields, &mut out);
        self.rules(rules, &out);
        for field in fields {
            if !out.contains_key(field.name) {
                out.insert(field.name, Value::Null);
            }
        }
        self.inside(fields, &mut out);
        out
    }

    fn own_names(&mut self, fields: &'a [Field], args: &Dict, open: bool) -> Dict {
        let mut out = Dict::new();
        for (written, value) in args {
            let key = text_of(written);
            match fields.iter().find(|f| f.name == key || f.aliases.contains(&key.as_str())) {
                // An argument under its own name wins over the same one under another.
                Some(field) if field.name != key && args.contains_key(field.name) => {}
                Some(field) => drop(out.insert(field.name, value.clone())),
                // Keys may be templates: they stay as they are.
                None if open => drop(out.insert(written.clone(), value.clone())),
                None => {
                    let path: Vec<&str> = self.context.iter().copied().chain([key.as_str()]).collect();
                    self.unknown.insert(path.join("."));
                    self.supported = fields.iter().collect();
                }
            }
        }
        out
    }

    fn types(&mut self, fields: &'a [Field], out: &mut Dict) {
        for field in fields {
            let Some(value) = out.get(field.name).cloned() else { continue };
            if value.is_null() && !field.required && field.default.is_none() {
                continue;
            }
            match coerce(field.kind, &value) {
                Ok(typed) => {
                    let typed = self.elements(field, typed);
                    out.insert(field.name, typed);
                }
                Err(why) => {
                    let place = match self.context.as_slice() {
                        [] => String::new(),
                        context => format!(" found in '{}'.", context.join(" -> ")),
                    };
                    let msg = format!(
                        "argument '{}' is of type {}{place} and we were unable to convert to {}: {why}",
                        field.name,
                        value.type_name(),
                        name(field.kind)
                    );
                    self.fail(field.name, msg);
                }
            }
        }
    }

    fn elements(&mut self, field: &'a Field, typed: Value) -> Value {
        let (Some(kind), Some(items)) = (field.elements, typed.as_list()) else { return typed };
        let mut all = Vec::with_capacity(items.len());
        for item in items {
            match coerce(kind, item) {
                Ok(item) => all.push(item),
                Err(why) => {
                    let place = match self.context.as_slice() {
                        [] => String::new(),
                        context => format!(" found in '{}'", context.join(" -> ")),
                    };
                    let msg = format!(
                        "Elements value for option '{}'{place} is of type {} and we were unable to convert to {}: {why}",
                        field.name,
                        item.type_name(),
                        name(kind)
                    );
                    self.fail(field.name, msg);
                }
            }
        }
        Value::List(List::new(all).with_origin(items.origin().cloned()))
    }

    fn choices(&mut self, fields: &'a [Field], out: &mut Dict) {
        for field in fields.iter().filter(|f| !f.choices.is_empty()) {
            let list = field.choices.iter().map(text_of).collect::<Vec<_>>().join(", ");
            match out.get(field.name) {
                Some(Value::List(items)) => {
                    let strange: Vec<String> =
                        items.iter().filter(|item| !field.choices.contains(item)).map(text_of).collect();
                    if !strange.is_empty() {
                        let msg = format!(
                            "value of {} must be one or more of: {list}. Got no match for: {}",
                            field.name,
                            strange.join(", ")
                        );
                        let msg = self.found_in(msg);
                        self.fail(field.name, msg);
                    }
                }
                None | Some(Value::Null) => {}
                Some(value) if field.choices.contains(value) => {}
                Some(value) => {
                    // YAML has made a boolean of a word such as `on`.
                    if let Some(word) = word_of(value, &field.choices) {
                        out.insert(field.name, word);
                        continue;
                    }
                    let msg =
                        format!("value of {} must be one of: {list}, got: {}", field.name, text_of(value));
                    let msg = self.found_in(msg);
                    self.fail(field.name, msg);
                }
            }
        }
    }

    fn rules(&mut self, rules: &'a [Rule], out: &Dict) {
        for rule in rules {
            let (arg, msg) = match rule {
                Rule::MutuallyExclusive(_) => continue,
                Rule::RequiredTogether(names) => match given(out, names) {
                    n if n > 0 && n < names.len() => {
                        ("", format!("parameters are required together: {}", names.join(", ")))
                    }
                    _ => continue,
                },
                Rule::RequiredOneOf(names) if given(out, names) == 0 => {
                    ("", format!("one of the following is required: {}", names.join(", ")))
                }
                Rule::RequiredOneOf(_) => continue,
                Rule::RequiredBy(arg, names) => match absent(out, names) {
                    missing if is_given(out, arg) && !missing.is_empty() => {
                        (*arg, format!("missing parameter(s) required by '{arg}': {}", missing.join(", ")))
                    }
                    _ => continue,
                },
                Rule::RequiredIf { arg, value, required, any } => {
                    let missing = absent(out, required);
                    let enough = if *any { missing.len() < required.len() } else { missing.is_empty() };
                    if enough || out.get(arg) != Some(value) {
                        continue;
                    }
                    let (how, said) = if *any { ("any", required.clone()) } else { ("all", missing) };
                    let value = text_of(value);
                    (
                        *arg,
                        format!(
                            "{arg} is {value} but {how} of the following are missing: {}",
                            said.join(", ")
                        ),
                    )
                }
            };
            let msg = self.found_in(msg);
            self.fail(arg, msg);
        }
    }

    fn inside(&mut self, fields: &'a [Field], out: &mut Dict) {
        for field in fields {
            let Some(options) = &field.options else { continue };
            self.context.push(field.name);
            match out.get(field.name).cloned() {
                Some(Value::Dict(dict)) => {
                    let dict = self.level(options, &field.rules, &dict, false);
                    out.insert(field.name, dict);
                }
                Some(Value::List(items)) if field.elements == Some(Kind::Dict) => {
                    let mut all = Vec::with_capacity(items.len());
                    for item in &items {
                        if let Value::Dict(dict) = item {
                            all.push(Value::Dict(self.level(options, &field.rules, dict, false)));
                        }
                    }
                    out.insert(field.name, all);
                }
                _ => {}
            }
            self.context.pop();
        }
    }
}

/// The only choice that means what `True` or `False` means.
fn word_of(value: &Value, choices: &[Value]) -> Option<Value> {
    let wanted = match value.as_str()? {
        "True" => true,
        "False" => false,
        _ => return None,
    };
    let mut same = choices.iter().filter(|choice| boolean(choice) == Ok(wanted));
    let first = same.next()?.clone();
    same.next().is_none().then_some(first)
}

fn is_given(args: &Dict, name: &str) -> bool {
    args.get(name).is_some_and(|value| !value.is_null())
}

fn given(args: &Dict, names: &[&str]) -> usize {
    names.iter().filter(|name| is_given(args, name)).count()
}

fn absent(args: &Dict, names: &[&'static str]) -> Vec<&'static str> {
    names.iter().copied().filter(|name| !is_given(args, name)).collect()
}
