//! A task: which of its keys is the action, and what its arguments are.

use std::sync::Arc;

use rustible_protocol::{Dict, Origin, Text, Value};
use rustible_source::{Diagnostic, nearest};

use super::{
    Found, Level, Loader,
    block::{check_vars, with_tag_list},
    key_name,
    playbook::listed,
};
use crate::{
    frame::{Frame, FrameKind},
    free_form::parse_kv,
    keywords::keyword,
    model::{Args, Item, Kind, Loop, LoopControl, Task},
    names::RAW_ACTIONS,
    variable::check_variable_name,
};

/// The action of a task as found among its keys.
struct Action {
    name: Text,
    origin: Option<Arc<Origin>>,
    value: Value,
    /// Came by `local_action`.
    local: bool,
}

impl Loader {
    pub(super) fn task_into(
        &self,
        entry: &Dict,
        parent: &Arc<Frame>,
        handler: bool,
        items: &mut Vec<Item>,
    ) -> Result<(), Diagnostic> {
        let task = self.task(entry, parent, handler)?;
        match last_part(&task.action) {
            "import_tasks" if self.builtin(&task) => self.import_tasks(&task, items),
            "import_role" if self.builtin(&task) => self.import_role(&task, items),
            _ => {
                items.push(Item::Task(Arc::new(task)));
                Ok(())
            }
        }
    }

    fn builtin(&self, task: &Task) -> bool {
        matches!(&task.kind, Kind::Action(name) if name.starts_with("ansible.builtin."))
    }

    fn task(&self, entry: &Dict, parent: &Arc<Frame>, handler: bool) -> Result<Task, Diagnostic> {
        let level = if handler { Level::Handler } else { Level::Task };
        let (action, attrs) = self.split(entry, level)?;
        Self::check_keywords(&attrs, level, if handler { "Handler" } else { "Task" })?;
        check_vars(self, entry)?;
        check_register(&attrs)?;
        let looped = find_loop(&attrs, entry)?;
        let mut kept = with_tag_list(self, attrs.clone());
        for key in ["args", "action", "local_action", "loop", "loop_control"] {
            kept.remove(key);
        }
        if action.local {
            kept.insert("delegate_to", Text::trusted("localhost", None));
        }
        let frame = Arc::new(Frame::inside(parent, FrameKind::Task, kept, entry.origin()));
        let kind = self.kind(&action, &frame, entry)?;
        let args = arguments(&action, attrs.get("args"))?;
        let kind = match kind {
            Kind::Action(name) if name == "ansible.builtin.meta" => {
                let meta = args.named.get("_raw_params").and_then(Value::as_str).unwrap_or_default();
                Kind::Meta(meta.to_string())
            }
            Kind::Action(name) if name == "ansible.builtin.include_tasks" => Kind::IncludeTasks,
            Kind::Action(name) if name == "ansible.builtin.include_role" => Kind::IncludeRole,
            other => other,
        };
        if handler && matches!(kind, Kind::IncludeRole) {
            return Err(Diagnostic::parse(
                "Using 'include_role' as a handler is not supported.",
                entry.origin(),
            ));
        }
        let control = match attrs.get("loop_control") {
            None | Some(Value::Null) => LoopControl::default(),
            Some(Value::Dict(control)) => {
                Self::check_keywords(control, Level::LoopControl, "LoopControl")?;
                LoopControl { attrs: control.clone() }
            }
            Some(other) => {
                return Err(Diagnostic::parse(
                    "the `loop_control` value must be specified as a dictionary and cannot be a variable itself (though it can contain variables)",
                    other.origin().or(entry.origin()),
                ));
            }
        };
        Ok(Task {
            uuid: self.uuid(),
            listen: listed(frame.own("listen")),
            frame,
            origin: entry.origin().cloned(),
            action_origin: action.origin,
            action: action.name,
            kind,
            args,
            looped,
            control,
            handler,
            implicit: false,
        })
    }

