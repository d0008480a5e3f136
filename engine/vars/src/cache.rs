//! Facts that outlive a run: a folder with one JSON file a host, as the reference's cache `jsonfile` keeps it, so that both
//! can use the same folder.

use std::{
    fs,
    path::{Path, PathBuf},
    sync::{Mutex, PoisonError},
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

/// The folder of a fact cache.
#[derive(Debug)]
pub struct FactCache {
    folder: PathBuf,
    prefix: String,
    timeout: Option<Duration>,
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
        Ok(Self { folder: folder.into(), prefix: prefix.into(), timeout, warnings: Mutex::default() })
    }

    fn file(&self, host: &str) -> PathBuf {
        let mut key = format!("{SCHEMA}{host}");
        if ["/", "..", "<", ">", "|"].iter().any(|special| key.contains(special)) {
            let digest: String = Sha256::digest(key.as_bytes()).iter().map(|b| format!("{b:02x}")).collect();
            key = digest.chars().take(key.chars().count().max(12)).collect();
        }
        self.folder.join(format!("{}{key}", self.prefix))
    }

    /// What is kept of a host; a file that cannot be understood is removed, with a warning.
    pub(crate) fn load(&self, host: &str) -> Option<Dict> {
        let path = self.file(host);
        let age = |path: &Path| SystemTime::now().duration_since(path.metadata().ok()?.modified().ok()?).ok();
        if self.timeout.is_some_and(|most| age(&path).is_some_and(|age| age > most)) {
            return None;
        }
        let text = fs::read_to_string(&path).ok()?;
        let facts = content(&text);
        if facts.is_none() {
            drop(fs::remove_file(&path));
            self.warn(format!("the fact cache file {} was corrupt and has been removed", path.display()));
        }
        facts
    }

    /// Keep the facts of a host.
    pub(crate) fn save(&self, host: &str, facts: &Dict) {
        let facts: Dict = facts.iter().map(|(key, value)| (key.clone(), tagged(value))).collect();
        let payload = json::write(&Value::Dict(facts), json::Style { ascii: true, ..json::Style::default() });
        let file: Dict = [(PAYLOAD, Value::from(payload))].into_iter().collect();
        let path = self.file(host);
        let beside = self.folder.join(format!(".{}.{}", std::process::id(), path_end(&path)));
        let text = json::write(&Value::Dict(file), json::Style { ascii: true, ..json::Style::default() });
        let written = fs::write(&beside, text).and_then(|()| fs::rename(&beside, &path));
        if let Err(error) = written {
            drop(fs::remove_file(&beside));
            self.warn(format!("cannot write the fact cache file {}: {error}", path.display()));
        }
    }

    /// Forget a host.
    pub(crate) fn delete(&self, host: &str) {
        drop(fs::remove_file(self.file(host)));
    }

    fn warn(&self, text: String) {
        self.warnings.lock().unwrap_or_else(PoisonError::into_inner).push(text);
    }

    /// What went wrong since the last call.
    pub(crate) fn take_warnings(&self) -> Vec<String> {
        std::mem::take(&mut *self.warnings.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

fn path_end(path: &Path) -> String {
    path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default()
}

fn content(text: &str) -> Option<Dict> {
    let Value::Dict(file) = json::read(text).ok()? else { return None };
    let Value::Dict(facts) = json::read(file.get(PAYLOAD)?.as_str()?).ok()? else { return None };
    Some(facts.iter().map(|(key, value)| (key.clone(), plain(value))).collect())
}

/// A value without the names of types; text that may be a template stays that.
fn plain(value: &Value) -> Value {
    match value {
        Value::List(items) => Value::from(items.iter().map(plain).collect::<Vec<_>>()),
        Value::Dict(dict) => match (dict.get(TYPE), dict.get("value")) {
            (Some(Value::Str(_)), Some(Value::Str(text))) => {
                Value::Str(text.clone().with_trust(trusted(dict)))
            }
            (Some(Value::Str(_)), Some(inner)) => plain(inner),
            _ => Value::Dict(dict.iter().map(|(key, value)| (key.clone(), plain(value))).collect()),
        },
        Value::Str(text) => Value::Str(text.clone().with_trust(false)),
        other => other.clone(),
    }
}

fn trusted(dict: &Dict) -> bool {
    let tags = match dict.get("tags") {
        Some(Value::List(tags)) => tags.iter().cloned().collect(),
        _ => Vec::new(),
    };
    tags.iter().any(|tag| tag.get(TYPE).and_then(Value::as_str) == Some("TrustedAsTemplate"))
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
