//! Values to YAML text, byte for byte as PyYAML's safe dumper (on libyaml) writes them.

use std::collections::HashMap;

use libyaml_safer::{Emitter, Encoding, Event, MappingStyle, ScalarStyle, SequenceStyle};
use rustible_protocol::Value;
use rustible_source::Diagnostic;

pub use crate::blocks::Blocks;
use crate::{
    astral::Astral,
    quiet,
    represent::{Kind, Node, NodeId, Nodes},
    scalar,
    tag::Tag,
};
pub use libyaml_safer::Break;

/// What is written in the place of encrypted text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Vaulted {
    /// The envelope, tagged `!vault`.
    #[default]
    Keep,
    /// `<redacted>`.
    Redact,
    /// Nothing: it is an error.
    Fail,
}

/// How YAML is written; the names are those of PyYAML's `dump`.
#[derive(Debug, Clone)]
pub struct Options {
    /// Blanks for each level (2 to 9; anything else is 2).
    pub indent: Option<i32>,
    /// Columns after which lines are broken where that is possible; negative for never, nothing for 80.
    pub width: Option<i32>,
    /// Whether keys are sorted; keys of several types stay as they are.
    pub sort_keys: bool,
    /// `[a, b]` and `{a: b}` for all collections, for none, or (nothing) for those that hold scalars only.
    pub default_flow_style: Option<bool>,
    /// The style of all scalars: `'`, `"`, `|` or `>`.
    pub default_style: Option<char>,
    /// Whether characters outside of ASCII stay as they are.
    pub allow_unicode: bool,
    /// Whether `---` is written.
    pub explicit_start: bool,
    /// Whether `...` is written.
    pub explicit_end: bool,
    /// Whether everything is written out: tags, quotes, brackets.
    pub canonical: bool,
    /// The version of YAML to name at the head.
    pub version: Option<(i32, i32)>,
    /// The line break: `\n`, `\r\n` or `\r`; nothing for `\n`.
    pub line_break: Option<Break>,
    /// Whether a collection that occurs again (the same one, not an equal one) is written as an alias.
    pub aliases: bool,
    /// What happens with encrypted text.
    pub vaulted: Vaulted,
    /// How text of several lines is written.
    pub blocks: Blocks,
}

impl Default for Options {
    /// As the filter `to_yaml` without arguments.
    fn default() -> Self {
        Self {
            indent: None,
            width: None,
            sort_keys: true,
            default_flow_style: None,
            default_style: None,
            allow_unicode: true,
            explicit_start: false,
            explicit_end: false,
            canonical: false,
            version: None,
            line_break: None,
            aliases: true,
            vaulted: Vaulted::Keep,
            blocks: Blocks::Never,
        }
    }
}

impl Options {
    /// As the filter `to_nice_yaml` without arguments: four blanks, nothing in `[]` or `{}`.
    #[must_use]
    pub fn nice() -> Self {
        Self { indent: Some(4), default_flow_style: Some(false), ..Self::default() }
    }
}

/// The text of the filter `to_yaml`.
///
/// # Errors
/// Encrypted text where the options forbid it, nesting that is too deep.
pub fn to_yaml(value: &Value, options: &Options) -> Result<String, Diagnostic> {
    let mut nodes = Nodes::new(options);
    let root = nodes.add(value, 0)?;
    if options.default_style == Some('>') && nodes.texts().any(|text| text.contains('\n')) {
        // The writer would lose line breaks.
        return Err(Diagnostic::new(
            "cannot be written as YAML: the style '>' is not supported for text of several lines",
        ));
    }
    let astral = nodes.texts().any(Astral::is_needed).then(|| Astral::new(nodes.texts())).transpose()?;
    let mut out = Vec::new();
    let attempt = quiet::attempt(|| write(&nodes, root, options, astral.as_ref(), &mut out));
    let failed = |text: &str| Diagnostic::new(format!("cannot be written as YAML: {text}"));
    attempt.ok_or_else(|| failed("the writer could not express it"))?.map_err(|e| failed(e.problem()))?;
    let text = String::from_utf8(out).map_err(|e| failed(&e.to_string()))?;
    let text = astral.map_or(text.clone(), |astral| astral.restore(&text));
    Ok(match options.version {
        Some((major, minor)) => format!("%YAML {major}.{minor}\n{text}"),
        None => text,
    })
}

