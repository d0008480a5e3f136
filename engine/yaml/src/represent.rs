//! Values to nodes before they are written: tags, sorted keys, what goes on one line, what occurs again.

use std::{cmp::Ordering, collections::HashMap};

use base64::{Engine, engine::general_purpose::STANDARD};
use rustible_protocol::{Dict, Sort, Value, json};
use rustible_source::Diagnostic;

use crate::{
    MAX_DEPTH, blocks,
    emit::{Options, Vaulted},
    tag::Tag,
};

pub(crate) type NodeId = usize;

#[derive(Debug)]
pub(crate) struct Node {
    pub(crate) tag: Tag,
    pub(crate) kind: Kind,
}

#[derive(Debug)]
pub(crate) enum Kind {
    Scalar { text: String, style: Option<char> },
    Seq { items: Vec<NodeId>, flow: bool },
    Map { entries: Vec<(NodeId, NodeId)>, flow: bool },
}

/// The nodes of one value.
#[derive(Debug)]
pub(crate) struct Nodes<'a> {
    options: &'a Options,
    all: Vec<Node>,
    /// Nodes by the place of the shared data they were made of.
    known: HashMap<usize, NodeId>,
}

impl<'a> Nodes<'a> {
    pub(crate) fn new(options: &'a Options) -> Self {
        Self { options, all: Vec::new(), known: HashMap::new() }
    }
    pub(crate) fn len(&self) -> usize {
        self.all.len()
    }
    pub(crate) fn get(&self, id: NodeId) -> &Node {
        &self.all[id]
    }
    /// The texts of all scalars.
    pub(crate) fn texts(&self) -> impl Iterator<Item = &str> + Clone {
        self.all.iter().filter_map(|node| {
            if let Kind::Scalar { text, .. } = &node.kind { Some(text.as_str()) } else { None }
        })
    }

    pub(crate) fn add(&mut self, value: &Value, depth: usize) -> Result<NodeId, Diagnostic> {
        if depth > MAX_DEPTH {
            return Err(Diagnostic::new(format!(
                "cannot be written as YAML: nested deeper than {MAX_DEPTH} levels"
            )));
        }
        let identity = self.options.aliases.then(|| identity(value)).flatten();
        if let Some(known) = identity.and_then(|identity| self.known.get(&identity)) {
            return Ok(*known);
        }
        let id = self.node(value, depth)?;
        if let Some(identity) = identity {
            self.known.insert(identity, id);
        }
        Ok(id)
    }

    fn push(&mut self, tag: Tag, kind: Kind) -> NodeId {
        self.all.push(Node { tag, kind });
        self.all.len() - 1
    }

    fn scalar(&mut self, tag: Tag, text: impl Into<String>) -> NodeId {
        let style = self.options.default_style;
        self.push(tag, Kind::Scalar { text: text.into(), style })
    }

    fn node(&mut self, value: &Value, depth: usize) -> Result<NodeId, Diagnostic> {
        Ok(match value {
            Value::Null => self.scalar(Tag::Null, "null"),
            Value::Bool(flag) => self.scalar(Tag::Bool, flag.to_string()),
            Value::Int(number) => self.scalar(Tag::Int, number.to_string()),
            Value::Big(number) => self.scalar(Tag::Int, number.to_string()),
            Value::Float(number) => self.scalar(Tag::Float, float(*number)),
            Value::Str(text) if text.sort() == Sort::Date => self.scalar(Tag::Timestamp, text.as_str()),
            Value::Str(text) if text.sort() == Sort::Moment => {
                self.scalar(Tag::Timestamp, text.replace('T', " "))
            }
            Value::Str(text) if text.sort() == Sort::Opaque => {
                let why = "Bytes that are not UTF-8 cannot be written by rustible.";
                return Err(Diagnostic::new(why).at(text.origin()));
            }
            Value::Str(text) if text.sort() == Sort::Bytes => {
                let text = wrapped(&STANDARD.encode(text.as_bytes()));
                self.push(Tag::Binary, Kind::Scalar { text, style: Some('|') })
            }
            Value::Str(text) => {
                let (text, block) = blocks::shape(text, self.options.blocks);
                let style = if block { Some('|') } else { self.options.default_style };
                self.push(Tag::Str, Kind::Scalar { text, style })
            }
            Value::Vaulted(text) => match self.options.vaulted {
                Vaulted::Keep => {
                    self.push(Tag::Vault, Kind::Scalar { text: text.to_string(), style: Some('|') })
                }
                Vaulted::Redact => self.scalar(Tag::Str, "<redacted>"),
                Vaulted::Fail => {
                    return Err(Diagnostic::new("Attempted to dump a vaulted value").at(text.origin()));
                }
            },
            Value::List(list) => {
                let items =
                    list.iter().map(|item| self.add(item, depth + 1)).collect::<Result<Vec<_>, _>>()?;
                let flow = self.flow(items.iter().copied());
                self.push(Tag::Seq, Kind::Seq { items, flow })
            }
            Value::Dict(dict) => {
                let mut entries = Vec::with_capacity(dict.len());
                for (key, value) in sorted(dict, self.options.sort_keys) {
                    entries.push((self.add(key, depth + 1)?, self.add(value, depth + 1)?));
                }
                let flow = self.flow(entries.iter().flat_map(|(key, value)| [*key, *value]));
                self.push(Tag::Map, Kind::Map { entries, flow })
            }
        })
    }

