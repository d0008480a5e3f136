//! Facts that outlive a run: a folder with one JSON file a host, as the reference's cache `jsonfile` keeps it, so that both
//! can use the same folder; or a plugin, which is given the same content under the same keys.

use std::{
    fs,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, SystemTime},
};

use rustible_protocol::{Dict, Origin, Text, Value, json};
use sha2::{Digest, Sha256};

/// What stands before a host's name: the version of the content.
const SCHEMA: &str = "s1_";
/// Where the facts are in a file, as JSON text.
const PAYLOAD: &str = "__payload__";
/// The name of a value's type where JSON has none for it.
const TYPE: &str = "__ansible_type";

/// A plugin that keeps things for longer than a run.
pub trait Keeper: std::fmt::Debug + Send + Sync {
    /// Whether facts have to be made text for it, under keys of their own.
    fn wants_text(&self) -> bool;
    /// What is kept under a key.
    ///
    /// # Errors
    /// Why that cannot be told.
    fn get(&self, key: &str) -> Result<Option<Dict>, String>;
    /// Keep something under a key.
    ///
    /// # Errors
    /// Why it cannot be kept.
    fn set(&self, key: &str, value: Dict) -> Result<(), String>;
    /// Forget what is kept under a key.
    ///
    /// # Errors
    /// Why it cannot be forgotten.
    fn delete(&self, key: &str) -> Result<(), String>;
}

/// Where facts are kept.
#[derive(Debug)]
enum Place {
    Folder { folder: PathBuf, prefix: String, timeout: Option<Duration> },
    Plugin(Box<dyn Keeper>),
}

/// A fact cache.
#[derive(Debug)]
pub struct FactCache {
    place: Place,
    warnings: Mutex<Vec<String>>,
}

impl FactCache {
    /// A cache in the folder, which is made; files' names begin with `prefix`, and those older than `timeout` do not count.
    ///
    /// # Errors
    /// When the folder can be neither made nor used.
    pub fn open(folder: &Path, prefix: &str, timeout: Option<Duration>) -> Result<Self, String> {
        fs::create_dir_all(folder)
            .map_err(|error| format!("cannot use the fact cache in {}: {error}", folder.display()))?;
        Ok(Self::at(Place::Folder { folder: folder.into(), prefix: prefix.into(), timeout }))
    }

    /// A cache that a plugin keeps.
    #[must_use]
    pub fn kept_by(keeper: Box<dyn Keeper>) -> Self {
        Self::at(Place::Plugin(keeper))
    }

    fn at(place: Place) -> Self {
        Self { place, warnings: Mutex::default() }
    }

    /// What is kept of a host; what cannot be understood is removed, with a warning.
    pub(crate) fn load(&self, host: &str) -> Option<Dict> {
        let keeper = match &self.place {
            Place::Folder { folder, prefix, timeout } => {
                return self.load_file(&file(folder, prefix, host), *timeout);
            }
            Place::Plugin(keeper) => keeper,
        };
        let key = if keeper.wants_text() { key(host) } else { host.to_string() };
        let found = keeper.get(&key).unwrap_or_else(|error| {
            self.warn(format!("cannot read the facts of {host} from the fact cache: {error}"));
            None
        })?;
        let facts = if keeper.wants_text() { facts_of(&found) } else { Some(found) };
        if facts.is_none() {
            self.warn(format!("what the fact cache has of {host} was corrupt and has been removed"));
            self.delete(host);
        }
        facts
    }

    /// Keep the facts of a host.
    pub(crate) fn save(&self, host: &str, facts: &Dict) {
        if let Place::Plugin(keeper) = &self.place
            && !keeper.wants_text()
        {
            return self.tell(host, keeper.set(host, facts.clone()));
        }
        let facts: Dict = facts.iter().map(|(key, value)| (key.clone(), tagged(value))).collect();
        let payload = json::write(&Value::Dict(facts), json::Style { ascii: true, ..json::Style::default() });
        let content: Dict = [(PAYLOAD, Value::from(payload))].into_iter().collect();
        match &self.place {
            Place::Folder { folder, prefix, .. } => {
                self.save_file(folder, &file(folder, prefix, host), content);
            }
            Place::Plugin(keeper) => self.tell(host, keeper.set(&key(host), content)),
        }
    }

