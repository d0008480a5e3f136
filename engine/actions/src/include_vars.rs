//! `ansible.builtin.include_vars`: variables of the host from files of the controller.

use std::path::{Path, PathBuf};

use rustible_executor::{Context, Effect, Failure};
use rustible_protocol::{Dict, Kind, Spec, Text, Value};
use rustible_source::Diagnostic;
use rustible_template::Pattern;

use crate::spec::{With, action, field, spec};

action!(
    IncludeVars,
    Spec {
        free_form: true,
        ..spec(
            "ansible.builtin.include_vars",
            "Load variables from files.",
            vec![
                field("file", Kind::Path, "A file."),
                field("dir", Kind::Path, "A folder whose files are read in order."),
                field("name", Kind::Str, "Put the variables into a mapping of that name."),
                field("depth", Kind::Int, "Levels of a folder that are read; 0 for all.").or(0),
                field("files_matching", Kind::Str, "Regular expression of file names that are read."),
                field(
                    "ignore_files",
                    Kind::Raw,
                    "Regular expressions of file names that are not read, a list."
                ),
                field("extensions", Kind::Raw, "Endings of files that are read, a list."),
                field("ignore_unknown_extensions", Kind::Bool, "Pass over files with other endings.")
                    .or(false),
                field("hash_behaviour", Kind::Str, "`replace` or `merge` mappings.")
                    .one_of(&["replace", "merge"]),
                field("_raw_params", Kind::Str, "The file."),
            ],
        )
    },
    placed = true,
    |context| match check(context) {
        Ok(()) => include(context).map_err(Failure::judged),
        Err(error) => Err(error.into()),
    }
);

/// Lists that are none and expressions that cannot be understood break the task off.
fn check(context: &Context<'_>) -> Result<(), Diagnostic> {
    const FILE: [&str; 2] = ["file", "_raw_params"];
    const FOLDER: [&str; 6] =
        ["dir", "depth", "files_matching", "ignore_files", "extensions", "ignore_unknown_extensions"];
    let any = |names: &[&str]| names.iter().any(|name| context.args.contains_key(name));
    if any(&FILE) && any(&FOLDER) {
        let text = "You are mixing file only and dir only arguments, these are incompatible";
        return Err(Diagnostic::new(text));
    }
    for name in ["extensions", "ignore_files"] {
        match context.args.get(name) {
            None | Some(Value::List(_)) => {}
            // `ignore_files` may be one text.
            Some(Value::Null | Value::Str(_)) if name == "ignore_files" => {}
            Some(_) if name == "ignore_files" && context.text("dir").is_none() => {}
            Some(other) => {
                let text = format!("The '{name}' option must be a list.");
                return Err(Diagnostic::new(text).at(other.origin()));
            }
        }
    }
    if let Some(pattern) = context.text("files_matching") {
        Pattern::new(&pattern, false, false).map_err(Diagnostic::new)?;
    }
    Ok(())
}

/// The variables of files, and which files were read.
#[derive(Default)]
struct Found {
    vars: Dict,
    files: Vec<PathBuf>,
    secret: bool,
}

impl Found {
    /// The result so far.
    fn result(&self, name: Option<&Text>) -> Dict {
        let vars = match name {
            Some(name) => {
                [(Value::from(name.as_str()), Value::Dict(self.vars.clone()))].into_iter().collect()
            }
            None => self.vars.clone(),
        };
        let names: Vec<Value> = self.files.iter().map(|p| Value::from(p.display().to_string())).collect();
        let mut result = Dict::new();
        result.insert("changed", false);
        result.insert("ansible_facts", vars);
        result.insert("ansible_included_var_files", names);
        result.insert("_ansible_no_facts", true);
        // What was encrypted is not shown.
        result.insert("_ansible_no_log", self.secret);
        result
    }

    /// What is wrong with a source goes by a key of its own.
    fn failed(&self, name: Option<&Text>, message: &str) -> Failure {
        let mut result = self.result(name);
        result.insert("message", message);
        Failure::Result(result)
    }
}

fn include(context: &mut Context<'_>) -> Result<Dict, Failure> {
    let name = context.text("name");
    let mut found = Found::default();
    if let Err(failure) = read(context, &mut found) {
        return Err(match failure.judged() {
            Failure::Result(result) => {
                let message = result.get("msg").map(rustible_protocol::repr::str).unwrap_or_default();
                found.failed(name.as_ref(), &message)
            }
            other => other,
        });
    }
    let mut result = found.result(name.as_ref());
    let mut vars = result.get("ansible_facts").and_then(Value::as_dict).cloned().unwrap_or_default();
    if context.text("hash_behaviour").as_deref() == Some("merge") && !context.runner.options.merge_hashes {
        vars = merged(context, &vars);
        result.insert("ansible_facts", vars.clone());
    }
    context.effects.push(Effect::Include(vars));
    Ok(result)
}