    /// Whether a collection of these nodes goes on one line.
    fn flow(&self, mut nodes: impl Iterator<Item = NodeId>) -> bool {
        let plain = |id: NodeId| matches!(self.all[id].kind, Kind::Scalar { style: None, .. });
        self.options.default_flow_style.unwrap_or_else(|| nodes.all(plain))
    }

    /// Names for the nodes that are met more than once, in the order of the second meetings.
    pub(crate) fn anchors(&self, root: NodeId) -> HashMap<NodeId, String> {
        let mut anchors = HashMap::new();
        let mut met = vec![false; self.all.len()];
        let mut waiting = vec![root];
        while let Some(id) = waiting.pop() {
            if met[id] {
                let number = anchors.len() + 1;
                anchors.entry(id).or_insert_with(|| format!("id{number:03}"));
                continue;
            }
            met[id] = true;
            match &self.all[id].kind {
                Kind::Scalar { .. } => {}
                Kind::Seq { items, .. } => waiting.extend(items.iter().rev()),
                Kind::Map { entries, .. } => {
                    waiting.extend(entries.iter().rev().flat_map(|(key, value)| [*value, *key]));
                }
            }
        }
        anchors
    }
}

/// Where the data of a container is; scalars have no identity.
fn identity(value: &Value) -> Option<usize> {
    match value {
        Value::List(list) => Some(list.address()),
        Value::Dict(dict) => Some(dict.address()),
        Value::Vaulted(text) => Some(text.shared().as_ptr().addr()),
        _ => None,
    }
}

/// The entries by key, when Python can sort them.
fn sorted(dict: &Dict, sort: bool) -> Vec<(&Value, &Value)> {
    let mut entries: Vec<_> = dict.iter().collect();
    let strings = entries.iter().all(|(key, _)| key.as_str().is_some());
    let numbers = entries.iter().all(|(key, _)| key.number_as_f64().is_some());
    if sort && (strings || numbers) {
        entries.sort_by(|(a, _), (b, _)| match (a, b) {
            (Value::Str(a), Value::Str(b)) => a.cmp(b),
            (Value::Int(a), Value::Int(b)) => a.cmp(b),
            (a, b) => a.number_as_f64().partial_cmp(&b.number_as_f64()).unwrap_or(Ordering::Equal),
        });
    }
    entries
}

fn float(number: f64) -> String {
    if number.is_nan() {
        return ".nan".into();
    }
    if number.is_infinite() {
        return if number > 0.0 { ".inf".into() } else { "-.inf".into() };
    }
    let text = json::float(number);
    if text.contains('e') && !text.contains('.') { text.replacen('e', ".0e", 1) } else { text }
}

/// Base64 in lines of 76, as bytes are written.
fn wrapped(code: &str) -> String {
    let lines = code.as_bytes().chunks(76).map(String::from_utf8_lossy);
    lines.map(|line| format!("{line}\n")).collect()
}
