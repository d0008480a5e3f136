//! Keywords as they are inherited: a chain of frames from a task up to its play.

use std::{path::PathBuf, sync::Arc};

use rustible_protocol::{Dict, Origin, Text, Value};

use crate::{keywords::KEYWORDS, model::Role};

/// What a frame stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FrameKind {
    /// A play.
    Play,
    /// A role as used in a play, or as a dependency.
    Role,
    /// A block.
    Block,
    /// A task.
    Task,
    /// An `import_*` or `include_*` around what it brought in.
    Include,
}

/// The keywords written at one place, and what is around it.
#[derive(Debug)]
pub struct Frame {
    /// What it stands for.
    pub kind: FrameKind,
    /// Its keywords as written, templates included.
    pub attrs: Dict,
    /// Variables given with it: `vars` of a play, block or task, parameters of an include.
    pub vars: Dict,
    /// Where it was written.
    pub origin: Option<Arc<Origin>>,
    /// What it is in.
    pub parent: Option<Arc<Self>>,
    /// The role it belongs to.
    pub role: Option<Arc<Role>>,
    /// Folder of the tasks file that an include brought in.
    pub folder: Option<PathBuf>,
    /// The folder part of the name that an include of tasks gave.
    pub named: Option<PathBuf>,
}

impl Frame {
    /// A frame inside another one, in the same role.
    #[must_use]
    pub fn inside(parent: &Arc<Self>, kind: FrameKind, attrs: Dict, origin: Option<&Arc<Origin>>) -> Self {
        let vars = attrs.get("vars").and_then(Value::as_dict).cloned().unwrap_or_default();
        let role = parent.role.clone();
        let (parent, origin) = (Some(parent.clone()), origin.cloned());
        Self { kind, attrs, vars, origin, parent, role, folder: None, named: None }
    }

    /// This frame and those around it, innermost first.
    pub fn chain(&self) -> impl Iterator<Item = &Self> {
        std::iter::successors(Some(self), |frame| frame.parent.as_deref())
    }

    /// A keyword's value as written: its own, or where the keyword is inherited, the nearest around it.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&Value> {
        if let Some(value) = self.attrs.get(name) {
            return Some(value);
        }
        let inherited = KEYWORDS.iter().any(|k| k.name == name && k.inherited);
        if !inherited {
            return None;
        }
        self.chain().skip(1).find_map(|frame| frame.attrs.get(name))
    }

    /// The frame around the one that [`Self::get`] has the keyword from, when it is passed on at all.
    #[must_use]
    pub fn around(&self, name: &str) -> Option<&Self> {
        let inherited = KEYWORDS.iter().any(|k| k.name == name && k.inherited);
        let mut holders = self.chain().skip_while(|frame| !frame.attrs.contains_key(name));
        holders.next().filter(|_| inherited)?;
        holders.next()
    }

    /// A keyword's own value, without what is around.
    #[must_use]
    pub fn own(&self, name: &str) -> Option<&Value> {
        self.attrs.get(name)
    }

    /// All values of a keyword that adds up (`when`, `environment`, `module_defaults`, `tags`), outermost first; lists are
    /// taken apart.
    #[must_use]
    pub fn all(&self, name: &str) -> Vec<&Value> {
        let mut frames: Vec<&Self> = self.chain().collect();
        frames.reverse();
        let mut values = Vec::new();
        for value in frames.iter().filter_map(|frame| frame.attrs.get(name)) {
            match value {
                Value::List(list) => values.extend(list.iter()),
                other => values.push(other),
            }
        }
        values
    }

    /// Names of the roles around, innermost first, each role once per use.
    #[must_use]
    pub fn roles(&self) -> Vec<&Arc<Role>> {
        let mut roles: Vec<&Arc<Role>> = Vec::new();
        for role in self.chain().filter_map(|frame| frame.role.as_ref()) {
            if !roles.last().is_some_and(|last| Arc::ptr_eq(last, role)) {
                roles.push(role);
            }
        }
        roles
    }

    /// Collections that are searched for short names, nearest first.
    #[must_use]
    pub fn collections(&self) -> Vec<&Text> {
        match self.get("collections") {
            Some(Value::List(list)) => list.iter().filter_map(Value::as_text).collect(),
            Some(Value::Str(text)) => vec![text],
            _ => Vec::new(),
        }
    }

    /// The same with what they end with where they say nothing of it: the language's own actions, in a role of a
    /// collection without those that lie beside playbooks. Nothing where no collection is named.
    #[must_use]
    pub fn searched(&self) -> Vec<String> {
        let mut all: Vec<String> = self.collections().into_iter().map(ToString::to_string).collect();
        if !all.is_empty() && !all.iter().any(|name| OWN.contains(&name.as_str())) {
            let of_collection = self.chain().find_map(|around| around.role.as_ref()?.collection.as_ref());
            all.push(OWN[usize::from(of_collection.is_some())].to_string());
        }
        all
    }
}

/// Names under which the language lists its own actions among collections: with and without those of the tree.
pub(crate) const OWN: [&str; 2] = ["ansible.legacy", "ansible.builtin"];