    fn tell(&self, host: &str, done: Result<(), String>) {
        if let Err(error) = done {
            self.warn(format!("cannot keep the facts of {host} in the fact cache: {error}"));
        }
    }

    /// Forget a host.
    pub(crate) fn delete(&self, host: &str) {
        match &self.place {
            Place::Folder { folder, prefix, .. } => drop(fs::remove_file(file(folder, prefix, host))),
            Place::Plugin(keeper) => {
                let key = if keeper.wants_text() { key(host) } else { host.to_string() };
                if let Err(error) = keeper.delete(&key) {
                    self.warn(format!("cannot remove the facts of {host} from the fact cache: {error}"));
                }
            }
        }
    }

    fn load_file(&self, path: &Path, timeout: Option<Duration>) -> Option<Dict> {
        let age = |path: &Path| SystemTime::now().duration_since(path.metadata().ok()?.modified().ok()?).ok();
        if timeout.is_some_and(|most| age(path).is_some_and(|age| age > most)) {
            return None;
        }
        let text = fs::read_to_string(path).ok()?;
        let facts = content(&text);
        if facts.is_none() {
            drop(fs::remove_file(path));
            self.warn(format!("the fact cache file {} was corrupt and has been removed", path.display()));
        }
        facts
    }

    fn save_file(&self, folder: &Path, path: &Path, content: Dict) {
        let beside = folder.join(format!(".{}.{}", std::process::id(), path_end(path)));
        let text = json::write(&Value::Dict(content), json::Style { ascii: true, ..json::Style::default() });
        let written = fs::write(&beside, text).and_then(|()| fs::rename(&beside, path));
        if let Err(error) = written {
            drop(fs::remove_file(&beside));
            self.warn(format!("cannot write the fact cache file {}: {error}", path.display()));
        }
    }

    fn warn(&self, text: String) {
        self.warnings.lock().unwrap_or_else(PoisonError::into_inner).push(text);
    }

