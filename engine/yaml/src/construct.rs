//! Nodes to values: types, merge keys, keys given twice, `!unsafe` and `!vault`.

use std::{collections::HashMap, sync::Arc};

use base64::{Engine, engine::general_purpose::STANDARD};
use rustible_protocol::{Dict, List, Origin, Sort, Text, Value, repr};
use rustible_source::Diagnostic;

use crate::{
    compose::{Kind, Node, NodeId},
    fault::{Fault, Place},
    scalar,
    tag::Tag,
    time,
};

/// Most entries that merge keys of one document may bring in: more is a bomb.
const MAX_MERGED: usize = 1_000_000;

/// Makes the values of one document.
pub(crate) struct Builder<'a> {
    file: &'a Arc<str>,
    nodes: Vec<Node>,
    /// Values of anchored nodes; `None` while one is being made.
    shared: HashMap<NodeId, Option<Value>>,
    unsafe_depth: usize,
    merged: usize,
    warnings: Vec<(usize, Diagnostic)>,
}

impl<'a> Builder<'a> {
    pub(crate) fn new(file: &'a Arc<str>, nodes: Vec<Node>) -> Self {
        Self { file, nodes, shared: HashMap::new(), unsafe_depth: 0, merged: 0, warnings: Vec::new() }
    }

    pub(crate) fn root(&mut self, root: NodeId) -> Result<Value, Fault> {
        self.value(root, 0)
    }

    /// Warnings in the reference's order: outer mappings before inner ones.
    pub(crate) fn into_warnings(mut self) -> impl Iterator<Item = Diagnostic> {
        self.warnings.sort_by_key(|(depth, _)| *depth);
        self.warnings.into_iter().map(|(_, warning)| warning)
    }

    fn value(&mut self, id: NodeId, depth: usize) -> Result<Value, Fault> {
        if !self.nodes[id].anchored {
            return self.tagged(id, &self.nodes[id].tag.clone(), depth);
        }
        match self.shared.get(&id) {
            Some(Some(value)) => return Ok(value.clone()),
            Some(None) => {
                return Err(Fault::marked(
                    None,
                    "found unconstructable recursive node",
                    self.nodes[id].place,
                ));
            }
            None => {}
        }
        self.shared.insert(id, None);
        let value = self.tagged(id, &self.nodes[id].tag.clone(), depth)?;
        self.shared.insert(id, Some(value.clone()));
        Ok(value)
    }

    fn tagged(&mut self, id: NodeId, tag: &Tag, depth: usize) -> Result<Value, Fault> {
        let place = self.nodes[id].place;
        match tag {
            Tag::Str => Ok(Value::Str(self.text(id)?)),
            Tag::Null => self.scalar(id).map(|_| Value::Null),
            Tag::Bool => scalar::boolean(self.scalar(id)?),
            Tag::Int => scalar::integer(self.scalar(id)?),
            Tag::Float => scalar::float(self.scalar(id)?),
            Tag::Timestamp => self.timestamp(id).map(Value::Str),
            Tag::Seq => self.sequence(id, depth),
            Tag::Map => self.mapping(id, depth).map(Value::Dict),
            Tag::Set => {
                let keys = self.mapping(id, depth)?;
                let items = keys.keys().cloned().collect::<List>();
                Ok(Value::List(items.with_origin(Some(place.origin(self.file)))))
            }
            Tag::Omap => self.pairs(id, "while constructing an ordered map", depth),
            Tag::Pairs => self.pairs(id, "while constructing pairs", depth),
            Tag::Unsafe => {
                self.unsafe_depth += 1;
                let value = self.retagged(id, depth);
                self.unsafe_depth -= 1;
                value
            }
            Tag::Vault | Tag::VaultEncrypted => match self.retagged(id, depth)? {
                Value::Str(text) => Ok(Value::Vaulted(text)),
                _ => Err(Fault::ours(&format!("the '{}' tag requires a string value", tag.name()), place)),
            },
            Tag::Binary => self.binary(id).map(Value::Str),
            Tag::Merge | Tag::Equals | Tag::Other(_) => {
                let problem = format!("could not determine a constructor for the tag '{}'", tag.name());
                Err(Fault::marked(None, &problem, place))
            }
        }
    }

