//! Events to node trees: anchors, aliases, the limits on nesting, and the repair of a missing final newline.

use std::collections::HashMap;

use libyaml_safer::{Event, EventData, Mark, Parser, ScalarStyle};

use crate::{
    MAX_DEPTH,
    fault::{Fault, Place},
    scalar,
    tag::Tag,
};

/// Index of a node in its tree.
pub(crate) type NodeId = usize;

/// A document before values are made of it.
#[derive(Debug)]
pub(crate) struct Tree {
    pub(crate) nodes: Vec<Node>,
    pub(crate) root: NodeId,
}

/// A node with its tag and the place where it starts.
#[derive(Debug)]
pub(crate) struct Node {
    pub(crate) tag: Tag,
    pub(crate) kind: Kind,
    pub(crate) place: Place,
    /// Whether an alias may point to it.
    pub(crate) anchored: bool,
}

#[derive(Debug)]
pub(crate) enum Kind {
    Scalar(String),
    Seq(Vec<NodeId>),
    Map(Vec<(NodeId, NodeId)>),
}

impl Kind {
    /// PyYAML's word for it.
    pub(crate) fn word(&self) -> &'static str {
        match self {
            Self::Scalar(_) => "scalar",
            Self::Seq(_) => "sequence",
            Self::Map(_) => "mapping",
        }
    }
}

impl From<Mark> for Place {
    fn from(mark: Mark) -> Self {
        let number = |n: u64| u32::try_from(n).unwrap_or(u32::MAX);
        Self { line: number(mark.line), col: number(mark.column) }
    }
}

const BREAKS: [char; 5] = ['\n', '\r', '\u{85}', '\u{2028}', '\u{2029}'];

/// The documents of a text; with `single`, a second one is an error.
pub(crate) fn trees(text: &str, single: bool) -> Result<Vec<Tree>, Fault> {
    // The parser panics on a block scalar (and on a backslash) that ends without a line break: give it one and
    // take it back after.
    let open_end = !text.ends_with(BREAKS) && (text.contains(['|', '>']) || text.ends_with('\\'));
    let closed = if open_end { format!("{text}\n") } else { text.to_string() };
    let mut bytes = closed.as_bytes();
    let mut parser = Parser::new();
    parser.set_input_string(&mut bytes);
    let mut composer =
        Composer { parser, nodes: Vec::new(), anchors: HashMap::new(), open: open_end.then_some(text) };
    let mut trees: Vec<Tree> = Vec::new();
    let mut first = Place::default();
    loop {
        let event = composer.next()?;
        match event.data {
            EventData::StreamEnd => return Ok(trees),
            EventData::DocumentStart { .. } => {}
            _ => continue,
        }
        if single && !trees.is_empty() {
            let context = Some(("expected a single document in the stream", first));
            return Err(Fault::marked(context, "but found another document", event.start_mark.into()));
        }
        let event = composer.next()?;
        first = event.start_mark.into();
        let root = composer.node(event, 0)?;
        composer.anchors.clear();
        trees.push(Tree { nodes: std::mem::take(&mut composer.nodes), root });
    }
}

struct Composer<'r, 'b, 't> {
    parser: Parser<&'b mut &'r [u8]>,
    nodes: Vec<Node>,
    anchors: HashMap<String, (NodeId, Place)>,
    /// The text, when it does not end in a line break.
    open: Option<&'t str>,
}

