//! Lists of tasks and blocks.

use std::sync::Arc;

use rustible_protocol::{Dict, Origin, Value, repr};
use rustible_source::Diagnostic;

use super::{Level, Loader, playbook::comma_list, playbook::listed};
use crate::{
    frame::{Frame, FrameKind},
    model::{Block, Item, Task},
};

impl Loader {
    /// The steps of a list of tasks.
    ///
    /// # Errors
    /// When an entry is no task or block, or names something that is not there.
    pub fn items(&self, tasks: &Value, frame: &Arc<Frame>, handlers: bool) -> Result<Vec<Item>, Diagnostic> {
        let list = match tasks {
            Value::Null => return Ok(Vec::new()),
            Value::List(list) => list,
            other => {
                return Err(Diagnostic::parse(
                    format!("A list of tasks is expected, got {}", other.type_name()),
                    other.origin().or(frame.origin.as_ref()),
                ));
            }
        };
        let mut items = Vec::new();
        for (at, entry) in list.iter().enumerate() {
            match entry {
                Value::Dict(entry) => self.item(entry, frame, handlers, &mut items)?,
                Value::Null => {}
                _ => return Err(no_task(list, at)),
            }
        }
        Ok(items)
    }

    fn item(
        &self,
        entry: &Dict,
        frame: &Arc<Frame>,
        handlers: bool,
        items: &mut Vec<Item>,
    ) -> Result<(), Diagnostic> {
        let is_block = ["block", "rescue", "always"].iter().any(|key| entry.contains_key(key));
        if !is_block {
            return self.task_into(entry, frame, handlers, items);
        }
        if handlers {
            return Err(Diagnostic::parse("Using a block as a handler is not supported.", entry.origin()));
        }
        items.push(Item::Block(Arc::new(self.block(entry, frame)?)));
        Ok(())
    }

    fn block(&self, entry: &Dict, parent: &Arc<Frame>) -> Result<Block, Diagnostic> {
        Self::check_keywords(entry, Level::Block, "Block")?;
        if !entry.contains_key("block") {
            let found = if entry.contains_key("rescue") { "rescue" } else { "always" };
            return Err(Diagnostic::parse(
                format!("'{found}' keyword cannot be used without 'block'"),
                entry.origin(),
            ));
        }
        let mut attrs = entry.clone();
        for section in ["block", "rescue", "always"] {
            attrs.remove(section);
        }
        self.check_defaults(&attrs)?;
        let attrs = with_tag_list(self, attrs)?;
        let frame = Arc::new(Frame::inside(parent, FrameKind::Block, attrs, entry.origin()));
        check_vars(entry)?;
        let section = |name: &str| match entry.get(name) {
            None => Ok(Vec::new()),
            Some(Value::List(tasks)) if tasks.iter().any(|task| !matches!(task, Value::Dict(_))) => {
                let tasks = Value::List(tasks.clone());
                Err(malformed(name, &tasks, "dict", &repr::class(&tasks), entry.origin()))
            }
            Some(tasks @ (Value::List(_) | Value::Null)) => self.items(tasks, &frame, false),
            Some(other) => Err(malformed(name, other, "list", &repr::class(other), entry.origin())),
        };
        Ok(Block {
            frame: frame.clone(),
            items: section("block")?,
            rescue: section("rescue")?,
            always: section("always")?,
        })
    }

    /// The handlers of a list, static imports taken apart.
    ///
    /// # Errors
    /// As [`Loader::items`].
    pub fn handlers(&self, tasks: &Value, frame: &Arc<Frame>) -> Result<Vec<Arc<Task>>, Diagnostic> {
        let mut handlers = Vec::new();
        for item in self.items(tasks, frame, true)? {
            item.walk(&mut |task| handlers.push(task.clone()));
        }
        Ok(handlers)
    }
}

/// The keywords with `tags` as a list; tags with a meaning of their own are warned of.
pub(super) fn with_tag_list(loader: &Loader, mut attrs: Dict) -> Result<Dict, Diagnostic> {
    const RESERVED: [&str; 3] = ["all", "tagged", "untagged"];
    let Some((key, written)) = attrs.get_key_value("tags") else { return Ok(attrs) };
    if !matches!(written, Value::List(_) | Value::Str(_) | Value::Vaulted(_)) {
        let at = written.origin().or(key.origin());
        return Err(Diagnostic::new("tags must be specified as a list").at(at));
    }
    let written = written.clone();
    // Only a text that stands alone is several in one.
    let tags = match &written {
        Value::List(list) => list.to_vec(),
        other => comma_list(listed(Some(other))),
    };
    let reserved: Vec<&str> =
        RESERVED.into_iter().filter(|name| tags.iter().any(|tag| tag.as_str() == Some(name))).collect();
    // What has been taken apart before was warned of then.
    if !reserved.is_empty() && written.origin().is_some() {
        let shown = repr::repr(&reserved.into_iter().map(Value::from).collect::<Vec<_>>().into());
        let text = format!(
            "Found reserved tagnames in tags: {shown}, we do not recommend doing this as it might give unexpected results"
        );
        loader.source.warn(Diagnostic::new(text).at(written.origin()).render());
    }
    attrs.insert("tags", tags);
    Ok(attrs)
}

/// `vars` of a block or task must be a mapping.
pub(super) fn check_vars(entry: &Dict) -> Result<(), Diagnostic> {
    match entry.get_key_value("vars") {
        None | Some((_, Value::Null)) => Ok(()),
        Some((_, Value::Dict(vars))) => {
            vars.iter().try_for_each(|(name, _)| crate::check_variable_name(name))
        }
        Some((key, other)) => Err(Diagnostic::parse(
            "Vars in a Task must be specified as a dictionary.",
            other.origin().or(key.origin()),
        )),
    }
}

/// Among the tasks of a play, a role or a file is something else. Tasks that follow each other are one block there.
fn no_task(list: &[Value], at: usize) -> Diagnostic {
    let blocks = |entry: &&Value| {
        let is_block = |task: &Dict| ["block", "rescue", "always"].iter().any(|key| task.contains_key(key));
        entry.is_null() || entry.as_dict().is_some_and(is_block)
    };
    let begin = list[..at].iter().rposition(|entry| blocks(&entry)).map_or(0, |before| before + 1);
    let end = list[at..].iter().position(|entry| blocks(&entry)).map_or(list.len(), |behind| at + behind);
    let tasks = Value::from(list[begin..end].to_vec());
    let nowhere = Origin::new(&"<unknown>".into(), 0, 0);
    malformed("block", &tasks, "dict", "<class 'list'>", Some(&nowhere)).help(repr::repr(&tasks))
}

/// What a section of a block holds is not what it should be; a text shows itself as in Python.
fn malformed(
    section: &str,
    found: &Value,
    wanted: &str,
    class: &str,
    at: Option<&Arc<Origin>>,
) -> Diagnostic {
    let shown = repr::str(found);
    let error = format!(
        "A malformed block was encountered while loading {section}: The ds ({shown}) should be a {wanted} but was a {class}"
    );
    Diagnostic::parse(error, at)
}
