//! What a template needs of the world outside: variables, search paths, vault, configuration, plugins, warnings.

use std::{path::PathBuf, sync::Arc};

use rustible_protocol::{Dict, Origin, Text, Value};
use rustible_source::Diagnostic;

/// Variables a template sees. Values are raw: trusted templates in them are rendered when they are touched.
pub trait Scope: Send + Sync {
    /// The raw value of a variable.
    fn get(&self, name: &str) -> Option<Value>;
    /// All names.
    fn names(&self) -> Vec<Text>;
    /// What there is to say of the use of a variable that a later version will not have, and what to use instead; told at
    /// the place of the use.
    fn outgoing(&self, _name: &str) -> Option<Outgoing> {
        None
    }
    /// The `hostvars` mapping.
    fn hostvars(&self) -> Option<Arc<dyn HostVars>>;
    /// The `ansible_delegated_vars` mapping: the host that the task is delegated to.
    fn delegated(&self) -> Option<Arc<dyn HostVars>> {
        None
    }
}

/// The variables of every host.
pub trait HostVars: Send + Sync {
    /// All hosts, in order.
    fn hosts(&self) -> Vec<Text>;
    /// The variables of one host; `None` for an unknown host.
    fn host(&self, name: &str) -> Option<Arc<dyn Scope>>;
}

impl Scope for Dict {
    fn get(&self, name: &str) -> Option<Value> {
        Self::get(self, name).cloned()
    }
    fn names(&self) -> Vec<Text> {
        self.texts().map(|(key, _)| key.clone()).collect()
    }
    fn hostvars(&self) -> Option<Arc<dyn HostVars>> {
        None
    }
}

/// Opens vault envelopes.
pub trait Decrypt: Send + Sync {
    /// The plain text.
    ///
    /// # Errors
    /// Why it cannot be opened, without the secret.
    fn decrypt(&self, envelope: &str) -> Result<String, String>;
}

/// A setting that a template asks for.
pub struct Wanted<'a> {
    /// Its name.
    pub name: &'a str,
    /// Kind and name of the plugin whose option it is; none for one that every command knows.
    pub plugin: Option<(&'a str, &'a str)>,
    /// The variables of the template by name: settings can come from them.
    pub variable: &'a dyn Fn(&str) -> Option<Value>,
}

/// Settings for `lookup('config')`.
pub trait Config: Send + Sync {
    /// The setting's value and where it comes from (`default`, a file, `env: NAME`, `var: NAME`); `None` when there is no such
    /// setting.
    ///
    /// # Errors
    /// When the plugin is not there, or when the setting has to be set and is not, or is set to what it cannot be.
    fn setting(&self, wanted: &Wanted<'_>) -> Result<Option<(Value, Option<String>)>, Diagnostic>;
}

/// How a plugin of the user's own is called.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Found {
    /// Undefined arguments are for the plugin to judge.
    pub markers: bool,
}

/// What a plugin of the user's own may ask of the template that uses it.
pub trait Outside {
    /// The variables, as they were written.
    fn scope(&self) -> Arc<dyn Scope>;
    /// Render a value with these variables on top.
    ///
    /// # Errors
    /// As rendering does.
    fn render(&self, value: &Value, more: Dict) -> Result<Value, Diagnostic>;
    /// Evaluate a bare expression with these variables on top.
    ///
    /// # Errors
    /// As rendering does.
    fn expression(&self, text: &Text, more: Dict) -> Result<Value, Diagnostic>;
    /// Whether a condition is true with these variables on top.
    ///
    /// # Errors
    /// As conditions do.
    fn condition(&self, value: &Value, more: Dict) -> Result<bool, Diagnostic>;
    /// Run a filter, test or lookup.
    ///
    /// # Errors
    /// As it does.
    fn plugin(&self, kind: &str, name: &str, args: Vec<Value>, named: Dict) -> Result<Value, Diagnostic>;
    /// What a plugin says while it runs; as [`Hear`].
    fn hear(&self, key: &str, said: &Value, help: Option<&str>) -> bool;
}

/// Filters, tests and lookups of the user's own (Python plugins beside the playbook, in roles or collections).
pub trait Plugins: Send + Sync {
    /// The plugin, if there is one. `kind` is `filter`, `test` or `lookup`; `native`: there is one of ours of that name,
    /// which only a plugin beside the playbook or in a configured folder comes before.
    ///
    /// # Errors
    /// Why one that is there cannot be loaded.
    fn find(&self, kind: &str, name: &str, native: bool) -> Result<Option<Found>, String>;
    /// Run it: for filters and tests the first argument is the input; for lookups the arguments are the terms.
    /// What is undefined among them is as [`Plugins::undefined`] makes it.
    ///
    /// # Errors
    /// The plugin's message.
    fn call(
        &self,
        kind: &str,
        name: &str,
        args: Vec<Value>,
        named: Dict,
        outside: &dyn Outside,
    ) -> Result<Value, Diagnostic>;
    /// Something undefined, for a plugin that takes it.
    fn undefined(&self, message: &str) -> Value;
}

/// Resolves a host pattern for `lookup('inventory_hostnames')`.
pub trait Patterns: Send + Sync {
    /// Names of the hosts that match.
    ///
    /// # Errors
    /// When the pattern is malformed.
    fn hosts(&self, pattern: &str) -> Result<Vec<String>, String>;
}

/// Fetches addresses for `lookup('url')`.
pub trait Fetch: Send + Sync {
    /// The body of the answer. `options` are the lookup's (`headers`, `validate_certs`, `timeout`, ...).
    ///
    /// # Errors
    /// Why there is none; an option that is not understood is an error too.
    fn fetch(&self, url: &str, options: &Dict) -> Result<String, String>;
}

