//! The INI format: `[group]`, `[group:vars]`, `[group:children]`, hosts with `key=value`.

use std::{path::Path, sync::Arc};

use indexmap::IndexMap;
use rustible_protocol::{Origin, Text, Value};
use rustible_source::{Diagnostic, Files};

use crate::{
    address, literal,
    model::{GroupId, Inventory},
    names, split,
};

/// What a section holds.
#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    Hosts,
    Vars,
    Children,
}

/// A group that was spoken of and not yet declared.
struct Pending {
    state: State,
    parents: Vec<String>,
}

struct Reader<'a> {
    inventory: &'a mut Inventory,
    file: Arc<str>,
    line: u32,
    pending: IndexMap<String, Pending>,
}

/// Read an INI inventory into the inventory.
///
/// # Errors
/// The reference's, at the file.
pub(crate) fn read(inventory: &mut Inventory, path: &Path, text: &str) -> Result<(), Diagnostic> {
    let file: Arc<str> = path.to_string_lossy().into();
    Files::global().add(&file, &text.into());
    let whole = Origin::new(&file, 0, 0);
    let mut reader = Reader { inventory, file, line: 0, pending: IndexMap::new() };
    reader.lines(text).map_err(|error| error.context("Failed to parse inventory.", Some(&whole)))
}

