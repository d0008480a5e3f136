//! A playbook file: plays and imports of other playbooks.

use std::{
    path::{Path, PathBuf},
    sync::Arc,
};

use rustible_protocol::{Dict, Text, Value};
use rustible_source::Diagnostic;

use super::{Level, Loader, collection::collection_playbook};
use crate::model::{Play, Playbook};

/// The names of `import_playbook`.
const IMPORTS: [&str; 3] =
    ["import_playbook", "ansible.builtin.import_playbook", "ansible.legacy.import_playbook"];

/// What an `import_playbook` gives to the plays it brings in.
#[derive(Debug, Clone, Default)]
pub(super) struct Imported {
    pub(super) vars: Dict,
    pub(super) tags: Vec<Value>,
    pub(super) when: Vec<Value>,
    /// The collection that the playbook is of, or one that imports it: short names are looked for in it first.
    pub(super) collection: Option<String>,
}

impl Loader {
    /// Read a playbook file.
    ///
    /// # Errors
    /// When it, or a file that it imports, cannot be read or is not a playbook.
    pub fn playbook(&self, file: &Path) -> Result<Playbook, Diagnostic> {
        let mut plays = Vec::new();
        self.playbook_into(file, &Imported::default(), &mut plays, 0)?;
        Ok(Playbook { file: file.to_path_buf(), plays })
    }

    /// A playbook that is in no file; `file` stands for where it would be.
    ///
    /// # Errors
    /// When it, or a file that it imports, is not a playbook.
    pub fn playbook_of(&self, value: &Value, file: &Path) -> Result<Playbook, Diagnostic> {
        let mut plays = Vec::new();
        self.plays_into(value, file, &Imported::default(), &mut plays, 0)?;
        Ok(Playbook { file: file.to_path_buf(), plays })
    }

    fn playbook_into(
        &self,
        file: &Path,
        imported: &Imported,
        plays: &mut Vec<Arc<Play>>,
        depth: usize,
    ) -> Result<(), Diagnostic> {
        if depth > 100 {
            return Err(Diagnostic::parse(
                format!("playbooks import each other without end: {}", file.display()),
                None,
            ));
        }
        let value = self.source.load(file)?;
        match self.collection_of(file) {
            Some(collection) => {
                let imported = Imported { collection: Some(collection), ..imported.clone() };
                self.plays_into(&value, file, &imported, plays, depth)
            }
            None => self.plays_into(&value, file, imported, plays, depth),
        }
    }

    fn plays_into(
        &self,
        value: &Value,
        file: &Path,
        imported: &Imported,
        plays: &mut Vec<Arc<Play>>,
        depth: usize,
    ) -> Result<(), Diagnostic> {
        if value.is_null() {
            let text = format!("Empty playbook, nothing to do: {}", file.display());
            return Err(Diagnostic::parse(text, None));
        }
        let Value::List(entries) = value else {
            let error = Diagnostic::parse(
                format!(
                    "A playbook must be a list of plays, got {} instead: {}",
                    a_type(value),
                    file.display()
                ),
                value.origin(),
            );
            return Err(error);
        };
        if entries.is_empty() {
            let text = format!(
                "A playbook must contain at least one play: {}",
                std::path::absolute(file).unwrap_or_else(|_| file.to_path_buf()).display()
            );
            return Err(Diagnostic::parse(text, None));
        }
        let folder = file.parent().map(Path::to_path_buf).unwrap_or_default();
        self.catalog.enter(&folder);
        for entry in entries {
            let Value::Dict(entry) = entry else {
                return Err(Diagnostic::parse(
                    "playbook entries must be either valid plays or 'import_playbook' statements",
                    entry.origin().or(value.origin()),
                ));
            };
            let import = IMPORTS.iter().find_map(|k| entry.get_key_value(k));
            match import {
                Some((key, target)) => {
                    let (target, inner) = self.import_playbook(entry, key, target, imported)?;
                    let path = folder.join(&target);
                    let named = || collection_playbook(&*self.catalog, target.to_str()?);
                    let path = if path.exists() { path } else { named().unwrap_or(path) };
                    self.playbook_into(&path, &inner, plays, depth + 1)?;
                }
                None => plays.push(Arc::new(self.play(entry, file, imported)?)),
            }
        }
        Ok(())
    }

    fn import_playbook(
        &self,
        entry: &Dict,
        key: &Value,
        target: &Value,
        around: &Imported,
    ) -> Result<(PathBuf, Imported), Diagnostic> {
        let mut plain = entry.clone();
        for name in &IMPORTS[1..] {
            plain.remove(name);
        }
        Self::check_keywords(&plain, Level::Import, "PlaybookInclude")?;
        let Some(text) = target.as_text().filter(|t| !t.is_empty()) else {
            return Err(Diagnostic::parse("import_playbook needs the name of a playbook", key.origin()));
        };
        let mut inner = around.clone();
        if let Some(Value::Dict(vars)) = entry.get("vars") {
            inner.vars.extend(vars);
        }
        inner.tags.extend(listed(entry.get("tags")));
        inner.when.extend(listed(entry.get("when")));
        let unclear = |error: Diagnostic| {
            let what = "Error processing keyword 'import_playbook'";
            error.context(what, text.origin()).of_kind(rustible_source::Kind::Parse)
        };
        let rendered = self.source.render(text, &[&inner.vars]).map_err(unclear)?;
        let name = rendered.as_str().unwrap_or_default().to_string();
        Ok((PathBuf::from(name), inner))
    }
}

/// A keyword's value as a list.
pub(super) fn listed(value: Option<&Value>) -> Vec<Value> {
    match value {
        None | Some(Value::Null) => Vec::new(),
        Some(Value::List(list)) => list.to_vec(),
        Some(other) => vec![other.clone()],
    }
}

fn a_type(value: &Value) -> String {
    format!("a {}", rustible_protocol::repr::class(value))
}

/// A text's parts between commas, as `tags: a, b` means it.
pub(super) fn comma_list(values: Vec<Value>) -> Vec<Value> {
    let part = |text: &Text, piece: &str| Value::Str(text.like(piece.trim()));
    let split = |value: Value| match &value {
        Value::Str(text) if text.contains(',') && !text.may_be_template() => {
            text.split(',').map(|piece| part(text, piece)).collect()
        }
        _ => vec![value],
    };
    values.into_iter().flat_map(split).collect()
}
