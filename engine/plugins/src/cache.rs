//! Cache plugins in Python: where facts are kept between runs.

use std::{fmt, path::PathBuf, sync::Arc};

use rustible_foreign::PluginFile;
use rustible_protocol::{Dict, Value};

use crate::{Failed, Helper, common};

/// One plugin of the user's own.
pub struct PythonCache {
    helper: Arc<Helper>,
    number: i64,
    persistent: bool,
}

impl fmt::Debug for PythonCache {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PythonCache").field("persistent", &self.persistent).finish_non_exhaustive()
    }
}

impl PythonCache {
    /// Load it. `roots` are folders with collections, `met` those beside which there may be plugins.
    ///
    /// # Errors
    /// Why it cannot be loaded.
    pub fn load(
        helper: &Arc<Helper>,
        name: &str,
        file: &PluginFile,
        roots: &[PathBuf],
        met: &[PathBuf],
    ) -> Result<Self, Failed> {
        let list = |paths: &[PathBuf]| -> Value { paths.iter().map(Value::from).collect::<Vec<_>>().into() };
        let full = file.full.as_deref().map(Value::str).into();
        let places = Value::from(vec![list(roots), list(met)]);
        let with = [Value::str(name), Value::from(&file.path), full, places];
        let told = helper.call("cache", &with, &mut |what, with| common(what, &with))?;
        let number = told.get("number").and_then(Value::as_int);
        Ok(Self {
            helper: helper.clone(),
            number: number.ok_or_else(|| Failed::new(format!("the cache plugin '{name}' cannot be used")))?,
            persistent: told.get("persistent").is_some_and(Value::truthy),
        })
    }

    /// Whether what it is given has to be text: others keep values as they are, under bare names.
    #[must_use]
    pub fn is_persistent(&self) -> bool {
        self.persistent
    }

    fn ask(&self, what: &str, with: &[Value]) -> Result<Value, String> {
        let with: Vec<Value> = [self.number.into()].into_iter().chain(with.iter().cloned()).collect();
        let answer = self.helper.call(what, &with, &mut |what, with| common(what, &with));
        answer.map_err(|failed| failed.summary())
    }

    /// What is kept under a key.
    ///
    /// # Errors
    /// What the plugin raised.
    pub fn get(&self, key: &str) -> Result<Option<Dict>, String> {
        match self.ask("cache_get", &[Value::str(key)])? {
            Value::Dict(dict) => Ok(Some(dict)),
            _ => Ok(None),
        }
    }

    /// Keep something under a key.
    ///
    /// # Errors
    /// What the plugin raised.
    pub fn set(&self, key: &str, value: Dict) -> Result<(), String> {
        self.ask("cache_set", &[Value::str(key), value.into()]).map(drop)
    }

    /// Forget what is kept under a key.
    ///
    /// # Errors
    /// What the plugin raised.
    pub fn delete(&self, key: &str) -> Result<(), String> {
        self.ask("cache_delete", &[Value::str(key)]).map(drop)
    }
}