/// A sink for warnings.
pub type Warn = Arc<dyn Fn(&Diagnostic) + Send + Sync>;

/// A sink for what plugins say, for the result of their task: the result's key (`warnings` or `deprecations`), the
/// value as the result has it, and help that is only told. Whether anybody listened.
pub type Hear = Arc<dyn Fn(&str, &Value, Option<&str>) -> bool + Send + Sync>;

/// A sink for deprecations.
pub type Deprecate = Arc<dyn Fn(&Deprecation) + Send + Sync>;

/// A variable that goes away.
#[derive(Debug, Clone, Copy)]
pub struct Outgoing {
    /// What is said of it.
    pub what: &'static str,
    /// The release of the reference that is without it.
    pub version: &'static str,
    /// What to use instead.
    pub instead: &'static str,
}

/// Something that goes away.
#[derive(Debug, Clone)]
pub struct Deprecation {
    /// What, where, and what to do instead.
    pub what: Diagnostic,
    /// The release of the reference that is without it.
    pub version: &'static str,
    /// It was told for that place before: it belongs to results, but need not be told again.
    pub again: bool,
    /// The lookup that says it, where it is one.
    pub lookup: Option<&'static str>,
    /// As results have it, where it is a module that says it.
    pub value: Option<Value>,
}

impl Deprecation {
    /// One that is to be told.
    #[must_use]
    pub fn new(what: Diagnostic, version: &'static str) -> Self {
        Self { what, version, again: false, lookup: None, value: None }
    }

    /// A value that is used though a module said that it goes away; `note` as the value has it.
    #[must_use]
    pub fn of_value(note: &Value, place: Option<&Arc<Origin>>) -> Self {
        let mut value = note.as_dict().cloned().unwrap_or_default();
        let help = value.remove(rustible_protocol::deprecated::HELP);
        let what = Diagnostic::new(value.get("msg").map(crate::deprecation::text_of).unwrap_or_default());
        let mut what = what.at(place);
        what.help = help.as_ref().map(crate::deprecation::text_of);
        Self { value: Some(value.into()), ..Self::new(what, "") }
    }

    /// As it is told, with its place.
    #[must_use]
    pub fn render(&self) -> String {
        if let Some(value) = &self.value {
            let message = crate::deprecation::text(value);
            return Diagnostic { message, ..self.what.clone() }.render();
        }
        let plugin = self.lookup.map(|name| format!("lookup plugin '{name}' in ")).unwrap_or_default();
        let message = format!(
            "{} This feature will be removed from {plugin}ansible-core version {}.",
            self.what.message, self.version
        );
        Diagnostic { message, ..self.what.clone() }.render()
    }
}

/// What a [`Templar`](crate::Templar) may use of the outside. Cheap to clone.
#[derive(Clone, Default)]
pub struct Env {
    /// Folders for `lookup('file')`, `template`, `include`, nearest first; in each `files/`, `templates/` or `vars/` is
    /// tried before the folder itself, as the lookup asks for.
    pub search: Arc<[PathBuf]>,
    /// The action whose task is rendered, as written; it says where `first_found` looks. Empty outside of tasks.
    pub action: Arc<str>,
    /// Conditions whose result is no boolean are only warned of, and empty ones are true.
    pub broken_conditionals: bool,
    /// Tags besides Jinja's own that templates may use: `do`, `break`, `continue`.
    pub tags: Arc<[&'static str]>,
    /// Opens `!vault` values; without it they are errors when they are used.
    pub vault: Option<Arc<dyn Decrypt>>,
    /// Settings.
    pub config: Option<Arc<dyn Config>>,
    /// The user's own plugins.
    pub plugins: Option<Arc<dyn Plugins>>,
    /// Host patterns.
    pub patterns: Option<Arc<dyn Patterns>>,
    /// Fetches addresses.
    pub fetch: Option<Arc<dyn Fetch>>,
    /// Where warnings go.
    pub warn: Option<Warn>,
    /// Where deprecations go.
    pub deprecate: Option<Deprecate>,
    /// Where goes what plugins say.
    pub hear: Option<Hear>,
    /// Variables of the process for `lookup('env')` and `lookup('pipe')`; `None` for the process's own.
    pub environment: Option<Arc<std::collections::BTreeMap<String, String>>>,
}

impl Env {
    /// An environment variable as the templates see it.
    #[must_use]
    pub fn variable(&self, name: &str) -> Option<String> {
        match &self.environment {
            Some(all) => all.get(name).cloned(),
            None => std::env::var(name).ok(),
        }
    }
    /// Tell a deprecation, when somebody listens.
    pub fn deprecated(&self, deprecation: &Deprecation) {
        if let Some(deprecate) = &self.deprecate {
            deprecate(deprecation);
        }
    }
    /// Pass on what a plugin says; whether anybody listened.
    #[must_use]
    pub fn heard(&self, key: &str, said: &Value, help: Option<&str>) -> bool {
        self.hear.as_ref().is_some_and(|hear| hear(key, said, help))
    }
    /// Say a warning, when somebody listens.
    pub fn warning(&self, warning: &Diagnostic) {
        if let Some(warn) = &self.warn {
            warn(warning);
        }
    }
    /// The file under the search folders: `folder/kind/name` before `folder/name`; absolute and `~` paths as they are.
    #[must_use]
    pub fn find(&self, kind: &str, name: &str) -> Option<PathBuf> {
        let path = PathBuf::from(crate::filters::path::expand_user(name));
        if path.is_absolute() {
            return path.exists().then_some(path);
        }
        let folders = self.search.iter().flat_map(|dir| [dir.join(kind).join(&path), dir.join(&path)]);
        folders.into_iter().find(|p| p.exists()).map(|found| rustible_source::normal(&found))
    }
}