impl Composer<'_, '_, '_> {
    fn next(&mut self) -> Result<Event, Fault> {
        self.parser.parse().map_err(|error| match Fault::from(&error) {
            Fault::Marked { context, problem, place } if problem == "found unexpected end of stream" => {
                Fault::Marked { context, problem, place: self.inside(place) }
            }
            other => other,
        })
    }

    /// The place, moved back to the text's end when it lies behind the line break that was added.
    fn inside(&self, place: Place) -> Place {
        let Some(text) = self.open else { return place };
        let last = text.rsplit('\n').next().unwrap_or_default();
        let line = text.matches('\n').count();
        let Ok(line) = u32::try_from(line) else { return place };
        let col = u32::try_from(last.chars().count()).unwrap_or(u32::MAX);
        if place.line > line { Place { line, col } } else { place }
    }

    fn node(&mut self, event: Event, depth: usize) -> Result<NodeId, Fault> {
        let place: Place = event.start_mark.into();
        if depth > MAX_DEPTH {
            return Err(Fault::ours(&format!("nested deeper than {MAX_DEPTH} levels"), place));
        }
        match event.data {
            EventData::Alias { anchor } => {
                let known = self.anchors.get(&anchor).map(|(id, _)| *id);
                known.ok_or_else(|| Fault::marked(None, "found undefined alias", place))
            }
            EventData::Scalar { anchor, tag, mut value, plain_implicit, style, .. } => {
                if let Some(text) = self.open
                    && matches!(style, ScalarStyle::Literal | ScalarStyle::Folded)
                {
                    reopen(&mut value, text, place, event.end_mark.into());
                }
                let tag = match tag.as_deref() {
                    None | Some("!") if plain_implicit => scalar::resolve(&value),
                    None | Some("!") => Tag::Str,
                    Some(tag) => Tag::written(tag),
                };
                self.add(anchor, tag, Kind::Scalar(value), place)
            }
            EventData::SequenceStart { anchor, tag, .. } => {
                let id =
                    self.add(anchor, collection(tag.as_deref(), Tag::Seq), Kind::Seq(Vec::new()), place)?;
                let mut items = Vec::new();
                loop {
                    let event = self.next()?;
                    if matches!(event.data, EventData::SequenceEnd) {
                        break;
                    }
                    items.push(self.node(event, depth + 1)?);
                }
                self.nodes[id].kind = Kind::Seq(items);
                Ok(id)
            }
            EventData::MappingStart { anchor, tag, .. } => {
                let id =
                    self.add(anchor, collection(tag.as_deref(), Tag::Map), Kind::Map(Vec::new()), place)?;
                let mut entries = Vec::new();
                loop {
                    let event = self.next()?;
                    if matches!(event.data, EventData::MappingEnd) {
                        break;
                    }
                    let key = self.node(event, depth + 1)?;
                    let event = self.next()?;
                    entries.push((key, self.node(event, depth + 1)?));
                }
                self.nodes[id].kind = Kind::Map(entries);
                Ok(id)
            }
            _ => Err(Fault::ours("unexpected end of a node", place)),
        }
    }

    fn add(&mut self, anchor: Option<String>, tag: Tag, kind: Kind, place: Place) -> Result<NodeId, Fault> {
        let id = self.nodes.len();
        let anchored = anchor.is_some();
        if let Some(anchor) = anchor
            && let Some((_, first)) = self.anchors.insert(anchor, (id, place))
        {
            let context = Some(("found duplicate anchor; first occurrence", first));
            return Err(Fault::marked(context, "second occurrence", place));
        }
        self.nodes.push(Node { tag, kind, place, anchored });
        Ok(id)
    }
}

fn collection(tag: Option<&str>, default: Tag) -> Tag {
    tag.filter(|tag| *tag != "!").map_or(default, Tag::written)
}

/// Take back the line break that was added, where libyaml would have ended the block scalar without one.
fn reopen(value: &mut String, text: &str, start: Place, end: Place) {
    let lines = text.split('\n').count();
    if (end.line as usize) < lines {
        return;
    }
    let mut header = text.split('\n').skip(start.line as usize).flat_map(str::split_whitespace);
    let chomping = header.find(|word| word.starts_with(['|', '>'])).unwrap_or_default();
    let chomping = chomping.split('#').next().unwrap_or_default();
    let last = text.rsplit('\n').next().unwrap_or_default();
    let content = !last.trim_matches(' ').is_empty() || value.ends_with(" \n");
    if value.ends_with('\n') && !chomping.contains('-') && (chomping.contains('+') || content) {
        value.pop();
    }
}