/// The text of the filter `to_nice_yaml`.
///
/// # Errors
/// As [`to_yaml`].
pub fn to_nice_yaml(value: &Value) -> Result<String, Diagnostic> {
    to_yaml(value, &Options::nice())
}

/// The text of results for people (`result_format = yaml`): blocks for text of several lines; `lossy` makes them
/// readable even where that changes blanks. `width` as in [`Options`].
///
/// # Errors
/// As [`to_yaml`].
pub fn for_results(
    value: &Value,
    indent: Option<i32>,
    width: Option<i32>,
    lossy: bool,
) -> Result<String, Diagnostic> {
    let blocks = if lossy { Blocks::Lossy } else { Blocks::Exact };
    to_yaml(value, &Options { indent, width, default_flow_style: Some(false), blocks, ..Options::default() })
}

struct Writer<'a, 'w> {
    nodes: &'a Nodes<'a>,
    emitter: Emitter<'w>,
    /// Names of the nodes that occur more than once.
    anchors: HashMap<NodeId, String>,
    written: Vec<bool>,
    astral: Option<&'a Astral>,
}

fn write(
    nodes: &Nodes<'_>,
    root: NodeId,
    options: &Options,
    astral: Option<&Astral>,
    out: &mut Vec<u8>,
) -> libyaml_safer::Result<()> {
    let mut emitter = Emitter::new();
    emitter.set_output_string(out);
    emitter.set_unicode(options.allow_unicode);
    emitter.set_canonical(options.canonical);
    if let Some(line_break) = options.line_break {
        emitter.set_break(line_break);
    }
    if let Some(indent) = options.indent {
        emitter.set_indent(indent);
    }
    if let Some(width) = options.width {
        emitter.set_width(width);
    }
    let mut writer =
        Writer { nodes, emitter, anchors: nodes.anchors(root), written: vec![false; nodes.len()], astral };
    writer.emitter.emit(Event::stream_start(Encoding::Utf8))?;
    let implicit = !options.explicit_start && options.version.is_none();
    writer.emitter.emit(Event::document_start(None, &[], implicit))?;
    writer.node(root)?;
    writer.emitter.emit(Event::document_end(!options.explicit_end))?;
    writer.emitter.emit(Event::stream_end())?;
    writer.emitter.flush()
}

impl Writer<'_, '_> {
    fn node(&mut self, id: NodeId) -> libyaml_safer::Result<()> {
        let anchor = self.anchors.get(&id).cloned();
        if let Some(anchor) = &anchor
            && self.written[id]
        {
            return self.emitter.emit(Event::alias(anchor));
        }
        self.written[id] = true;
        let nodes = self.nodes;
        let Node { kind, tag } = nodes.get(id);
        let anchor = anchor.as_deref();
        let name = tag.name();
        match kind {
            Kind::Scalar { text, style } => {
                let (plain, quoted) = (scalar::resolve(text) == *tag, *tag == Tag::Str);
                let text = self.astral.map_or(text.clone(), |astral| astral.hide(text));
                let style = match style {
                    Some('\'') => ScalarStyle::SingleQuoted,
                    Some('"') => ScalarStyle::DoubleQuoted,
                    Some('|') => ScalarStyle::Literal,
                    Some('>') => ScalarStyle::Folded,
                    _ => ScalarStyle::Any,
                };
                self.emitter.emit(Event::scalar(anchor, Some(&name), &text, plain, quoted, style))
            }
            Kind::Seq { items, flow } => {
                let style = if *flow { SequenceStyle::Flow } else { SequenceStyle::Block };
                self.emitter.emit(Event::sequence_start(anchor, Some(&name), true, style))?;
                items.iter().try_for_each(|item| self.node(*item))?;
                self.emitter.emit(Event::sequence_end())
            }
            Kind::Map { entries, flow } => {
                let style = if *flow { MappingStyle::Flow } else { MappingStyle::Block };
                self.emitter.emit(Event::mapping_start(anchor, Some(&name), true, style))?;
                for (key, value) in entries {
                    self.node(*key)?;
                    self.node(*value)?;
                }
                self.emitter.emit(Event::mapping_end())
            }
        }
    }
}