/// Read the files that are meant.
fn read(context: &Context<'_>, found: &mut Found) -> Result<(), Failure> {
    let files = match context.text("dir") {
        Some(dir) => folder(context, &dir)?,
        None => vec![file(context)?],
    };
    for path in files {
        found.secret |= context.runner.files.is_encrypted(&path);
        match context.runner.load(&path)? {
            Value::Dict(more) => found.vars.extend(&more),
            Value::Null => {}
            _ => {
                let shown = path.display();
                return Err(Failure::msg(format!("'{shown}' must be stored as a dictionary/hash")));
            }
        }
        found.files.push(path);
    }
    Ok(())
}

/// The variables merged with what the host has under their names.
fn merged(context: &Context<'_>, vars: &Dict) -> Dict {
    let scope = context.templar.scope();
    let known = vars.keys().filter_map(|key| Some((key.clone(), scope.get(key.as_str()?)?)));
    rustible_executor::combine(&known.collect(), vars, true)
}

fn file(context: &Context<'_>) -> Result<PathBuf, Failure> {
    let Some(name) = context.text("file").or_else(|| context.text("_raw_params")) else {
        return Err(Failure::msg("Could not find file on the Ansible Controller."));
    };
    context.find_file("vars", name.trim())
}

fn folder(context: &Context<'_>, name: &str) -> Result<Vec<PathBuf>, Failure> {
    let root = context.find_file("vars", name).map_err(|_| {
        let task = context.task.origin.as_ref().map(|at| PathBuf::from(&*at.file));
        let beside = task.as_deref().and_then(Path::parent).map(|folder| folder.join(name));
        let full = beside.unwrap_or_else(|| PathBuf::from(name));
        Failure::msg(format!("{} directory does not exist", full.display()))
    })?;
    if !root.is_dir() {
        return Err(Failure::msg(format!("{} is not a directory", root.display())));
    }
    let list = |name: &str| -> Vec<String> {
        match context.args.get(name) {
            Some(Value::List(list)) => list.iter().map(rustible_protocol::repr::str).collect(),
            Some(Value::Str(text)) => text.split_whitespace().map(str::to_string).collect(),
            _ => Vec::new(),
        }
    };
    let pattern = |text: &str| {
        Pattern::new(text, false, false)
            .map_err(|error| Failure::msg(format!("'{text}' is no regular expression: {error}")))
    };
    let matching = context.text("files_matching").map(|text| pattern(&text)).transpose()?;
    let ignored: Vec<_> = list("ignore_files").iter().map(|text| pattern(text)).collect::<Result<_, _>>()?;
    let mut extensions = list("extensions");
    if extensions.is_empty() {
        extensions = ["json", "yaml", "yml"].map(str::to_string).to_vec();
    }
    let depth = context.args.get("depth").and_then(Value::as_int).unwrap_or(0);
    let mut found = Vec::new();
    walk(&root, 1, depth, &mut found)
        .map_err(|error| Failure::msg(format!("{}: {error}", root.display())))?;
    let name_of =
        |path: &Path| path.file_name().map(|n| n.to_string_lossy().into_owned()).unwrap_or_default();
    let lenient = context.flag("ignore_unknown_extensions", false)?;
    let mut files = Vec::new();
    for path in found {
        let name = name_of(&path);
        if ignored.iter().any(|p| p.search(&name, 0).is_some())
            || matching.as_ref().is_some_and(|p| p.search(&name, 0).is_none())
        {
            continue;
        }
        let extension = path.extension().map(|e| e.to_string_lossy().into_owned()).unwrap_or_default();
        if extensions.contains(&extension) {
            files.push(path);
        } else if !lenient {
            return Err(Failure::msg(format!(
                "'{}' does not have a valid extension: {}",
                path.display(),
                extensions.join(", ")
            )));
        }
    }
    Ok(files)
}

fn walk(folder: &Path, level: i64, depth: i64, found: &mut Vec<PathBuf>) -> std::io::Result<()> {
    let mut entries: Vec<PathBuf> =
        std::fs::read_dir(folder)?.map(|e| e.map(|e| e.path())).collect::<Result<_, _>>()?;
    entries.sort();
    let (folders, files): (Vec<PathBuf>, Vec<PathBuf>) = entries.into_iter().partition(|path| path.is_dir());
    found.extend(files);
    if depth == 0 || level < depth {
        for inner in folders {
            walk(&inner, level + 1, depth, found)?;
        }
    }
    Ok(())
}