    /// What went wrong since the last call.
    pub(crate) fn take_warnings(&self) -> Vec<String> {
        std::mem::take(&mut *self.warnings.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

fn key(host: &str) -> String {
    format!("{SCHEMA}{host}")
}

fn file(folder: &Path, prefix: &str, host: &str) -> PathBuf {
    let mut key = key(host);
    if ["/", "..", "<", ">", "|"].iter().any(|special| key.contains(special)) {
        let digest: String = Sha256::digest(key.as_bytes()).iter().map(|b| format!("{b:02x}")).collect();
        key = digest.chars().take(key.chars().count().max(12)).collect();
    }
    folder.join(format!("{prefix}{key}"))
}

fn path_end(path: &Path) -> String {
    path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default()
}

fn content(text: &str) -> Option<Dict> {
    let Value::Dict(file) = json::read(text).ok()? else { return None };
    facts_of(&file)
}

/// The facts in what is kept under a key.
fn facts_of(file: &Dict) -> Option<Dict> {
    let Value::Dict(facts) = json::read(file.get(PAYLOAD)?.as_str()?).ok()? else { return None };
    Some(facts.iter().map(|(key, value)| (key.clone(), plain(value))).collect())
}

/// A value without the names of types; text that may be a template stays that.
fn plain(value: &Value) -> Value {
    match value {
        Value::List(items) => Value::from(items.iter().map(plain).collect::<Vec<_>>()),
        Value::Dict(dict) => match (dict.get(TYPE), dict.get("value")) {
            (Some(Value::Str(_)), Some(Value::Str(text))) if trusted(dict) => {
                Value::Str(Text::trusted(text.shared().clone(), origin(dict)))
            }
            (Some(Value::Str(_)), Some(Value::Str(text))) => Value::Str(text.clone().with_trust(false)),
            (Some(Value::Str(_)), Some(inner)) => plain(inner),
            _ => Value::Dict(dict.iter().map(|(key, value)| (key.clone(), plain(value))).collect()),
        },
        Value::Str(text) => Value::Str(text.clone().with_trust(false)),
        other => other.clone(),
    }
}

/// The tag of that kind.
fn tag(dict: &Dict, kind: &str) -> Option<Value> {
    let Some(Value::List(tags)) = dict.get("tags") else { return None };
    tags.iter().find(|tag| tag.get(TYPE).and_then(Value::as_str) == Some(kind)).cloned()
}

fn trusted(dict: &Dict) -> bool {
    tag(dict, "TrustedAsTemplate").is_some()
}

fn origin(dict: &Dict) -> Option<Arc<Origin>> {
    let told = tag(dict, "Origin")?;
    let number = |key: &str| told.get(key).and_then(Value::as_int).and_then(|n| u32::try_from(n).ok());
    let file = told.get("path").and_then(Value::as_str)?;
    Some(Origin::new(&file.into(), number("line_num").unwrap_or(0), number("col_num").unwrap_or(0)))
}

/// Where the author wrote a text.
fn place(origin: &Origin) -> Value {
    let number = |n: u32| Some(i64::from(n)).filter(|n| *n > 0);
    let mut told: Dict = [("path", Value::str(origin.file.clone()))].into_iter().collect();
    for (key, found) in [("line_num", number(origin.line)), ("col_num", number(origin.col))] {
        if let Some(found) = found {
            told.insert(key, found);
        }
    }
    told.insert(TYPE, "Origin");
    told.into()
}

/// A value with the names of types where text may be a template.
fn tagged(value: &Value) -> Value {
    match value {
        Value::List(items) => Value::from(items.iter().map(tagged).collect::<Vec<_>>()),
        Value::Dict(dict) => {
            Value::Dict(dict.iter().map(|(key, value)| (key.clone(), tagged(value))).collect())
        }
        Value::Str(text) if text.is_trusted() => {
            let named =
                |name: &str| -> Value { Value::Dict([(TYPE, Value::from(name))].into_iter().collect()) };
            let mut tags: Vec<Value> = text.origin().map(|origin| place(origin)).into_iter().collect();
            tags.push(named("TrustedAsTemplate"));
            let entries = [
                ("value", Value::Str(Text::untrusted(text.shared().clone()))),
                ("tags", Value::from(tags)),
                (TYPE, Value::from("_AnsibleTaggedStr")),
            ];
            Value::Dict(entries.into_iter().collect())
        }
        other => other.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn facts_come_back_as_they_were_kept() {
        let folder = tempfile::tempdir().unwrap();
        let cache = FactCache::open(folder.path(), "p_", None).unwrap();
        let template = Value::Str(Text::trusted("{{ a }}", None));
        let facts: Dict =
            [("ansible_os", Value::from("é")), ("x", template), ("n", Value::from(1))].into_iter().collect();
        cache.save("a/b", &facts);
        let back = cache.load("a/b").unwrap();
        assert_eq!(back, facts);
        assert!(matches!(back.get("x"), Some(Value::Str(text)) if text.is_trusted()));
        cache.delete("a/b");
        assert_eq!(cache.load("a/b"), None);
        assert!(cache.take_warnings().is_empty());
    }

    #[test]
    fn a_corrupt_file_is_removed_with_a_warning_and_an_old_one_does_not_count() {
        let folder = tempfile::tempdir().unwrap();
        let cache = FactCache::open(folder.path(), "", None).unwrap();
        fs::write(folder.path().join("s1_a"), "garbage").unwrap();
        assert_eq!(cache.load("a"), None);
        assert_eq!(cache.take_warnings().len(), 1);
        assert!(!folder.path().join("s1_a").exists());
        let impatient = FactCache::open(folder.path(), "", Some(Duration::ZERO)).unwrap();
        impatient.save("a", &Dict::new());
        std::thread::sleep(Duration::from_millis(20));
        assert_eq!(impatient.load("a"), None);
    }
}
