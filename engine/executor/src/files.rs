//! Files of the controller: read once, decrypted when they are vaults, with names of static imports rendered.

use std::{
    collections::HashMap,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError},
};

use rustible_playbook::Source;
use rustible_protocol::{Dict, Text, Value, event::Event};
use rustible_source::Diagnostic;
use rustible_template::{Engine, Env, Rendered, Scope, Templar};
use rustible_yaml::DuplicateKeys;

use crate::emitter::Emitter;

/// Opens encrypted files: path and content in, plain content out (the content itself when it is no vault).
pub type FileVault = dyn Fn(&Path, Vec<u8>) -> Result<Vec<u8>, Diagnostic> + Send + Sync;

/// Reads YAML files of playbooks, roles and variables.
pub struct Files {
    pub(crate) engine: Arc<Engine>,
    pub(crate) env: Env,
    pub(crate) extra: Dict,
    pub(crate) vault: Arc<FileVault>,
    pub(crate) emitter: Emitter,
    pub(crate) duplicate_keys: DuplicateKeys,
    pub(crate) cache: Mutex<HashMap<PathBuf, Value>>,
}

impl Files {
    /// Whether the file is encrypted; one that cannot be read is none.
    #[must_use]
    pub fn is_encrypted(&self, path: &Path) -> bool {
        use std::io::Read;
        let mut head = [0u8; 15];
        std::fs::File::open(path).and_then(|mut file| file.read_exact(&mut head)).is_ok()
            && &head == b"$ANSIBLE_VAULT;"
    }

    /// A file's bytes, decrypted.
    ///
    /// # Errors
    /// When it cannot be read or decrypted.
    pub fn bytes(&self, path: &Path) -> Result<Vec<u8>, Diagnostic> {
        let bytes = std::fs::read(path).map_err(|error| unreadable(path, &error))?;
        (self.vault)(path, bytes)
    }
}

/// The error about a file of the controller that cannot be read.
#[must_use]
pub fn unreadable(path: &Path, error: &std::io::Error) -> Diagnostic {
    let shown = path.display();
    let reason = match error.kind() {
        std::io::ErrorKind::NotFound => format!("[Errno 2] No such file or directory: '{shown}'"),
        _ => error.to_string(),
    };
    Diagnostic::new(format!(
        "Unable to retrieve file contents. Could not find or access '{shown}' on the Ansible Controller: {reason}"
    ))
    .help("If you are using a module and expect the file to exist on the remote, see the remote_src option.")
}

impl Source for Files {
    fn load(&self, path: &Path) -> Result<Value, Diagnostic> {
        if let Some(known) = self.cache.lock().unwrap_or_else(PoisonError::into_inner).get(path) {
            return Ok(known.clone());
        }
        let bytes = self.bytes(path)?;
        let text = String::from_utf8(bytes).map_err(|_| {
            Diagnostic::parse(format!("the file '{}' is not UTF-8 text", path.display()), None)
        })?;
        let name: Arc<str> = path.display().to_string().into();
        let documents = rustible_yaml::parse_single(&name, &text)?.under(self.duplicate_keys)?;
        for warning in &documents.warnings {
            self.emitter.warn(warning.render());
        }
        let value = documents.first();
        self.cache.lock().unwrap_or_else(PoisonError::into_inner).insert(path.to_path_buf(), value.clone());
        Ok(value)
    }

    fn render(&self, text: &Text, vars: &[&Dict]) -> Result<Value, Diagnostic> {
        let mut all = Dict::new();
        for layer in vars {
            all.extend(layer);
        }
        all.extend(&self.extra);
        let scope: Arc<dyn Scope> = Arc::new(all);
        match Templar::new(self.engine.clone(), self.env.clone(), scope).render_text(text)? {
            Rendered::Value(value) => Ok(value),
            Rendered::Omit => Ok(Value::Null),
        }
    }

    fn warn(&self, text: String) {
        self.emitter.warn(text);
    }

    fn deprecate(&self, text: String) {
        self.emitter.emit(&Event::Deprecated(text));
    }
}
