//! `collection list`.

use std::path::PathBuf;

use rustible_protocol::{Dict, Value, json};
use rustible_source::Diagnostic;
use rustible_yaml::emit::{Options, to_yaml};

use super::installed::{Installed, find};
use crate::{
    context::Context,
    options::CollectionList,
    paths::{complete, is_collection_name, not_a_name, with_collections},
};

pub(crate) fn run(args: &CollectionList, context: &Context<'_>) -> Result<u8, Diagnostic> {
    if let Some(name) = args.collection.as_deref().filter(|name| !is_collection_name(name)) {
        return Err(not_a_name(name));
    }
    let asked: Vec<PathBuf> = args
        .collections_path
        .iter()
        .flat_map(|paths| paths.split(':'))
        .filter(|path| !path.is_empty())
        .map(crate::paths::resolve)
        .collect();
    let mut roots: Vec<PathBuf> = Vec::new();
    for root in asked.iter().chain(&context.collections).chain(&context.packages) {
        if !roots.iter().any(|other| with_collections(other) == with_collections(root)) {
            roots.push(root.clone());
        }
    }
    let mut found = find(&roots, args.collection.as_deref(), false, context);
    found.sort_by(|a, b| a.path.cmp(&b.path));
    if args.format == "human" {
        human(&found, context);
    }
    warn(args, &asked, &found, context);
    if args.format != "human" {
        context.say.line(&written(&found, &args.format)?);
    }
    Ok(0)
}

fn human(found: &[Installed], context: &Context<'_>) {
    let names = found.iter().map(|one| one.name.chars().count()).max().unwrap_or(0);
    let versions = found.iter().map(|one| one.version.chars().count()).max().unwrap_or(0);
    let mut last = None;
    for one in found {
        let folder = one.path.ancestors().nth(2).map(PathBuf::from).unwrap_or_default();
        if last.as_ref() != Some(&folder) {
            context.say.line(&format!(
                "\n# {}\n{:names$} {:versions$}\n{} {}",
                folder.display(),
                "Collection",
                "Version",
                "-".repeat(names.max(10)),
                "-".repeat(versions.max(7)),
            ));
            last = Some(folder);
        }
        let (name_width, version_width) = (names.max(10), versions.max(7));
        context.say.line(&format!("{:name_width$} {:version_width$}", one.name, one.version));
    }
}

fn warn(args: &CollectionList, asked: &[PathBuf], found: &[Installed], context: &Context<'_>) {
    let mut usable = false;
    let mut warnings = Vec::new();
    for path in asked.iter().chain(&context.collections).chain(&context.packages) {
        let path = complete(path);
        if path.is_dir() {
            usable = true;
        } else if path.exists() {
            warnings.push(format!(
                "- the configured path {}, exists, but it is not a directory.",
                path.display()
            ));
        } else if !context.collections.contains(&path) {
            warnings.push(format!("- the configured path {} does not exist.", path.display()));
        }
    }
    if found.is_empty() || args.collection.is_none() {
        for warning in &warnings {
            context.say.warning(warning);
        }
    }
    if found.is_empty() && !usable {
        context.say.warning(
            "None of the provided paths were usable. Please specify a valid path with --collections-path.",
        );
    }
}

fn written(found: &[Installed], format: &str) -> Result<String, Diagnostic> {
    let mut all = Dict::new();
    for one in found {
        let folder = one.path.ancestors().nth(2).map(|path| path.display().to_string()).unwrap_or_default();
        let mut inside = all.get(&folder).and_then(Value::as_dict).cloned().unwrap_or_default();
        let version: Dict = [("version", one.version.as_str())].into_iter().collect();
        inside.insert(one.name.as_str(), version);
        all.insert(folder, inside);
    }
    let all = Value::Dict(all);
    if format == "json" {
        return Ok(json::dumps(&all));
    }
    to_yaml(&all, &Options { default_flow_style: Some(false), ..Options::default() })
}