    /// The node as if it had no tag: even quoted text is resolved then, as the reference does.
    fn retagged(&mut self, id: NodeId, depth: usize) -> Result<Value, Fault> {
        let tag = match &self.nodes[id].kind {
            Kind::Scalar(text) => scalar::resolve(text),
            Kind::Seq(_) => Tag::Seq,
            Kind::Map(_) => Tag::Map,
        };
        self.tagged(id, &tag, depth)
    }

    fn scalar(&self, id: NodeId) -> Result<&str, Fault> {
        let node = &self.nodes[id];
        let found = match &node.kind {
            Kind::Scalar(text) => return Ok(text),
            Kind::Map(entries) => entries.iter().find(|(key, _)| self.nodes[*key].tag == Tag::Equals),
            Kind::Seq(_) => None,
        };
        if let Some((_, value)) = found {
            return self.scalar(*value);
        }
        let problem = format!("expected a scalar node, but found {}", node.kind.word());
        Err(Fault::marked(None, &problem, node.place))
    }

    fn text(&self, id: NodeId) -> Result<Text, Fault> {
        let origin = self.nodes[id].place.origin(self.file);
        let text = self.scalar(id)?;
        Ok(Text::trusted(text, Some(origin)).with_trust(self.unsafe_depth == 0))
    }

    fn timestamp(&self, id: NodeId) -> Result<Text, Fault> {
        let text = time::iso(self.scalar(id)?)?;
        let sort = if text.contains('T') { Sort::Moment } else { Sort::Date };
        let origin = self.nodes[id].place.origin(self.file);
        Ok(Text::trusted(text, Some(origin)).with_trust(self.unsafe_depth == 0).with_sort(sort))
    }

    fn binary(&self, id: NodeId) -> Result<Text, Fault> {
        let place = self.nodes[id].place;
        let plain = decoded(self.scalar(id)?).map_err(|problem| Fault::marked(None, &problem, place))?;
        let (text, sort) = match String::from_utf8(plain) {
            Ok(text) => (text, Sort::Bytes),
            Err(other) => (String::from_utf8_lossy(other.as_bytes()).replace('\u{fffd}', "?"), Sort::Opaque),
        };
        Ok(Text::untrusted(text).with_origin(Some(place.origin(self.file))).with_sort(sort))
    }

    fn sequence(&mut self, id: NodeId, depth: usize) -> Result<Value, Fault> {
        let place = self.nodes[id].place;
        let Kind::Seq(items) = &mut self.nodes[id].kind else {
            let problem = format!("expected a sequence node, but found {}", self.nodes[id].kind.word());
            return Err(Fault::marked(None, &problem, place));
        };
        let items = std::mem::take(items);
        let values = items.iter().map(|item| self.value(*item, depth + 1)).collect::<Result<Vec<_>, _>>()?;
        self.nodes[id].kind = Kind::Seq(items);
        Ok(Value::List(List::new(values).with_origin(Some(place.origin(self.file)))))
    }

    fn mapping(&mut self, id: NodeId, depth: usize) -> Result<Dict, Fault> {
        let place = self.nodes[id].place;
        if !matches!(self.nodes[id].kind, Kind::Map(_)) {
            let problem = format!("expected a mapping node, but found {}", self.nodes[id].kind.word());
            return Err(Fault::marked(None, &problem, place));
        }
        self.flatten(id)?;
        let entries = self.entries(id);
        let mut dict = Dict::new();
        let target = dict.make_mut();
        for (key_id, value_id) in &entries {
            // What is inside such a key does not matter any more.
            let container = matches!(self.nodes[*key_id].tag, Tag::Seq | Tag::Map);
            let key = if container { Value::list() } else { self.value(*key_id, depth + 1)? };
            if matches!(key, Value::List(_) | Value::Dict(_)) {
                let context = Some(("while constructing a mapping", place));
                return Err(Fault::marked(context, "found unhashable key", self.nodes[*key_id].place));
            }
            let value = self.value(*value_id, depth + 1)?;
            if target.contains_key(&key) {
                self.given_twice(&key, self.nodes[*key_id].place, depth);
            }
            target.insert(key, value);
        }
        self.nodes[id].kind = Kind::Map(entries);
        Ok(dict.with_origin(Some(place.origin(self.file))))
    }

