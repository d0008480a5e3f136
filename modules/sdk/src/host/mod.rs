//! The one door to the target.

pub mod command;
pub mod files;
pub mod glob;
pub mod http;
pub mod net;
pub mod temp;
pub mod users;
pub mod write;

use std::{
    fmt,
    io::{self, Read},
    path::{Path, PathBuf},
    sync::Arc,
};

use crate::{Attachment, Call, Cancel, Dict, Failure, Result, Value, dict, testing::Script};

/// The controller's files that came with a call.
pub trait Attached: Send + Sync {
    /// What is known of one without its content.
    fn find(&self, name: &str) -> Option<Attachment>;
    /// The content of one from its beginning.
    ///
    /// # Errors
    /// When there is none of that name, or it cannot be got.
    fn open(&self, name: &str) -> io::Result<Box<dyn Read + Send>>;
}

/// A call without files.
#[derive(Debug, Clone, Copy, Default)]
pub struct NoAttachments;
impl Attached for NoAttachments {
    fn find(&self, _: &str) -> Option<Attachment> {
        None
    }
    fn open(&self, name: &str) -> io::Result<Box<dyn Read + Send>> {
        Err(io::Error::new(io::ErrorKind::NotFound, format!("the call has no attachment {name}")))
    }
}

/// What an agent gives a call besides the call itself.
#[derive(Clone)]
pub struct HostContext {
    /// The call's end from outside.
    pub cancel: Cancel,
    /// Files of the controller.
    pub attachments: Arc<dyn Attached>,
    /// The folder that stands for `/`, in tests.
    pub root: Option<PathBuf>,
    /// Commands that are answered instead of run, in tests.
    pub script: Option<Arc<Script>>,
}
impl Default for HostContext {
    fn default() -> Self {
        Self { cancel: Cancel::default(), attachments: Arc::new(NoAttachments), root: None, script: None }
    }
}

/// The target as one call sees it.
pub struct Host {
    module: String,
    check: bool,
    diff: bool,
    verbosity: u8,
    environment: Vec<(String, String)>,
    remote_tmp: String,
    open_files: u64,
    context: HostContext,
    changed: bool,
    diffs: Vec<Value>,
    warnings: Vec<String>,
    deprecations: Vec<Value>,
}

impl Host {
    /// The host of a call.
    #[must_use]
    pub fn new(call: &Call, context: HostContext) -> Self {
        Self {
            module: call.module.clone(),
            check: call.check,
            diff: call.diff,
            verbosity: call.verbosity,
            environment: call.environment.clone(),
            remote_tmp: call.remote_tmp.clone(),
            open_files: call.open_files,
            context,
            changed: false,
            diffs: Vec::new(),
            warnings: Vec::new(),
            deprecations: Vec::new(),
        }
    }

    /// Whether nothing may be changed. Changing methods know it themselves.
    #[must_use]
    pub fn check_mode(&self) -> bool {
        self.check
    }
    /// Whether differences are wanted.
    #[must_use]
    pub fn wants_diff(&self) -> bool {
        self.diff
    }
    /// Number of `-v` given.
    #[must_use]
    pub fn verbosity(&self) -> u8 {
        self.verbosity
    }
    /// The call's end.
    #[must_use]
    pub fn cancel(&self) -> &Cancel {
        &self.context.cancel
    }
    /// A variable of the environment: the task's, or else the agent's.
    #[must_use]
    pub fn env(&self, name: &str) -> Option<String> {
        environment(&self.environment, name)
    }
    /// The task's own environment, in order.
    #[must_use]
    pub fn task_environment(&self) -> &[(String, String)] {
        &self.environment
    }
    /// Folder for temporary files of the connection, expanded.
    #[must_use]
    pub fn remote_tmp(&self) -> String {
        crate::expand::path(&self.remote_tmp, &self.environment)
    }
    /// A path with variables and `~` put in; arguments of type `path` are already.
    #[must_use]
    pub fn expand(&self, path: &str) -> String {
        crate::expand::path(path, &self.environment)
    }

