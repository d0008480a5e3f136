//! The model: what a playbook says, with every template still in it.

use std::{path::PathBuf, sync::Arc};

use rustible_protocol::{Dict, Origin, Text, Value};
use rustible_source::Diagnostic;

use crate::frame::Frame;

/// A playbook file with what it imports, in order.
#[derive(Debug)]
pub struct Playbook {
    /// Path as given.
    pub file: PathBuf,
    /// Its plays, those of imported playbooks in their place.
    pub plays: Vec<Arc<Play>>,
}

/// A play.
#[derive(Debug)]
pub struct Play {
    /// Unique in the run.
    pub uuid: String,
    /// Its keywords; `frame.vars` are its `vars`.
    pub frame: Arc<Frame>,
    /// Folder of the playbook file it stands in.
    pub folder: PathBuf,
    /// Path of that file.
    pub file: PathBuf,
    /// Questions to ask before it runs.
    pub prompts: Vec<VarsPrompt>,
    /// Roles of `roles`, in order, without dependencies.
    pub roles: Vec<Arc<Role>>,
    /// All it does in order: pre_tasks, roles, tasks, post_tasks, with the flushes between them.
    pub items: Vec<Item>,
    /// Its handlers, then those of its roles.
    pub handlers: Vec<Arc<Task>>,
}

/// An entry of `vars_prompt`.
#[derive(Debug, Clone, Default)]
pub struct VarsPrompt {
    /// Variable that takes the answer.
    pub name: String,
    /// What is asked.
    pub prompt: Value,
    /// Whether typing is hidden.
    pub private: bool,
    /// Answer when nothing is typed.
    pub default: Option<Value>,
    /// Ask twice.
    pub confirm: bool,
    /// Hash scheme (`encrypt`) with salt and its size.
    pub encrypt: Option<String>,
    /// Length of the salt to make.
    pub salt_size: Option<i64>,
    /// The salt to take.
    pub salt: Option<String>,
    /// The answer may hold template characters.
    pub is_unsafe: bool,
}

/// A step of a play.
#[derive(Debug, Clone)]
pub enum Item {
    /// A task.
    Task(Arc<Task>),
    /// A block, or a static import.
    Block(Arc<Block>),
}

/// Tasks that fail, are rescued and ended together.
#[derive(Debug)]
pub struct Block {
    /// Its keywords.
    pub frame: Arc<Frame>,
    /// What is to be done.
    pub items: Vec<Item>,
    /// What is done when that fails.
    pub rescue: Vec<Item>,
    /// What is done in any case.
    pub always: Vec<Item>,
}

/// What the executor does with a task.
#[derive(Debug, Clone)]
pub enum Kind {
    /// An action or module of this full name.
    Action(String),
    /// The action's name is a template, known when a host gets there.
    Templated,
    /// `meta: NAME`.
    Meta(String),
    /// `include_tasks`.
    IncludeTasks,
    /// `include_role`.
    IncludeRole,
    /// The end of a role's tasks: it has run on the host that gets here.
    RoleComplete,
    /// An action that rustible does not have; refused when a host gets there.
    Unsupported(Box<Diagnostic>),
}

/// A task's arguments as written.
#[derive(Debug, Clone, Default)]
pub struct Args {
    /// By name; free-form text is `_raw_params`.
    pub named: Dict,
    /// A template that yields a mapping of more arguments (`args: "{{ x }}"`, `copy: "{{ x }}"`), which the named ones win over.
    pub template: Option<Text>,
}

/// A loop.
#[derive(Debug, Clone)]
pub struct Loop {
    /// `None` for `loop`, the lookup's name for `with_NAME`.
    pub with: Option<String>,
    /// What is looped over.
    pub value: Value,
}

/// `loop_control` as written.
#[derive(Debug, Clone, Default)]
pub struct LoopControl {
    /// All of it.
    pub attrs: Dict,
}

