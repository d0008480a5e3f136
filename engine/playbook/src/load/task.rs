//! A task: which of its keys is the action, and what its arguments are.

use std::sync::Arc;

use rustible_protocol::{Dict, Text, Value};
use rustible_source::{Diagnostic, nearest};

use super::{
    Found, Level, Loader,
    action::{Action, last_part},
    block::{check_vars, with_tag_list},
    key_name,
    playbook::listed,
};
use crate::{
    frame::{Frame, FrameKind},
    keywords::keyword,
    model::{Item, Kind, Loop, LoopControl, Task},
    variable::check_variable_name,
};

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
        check_vars(entry)?;
        self.check_defaults(&attrs)?;
        check_register(&attrs)?;
        let looped = find_loop(&attrs, entry)?;
        let mut kept = with_tag_list(self, attrs.clone())?;
        for key in ["args", "action", "local_action", "loop", "loop_control"] {
            kept.remove(key);
        }
        if action.local {
            kept.insert("delegate_to", Text::trusted("localhost", None));
        }
        let frame = Arc::new(Frame::inside(parent, FrameKind::Task, kept, entry.origin()));
        let kind = self.kind(&action, &frame, entry)?;
        let args = self.arguments(&action, entry)?;
        let kind = match kind {
            Kind::Action(name) if name == "ansible.builtin.meta" => {
                let meta = args.named.get("_raw_params").and_then(Value::as_str).unwrap_or_default();
                Kind::Meta(meta.to_string())
            }
            Kind::Action(name) if name == "ansible.builtin.include_tasks" => Kind::IncludeTasks,
            Kind::Action(name) if name == "ansible.builtin.include_role" => Kind::IncludeRole,
            other => other,
        };
        check_include_keywords(&kind, &attrs, entry, handler)?;
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
                actions.extend(self.old_style(name, value, origin.as_ref(), entry)?);
            } else if keyword(name, Level::Handler).is_some() || self.is_loop(name) {
                attrs.insert(key.clone(), value.clone());
            } else {
                let text = key.as_text().cloned().unwrap_or_else(|| name.into());
                actions.push(Action { name: text, origin, value: value.clone(), local: false, old: false });
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

    /// Tell of a module that will go away.
    fn tell_outgoing(&self, action: &Action, frame: &Frame, full: &str) {
        // A short name that is looked for in collections is found in one that is written nowhere: for a role of a
        // collection in the one of the full name.
        let looked_for = !action.name.contains('.') && !frame.collections().is_empty();
        let of_collection = frame.chain().find_map(|around| around.role.as_ref()?.collection.as_ref());
        let by_play = frame.chain().last().is_some_and(|play| play.own("collections").is_some());
        let full_name =
            looked_for && (of_collection.is_some() && !by_play || !full.starts_with("ansible.builtin."));
        let shown = if full_name { full } else { action.name.as_str() };
        let Some(text) = self.catalog.outgoing(shown, full) else { return };
        // Nor has the old form of an action a place of its own.
        self.source.deprecate(match action.origin.as_ref().filter(|_| !action.old && !looked_for) {
            Some(origin) => Diagnostic::new(text).at(Some(origin)).render(),
            None => format!("{text}\nOrigin: <unknown>\n\n{shown}\n"),
        });
    }

    fn is_loop(&self, name: &str) -> bool {
        name.starts_with("with_")
    }

    fn kind(&self, action: &Action, frame: &Frame, entry: &Dict) -> Result<Kind, Diagnostic> {
        if action.name.may_be_template() {
            return Ok(Kind::Templated);
        }
        match self.catalog.find(&action.name, &frame.collections()) {
            Found::Known(name) => {
                self.tell_outgoing(action, frame, &name);
                Ok(Kind::Action(name))
            }
            Found::Missing(full) => {
                let error = Diagnostic::parse(
                    format!("the module '{full}' is not supported by rustible"),
                    action.origin.as_ref().or(entry.origin()),
                );
                let help =
                    "With --unsupported=when-reached the refusal waits until a host gets to this task.";
                let put_off = self.lenient || self.listing;
                if put_off { Ok(Kind::Unsupported(Box::new(error))) } else { Err(error.help(help)) }
            }
            Found::Refused(why) => {
                let error = Diagnostic::new(why).at(action.origin.as_ref().or(entry.origin()));
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

/// What an include may have beside its file, its role and a loop.
const INCLUDE_KEYWORDS: [&str; 16] = [
    "action",
    "args",
    "collections",
    "debugger",
    "ignore_errors",
    "local_action",
    "loop",
    "loop_control",
    "name",
    "no_log",
    "register",
    "run_once",
    "tags",
    "timeout",
    "vars",
    "when",
];

/// Other keywords would not reach what is included: they have to be under `apply`.
fn check_include_keywords(kind: &Kind, attrs: &Dict, entry: &Dict, handler: bool) -> Result<(), Diagnostic> {
    let what = match kind {
        Kind::IncludeTasks if handler => "HandlerTaskInclude",
        Kind::IncludeTasks => "TaskInclude",
        Kind::IncludeRole => "IncludeRole",
        _ => return Ok(()),
    };
    let wrong = attrs.texts().find(|(key, _)| {
        let name = key.as_str();
        let known = INCLUDE_KEYWORDS.contains(&name) || name.starts_with("with_");
        !(known || handler && name == "listen")
    });
    match wrong {
        None => Ok(()),
        Some((key, _)) => {
            let text = format!("'{key}' is not a valid attribute for a {what}");
            Err(Diagnostic::parse(text, entry.origin()))
        }
    }
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
        // `loop` behind another loop only changes what that one goes over.
        if next.with.is_none() {
            let with = found.and_then(|before| before.with);
            found = Some(Loop { with, ..next }).filter(|looped| !looped.value.is_null());
            continue;
        }
        let name = name.strip_prefix("with_").unwrap_or(name);
        if found.is_some() {
            return Err(Diagnostic::new(format!("duplicate loop in task: {name}")).at(entry.origin()));
        }
        if next.value.is_null() {
            let error = format!("you must specify a value when using with_{name}");
            return Err(Diagnostic::new(error).at(entry.origin()));
        }
        found = Some(next);
    }
    Ok(found)
}