impl Reader<'_> {
    fn lines(&mut self, text: &str) -> Result<(), Diagnostic> {
        let (mut group, mut state) = ("ungrouped".to_string(), State::Hosts);
        for line in text
            .split(['\n', '\u{b}', '\u{c}', '\u{1c}', '\u{1d}', '\u{1e}', '\u{85}', '\u{2028}', '\u{2029}'])
        {
            self.line += 1;
            let line = line.trim();
            if line.is_empty() || line.starts_with([';', '#']) {
                continue;
            }
            if let Some((name, kind)) = section(line) {
                (group, state) = self.open(name, kind)?;
                continue;
            }
            if line.starts_with('[') && line.ends_with(']') {
                return Err(Diagnostic::new(format!(
                    "Invalid section entry: '{line}'. Please make sure that there are no spaces in the section entry, and that there are no other invalid characters"
                )));
            }
            let id = self.inventory.ensure_group(&group)?;
            match state {
                State::Hosts => self.host(line, id)?,
                State::Vars => self.variable(line, id)?,
                State::Children => self.child(line, &group, id)?,
            }
        }
        match self.pending.first() {
            None => Ok(()),
            Some((name, pending)) if pending.state == State::Vars => {
                Err(Diagnostic::new(format!("Section [{name}:vars] not valid for undefined group '{name}'.")))
            }
            Some((name, pending)) => {
                let parent = pending.parents.last().map_or("", String::as_str);
                Err(Diagnostic::new(format!(
                    "Section [{parent}:children] includes undefined group '{name}'."
                )))
            }
        }
    }

    fn open(&mut self, name: &str, kind: Option<&str>) -> Result<(String, State), Diagnostic> {
        let state = match kind {
            None | Some("hosts") => State::Hosts,
            Some("vars") => State::Vars,
            Some("children") => State::Children,
            Some(other) => {
                return Err(Diagnostic::new(format!("Section [{name}:{other}] has unknown type: {other}")));
            }
        };
        let (name, warning) = names::group(name, self.inventory.settings.transform);
        if let Some(warning) = warning {
            self.inventory.warn(Diagnostic::new(warning));
        }
        if !self.inventory.has_group(&name) {
            if state == State::Vars && !self.pending.contains_key(&name) {
                self.pending.insert(name.clone(), Pending { state, parents: Vec::new() });
            }
            self.inventory.ensure_group(&name)?;
        }
        if state != State::Vars {
            match self.pending.get(&name).map(|p| p.state) {
                Some(State::Children) => self.adopt(&name)?,
                Some(State::Vars) => {
                    self.pending.shift_remove(&name);
                }
                _ => {}
            }
        }
        Ok((name, state))
    }

    /// Put a group that was waited for below those that named it.
    fn adopt(&mut self, name: &str) -> Result<(), Diagnostic> {
        let Some(pending) = self.pending.shift_remove(name) else { return Ok(()) };
        for parent in pending.parents {
            self.inventory.add_child(&parent, name)?;
            if self.pending.get(&parent).is_some_and(|p| p.state == State::Children) {
                self.adopt(&parent)?;
            }
        }
        Ok(())
    }

    fn origin(&self) -> Arc<Origin> {
        Origin::new(&self.file, self.line, 0)
    }

    fn host(&mut self, line: &str, group: GroupId) -> Result<(), Diagnostic> {
        let words = split::words(line).map_err(|problem| {
            Diagnostic::new(format!("Error parsing host definition '{line}': {problem}")).apart()
        })?;
        let Some((pattern, assignments)) = words.split_first() else { return Ok(()) };
        let (hosts, port) = address::expand(pattern)?;
        if pattern.trim().ends_with(':') && port.is_none() {
            return Err(Diagnostic::new(format!(
                "Invalid host pattern '{pattern}' supplied, ending in ':' is not allowed, this character is reserved to provide a port."
            )));
        }
        if hosts.iter().any(|host| host.trim() == "---") {
            return Err(Diagnostic::new(format!(
                "Invalid host pattern '{pattern}' supplied, '---' is normally a sign this is a YAML file."
            )));
        }
        let mut vars = rustible_protocol::Dict::new();
        for assignment in assignments {
            let Some((name, value)) = assignment.split_once('=') else {
                let text = format!("Expected key=value host variable assignment, got: {assignment}");
                return Err(Diagnostic::new(text));
            };
            vars.insert(self.name(name), literal::value(value, &self.origin()));
        }
        self.inventory.populate(&hosts, &Value::Dict(vars), group, port)
    }

    fn name(&self, name: &str) -> Value {
        Value::Str(Text::untrusted(name).with_origin(Some(self.origin())))
    }

    fn variable(&mut self, line: &str, group: GroupId) -> Result<(), Diagnostic> {
        let Some((name, value)) = line.split_once('=') else {
            return Err(Diagnostic::new(format!("Expected key=value, got: {line}")));
        };
        let value = literal::value(value.trim(), &self.origin());
        let name = self.name(name.trim());
        self.inventory.set_on_group(group, &name, &value);
        Ok(())
    }

    fn child(&mut self, line: &str, group: &str, id: GroupId) -> Result<(), Diagnostic> {
        let name = line.split('#').next().unwrap_or_default().trim_end();
        if name.is_empty() || name.contains([':', ']']) || name.contains(char::is_whitespace) {
            return Err(Diagnostic::new(format!("Expected group name, got: {line}")));
        }
        if let Some(child) = self.inventory.groups.get_index_of(name) {
            return self.inventory.nest(id, child).map(|_| ());
        }
        let new = || Pending { state: State::Children, parents: Vec::new() };
        self.pending.entry(name.to_string()).or_insert_with(new).parents.push(group.to_string());
        Ok(())
    }
}

/// `[name]` or `[name:kind]`, with a comment after it perhaps.
fn section(line: &str) -> Option<(&str, Option<&str>)> {
    let (inside, after) = line.strip_prefix('[')?.split_once(']')?;
    let after = after.trim_start();
    if !after.is_empty() && !after.starts_with('#') {
        return None;
    }
    let (name, kind) = inside.split_once(':').map_or((inside, None), |(name, kind)| (name, Some(kind)));
    let word = |kind: &str| !kind.is_empty() && kind.chars().all(|c| c == '_' || c.is_alphanumeric());
    (!name.is_empty() && !name.contains(char::is_whitespace) && kind.is_none_or(word)).then_some((name, kind))
}