    /// The action, and the keys that are not the action.
    fn split(&self, entry: &Dict, level: Level) -> Result<(Action, Dict), Diagnostic> {
        let mut actions: Vec<Action> = Vec::new();
        let mut attrs = Dict::new().with_origin(entry.origin().cloned());
        for (key, value) in entry {
            let name = key_name(key)?;
            let origin = key.origin().or(entry.origin()).cloned();
            if matches!(name, "action" | "local_action") {
                actions.push(self.old_style(name, value, origin.as_ref())?);
            } else if keyword(name, level).is_some() || self.is_loop(name) {
                attrs.insert(key.clone(), value.clone());
            } else {
                let text = key.as_text().cloned().unwrap_or_else(|| name.into());
                actions.push(Action { name: text, origin, value: value.clone(), local: false });
            }
        }
        match actions.len() {
            0 => Err(Diagnostic::parse("no module/action detected in task.", entry.origin())),
            1 => Ok((actions.remove(0), attrs)),
            _ => {
                let names: Vec<&str> = actions.iter().map(|a| a.name.as_str()).collect();
                let at = actions[1].origin.as_ref().filter(|_| false).or(entry.origin());
                let error =
                    Diagnostic::parse(format!("conflicting action statements: {}", names.join(", ")), at);
                Err(self.suggest_keyword(&names, level, error))
            }
        }
    }

    /// A misspelt keyword looks like a second action: name the one that was meant.
    fn suggest_keyword(&self, names: &[&str], level: Level, error: Diagnostic) -> Diagnostic {
        let unknown = names.iter().find(|name| self.catalog.find(name, &[]) == Found::Unknown);
        let keywords = || crate::KEYWORDS.iter().filter(|k| k.levels & level as u8 != 0).map(|k| k.name);
        match unknown.and_then(|name| nearest(name, keywords()).map(|near| (name, near))) {
            Some((name, near)) => {
                error.help(format!("'{name}' is neither an action nor a keyword; did you mean '{near}'?"))
            }
            None => error,
        }
    }

    fn is_loop(&self, name: &str) -> bool {
        name.starts_with("with_")
    }

    /// `action: copy src=a`, `action: {module: copy, src: a}` and the `local_action` forms.
    fn old_style(
        &self,
        key: &str,
        value: &Value,
        origin: Option<&Arc<Origin>>,
    ) -> Result<Action, Diagnostic> {
        let local = key == "local_action";
        let action = |name: Text, value: Value| Action { name, origin: origin.cloned(), value, local };
        match value {
            Value::Str(text) => {
                let trimmed = text.trim();
                let end = first_word(trimmed);
                let rest = trimmed[end..].trim_start();
                let rest = if rest.is_empty() { Value::Null } else { Value::Str(text.like(rest)) };
                Ok(action(text.like(&trimmed[..end]), rest))
            }
            Value::Dict(dict) => {
                let mut args = dict.clone();
                let Some(Value::Str(name)) = args.remove("module") else {
                    return Err(Diagnostic::parse(
                        format!("'{key}' needs the name of a module under 'module'"),
                        origin,
                    ));
                };
                merge_inner_args(&mut args)?;
                let end = first_word(name.trim());
                let first = name.like(&name.trim()[..end]);
                let rest = name.trim()[end..].trim_start();
                if !rest.is_empty() {
                    let mut given = parse_kv(&name.like(rest), raw_action(&first))?;
                    given.extend(&args);
                    args = given;
                }
                Ok(action(first, Value::Dict(args)))
            }
            other => Err(Diagnostic::parse(
                format!("unexpected parameter type in action: {}", other.type_name()),
                origin,
            )),
        }
    }

