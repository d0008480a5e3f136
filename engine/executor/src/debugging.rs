//! The language of the debugger's prompt: commands, assignments, and values as Python prints them prettily.

use std::sync::LazyLock;

use fancy_regex::Regex;
use rustible_protocol::{Value, repr};

/// What a line asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Command {
    /// An empty line.
    Nothing,
    /// The result counts.
    Continue,
    /// Do the task again.
    Redo,
    /// End the run.
    Quit,
    /// A text to show.
    Help(String),
    /// Take the task as it was written.
    Update,
    /// Show what an expression comes to.
    Print(String),
    /// Put a value somewhere.
    Set(Place, String),
    /// Take a value away.
    Remove(Place),
    /// An expression whose value nobody wants.
    Run(String),
}

/// What can be changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Place {
    /// An argument of the task.
    Arg(String),
    /// All of them.
    Args,
    /// A variable.
    Var(String),
}

impl Place {
    /// As it is written.
    pub(crate) fn name(&self) -> String {
        match self {
            Self::Arg(name) => format!("task.args['{name}']"),
            Self::Var(name) => format!("task_vars['{name}']"),
            Self::Args => "task.args".to_string(),
        }
    }
}

const NAMES: &str = "
Documented commands (type help <topic>):
========================================
EOF  c  continue  h  help  p  pprint  q  quit  r  redo  u  update_task
";

#[expect(clippy::expect_used, reason = "the pattern is written here")]
static PLACE: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r#"^(?:(task\.args)|(task_vars))\s*(?:\[\s*(?:'([^']*)'|"([^"]*)")\s*\])?\s*(=(?:[^=].*)?)?$"#)
        .expect("a pattern")
});

/// What a line asks for.
pub(crate) fn read(line: &str) -> Command {
    let line = line.trim();
    let word: String = line.chars().take_while(|c| c.is_ascii_alphanumeric() || *c == '_').collect();
    let rest = line[word.len()..].trim();
    match word.as_str() {
        _ if line.is_empty() => Command::Nothing,
        _ if line == "?" => Command::Help(NAMES.to_string()),
        "c" | "continue" => Command::Continue,
        "r" | "redo" => Command::Redo,
        "q" | "quit" | "EOF" => Command::Quit,
        "u" | "update_task" => Command::Update,
        "h" | "help" => Command::Help(help(rest)),
        "p" | "pprint" => Command::Print(rest.to_string()),
        "del" => match place(rest) {
            Some((place, None)) => Command::Remove(place),
            _ => Command::Run(line.to_string()),
        },
        _ => match place(line) {
            Some((place, Some(value))) => Command::Set(place, value),
            _ => Command::Run(line.to_string()),
        },
    }
}

/// What stands before a `=`, and what behind it.
fn place(text: &str) -> Option<(Place, Option<String>)> {
    let found = PLACE.captures(text).ok()??;
    let name = found.get(3).or_else(|| found.get(4)).map(|name| name.as_str().to_string());
    let place = match (found.get(1), name) {
        (Some(_), Some(name)) => Place::Arg(name),
        (Some(_), None) => Place::Args,
        (None, Some(name)) => Place::Var(name),
        (None, None) => return None,
    };
    Some((place, found.get(5).map(|value| value.as_str()[1..].trim().to_string())))
}

fn help(topic: &str) -> String {
    match topic {
        "" => NAMES.to_string(),
        "p" | "pprint" => {
            "Show a value: task, task.args, task_vars, host, result, or an expression of them".into()
        }
        "r" | "redo" => "Do the task again on this host".into(),
        "c" | "continue" => "Go on with the next result".into(),
        "u" | "update_task" => "Take the task as it was written, with the variables as they are now".into(),
        "q" | "quit" | "EOF" => "End the run".into(),
        "h" | "help" => "List the commands, or tell of one: help COMMAND".into(),
        other => format!("*** No help on {other}"),
    }
}

/// An error as the prompt tells of it.
pub(crate) fn failed(message: &str) -> String {
    let name = message.strip_prefix('\'').and_then(|rest| rest.strip_suffix("' is undefined"));
    let (kind, message) = match name {
        Some(name) => ("NameError", format!("name '{name}' is not defined")),
        None if message.contains("yntax error") => ("SyntaxError", message.to_string()),
        None => ("AnsibleError", message.to_string()),
    };
    format!("***{kind}:{kind}({})", repr::repr(&Value::from(message)))
}

/// Width of a line.
const WIDTH: usize = 80;

/// A value over as many lines as it needs.
pub(crate) fn pretty(value: &Value) -> String {
    let mut out = String::new();
    put(&mut out, value, 0, 0);
    out
}

/// `left` columns stand before it, `right` behind it.
fn put(out: &mut String, value: &Value, left: usize, right: usize) {
    let line = repr::repr(&ordered(value));
    let fits = left + line.chars().count() + right <= WIDTH;
    let indent = format!(",\n{}", " ".repeat(left + 1));
    match value {
        Value::Dict(dict) if !fits && !dict.is_empty() => {
            let mut entries: Vec<(String, &Value)> = dict.iter().map(|(k, v)| (repr::repr(k), v)).collect();
            entries.sort_by(|a, b| a.0.cmp(&b.0));
            let last = entries.len() - 1;
            for (i, (key, value)) in entries.into_iter().enumerate() {
                out.push_str(if i == 0 { "{" } else { &indent });
                out.push_str(&format!("{key}: "));
                let behind = if i == last { right + 1 } else { 1 };
                put(out, value, left + key.chars().count() + 3, behind);
            }
            out.push('}');
        }
        Value::List(items) if !fits && !items.is_empty() => {
            let last = items.len() - 1;
            for (i, item) in items.iter().enumerate() {
                out.push_str(if i == 0 { "[" } else { &indent });
                put(out, item, left + 1, if i == last { right + 1 } else { 1 });
            }
            out.push(']');
        }
        _ => out.push_str(&line),
    }
}

/// With the keys of mappings in order.
fn ordered(value: &Value) -> Value {
    match value {
        Value::Dict(dict) => {
            let mut entries: Vec<(Value, Value)> =
                dict.iter().map(|(key, value)| (key.clone(), ordered(value))).collect();
            entries.sort_by_key(|(key, _)| repr::repr(key));
            Value::Dict(entries.into_iter().collect())
        }
        Value::List(items) => items.iter().map(ordered).collect::<Vec<_>>().into(),
        other => other.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_commands_assignments_or_expressions() {
        assert_eq!(read("  "), Command::Nothing);
        assert_eq!(read("r"), Command::Redo);
        assert_eq!(read("p task.args"), Command::Print("task.args".into()));
        let place = Place::Arg("that".into());
        assert_eq!(read("task.args[\"that\"] = []"), Command::Set(place.clone(), "[]".into()));
        assert_eq!(read("task_vars['a']='b'"), Command::Set(Place::Var("a".into()), "'b'".into()));
        assert_eq!(read("del task.args['that']"), Command::Remove(place));
        assert_eq!(read("task.args['a'] == 1"), Command::Run("task.args['a'] == 1".into()));
        assert_eq!(read("redoing"), Command::Run("redoing".into()));
    }

    #[test]
    fn long_values_go_over_several_lines() {
        let long = "x".repeat(50);
        let value: Value = [
            ("b", Value::from(long.as_str())),
            ("a", Value::from(vec![Value::from(long.as_str()), Value::Null])),
        ]
        .into_iter()
        .collect::<rustible_protocol::Dict>()
        .into();
        assert_eq!(pretty(&value), format!("{{'a': ['{long}', None],\n 'b': '{long}'}}"));
    }
}
