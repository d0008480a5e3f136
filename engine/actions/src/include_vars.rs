//! `ansible.builtin.include_vars`: variables of the host from files of the controller.

use std::path::{Path, PathBuf};

use rustible_executor::{Context, Effect, Failure};
use rustible_protocol::{Dict, Kind, Spec, Value};

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
                field("ignore_files", Kind::List, "Regular expressions of file names that are not read.")
                    .of(Kind::Str),
                field("extensions", Kind::List, "Endings of files that are read.").of(Kind::Str),
                field("ignore_unknown_extensions", Kind::Bool, "Pass over files with other endings.")
                    .or(false),
                field("hash_behaviour", Kind::Str, "`replace` or `merge` mappings.")
                    .one_of(&["replace", "merge"]),
                field("_raw_params", Kind::Str, "The file."),
            ],
        )
    },
    |context| include(context).map_err(Failure::judged)
);

fn include(context: &mut Context<'_>) -> Result<Dict, Failure> {
    let files = match context.text("dir") {
        Some(dir) => folder(context, &dir)?,
        None => vec![file(context)?],
    };
    let mut vars = Dict::new();
    let mut secret = false;
    for path in &files {
        secret |= context.runner.files.is_encrypted(path);
        match context.runner.load(path)? {
            Value::Dict(more) => vars.extend(&more),
            Value::Null => {}
            _ => {
                return Err(Failure::msg(format!("{} must be stored as a dictionary/hash", path.display())));
            }
        }
    }
    if let Some(name) = context.text("name") {
        vars = [(Value::from(name.as_str()), Value::Dict(vars))].into_iter().collect();
    }
    if context.text("hash_behaviour").as_deref() == Some("merge") && !context.runner.options.merge_hashes {
        vars = merged(context, &vars);
    }
    context.warnings.extend(rustible_executor::reserved_names(&vars).iter().map(|w| w.render()));
    context.effects.push(Effect::Include(vars.clone()));
    let mut result = Dict::new();
    result.insert("changed", false);
    result.insert("ansible_facts", vars);
    let names: Vec<Value> = files.iter().map(|p| Value::from(p.display().to_string())).collect();
    result.insert("ansible_included_var_files", names);
    result.insert("_ansible_no_facts", true);
    // What was encrypted is not shown.
    result.insert("_ansible_no_log", secret);
    Ok(result)
}

/// The variables merged with what the host has under their names.
fn merged(context: &Context<'_>, vars: &Dict) -> Dict {
    let scope = context.templar.scope();
    let known = vars.keys().filter_map(|key| Some((key.clone(), scope.get(key.as_str()?)?)));
    rustible_executor::combine(&known.collect(), vars, true)
}

fn file(context: &Context<'_>) -> Result<PathBuf, Failure> {
    let Some(name) = context.text("file").or_else(|| context.text("_raw_params")) else {
        return Err(Failure::msg("One of the following is required: file, dir"));
    };
    context.find_file("vars", name.trim())
}

fn folder(context: &Context<'_>, name: &str) -> Result<Vec<PathBuf>, Failure> {
    let root = context
        .find_file("vars", name)
        .map_err(|_| Failure::msg(format!("{name} directory does not exist")))?;
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
        rustible_template::Pattern::new(text, false, false)
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
                "{} does not have a valid extension: {}",
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