/// A task or handler.
#[derive(Debug, Clone)]
pub struct Task {
    /// Unique in the run.
    pub uuid: String,
    /// Its keywords.
    pub frame: Arc<Frame>,
    /// Where it was written.
    pub origin: Option<Arc<Origin>>,
    /// Where its action was written.
    pub action_origin: Option<Arc<Origin>>,
    /// The action as written.
    pub action: Text,
    /// What it does.
    pub kind: Kind,
    /// Its arguments.
    pub args: Args,
    /// Its loop.
    pub looped: Option<Loop>,
    /// `loop_control`.
    pub control: LoopControl,
    /// Whether it is a handler.
    pub handler: bool,
    /// Topics a handler listens to, as written.
    pub listen: Vec<Value>,
    /// Implied by the engine (fact gathering, flushes), not written.
    pub implicit: bool,
}

/// A role's data as loaded for one use.
#[derive(Debug)]
pub struct Role {
    /// As written (`nginx`, `ns.coll.nginx`).
    pub name: String,
    /// Collection it comes from.
    pub collection: Option<String>,
    /// Its folder.
    pub path: PathBuf,
    /// `defaults/main`.
    pub defaults: Dict,
    /// `vars/main`.
    pub vars: Dict,
    /// Parameters given where it is used, `vars` of that place excluded.
    pub params: Dict,
    /// `vars` of the place of use.
    pub use_vars: Dict,
    /// Roles it depends on.
    pub dependencies: Vec<Arc<Self>>,
    /// Roles that led to it as their dependency, outermost last.
    pub parents: Vec<Arc<Self>>,
    /// May run more than once with the same parameters.
    pub allow_duplicates: bool,
    /// Its variables are seen by the whole play.
    pub public: bool,
    /// What makes two uses the same: path, parameters, conditions, tags, files.
    pub identity: String,
    /// `meta/argument_specs` entry that applies, with its name.
    pub argument_spec: Option<(String, Dict)>,
}

/// A role loaded for use: its steps and handlers.
#[derive(Debug)]
pub struct RoleUse {
    /// The role.
    pub role: Arc<Role>,
    /// Dependencies' steps, then its own, then its end mark.
    pub items: Vec<Item>,
    /// Handlers of its dependencies and its own.
    pub handlers: Vec<Arc<Task>>,
}

impl Task {
    /// The name as written, when it has one.
    #[must_use]
    pub fn name(&self) -> Option<&Value> {
        self.frame.own("name").filter(|name| name.truthy())
    }
    /// The variable that keeps the result.
    #[must_use]
    pub fn register(&self) -> Option<&Text> {
        self.frame.own("register").and_then(Value::as_text)
    }
    /// The variables that `register` names with expressions.
    #[must_use]
    pub fn projections(&self) -> Option<&Dict> {
        self.frame.own("register").and_then(Value::as_dict)
    }
    /// The role it is in.
    #[must_use]
    pub fn role(&self) -> Option<&Arc<Role>> {
        self.frame.role.as_ref()
    }
}

impl Role {
    /// Its name without its collection.
    #[must_use]
    pub fn short_name(&self) -> &str {
        match self.collection {
            Some(_) => self.name.rsplit('.').next().unwrap_or(&self.name),
            None => &self.name,
        }
    }
    /// Its name with its collection.
    #[must_use]
    pub fn full_name(&self) -> String {
        match &self.collection {
            Some(collection) => format!("{collection}.{}", self.short_name()),
            None => self.name.clone(),
        }
    }
}

impl Item {
    /// All tasks in order: block, rescue, always.
    pub fn walk(&self, visit: &mut dyn FnMut(&Arc<Task>)) {
        match self {
            Self::Task(task) => visit(task),
            Self::Block(block) => {
                for item in block.items.iter().chain(&block.rescue).chain(&block.always) {
                    item.walk(visit);
                }
            }
        }
    }
}