    /// Whether something was, or in check mode would have been, changed.
    #[must_use]
    pub fn is_changed(&self) -> bool {
        self.changed
    }
    /// Something was, or in check mode would have been, changed by other means than this host's.
    pub fn mark_changed(&mut self) {
        self.changed = true;
    }
    /// Say something that the playbook's author should know.
    pub fn warn(&mut self, text: impl Into<String>) {
        let text = text.into();
        if !self.warnings.contains(&text) {
            self.warnings.push(text);
        }
    }
    /// Say that something of this module will go away in a version of its collection.
    pub fn deprecate(&mut self, text: &str, version: Option<&str>) {
        let source = dict! { "resolved_name" => self.module.as_str(), "type" => "module" };
        self.deprecated(text, version, source);
    }
    /// Say that something will go away in a version of this module's collection, for many modules in the same words.
    pub fn deprecate_in_collection(&mut self, text: &str, version: Option<&str>) {
        let source = dict! { "resolved_name" => self.collection(), "type" => Value::Null };
        self.deprecated(text, version, source);
    }
    fn deprecated(&mut self, text: &str, version: Option<&str>, deprecator: Dict) {
        let said = dict! {
            "msg" => text, "version" => version, "collection_name" => self.collection(), "deprecator" => deprecator,
        };
        self.deprecations.push(Value::Dict(said));
    }
    /// The collection of the module that runs.
    fn collection(&self) -> &str {
        self.module.rsplit_once('.').map_or("", |(collection, _)| collection)
    }

    /// Record a difference of texts; the headers are shown above them.
    pub fn diff_text(&mut self, header: &str, before: &str, after: &str) {
        if self.diff && before != after {
            self.diffs.push(Value::Dict(dict! {
                "before_header" => header, "after_header" => header, "before" => before, "after" => after,
            }));
        }
    }
    /// Record a difference in the shape a callback shows (`before`/`after`, `prepared`).
    pub fn diff_value(&mut self, diff: Dict) {
        if self.diff {
            self.diffs.push(Value::Dict(diff));
        }
    }

    /// A file of the controller.
    #[must_use]
    pub fn attachment_info(&self, name: &str) -> Option<Attachment> {
        self.context.attachments.find(name)
    }
    /// The content of a file of the controller.
    ///
    /// # Errors
    /// When there is none, or it cannot be got.
    pub fn attachment(&self, name: &str) -> Result<Box<dyn Read + Send>> {
        self.context
            .attachments
            .open(name)
            .map_err(|e| Failure::new(format!("Could not read the controller's file {name}: {e}")))
    }

    /// Where a path of the target really is; another place in tests only.
    #[must_use]
    pub fn at(&self, path: impl AsRef<Path>) -> PathBuf {
        rooted(self.context.root.as_deref(), path.as_ref())
    }
    pub(crate) fn root(&self) -> Option<&Path> {
        self.context.root.as_deref()
    }
    pub(crate) fn script(&self) -> Option<&Arc<Script>> {
        self.context.script.as_ref()
    }

    /// Fail when the call is to end.
    ///
    /// # Errors
    /// When it is.
    pub fn still_wanted(&self) -> Result<()> {
        if self.cancel().is_cancelled() {
            return Err(Failure::new("The task was ended before it was done"));
        }
        Ok(())
    }

    /// Put what was recorded into a result.
    pub(crate) fn report(self, result: &mut Dict) {
        if self.diff && !result.contains_key("diff") && !self.diffs.is_empty() {
            let one = self.diffs.len() == 1;
            let value =
                if one { self.diffs.into_iter().next().unwrap_or_default() } else { self.diffs.into() };
            result.insert("diff", value);
        }
        if !self.warnings.is_empty() {
            result.insert("warnings", self.warnings.into_iter().map(Value::from).collect::<Vec<_>>());
        }
        if !self.deprecations.is_empty() {
            result.insert("deprecations", self.deprecations);
        }
    }
}

impl fmt::Debug for Host {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Host")
            .field("check", &self.check)
            .field("changed", &self.changed)
            .finish_non_exhaustive()
    }
}

/// A path below a root.
pub(crate) fn rooted(root: Option<&Path>, path: &Path) -> PathBuf {
    match root {
        // A path that is below it already (a working folder that was found there) stays.
        Some(root) if !path.starts_with(root) => root.join(path.strip_prefix("/").unwrap_or(path)),
        _ => path.to_path_buf(),
    }
}

/// A variable of the task's environment (the last one of that name), or else of the process.
#[expect(clippy::disallowed_methods, reason = "the door itself")]
pub(crate) fn environment(task: &[(String, String)], name: &str) -> Option<String> {
    let own = task.iter().rev().find(|(key, _)| key == name).map(|(_, value)| value.clone());
    own.or_else(|| std::env::var(name).ok())
}
