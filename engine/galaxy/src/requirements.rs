//! Files of requirements: roles alone, or roles and collections.

use std::{fs, path::Path, sync::Arc};

use rustible_protocol::{Dict, Value, repr};
use rustible_source::Diagnostic;

use crate::{
    collection::{
        artifacts::Artifacts,
        requirement::{Wanted, of_fields, of_text},
    },
    context::{Context, Server, failed},
    paths::{io, resolve},
    role::requirement::RoleSpec,
};

/// What a file, or the command line, asks for.
#[derive(Debug, Default)]
pub(crate) struct Asked {
    pub(crate) roles: Vec<RoleSpec>,
    pub(crate) collections: Vec<Wanted>,
}

/// Of a command about collections: either names or a file.
pub(crate) fn one_of(
    names: &[String],
    file: Option<&str>,
    artifacts: &Artifacts<'_>,
) -> Result<Asked, Diagnostic> {
    match (names, file) {
        ([_, ..], Some(_)) => {
            Err(failed("The positional collection_name arg and --requirements-file are mutually exclusive."))
        }
        ([], None) => Err(failed("You must specify a collection name or a requirements file.")),
        (_, Some(file)) => read(&resolve(file), false, artifacts),
        (names, None) => {
            let collections =
                names.iter().map(|name| of_text(name, artifacts)).collect::<Result<Vec<_>, _>>()?;
            Ok(Asked { collections, ..Asked::default() })
        }
    }
}

/// What is said of the kind that is left out.
pub(crate) fn two_types(file: &str, left_out: &str) -> String {
    format!(
        "The requirements file '{}' contains {left_out}s which will be ignored. To install these {left_out}s run \
         'ansible-galaxy {left_out} install -r' or to install both at the same time run 'ansible-galaxy install -r' \
         without a custom install path.",
        resolve(file).display()
    )
}

/// Read a file. `old`: a list of roles will do.
pub(crate) fn read(path: &Path, old: bool, artifacts: &Artifacts<'_>) -> Result<Asked, Diagnostic> {
    let shown = path.display();
    let say = artifacts.context.say;
    if !path.exists() {
        return Err(failed(format!("The requirements file '{shown}' does not exist.")));
    }
    say.verbose(3, &format!("Reading requirement file at '{shown}'"));
    let text = fs::read_to_string(path).map_err(io(path))?;
    let name: Arc<str> = shown.to_string().into();
    let value = rustible_yaml::load_plainly(&name, &text).map_err(|error| {
        failed(format!(
            "Failed to parse the requirements yml at '{shown}' with the following error:\n{}",
            error.summary()
        ))
    })?;
    match value.into_untrusted() {
        Value::Null => Err(failed(format!("No requirements found in file '{shown}'"))),
        Value::List(_) if !old => Err(failed(
            "Expecting requirements file to be a dict with the key 'collections' that contains a list of collections to install",
        )),
        Value::List(list) => Ok(Asked { roles: roles(list.iter(), path)?, ..Asked::default() }),
        Value::Dict(dict) => of_dict(&dict, path, artifacts),
        other => Err(failed(format!(
            "Expecting requirements yaml to be a list or dictionary but got {}",
            other.type_name()
        ))),
    }
}

fn of_dict(dict: &Dict, path: &Path, artifacts: &Artifacts<'_>) -> Result<Asked, Diagnostic> {
    let extra: Vec<String> =
        dict.keys().map(repr::str).filter(|key| key != "roles" && key != "collections").collect();
    if !extra.is_empty() {
        return Err(failed(format!(
            "Expecting only 'roles' and/or 'collections' as base keys in the requirements file. Found: {}",
            extra.join(", ")
        )));
    }
    let items = |key: &str| dict.get(key).and_then(Value::as_list).cloned().unwrap_or_default();
    let mut asked = Asked { roles: roles(items("roles").iter(), path)?, ..Asked::default() };
    for item in items("collections").iter() {
        let fields = match item {
            Value::Dict(fields) => fields.clone(),
            other => [("name", other.clone())].into_iter().collect(),
        };
        let server = server_of(&fields, artifacts.context);
        asked.collections.push(of_fields(&fields, server, artifacts)?);
    }
    Ok(asked)
}

/// The server that `source` names, by its name, its URL, or as a new one.
fn server_of(fields: &Dict, context: &Context<'_>) -> Option<Server> {
    let text = |key: &str| fields.get(key).filter(|value| value.truthy()).map(repr::str);
    let source = text("source")?;
    let name = text("name")?;
    if text("type").is_some_and(|kind| kind != "galaxy") {
        return None;
    }
    let known = context.servers.iter().find(|server| server.name == source || server.url == source);
    Some(known.cloned().unwrap_or_else(|| Server {
        name: format!("explicit_requirement_{name}"),
        url: source,
        authorization: None,
        verify: !context.ignore_certs,
        timeout: 60,
    }))
}

fn roles<'v>(items: impl Iterator<Item = &'v Value>, path: &Path) -> Result<Vec<RoleSpec>, Diagnostic> {
    let mut all = Vec::new();
    for item in items {
        match item.get("include").map(repr::str) {
            None => all.push(RoleSpec::of_value(item)?),
            Some(include) => all.extend(included(&include, path)?),
        }
    }
    Ok(all)
}

fn included(include: &str, path: &Path) -> Result<Vec<RoleSpec>, Diagnostic> {
    let file = Path::new(include);
    if !file.is_file() {
        return Err(failed(format!(
            "Failed to find include requirements file '{include}' in '{}'",
            path.display()
        )));
    }
    let name: Arc<str> = include.into();
    let text = fs::read_to_string(file).map_err(io(file))?;
    let unable = |error: &Diagnostic| {
        failed(format!(
            "Unable to load data from include requirements file: {} {}",
            path.display(),
            error.summary()
        ))
    };
    let value = rustible_yaml::load(&name, &text).map_err(|error| unable(&error))?.into_untrusted();
    let list = value.as_list().cloned().unwrap_or_default();
    list.iter().map(|item| RoleSpec::of_value(item).map_err(|error| unable(&error))).collect()
}
