//! Reading playbooks, plays, blocks, tasks and roles.

mod action;
mod block;
mod collection;
mod defaults;
mod import;
mod play;
mod playbook;
mod role;
mod seek;
mod task;

use std::{
    path::{Path, PathBuf},
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
};

use rustible_protocol::{Dict, Origin, Text, Value};
use rustible_source::{Diagnostic, nearest};

pub use collection::collection_playbook;
pub use role::RoleRequest;

use crate::{
    frame::Frame,
    keywords::{KEYWORDS, Level, keyword},
    model::{Role, Task},
};

/// Where files come from and how names of static imports are rendered.
pub trait Source: Send + Sync {
    /// The value of a YAML file; an encrypted file is decrypted.
    ///
    /// # Errors
    /// When it cannot be read or is not YAML.
    fn load(&self, path: &Path) -> Result<Value, Diagnostic>;

    /// A text with its templates rendered, seeing only these variables (later ones win) and the extra variables.
    ///
    /// # Errors
    /// When a template fails.
    fn render(&self, text: &Text, vars: &[&Dict]) -> Result<Value, Diagnostic>;

    /// Say something to the user, once.
    fn warn(&self, text: String);

    /// Tell the user of a form that goes away, once.
    fn deprecate(&self, text: String);
}

/// Which actions there are.
pub trait Catalog: Send + Sync {
    /// What a name leads to; collections are searched for short names, nearest first.
    fn find(&self, name: &str, collections: &[&Text]) -> Found;
    /// Names to suggest for one that is unknown.
    fn names(&self) -> Vec<String>;
    /// A playbook's or role's folder was entered: what lies beside it in `library` and the like counts from now on.
    fn enter(&self, _folder: &Path) {}
    /// Whether there is a group of actions of that name.
    fn has_group(&self, _name: &str) -> bool {
        false
    }
    /// That what a task names in this way, and what that leads to, will go away: what to tell of it.
    fn outgoing(&self, _name: &str, _full: &str) -> Option<String> {
        None
    }
    /// The folder of the collection of that name (`namespace.collection`).
    fn collection(&self, _name: &str) -> Option<PathBuf> {
        None
    }
}

/// What the catalog says of a name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Found {
    /// An action or module of this full name.
    Known(String),
    /// The name of a module of the reference or a collection that rustible does not have.
    Missing(String),
    /// There is something of that name that rustible cannot run; why.
    Refused(String),
    /// No such name.
    Unknown,
}

/// Reads playbooks.
pub struct Loader {
    /// Files and rendering.
    pub source: Arc<dyn Source>,
    /// Actions.
    pub catalog: Arc<dyn Catalog>,
    /// Folders with roles (`roles_path`), tried after those beside the playbook.
    pub roles_path: Vec<PathBuf>,
    /// Put the refusal of unsupported actions off to the moment a host gets there.
    pub lenient: bool,
    /// Nothing runs, tasks are only shown: actions that rustible lacks are let be.
    pub listing: bool,
    /// Whether roles that do not say show their variables to the rest of the play; as the language has it when nothing
    /// is configured.
    pub public_roles: Option<bool>,
    /// Numbers for uuids.
    pub counter: AtomicU64,
    /// Roles that static imports brought in while something was loaded, with their handlers.
    pub imported: Mutex<Vec<Imports>>,
}

/// A role that a static import brought in, and its handlers.
pub type Imports = (Arc<Role>, Vec<Arc<Task>>);

impl Loader {
    pub(crate) fn import(&self, role: Arc<Role>, handlers: Vec<Arc<Task>>) {
        self.imported.lock().unwrap_or_else(PoisonError::into_inner).push((role, handlers));
    }

