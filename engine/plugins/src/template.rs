//! Filters, tests and lookups.

use std::{
    collections::HashMap,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError},
};

use rustible_foreign::{PluginFile, Tree};
use rustible_protocol::{Dict, Text, Value};
use rustible_source::Diagnostic;
use rustible_template::{Found, Outside, Plugins, Scope};

use crate::{Answer, Failed, Helper, wire};

/// What was found under a name.
#[derive(Clone)]
struct Known {
    file: PluginFile,
    found: Found,
}

type Key = (String, String, bool);

#[derive(Default)]
struct Cache {
    generation: usize,
    known: HashMap<Key, Result<Option<Known>, String>>,
}

/// The user's filters, tests and lookups for templates.
pub struct TemplatePlugins {
    tree: Arc<Tree>,
    helper: Arc<Helper>,
    basedir: PathBuf,
    cache: Mutex<Cache>,
}

impl TemplatePlugins {
    /// Plugins of this tree; relative paths of theirs count from `basedir` where no playbook says otherwise.
    #[must_use]
    pub fn new(tree: Arc<Tree>, helper: Arc<Helper>, basedir: PathBuf) -> Arc<Self> {
        Arc::new(Self { tree, helper, basedir, cache: Mutex::default() })
    }

    fn known(&self, kind: &str, name: &str, native: bool) -> Result<Option<Known>, String> {
        let generation = self.tree.generation();
        let key = (kind.to_string(), name.to_string(), native);
        {
            let mut cache = self.cache.lock().unwrap_or_else(PoisonError::into_inner);
            if cache.generation != generation {
                *cache = Cache { generation, ..Cache::default() };
            }
            if let Some(known) = cache.known.get(&key) {
                return known.clone();
            }
        }
        let known = self.look(kind, name, native);
        let mut cache = self.cache.lock().unwrap_or_else(PoisonError::into_inner);
        cache.known.insert(key, known.clone());
        known
    }

    fn look(&self, kind: &str, name: &str, native: bool) -> Result<Option<Known>, String> {
        let files = self.tree.plugin_files(kind, name, native);
        if files.is_empty() {
            return Ok(None);
        }
        let given: Vec<Value> = files.iter().map(|file| Value::from(place(file).to_vec())).collect();
        let roots: Vec<Value> = self.tree.collection_roots().iter().map(Value::from).collect();
        let with = [Value::str(kind), Value::str(name), given.into(), roots.into()];
        let answer = self.helper.call("find", &with, &mut |what, _| Err(no_task(what)));
        let answer = answer.map_err(|failed| failed.summary())?;
        let number = answer.get("file").and_then(Value::as_int).and_then(|at| usize::try_from(at).ok());
        let markers = answer.get("markers").is_some_and(Value::truthy);
        let file = number.and_then(|at| files.into_iter().nth(at));
        Ok(file.map(|file| Known { file, found: Found { markers } }))
    }
}

/// A file's path and what Python calls it.
fn place(file: &PluginFile) -> [Value; 2] {
    [Value::from(&file.path), file.full.as_deref().map(Value::str).into()]
}

fn no_task(what: &str) -> Answer {
    Answer::from(format!("there is nothing to ask about '{what}' while a plugin is loaded"))
}

impl Plugins for TemplatePlugins {
    fn find(&self, kind: &str, name: &str, native: bool) -> Result<Option<Found>, String> {
        Ok(self.known(kind, name, native)?.map(|known| known.found))
    }

    fn call(
        &self,
        kind: &str,
        name: &str,
        args: Vec<Value>,
        named: Dict,
        outside: &dyn Outside,
    ) -> Result<Value, Diagnostic> {
        // What is found is kept under both; the one that `find` was asked for is there.
        let known = self.known(kind, name, false);
        let Some(Known { file, .. }) = known.map_err(Diagnostic::new)? else {
            return Err(Diagnostic::new(format!("The {kind} plugin '{name}' was not found.")));
        };
        let [path, full] = place(&file);
        let args = Value::from(args);
        let (what, with) = match kind {
            "lookup" => ("lookup", vec![Value::str(name), path, full, args, named.into()]),
            _ => ("run", vec![Value::str(kind), Value::str(name), path, full, args, named.into()]),
        };
        let mut answer = |what: &str, with: Vec<Value>| self.answer(outside, what, &with);
        self.helper.call(what, &with, &mut answer).map_err(|failed: Failed| failed.diagnostic())
    }

