//! Static imports of task files and roles, and what dynamic includes bring in.

use std::{
    path::{Path, PathBuf},
    sync::Arc,
};

use rustible_protocol::{Dict, Text, Value};
use rustible_source::Diagnostic;

use super::{Loader, RoleRequest, block::with_tag_list, seek::Seeker};
use crate::{
    frame::{Frame, FrameKind},
    model::{Block, Item, Kind, Task},
};

impl Loader {
    pub(super) fn import_tasks(&self, task: &Task, items: &mut Vec<Item>) -> Result<(), Diagnostic> {
        if task.looped.is_some() {
            return Err(Diagnostic::parse(
                "You cannot use loops on 'import_tasks' statements. You should use 'include_tasks' instead.",
                task.origin.as_ref(),
            ));
        }
        let known = ["_raw_params", "file"];
        if let Some((name, _)) = task.args.named.texts().find(|(name, _)| !known.contains(&name.as_str())) {
            let text = format!("Invalid options for import_tasks: {name}");
            return Err(Diagnostic::parse(text, task.origin.as_ref()));
        }
        let target = self.static_name(task)?;
        let path = seeker(task, true).find(&target);
        let value = self.source.load(&path).map_err(|error| match error.kind {
            // What is not there is told without a place.
            rustible_source::Kind::General => error,
            _ => error.at(task.origin.as_ref()),
        })?;
        if value.is_null() {
            self.source.warn(format!("file {} is empty and had no tasks to include", path.display()));
            return Ok(());
        }
        if value.as_list().is_none() {
            return Err(Diagnostic::parse(
                "included task files must contain a list of tasks",
                value.origin(),
            ));
        }
        let frame = self.include_frame(task, Some((&path, &target)), &Dict::new(), &statement(task))?;
        let inner = self.items(&value, &frame, task.handler)?;
        items.push(Item::Block(Arc::new(Block {
            frame,
            items: inner,
            rescue: Vec::new(),
            always: Vec::new(),
        })));
        Ok(())
    }

    /// The frame around what an include or import brought in: the keywords that it passes on, and variables given with it;
    /// of tasks with their file and its name as given.
    ///
    /// # Errors
    /// When the keywords are none.
    pub fn include_frame(
        &self,
        task: &Task,
        file: Option<(&Path, &Path)>,
        vars: &Dict,
        passed_on: &Dict,
    ) -> Result<Arc<Frame>, Diagnostic> {
        let Some(parent) = &task.frame.parent else { return Ok(task.frame.clone()) };
        let attrs = with_tag_list(self, passed_on.clone())?;
        let mut frame = Frame::inside(parent, FrameKind::Include, attrs, task.origin.as_ref());
        frame.vars.extend(&task.frame.vars);
        frame.vars.extend(vars);
        let parent = |path: &Path| path.parent().map(Path::to_path_buf);
        frame.folder = file.and_then(|(path, _)| parent(path));
        frame.named = file.map(|(_, name)| parent(name).unwrap_or_default());
        Ok(Arc::new(frame))
    }

    fn static_name(&self, task: &Task) -> Result<PathBuf, Diagnostic> {
        let target = task.args.named.get("_raw_params").or_else(|| task.args.named.get("file"));
        let Some(target) = target.and_then(Value::as_text) else {
            return Err(Diagnostic::parse("No file specified for import_tasks", task.origin.as_ref()));
        };
        let rendered = self.source.render(target, &[&Self::static_vars(&task.frame)]).map_err(|cause| {
            let help = "When using static imports, ensure that any variables used in their names are defined in vars/vars_files\nor extra-vars passed in from the command line. Static imports cannot use variables from facts or inventory\nsources like group or host vars.";
            cause
                .context(format!("Error when evaluating variable in import path '{target}'"), task.origin.as_ref())
                .of_kind(rustible_source::Kind::Parse)
                .help(help)
        })?;
        Ok(PathBuf::from(rendered.as_str().unwrap_or_default()))
    }

    pub(super) fn import_role(&self, task: &Task, items: &mut Vec<Item>) -> Result<(), Diagnostic> {
        if task.looped.is_some() {
            return Err(Diagnostic::parse(
                "You cannot use loops on 'import_role' statements. You should use 'include_role' instead.",
                task.origin.as_ref(),
            ));
        }
        if task.handler {
            return Err(Diagnostic::parse(
                "Using 'import_role' as a handler is not supported.",
                task.origin.as_ref(),
            ));
        }
        let vars = Self::static_vars(&task.frame);
        let mut args = Dict::new();
        for (key, value) in &task.args.named {
            let value = match value {
                Value::Str(text) => self.source.render(text, &[&vars])?,
                other => other.clone(),
            };
            args.insert(key.clone(), value);
        }
        let frame = self.include_frame(task, None, &Dict::new(), &statement(task))?;
        let request = RoleRequest::of_include(self, &args, &frame, task.origin.as_ref(), true)?;
        let used = self.role(&request)?;
        items.push(Item::Block(Arc::new(Block {
            frame,
            items: used.items,
            rescue: Vec::new(),
            always: Vec::new(),
        })));
        self.import(used.role, used.handlers);
        Ok(())
    }

    /// Load the tasks of a file for a dynamic include.
    ///
    /// # Errors
    /// When the file is not there or is no list of tasks.
    pub fn include_tasks(
        &self,
        task: &Task,
        target: &Text,
        vars: &Dict,
        apply: &Dict,
    ) -> Result<(PathBuf, Arc<Frame>, Vec<Item>), Diagnostic> {
        debug_assert!(matches!(task.kind, Kind::IncludeTasks));
        let target = Path::new(target.as_str());
        let path = seeker(task, false).find(target);
        let value = self.source.load(&path)?;
        if !matches!(value, Value::List(_) | Value::Null) {
            // The host fails, the run goes on.
            let error = Diagnostic::new("included task files must contain a list of tasks");
            return Err(error.at(value.origin()));
        }
        let frame = self.include_frame(task, Some((&path, target)), vars, apply)?;
        let items = self.items(&value, &frame, task.handler)?;
        Ok((path, frame, items))
    }
}

fn seeker(task: &Task, fixed: bool) -> Seeker<'_> {
    Seeker { frame: &task.frame, section: if task.handler { "handlers" } else { "tasks" }, fixed }
}

/// The keywords that a static import passes on to what it brings in.
fn statement(task: &Task) -> Dict {
    let mut attrs = task.frame.attrs.clone();
    for own in [
        "name",
        "register",
        "until",
        "retries",
        "delay",
        "changed_when",
        "failed_when",
        "async",
        "poll",
        "listen",
    ] {
        attrs.remove(own);
    }
    attrs
}