    /// The roles that static imports brought in since the last call: the play has to take over their handlers and, of
    /// public ones, their variables.
    pub fn take_imported(&self) -> Vec<Imports> {
        std::mem::take(&mut *self.imported.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Warn of variables with reserved names.
    pub(crate) fn warn_of(&self, vars: &Dict) {
        crate::reserved_names(vars).iter().for_each(|warning| self.source.warn(warning.render()));
    }

    /// An identifier that is unique in the run, in the usual form.
    pub fn uuid(&self) -> String {
        let number = self.counter.fetch_add(1, Ordering::Relaxed);
        let process = std::process::id();
        format!("{:08x}-{:04x}-4000-8000-{number:012x}", process, process & 0xffff)
    }

    /// Variables that a static import's name may use.
    fn static_vars(frame: &Frame) -> Dict {
        let mut vars = Dict::new();
        for role in frame.roles().into_iter().rev() {
            vars.extend(&role.defaults);
            vars.extend(&role.vars);
        }
        let mut chain: Vec<&Frame> = frame.chain().collect();
        chain.reverse();
        for frame in &chain {
            if let Some(role) = &frame.role {
                vars.extend(&role.params);
            }
            vars.extend(&frame.vars);
        }
        if let Some(folder) = chain.first().and_then(|play| play.folder.as_ref()) {
            let folder = if folder.as_os_str().is_empty() { Path::new(".") } else { folder };
            let folder = std::path::absolute(folder).unwrap_or_else(|_| folder.to_path_buf());
            vars.insert("playbook_dir", folder.display().to_string());
        }
        if let Some(role) = &frame.role {
            vars.insert("role_path", role.path.display().to_string());
            vars.insert("role_name", role.name.as_str());
            vars.insert("ansible_role_name", role.name.as_str());
        }
        vars
    }

    fn check_keywords(attrs: &Dict, level: Level, what: &str) -> Result<(), Diagnostic> {
        for (key, value) in attrs {
            let name = key_name(key)?;
            match keyword(name, level) {
                Some(_) if name == "debugger" => debugger(value)?,
                Some(_) => {}
                None if name.starts_with("with_") && matches!(level, Level::Task | Level::Handler) => {}
                None => {
                    let near = nearest(
                        name,
                        KEYWORDS.iter().filter(|k| k.levels & level as u8 != 0).map(|k| k.name),
                    );
                    let mut error = format!("'{name}' is not a valid attribute for a {what}");
                    if matches!(level, Level::Task | Level::Handler) {
                        error.push_str(SUPPRESSED);
                    }
                    let error = Diagnostic::parse(error, key.origin().or(attrs.origin()));
                    return Err(match near {
                        Some(near) => error.help(format!("Did you mean '{near}'?")),
                        None => error,
                    });
                }
            }
        }
        Ok(())
    }
}

/// What a task's attribute that is none is told with.
const SUPPRESSED: &str =
    "\nThis error can be suppressed as a warning using the \"invalid_task_attribute_failed\" configuration";

/// The error about a key of a task that is neither an action nor a keyword.
#[must_use]
pub fn no_attribute(name: &str) -> String {
    format!("'{name}' is not a valid attribute for a Task{SUPPRESSED}")
}

/// When the debugger stops at a task; what is no such moment is refused before any host is touched.
fn debugger(value: &Value) -> Result<(), Diagnostic> {
    const MOMENTS: [&str; 5] = ["always", "never", "on_failed", "on_skipped", "on_unreachable"];
    match value {
        Value::Null => Ok(()),
        Value::Str(text) if MOMENTS.contains(&text.as_str()) || text.may_be_template() => Ok(()),
        other => Err(Diagnostic::parse(
            format!(
                "'{}' is not a valid value for debugger. Must be one of {}",
                rustible_protocol::repr::str(other),
                MOMENTS.join(", ")
            ),
            other.origin(),
        )),
    }
}

fn key_name(key: &Value) -> Result<&str, Diagnostic> {
    key.as_str().ok_or_else(|| {
        Diagnostic::parse(format!("a key must be a string, got {}", key.type_name()), key.origin())
    })
}

/// Files with one of the usual endings, or as named.
fn with_endings(path: &Path) -> Vec<PathBuf> {
    let mut candidates = vec![path.to_path_buf()];
    if !path.extension().is_some_and(|e| ["yml", "yaml", "json"].iter().any(|x| e == *x)) {
        let endings = ["yml", "yaml", "json"].iter().map(|ending| {
            let mut name = path.as_os_str().to_os_string();
            name.push(".");
            name.push(ending);
            PathBuf::from(name)
        });
        candidates.splice(0..0, endings);
    }
    candidates
}

fn as_list<'a>(value: &'a Value, what: &str, at: Option<&Arc<Origin>>) -> Result<&'a [Value], Diagnostic> {
    match value {
        Value::List(list) => Ok(list),
        Value::Null => Ok(&[]),
        other => Err(Diagnostic::parse(format!("{what}, got {}", other.type_name()), other.origin().or(at))),
    }
}
