//! `vars_files` of a play: read once when their names are plain, for each host when the names are templates.

use std::{
    path::PathBuf,
    sync::{Arc, OnceLock, Weak},
};

use rustible_inventory::combine;
use rustible_playbook::{Frame, Play};
use rustible_protocol::{Dict, Text, Value};
use rustible_source::{Diagnostic, Kind};
use rustible_template::Rendered;
use rustible_vars::{PlayScope, TaskScope};

use crate::{run::Runner, task};

/// The files of a play.
pub(crate) struct VarsFiles {
    runner: Weak<Runner>,
    /// Each entry with its alternatives, the first that exists counting.
    entries: Vec<Vec<Text>>,
    folder: PathBuf,
    plain: OnceLock<Dict>,
}

impl VarsFiles {
    /// The files that a play names.
    pub(crate) fn new(runner: &Arc<Runner>, play: &Play) -> Result<Self, Diagnostic> {
        let mut entries = Vec::new();
        for entry in listed(play.frame.own("vars_files")) {
            let mut alternatives = Vec::new();
            for name in listed(Some(&entry)) {
                let Value::Str(name) = name else {
                    return Err(Diagnostic::parse(
                        format!("Invalid `vars_files` value of type '{}'.", name.type_name()),
                        entry.origin().or(play.frame.origin.as_ref()),
                    )
                    .help("A `vars_files` value should either be a string or list of strings."));
                };
                alternatives.push(name);
            }
            entries.push(alternatives);
        }
        Ok(Self {
            runner: Arc::downgrade(runner),
            entries,
            folder: play.folder.clone(),
            plain: OnceLock::new(),
        })
    }

    /// The variables in them as the host sees them; problems are told as warnings.
    pub(crate) fn of(
        &self,
        scope: &Arc<PlayScope>,
        host: Option<&Arc<str>>,
        frame: Option<&Arc<Frame>>,
    ) -> Option<Dict> {
        if self.entries.is_empty() {
            return None;
        }
        if let Some(plain) = self.plain.get() {
            return Some(plain.clone());
        }
        let runner = self.runner.upgrade()?;
        let dynamic = self.entries.iter().flatten().any(Text::may_be_template);
        match self.read(&runner, scope, host, frame) {
            Ok(vars) => {
                if !dynamic {
                    let _first = self.plain.set(vars.clone());
                }
                Some(vars)
            }
            Err(error) => {
                runner.emitter.warn(error.summary());
                None
            }
        }
    }

    /// Read what can be read without a host, so that a broken file ends the run before any task; its variables.
    pub(crate) fn check(&self, runner: &Arc<Runner>, scope: &Arc<PlayScope>) -> Result<Dict, Diagnostic> {
        self.read(runner, scope, None, None)
    }

    fn read(
        &self,
        runner: &Arc<Runner>,
        scope: &Arc<PlayScope>,
        host: Option<&Arc<str>>,
        frame: Option<&Arc<Frame>>,
    ) -> Result<Dict, Diagnostic> {
        let mut all = Dict::new();
        for alternatives in &self.entries {
            let templar = task::templar(runner, &TaskScope::new(scope, host, frame, Some(&all)));
            for name in alternatives {
                let rendered = match templar.render_text(name) {
                    Ok(Rendered::Value(value)) => crate::keyword::text_of(&value),
                    // A name may need facts that are not there yet.
                    Ok(Rendered::Omit) | Err(_) => continue,
                };
                let Some(path) = self.find(&rendered) else { continue };
                let loaded = runner.load(&path).map_err(|error| match error.kind {
                    // What could not be opened; what could not be understood says so itself.
                    Kind::General => {
                        error.context(format!("Invalid vars_files file '{}'", path.display()), None).apart()
                    }
                    _ => error,
                });
                contents(&loaded?, name, &mut all, scope.merge_hashes)?;
                break;
            }
        }
        Ok(all)
    }

    fn find(&self, name: &str) -> Option<PathBuf> {
        let path = PathBuf::from(name);
        [self.folder.join("vars").join(&path), self.folder.join(&path)]
            .into_iter()
            .find(|path| path.is_file())
    }
}

/// A mapping of variables, or a list of such.
fn contents(value: &Value, name: &Text, all: &mut Dict, merge: bool) -> Result<(), Diagnostic> {
    match value {
        Value::Dict(vars) => *all = combine(all, vars, merge),
        Value::Null => {}
        Value::List(list) if list.iter().all(|item| item.as_dict().is_some()) => {
            list.iter().filter_map(Value::as_dict).for_each(|vars| *all = combine(all, vars, merge));
        }
        other => {
            let wrong = other.as_list().and_then(|list| list.iter().find(|item| item.as_dict().is_none()));
            let at = wrong.and_then(Value::origin).or(other.origin()).or(name.origin());
            let error = Diagnostic::parse("Invalid variable file contents.", at);
            return Err(error.help(
                "Variable files must contain either a dictionary of variables, or a list of dictionaries.",
            ));
        }
    }
    Ok(())
}

fn listed(value: Option<&Value>) -> Vec<Value> {
    match value {
        None | Some(Value::Null) => Vec::new(),
        Some(Value::List(list)) => list.to_vec(),
        Some(other) => vec![other.clone()],
    }
}