    fn undefined(&self, message: &str) -> Value {
        wire::undefined(message)
    }
}

impl TemplatePlugins {
    fn answer(&self, outside: &dyn Outside, what: &str, with: &[Value]) -> Result<Value, Answer> {
        if what != "has" {
            return answer(outside, &self.basedir, what, with);
        }
        let text = |at: usize| with.get(at).and_then(Value::as_str).unwrap_or_default().to_string();
        let (kind, name) = (text(0), text(1));
        let native = match kind.as_str() {
            "filter" => rustible_template::filter_exists(&name),
            _ => rustible_template::test_exists(&name),
        };
        Ok((native || self.known(&kind, &name, native)?.is_some()).into())
    }
}

/// Answers what a plugin asks of the templates of its task; `basedir` is where relative paths count from without a
/// playbook.
///
/// # Errors
/// When what it asks for fails, or is nothing that there is.
pub fn answer(outside: &dyn Outside, basedir: &Path, what: &str, with: &[Value]) -> Result<Value, Answer> {
    let dict = |at: usize| with.get(at).and_then(Value::as_dict).cloned().unwrap_or_default();
    let text = |at: usize| with.get(at).and_then(Value::as_str).unwrap_or_default().to_string();
    let some = |value: Option<Value>| Value::from(value.into_iter().collect::<Vec<_>>());
    Ok(match what {
        "variable" => some(host(outside, with.first())?.get(&text(1))),
        "variables" => {
            let scope = host(outside, with.first())?;
            let pair = |name: Text| scope.get(&name).map(|value| (Value::Str(name), value));
            Value::Dict(scope.names().into_iter().filter_map(pair).collect())
        }
        "names" => outside.scope().names().into_iter().map(Value::Str).collect::<Vec<_>>().into(),
        "hosts" => {
            let hosts = outside.scope().hostvars().map(|all| all.hosts()).unwrap_or_default();
            hosts.into_iter().map(Value::Str).collect::<Vec<_>>().into()
        }
        "host" => outside.scope().hostvars().is_some_and(|all| all.host(&text(0)).is_some()).into(),
        "rendered" => match outside.scope().get(&text(0)) {
            Some(value) => some(Some(outside.render(&value, Dict::new())?)),
            None => some(None),
        },
        "template" => outside.render(with.first().unwrap_or(&Value::Null), dict(1))?,
        "expression" => outside.expression(&Text::trusted(text(0), None), dict(1))?,
        "conditional" => {
            // Text without marks of a template comes as if it could not be trusted.
            let condition = match with.first() {
                Some(Value::Str(text)) => Value::Str(Text::trusted(text.shared().clone(), None)),
                other => other.cloned().unwrap_or_default(),
            };
            outside.condition(&condition, dict(1))?.into()
        }
        "plugin" => {
            let args = with.get(2).and_then(Value::as_list).map(|list| list.to_vec()).unwrap_or_default();
            outside.plugin(&text(0), &text(1), args, dict(3))?
        }
        "hear" => {
            let help = with.get(2).and_then(Value::as_str);
            outside.hear(&text(0), with.get(1).unwrap_or(&Value::Null), help).into()
        }
        "basedir" => match outside.scope().get("playbook_dir") {
            Some(Value::Str(folder)) => Value::str(folder.as_str()),
            _ => Value::from(basedir),
        },
        other => common(other, with)?,
    })
}

/// Answers what every plugin may ask.
///
/// # Errors
/// As [`answer`].
pub fn common(what: &str, with: &[Value]) -> Result<Value, Answer> {
    match (what, with) {
        ("yaml", [Value::Str(text), more @ ..]) => {
            let file = more.first().and_then(Value::as_str).unwrap_or("<documentation>");
            let trusted = more.get(1).is_some_and(Value::truthy);
            let read =
                rustible_yaml::parse_single(&file.into(), text.as_str()).map_err(Answer::from)?.first();
            Ok(if trusted { read } else { read.into_untrusted() })
        }
        _ => Err(Answer::from(format!("'{what}' is nothing that a plugin can ask for here"))),
    }
}

/// The task's variables, or those of another host.
fn host(outside: &dyn Outside, name: Option<&Value>) -> Result<Arc<dyn Scope>, Answer> {
    let scope = outside.scope();
    match name {
        Some(Value::Str(name)) => scope
            .hostvars()
            .and_then(|all| all.host(name))
            .ok_or_else(|| Answer::from(format!("there is no host '{name}'"))),
        _ => Ok(scope),
    }
}
