//! `collection download`: archives and a file of requirements, for an installation without a server.

use std::fs;

use rustible_protocol::{Dict, Value};
use rustible_source::Diagnostic;
use rustible_yaml::emit::{Options, to_yaml};

use super::{
    artifacts::Artifacts,
    build::build,
    requirement::Kind,
    resolve::{Rules, resolve},
};
use crate::{
    context::Context,
    options::Download,
    paths::{io, resolve as resolve_path},
    requirements::one_of,
};

pub(crate) fn run(args: &Download, context: &Context<'_>) -> Result<u8, Diagnostic> {
    let artifacts = Artifacts::new(context)?;
    let asked = one_of(&args.collections, args.requirements_file.as_deref(), &artifacts)?.collections;
    let output = resolve_path(&args.download_path);
    fs::create_dir_all(&output).map_err(io(&output))?;
    let say = context.say;
    say.line("Process download dependency map");
    let rules = Rules { no_deps: args.no_deps, pre: args.pre, ..Rules::default() };
    let chosen = resolve(&asked, &[], rules, &artifacts)?;
    say.line(&format!("Starting collection download process to '{}'", output.display()));
    let mut written: Vec<Value> = Vec::new();
    for one in &chosen {
        if one.kind.is_virtual() {
            say.line(&format!("{} is not downloadable", one.shown()));
            continue;
        }
        say.line(&format!("Downloading collection '{}' to '{}'", one.shown(), output.display()));
        let source = artifacts.path(one)?;
        let path = if one.kind == Kind::Dir {
            build(&source, &output, true, context)?
        } else {
            let path = output.join(source.file_name().unwrap_or_default());
            if !path.exists() || path.canonicalize().ok() != source.canonicalize().ok() {
                fs::copy(&source, &path).map_err(io(&path))?;
            }
            path
        };
        say.line(&format!("Collection '{}' was downloaded successfully", one.shown()));
        let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        let entry: Dict = [("name", name), ("version", one.version.clone())].into_iter().collect();
        written.push(Value::Dict(entry));
    }
    let path = output.join("requirements.yml");
    say.line(&format!("Writing requirements.yml file of downloaded collections to '{}'", path.display()));
    let all: Dict = [("collections", Value::from(written))].into_iter().collect();
    let options = Options { default_flow_style: Some(false), ..Options::default() };
    fs::write(&path, to_yaml(&Value::Dict(all), &options)?).map_err(io(&path))?;
    Ok(0)
}
