//! `role info`.

use std::path::PathBuf;

use rustible_protocol::{Dict, Value, repr};
use rustible_source::Diagnostic;

use super::{
    requirement::RoleSpec,
    search::entry,
    there::{Role, folders},
};
use crate::{
    api::Api,
    context::{Context, failed},
    fault::Refused,
    options::Info,
};

/// What is not shown.
const SKIPPED: [&str; 8] = [
    "name",
    "description",
    "readme_html",
    "related",
    "summary_fields",
    "average_aw_composite",
    "average_aw_score",
    "url",
];

pub(crate) fn run(args: &Info, context: &Context<'_>) -> Result<u8, Diagnostic> {
    let folders = folders(&args.paths, context);
    let api = Api::new(context);
    let mut text = String::new();
    for name in &args.roles {
        let role = Role::new(RoleSpec { name: name.clone(), ..RoleSpec::default() }, &folders)?;
        let mut all = Dict::new();
        all.insert("path", tuple(&folders));
        if let Some(Value::Dict(mut info)) = role.installed() {
            if let Some(version) = info.remove("version") {
                info.insert("installed_version", version);
            }
            all.extend(&info);
        }
        let there = role.paths.iter().any(|path| path.is_dir());
        let remote = if args.offline { None } else { remote(name, &api)? };
        if remote.is_none() && !(args.offline && there) {
            text = format!("- the role {name} was not found");
            break;
        }
        if let Some(Value::Dict(remote)) = &remote {
            all.extend(remote);
        }
        if let Some(Value::Dict(metadata)) = role.metadata() {
            all.extend(&metadata);
        }
        all.insert("name", name.as_str());
        text.push_str(&shown(&all));
    }
    context.say.line(&text);
    Ok(0)
}

/// The folders as Python writes a tuple of them.
fn tuple(folders: &[PathBuf]) -> String {
    let each: Vec<String> =
        folders.iter().map(|path| repr::repr(&Value::from(path.display().to_string()))).collect();
    if let [only] = each.as_slice() { format!("({only},)") } else { format!("({})", each.join(", ")) }
}

fn remote(name: &str, api: &Api<'_>) -> Result<Option<Value>, Diagnostic> {
    match entry(name, api) {
        Ok(found) => Ok(found),
        Err(Refused::Status(400, _)) => Ok(None),
        // A name without an owner is one that no server has.
        Err(_) if !name.contains('.') => Ok(None),
        Err(refused) => {
            let error = Diagnostic::from(refused);
            Err(failed(format!("Unable to find info about '{name}': {}", error.summary())))
        }
    }
}

fn shown(all: &Dict) -> String {
    let text = |value: Option<&Value>| value.map(repr::str).unwrap_or_default();
    let galaxy = all.get("galaxy_info").and_then(|info| info.get("description"));
    let mut lines = vec![String::new(), format!("Role: {}", text(all.get("name")))];
    lines.push(format!("\tdescription: {}", text(all.get("description").or(galaxy))));
    for (key, value) in sorted(all) {
        match value {
            Value::Dict(inner) => {
                lines.push(format!("\t{key}:"));
                lines.extend(
                    sorted(inner).into_iter().map(|(key, value)| format!("\t\t{key}: {}", repr::str(value))),
                );
            }
            other => lines.push(format!("\t{key}: {}", repr::str(other))),
        }
    }
    lines.push(String::new());
    lines.join("\n")
}

fn sorted(dict: &Dict) -> Vec<(String, &Value)> {
    let mut all: Vec<(String, &Value)> = dict.iter().map(|(key, value)| (repr::str(key), value)).collect();
    all.retain(|(key, _)| !SKIPPED.contains(&key.as_str()));
    all.sort_by(|a, b| a.0.cmp(&b.0));
    all
}
