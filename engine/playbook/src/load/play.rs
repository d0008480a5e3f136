//! A play.

use std::{
    path::{Path, PathBuf},
    sync::Arc,
};

use rustible_protocol::{Dict, Text, Value, repr};
use rustible_source::Diagnostic;

use super::{Level, Loader, RoleRequest, block::with_tag_list, playbook::Imported, playbook::listed};
use crate::{
    frame::{Frame, FrameKind},
    keywords::keyword,
    model::{Args, Item, Kind, LoopControl, Play, Role, Task, VarsPrompt},
};

impl Loader {
    pub(super) fn play(&self, entry: &Dict, file: &Path, imported: &Imported) -> Result<Play, Diagnostic> {
        let entry = &with_remote_user(entry)?;
        Self::check_keywords(entry, Level::Play, "Play")?;
        check_hosts(entry)?;
        self.check_defaults(entry)?;
        let mut attrs = entry.clone();
        if !imported.tags.is_empty() {
            let tags: Vec<Value> = imported.tags.iter().cloned().chain(listed(entry.get("tags"))).collect();
            attrs.insert("tags", tags);
        }
        if !imported.when.is_empty() {
            attrs.insert("when", imported.when.clone());
        }
        if let Some(collection) = &imported.collection {
            let others = listed(entry.get("collections"));
            let all = std::iter::once(Value::str(collection.as_str()));
            attrs.insert("collections", all.chain(others).collect::<Vec<_>>());
        }
        let attrs = with_tag_list(self, attrs)?;
        let mut vars = imported.vars.clone();
        let own = play_vars(entry)?;
        self.warn_of(&own);
        vars.extend(&own);
        let folder: PathBuf = file.parent().map(Path::to_path_buf).unwrap_or_default();
        let frame = Arc::new(Frame {
            kind: FrameKind::Play,
            attrs,
            vars,
            origin: entry.origin().cloned(),
            parent: None,
            role: None,
            folder: Some(folder.clone()),
            named: None,
        });
        let mut play = Play {
            uuid: self.uuid(),
            frame: frame.clone(),
            folder,
            file: file.to_path_buf(),
            prompts: prompts(entry)?,
            roles: Vec::new(),
            items: Vec::new(),
            handlers: Vec::new(),
        };
        self.fill(&mut play, entry, &frame)?;
        Ok(play)
    }

    fn fill(&self, play: &mut Play, entry: &Dict, frame: &Arc<Frame>) -> Result<(), Diagnostic> {
        let section = |name: &str| -> Result<Vec<Item>, Diagnostic> {
            self.items(&play_section(entry, name)?, frame, false)
        };
        play.items = section("pre_tasks")?;
        play.items.push(Item::Task(self.flush(frame)));
        let mut role_handlers = Vec::new();
        let roles = entry.get("roles").cloned().unwrap_or_default();
        if !matches!(roles, Value::List(_) | Value::Null) {
            let text = format!(
                "A malformed role declaration was encountered: ds ({}) should be a list but was a {}",
                repr::str(&roles),
                repr::class(&roles)
            );
            return Err(Diagnostic::parse(text, entry.origin()));
        }
        for role in listed(Some(&roles)).iter() {
            let request = RoleRequest::of_play(self, role, frame)?;
            let used = self.role(&request)?;
            collect_roles(&used.role, &mut play.roles);
            play.items.extend(used.items);
            role_handlers.extend(used.handlers);
        }
        play.items.extend(section("tasks")?);
        play.items.push(Item::Task(self.flush(frame)));
        play.items.extend(section("post_tasks")?);
        for (role, handlers) in self.take_imported() {
            if role.public {
                collect_roles(&role, &mut play.roles);
            }
            role_handlers.extend(handlers);
        }
        play.items.push(Item::Task(self.flush(frame)));
        let handlers = play_section(entry, "handlers")?;
        // Roles' handlers come first; of two with the same name the last one wins.
        play.handlers = role_handlers;
        play.handlers.extend(self.handlers(&handlers, frame)?);
        Ok(())
    }

    /// The implied `meta: flush_handlers` behind a section of a play.
    fn flush(&self, frame: &Arc<Frame>) -> Arc<Task> {
        self.implicit(frame, "meta", Kind::Meta("flush_handlers".into()), Dict::new())
    }

    /// A task that the engine itself adds.
    pub fn implicit(&self, frame: &Arc<Frame>, action: &str, kind: Kind, attrs: Dict) -> Arc<Task> {
        Arc::new(Task {
            uuid: self.uuid(),
            frame: Arc::new(Frame::inside(frame, FrameKind::Task, attrs, None)),
            origin: frame.origin.clone(),
            action_origin: None,
            action: Text::untrusted(action),
            kind,
            args: Args::default(),
            looped: None,
            control: LoopControl::default(),
            handler: false,
            listen: Vec::new(),
            implicit: true,
        })
    }
}

/// A list of tasks or handlers as written.
fn play_section(entry: &Dict, name: &str) -> Result<Value, Diagnostic> {
    let tasks = entry.get(name).cloned().unwrap_or_default();
    if matches!(tasks, Value::List(_) | Value::Null) {
        return Ok(tasks);
    }
    let text = format!(
        "A malformed block was encountered while loading {name}: {} should be a list or None but is {}",
        repr::str(&tasks),
        repr::class(&tasks)
    );
    Err(Diagnostic::parse(text, entry.origin()))
}

