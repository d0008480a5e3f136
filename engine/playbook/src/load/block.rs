//! Lists of tasks and blocks.

use std::sync::Arc;

use rustible_protocol::{Dict, Value, repr};
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
        for entry in list {
            match entry {
                Value::Dict(entry) => self.item(entry, frame, handlers, &mut items)?,
                // A list within a list, as YAML anchors sometimes leave it.
                Value::List(_) => items.extend(self.items(entry, frame, handlers)?),
                Value::Null => {}
                other => {
                    return Err(Diagnostic::parse(
                        format!("A task must be a mapping, got {}", other.type_name()),
                        other.origin().or(list.origin()),
                    ));
                }
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
        let frame =
            Arc::new(Frame::inside(parent, FrameKind::Block, with_tag_list(self, attrs), entry.origin()));
        check_vars(self, entry)?;
        let section = |name: &str| match entry.get(name) {
            None => Ok(Vec::new()),
            Some(tasks @ (Value::List(_) | Value::Null)) => self.items(tasks, &frame, false),
            Some(other) => Err(not_a_list(name, other, entry)),
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
pub(super) fn with_tag_list(loader: &Loader, mut attrs: Dict) -> Dict {
    const RESERVED: [&str; 3] = ["all", "tagged", "untagged"];
    let Some(written) = attrs.get("tags").cloned() else { return attrs };
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
    attrs
}

/// `vars` of a block or task must be a mapping.
pub(super) fn check_vars(loader: &Loader, entry: &Dict) -> Result<(), Diagnostic> {
    match entry.get_key_value("vars") {
        None | Some((_, Value::Null)) => Ok(()),
        Some((_, Value::Dict(vars))) => {
            vars.iter().try_for_each(|(name, _)| crate::check_variable_name(name))?;
            loader.warn_of(vars);
            Ok(())
        }
        Some((key, other)) => Err(Diagnostic::parse(
            "Vars in a Task must be specified as a dictionary.",
            other.origin().or(key.origin()),
        )),
    }
}

/// The Python class of a value that was read with its place.
pub(super) fn class_of(value: &Value) -> String {
    let name = value.type_name();
    if matches!(value, Value::Bool(_) | Value::Null) {
        return name.to_string();
    }
    let mut letters = name.chars();
    let name: String = letters.next().into_iter().flat_map(char::to_uppercase).chain(letters).collect();
    format!("ansible.module_utils._internal._datatag._AnsibleTagged{name}")
}

/// A section that is no list of tasks, shown as a text in Python shows itself.
fn not_a_list(section: &str, found: &Value, entry: &Dict) -> Diagnostic {
    let shown = match found {
        Value::Str(text) => text.to_string(),
        other => rustible_protocol::repr::repr(other),
    };
    let class = class_of(found);
    Diagnostic::parse(
        format!(
            "A malformed block was encountered while loading {section}: The ds ({shown}) should be a list but was a <class '{class}'>"
        ),
        entry.origin(),
    )
}