    fn given_twice(&mut self, key: &Value, place: Place, depth: usize) {
        let shown = repr::repr(key);
        // The reference knows no place of a boolean or a null.
        let origin = match key {
            Value::Null | Value::Bool(_) => Origin::of_value("<unknown>", &shown),
            _ => place.origin(self.file),
        };
        let warning = Diagnostic::parse(format!("Found duplicate mapping key {shown}."), Some(&origin));
        self.warnings.push((depth, warning.help("Using last defined value only.")));
    }

    fn entries(&mut self, id: NodeId) -> Vec<(NodeId, NodeId)> {
        if let Kind::Map(entries) = &mut self.nodes[id].kind { std::mem::take(entries) } else { Vec::new() }
    }

    /// Put what `<<` names in front of the mapping's own entries.
    fn flatten(&mut self, id: NodeId) -> Result<(), Fault> {
        let place = self.nodes[id].place;
        // While the entries are out, a mapping that merges itself finds nothing and ends.
        let entries = self.entries(id);
        if !entries.iter().any(|(key, _)| matches!(self.nodes[*key].tag, Tag::Merge | Tag::Equals)) {
            self.nodes[id].kind = Kind::Map(entries);
            return Ok(());
        }
        let (mut merged, mut own) = (Vec::new(), Vec::new());
        for (key, value) in entries {
            match self.nodes[key].tag {
                Tag::Merge => self.merge(place, value, &mut merged)?,
                Tag::Equals => {
                    self.nodes[key].tag = Tag::Str;
                    own.push((key, value));
                }
                _ => own.push((key, value)),
            }
        }
        self.merged += merged.len();
        if self.merged > MAX_MERGED {
            return Err(Fault::ours("merge keys bring in too many entries", place));
        }
        merged.extend(own);
        self.nodes[id].kind = Kind::Map(merged);
        Ok(())
    }

    fn merge(
        &mut self,
        place: Place,
        value: NodeId,
        merged: &mut Vec<(NodeId, NodeId)>,
    ) -> Result<(), Fault> {
        let sources = match &self.nodes[value].kind {
            Kind::Map(_) => vec![value],
            Kind::Seq(items) => {
                if let Some(bad) = items.iter().find(|item| !matches!(self.nodes[**item].kind, Kind::Map(_)))
                {
                    return Err(self.unmergeable("expected a mapping for merging", place, *bad));
                }
                items.iter().rev().copied().collect()
            }
            Kind::Scalar(_) => {
                return Err(self.unmergeable(
                    "expected a mapping or list of mappings for merging",
                    place,
                    value,
                ));
            }
        };
        for source in sources {
            self.flatten(source)?;
            if let Kind::Map(entries) = &self.nodes[source].kind {
                merged.extend_from_slice(entries);
            }
        }
        Ok(())
    }

    fn unmergeable(&self, expected: &str, place: Place, found: NodeId) -> Fault {
        let node = &self.nodes[found];
        let problem = format!("{expected}, but found {}", node.kind.word());
        Fault::marked(Some(("while constructing a mapping", place)), &problem, node.place)
    }

    /// `!!omap` and `!!pairs`: a list of [key, value] lists.
    fn pairs(&mut self, id: NodeId, context: &str, depth: usize) -> Result<Value, Fault> {
        let place = self.nodes[id].place;
        let fault = |problem: String, at: Place| Err(Fault::marked(Some((context, place)), &problem, at));
        let Kind::Seq(items) = &self.nodes[id].kind else {
            return fault(format!("expected a sequence, but found {}", self.nodes[id].kind.word()), place);
        };
        let mut pairs = Vec::new();
        for item in items.clone() {
            let node = &self.nodes[item];
            let (key, value) = match &node.kind {
                Kind::Map(entries) if entries.len() == 1 => entries[0],
                Kind::Map(entries) => {
                    return fault(
                        format!("expected a single mapping item, but found {} items", entries.len()),
                        node.place,
                    );
                }
                other => {
                    return fault(
                        format!("expected a mapping of length 1, but found {}", other.word()),
                        node.place,
                    );
                }
            };
            let pair = vec![self.value(key, depth + 1)?, self.value(value, depth + 1)?];
            pairs.push(Value::List(List::new(pair)));
        }
        Ok(Value::List(List::new(pairs).with_origin(Some(place.origin(self.file)))))
    }
}

/// What base64 stands for; line breaks in it do not matter.
fn decoded(code: &str) -> Result<Vec<u8>, String> {
    let code: String = code.split_whitespace().collect();
    STANDARD.decode(code).map_err(|error| format!("failed to decode base64 data: {error}"))
}
