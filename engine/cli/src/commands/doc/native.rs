//! Documentation of what is native: modules and actions tell it by their own interfaces.

use rustible_protocol::{
    Dict, Spec, Value,
    spec::{CheckMode, Field, Kind},
};

fn kind(kind: Kind) -> &'static str {
    match kind {
        Kind::Str => "str",
        Kind::Int => "int",
        Kind::Float => "float",
        Kind::Bool => "bool",
        Kind::List => "list",
        Kind::Dict => "dict",
        Kind::Path => "path",
        Kind::Raw => "raw",
        Kind::JsonArg => "json",
        Kind::Bytes => "bytes",
        Kind::Bits => "bits",
    }
}

fn support(spec: &Spec) -> &'static str {
    match spec.check {
        CheckMode::Full => "full",
        CheckMode::Partial => "partial",
        CheckMode::None => "none",
    }
}

fn field(field: &Field) -> Value {
    let mut out = Dict::new();
    if !field.aliases.is_empty() {
        out.insert("aliases", field.aliases.iter().map(|name| Value::from(*name)).collect::<Vec<_>>());
    }
    if !field.choices.is_empty() {
        out.insert("choices", field.choices.clone());
    }
    if let Some(default) = &field.default {
        out.insert("default", default.clone());
    }
    out.insert("description", vec![Value::from(field.doc)]);
    if let Some(elements) = field.elements {
        out.insert("elements", kind(elements));
    }
    if field.required {
        out.insert("required", true);
    }
    if let Some(inner) = &field.options {
        out.insert("suboptions", fields(inner));
    }
    out.insert("type", kind(field.kind));
    Value::Dict(out)
}

fn fields(all: &[Field]) -> Dict {
    all.iter().map(|one| (Value::from(one.name), field(one))).collect()
}

/// The documentation of a module of ours in the form of `--json`, from its own interface.
pub(super) fn described(spec: &Spec) -> Value {
    let (collection, module) = spec.name.rsplit_once('.').unwrap_or(("", spec.name));
    let level = |support: &str| Value::Dict([("support", support)].into_iter().collect());
    let mut attributes = Dict::new();
    attributes.insert("check_mode", level(support(spec)));
    attributes.insert("diff_mode", level(if spec.diff { "full" } else { "none" }));
    let mut doc = Dict::new();
    doc.insert("attributes", attributes);
    doc.insert("collection", collection);
    let text = if spec.description.trim().is_empty() { spec.summary } else { spec.description };
    let paragraphs = text.split("\n\n").filter(|text| !text.trim().is_empty());
    doc.insert("description", paragraphs.map(|text| Value::from(text.trim())).collect::<Vec<_>>());
    doc.insert("module", module);
    doc.insert("options", fields(&spec.fields));
    doc.insert("plugin_name", spec.name);
    doc.insert("short_description", spec.summary.trim_end_matches('.'));
    let mut out = Dict::new();
    out.insert("doc", doc);
    out.insert("examples", Value::Null);
    out.insert("metadata", Value::Null);
    out.insert("return", Value::Null);
    Value::Dict(out)
}