    fn kind(&self, action: &Action, frame: &Frame, entry: &Dict) -> Result<Kind, Diagnostic> {
        if action.name.may_be_template() {
            return Ok(Kind::Templated);
        }
        match self.catalog.find(&action.name, &frame.collections()) {
            Found::Known(name) => Ok(Kind::Action(name)),
            Found::Missing(full) => {
                let error = Diagnostic::parse(
                    format!("the module '{full}' is not supported by rustible"),
                    action.origin.as_ref().or(entry.origin()),
                );
                let help =
                    "With --unsupported=when-reached the refusal waits until a host gets to this task.";
                if self.lenient { Ok(Kind::Unsupported(Box::new(error))) } else { Err(error.help(help)) }
            }
            Found::Refused(why) => {
                let error = Diagnostic::parse(why, action.origin.as_ref().or(entry.origin()));
                if self.lenient { Ok(Kind::Unsupported(Box::new(error))) } else { Err(error) }
            }
            Found::Unknown => {
                let error = Diagnostic::parse(
                    format!(
                        "couldn't resolve module/action '{}'. This often indicates a misspelling, missing collection, or incorrect module path.",
                        action.name
                    ),
                    action.origin.as_ref().filter(|_| false).or(entry.origin()),
                );
                let names = self.catalog.names();
                let short = |name: &str| name.rsplit('.').next().unwrap_or_default().to_string();
                let wanted =
                    if action.name.contains('.') { action.name.to_string() } else { short(&action.name) };
                let known: Vec<String> =
                    names.iter().map(|n| if wanted.contains('.') { n.clone() } else { short(n) }).collect();
                let error = match nearest(&wanted, known.iter().map(String::as_str)) {
                    Some(near) => error.help(format!("Did you mean '{near}'?")),
                    None => error,
                };
                if self.lenient { Ok(Kind::Unsupported(Box::new(error))) } else { Err(error) }
            }
        }
    }
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

fn last_part(name: &str) -> &str {
    name.rsplit('.').next().unwrap_or(name)
}

fn raw_action(name: &str) -> bool {
    matches!(last_part(name), "command" | "shell" | "raw" | "script" | "win_command" | "win_shell")
}

/// `register` names a variable, or several with the expressions that they are to hold.
fn check_register(attrs: &Dict) -> Result<(), Diagnostic> {
    let Some((key, name)) = attrs.get_key_value("register").filter(|(_, name)| !name.is_null()) else {
        return Ok(());
    };
    let at = name.origin().or(key.origin());
    let checked = match name {
        Value::Dict(projections) => projections.keys().try_for_each(check_variable_name),
        name => check_variable_name(name),
    };
    checked.map_err(|error| {
        error.context("Invalid 'register' specified", at).of_kind(rustible_source::Kind::Parse)
    })
}

fn find_loop(attrs: &Dict, entry: &Dict) -> Result<Option<Loop>, Diagnostic> {
    let mut found: Option<Loop> = None;
    for (key, value) in attrs {
        let Some(name) = key.as_str() else { continue };
        let next = match name.strip_prefix("with_") {
            Some(with) => Loop { with: Some(with.to_string()), value: value.clone() },
            None if name == "loop" => Loop { with: None, value: value.clone() },
            None => continue,
        };
        if next.value.is_null() {
            return Err(Diagnostic::parse(
                format!("you must specify a value when using {name}"),
                key.origin().or(entry.origin()),
            ));
        }
        if found.is_some() {
            let name = name.strip_prefix("with_").unwrap_or(name);
            return Err(Diagnostic::parse(format!("duplicate loop in task: {name}"), entry.origin()));
        }
        found = Some(next);
    }
    Ok(found)
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

/// The arguments: those of the action's own value, over those of `args`.
fn arguments(action: &Action, extra: Option<&Value>) -> Result<Args, Diagnostic> {
    let mut args = Args::default();
    match extra {
        None | Some(Value::Null) => {}
        Some(Value::Dict(dict)) => args.named = dict.clone(),
        Some(Value::Str(text)) if text.may_be_template() => args.template = Some(text.clone()),
        Some(Value::Str(text)) => args.named = parse_kv(text, false)?,
        Some(other) => {
            return Err(Diagnostic::parse(
                format!(
                    "Complex args must be a dictionary or variable string (\"{{{{var}}}}\"), got {}",
                    other.type_name()
                ),
                other.origin().or(action.origin.as_ref()),
            ));
        }
    }
    let takes_raw = RAW_ACTIONS.contains(&last_part(&action.name));
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
            let given = parse_kv(text, raw_action(&action.name))?;
            if !raw_action(&action.name) {
                refuse_inner_names(action, &given)?;
            }
            args.named.extend(&given);
        }
        other if takes_raw => {
            args.named.insert("_raw_params", other.clone());
        }
        other => {
            return Err(Diagnostic::parse(
                format!("unexpected parameter type in action: {}", other.type_name()),
                other.origin().or(action.origin.as_ref()),
            ));
        }
    }
    Ok(args)
}
