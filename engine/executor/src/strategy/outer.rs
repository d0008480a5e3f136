//! Strategies of the user's own that are one of ours under another name.

use rustible_protocol::Value;
use rustible_source::Diagnostic;

use super::Strategy;
use crate::run::Runner;

impl Runner {
    /// The strategy of that name: one of ours, or a plugin in Python that is derived from one and changes nothing.
    pub(crate) fn strategy_named(&self, name: &str) -> Result<Strategy, Diagnostic> {
        let unknown = match Strategy::named(name) {
            Ok(strategy) => return Ok(strategy),
            Err(unknown) => unknown,
        };
        let tree = self.registry.foreign();
        let files = tree.plugin_files("strategy", name, false);
        let (Some(file), Some(helper)) = (files.first(), &self.helper) else { return Err(unknown) };
        let list = |paths: Vec<std::path::PathBuf>| -> Value {
            paths.iter().map(Value::from).collect::<Vec<_>>().into()
        };
        let full = file.full.as_deref().map(Value::str).into();
        let places = Value::from(vec![list(tree.collection_roots()), list(tree.met())]);
        let with = [Value::str(name), Value::from(&file.path), full, places];
        let told = helper
            .call("strategy", &with, &mut |what, with| rustible_plugins::common(what, &with))
            .map_err(|failed| {
                Diagnostic::new(format!(
                    "The strategy plugin '{name}' cannot be loaded: {}",
                    failed.summary()
                ))
            })?;
        let own: Vec<&str> = told
            .get("own")
            .and_then(Value::as_list)
            .into_iter()
            .flatten()
            .filter_map(Value::as_str)
            .collect();
        let base = told.get("base").and_then(Value::as_str).and_then(|base| Strategy::named(base).ok());
        match base {
            Some(base) if own.is_empty() => Ok(base),
            _ => Err(Diagnostic::new(format!(
                "the strategy plugin '{name}' is not supported by rustible: it has methods of its own ({})",
                own.join(", ")
            ))
            .help("Only plugins that change nothing of the strategy from which they are derived are.")),
        }
    }
}