/// A role behind its dependencies, each once.
fn collect_roles(role: &Arc<Role>, roles: &mut Vec<Arc<Role>>) {
    if !roles.iter().any(|known| Arc::ptr_eq(known, role)) {
        roles.push(role.clone());
    }
}

fn check_hosts(entry: &Dict) -> Result<(), Diagnostic> {
    let Some(hosts) = entry.get("hosts") else {
        return Err(Diagnostic::parse("The field 'hosts' is required but was not set.", entry.origin()));
    };
    let bad = |message: &str| Err(Diagnostic::parse(message, None));
    match hosts {
        Value::Null => bad("Hosts list cannot be empty. Please check your playbook"),
        Value::Str(text) if text.is_empty() => bad("Hosts list cannot be empty. Please check your playbook"),
        Value::Str(_) => Ok(()),
        Value::List(list) if list.is_empty() => bad("Hosts list cannot be empty. Please check your playbook"),
        Value::List(list) => {
            for host in list {
                match host {
                    Value::Str(_) => {}
                    Value::Null => {
                        return bad("Hosts list cannot contain values of 'None'. Please check your playbook");
                    }
                    other => {
                        return bad(&format!(
                            "Hosts list contains an invalid host value: '{}'",
                            rustible_protocol::json::write(other, rustible_protocol::json::Style::default())
                        ));
                    }
                }
            }
            Ok(())
        }
        _ => bad("Hosts list must be a sequence or string. Please check your playbook."),
    }
}

/// `vars` of a play: a mapping, or a list of mappings.
fn play_vars(entry: &Dict) -> Result<Dict, Diagnostic> {
    let Some((key, vars)) = entry.get_key_value("vars") else {
        return Ok(Dict::new());
    };
    let bad = |value: &Value| {
        Err(Diagnostic::parse(
            "Vars in a Play must be specified as a dictionary.",
            value.origin().or(key.origin()),
        ))
    };
    match vars {
        Value::Null => Ok(Dict::new()),
        Value::Dict(vars) => {
            vars.iter().try_for_each(|(name, _)| crate::check_variable_name(name))?;
            Ok(vars.clone())
        }
        other => bad(other),
    }
}

fn prompts(entry: &Dict) -> Result<Vec<VarsPrompt>, Diagnostic> {
    const KNOWN: [&str; 9] =
        ["name", "prompt", "default", "private", "confirm", "encrypt", "salt_size", "salt", "unsafe"];
    let Some((key, value)) = entry.get_key_value("vars_prompt") else {
        return Ok(Vec::new());
    };
    debug_assert!(keyword("vars_prompt", Level::Play).is_some());
    let mut prompts = Vec::new();
    for prompt in listed(Some(value)) {
        let at = prompt.origin().cloned().or_else(|| key.origin().cloned());
        let Value::Dict(prompt) = &prompt else {
            return Err(Diagnostic::parse(
                "Invalid vars_prompt data structure, expected a list of mappings",
                at.as_ref(),
            ));
        };
        let Some(name) = prompt.get("name").and_then(Value::as_str) else {
            return Err(Diagnostic::parse(
                "Invalid vars_prompt data structure, missing 'name' key",
                at.as_ref(),
            ));
        };
        for key in prompt.keys() {
            if !key.as_str().is_some_and(|k| KNOWN.contains(&k)) {
                let found = rustible_protocol::json::key_text(key);
                return Err(Diagnostic::parse(
                    format!("Invalid vars_prompt data structure, found unsupported key '{found}'"),
                    key.origin().or(at.as_ref()),
                ));
            }
        }
        let flag = |name: &str, default: bool| prompt.get(name).map_or(default, truth);
        let text = |name: &str| prompt.get(name).and_then(Value::as_str).map(str::to_string);
        prompts.push(VarsPrompt {
            name: name.into(),
            prompt: prompt.get("prompt").cloned().unwrap_or_else(|| Value::str(name)),
            private: flag("private", true),
            default: prompt.get("default").cloned(),
            confirm: flag("confirm", false),
            encrypt: text("encrypt"),
            salt_size: prompt.get("salt_size").and_then(Value::as_int),
            salt: text("salt"),
            is_unsafe: flag("unsafe", false),
        });
    }
    Ok(prompts)
}

fn truth(value: &Value) -> bool {
    match value {
        Value::Str(text) => matches!(text.to_lowercase().as_str(), "yes" | "y" | "on" | "1" | "true" | "t"),
        other => other.truthy(),
    }
}

/// `user`, the old name of `remote_user` in plays, under its new one.
fn with_remote_user(entry: &Dict) -> Result<Dict, Diagnostic> {
    let mut entry = entry.clone();
    if let Some(user) = entry.get("user").cloned() {
        if entry.contains_key("remote_user") {
            let text = "both 'user' and 'remote_user' are set for this play. The use of 'user' is deprecated, and should be removed";
            return Err(Diagnostic::parse(text, entry.origin()));
        }
        entry.remove("user");
        entry.insert("remote_user", user);
    }
    Ok(entry)
}
