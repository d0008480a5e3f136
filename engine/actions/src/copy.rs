//! `ansible.builtin.copy`: contents of the controller to the target; the module of the same name writes them.

use std::path::{Path, PathBuf};

use rustible_executor::{Context, Failure};
use rustible_protocol::{Dict, Kind, Spec, Value, json};

use crate::{
    source::{self, basename, without},
    spec::{With, action, field, file_attributes, result, spec},
};

/// The name of the attachment that the module writes.
pub(crate) const CONTENT: &str = "content";

action!(
    Copy,
    Spec {
        diff: true,
        fields: [
            vec![
                field(
                    "src",
                    Kind::Path,
                    "File or folder of the controller (of the target with `remote_src`)."
                ),
                field("content", Kind::Raw, "The content itself."),
                field("dest", Kind::Path, "Where to, on the target."),
                field("backup", Kind::Bool, "Keep what was there under another name.").or(false),
                field("force", Kind::Bool, "Replace a file that differs.").or(true).alias(&["thirsty"]),
                field("remote_src", Kind::Bool, "`src` is on the target.").or(false),
                field("follow", Kind::Bool, "Follow symbolic links on the target.").or(false),
                field("local_follow", Kind::Bool, "Follow symbolic links of the source.").or(true),
                field("directory_mode", Kind::Raw, "Permissions of folders that are made."),
                field("checksum", Kind::Str, "SHA-1 that the source must have."),
                field("decrypt", Kind::Bool, "Decrypt vaults.").or(true),
                field("validate", Kind::Str, "Command that checks the new file at `%s`."),
            ],
            file_attributes(),
        ]
        .concat(),
        ..spec("ansible.builtin.copy", "Copy files to the target.", Vec::new())
    },
    |context| copy(context).await
);

async fn copy(context: &mut Context<'_>) -> Result<Dict, Failure> {
    let src = context.text("src").filter(|s| !s.is_empty());
    let content = context.args.get(CONTENT).filter(|c| !c.is_null()).cloned();
    if (&src, &content) == (&None, &None) {
        return Err(Failure::msg("src (or content) is required").judged());
    }
    let Some(dest) = context.text("dest").filter(|d| !d.is_empty()) else {
        return Err(Failure::msg("dest is required").judged());
    };
    let given = given(context);
    match (&src, &content) {
        (Some(_), Some(_)) => {
            return Err(Failure::msg("src and content are mutually exclusive").judged());
        }
        (None, Some(_)) if dest.ends_with('/') => {
            return Err(Failure::msg("can not use content with a dir as dest").judged());
        }
        _ => {}
    }
    if let Some(content) = content {
        let text = match &content {
            Value::Str(text) => text.to_string(),
            Value::Dict(_) | Value::List(_) => json::dumps(&content),
            other => rustible_protocol::repr::str(other),
        };
        let mut args = without(&given, &["src", CONTENT]);
        // There is no file whose permissions could be kept: it is its owner's alone.
        if args.get("mode").and_then(Value::as_str) == Some("preserve") {
            args.insert("mode", "0600");
        }
        let result = write(context, args, source::bytes(CONTENT, text.into_bytes())).await?;
        return Ok(told(result, context.check()));
    }
    let src = src.unwrap_or_else(|| "".into());
    if context.flag("remote_src", false)? {
        return context.module("ansible.builtin.copy", given, Vec::new()).await;
    }
    let path = context.find_file("files", src.trim_end_matches('/')).map_err(unexpected)?;
    if path.is_dir() {
        return folder(context, &given, &path, src.ends_with('/'), &dest).await;
    }
    let decrypt = context.flag("decrypt", true)?;
    let mut args = without(&given, &["src", "decrypt", "local_follow"]);
    args.insert("_original_basename", basename(&src));
    preserve(&mut args, &path)?;
    let attached = source::file(context, CONTENT, &path, decrypt)?;
    Ok(told(write(context, args, attached).await?, context.check()))
}

/// Of content that would be written no more is told than that.
fn foreseen(result: Dict, check: bool) -> Dict {
    if !check || !result.get("changed").is_some_and(Value::truthy) || result.contains_key("path") {
        return result;
    }
    let kept = |key: &Value| matches!(key.as_str(), Some("changed" | "diff" | "warnings" | "deprecations"));
    result.iter().filter(|(key, _)| kept(key)).map(|(k, v)| (k.clone(), v.clone())).collect()
}

/// What the controller's half makes of a result: differences even where there are none.
pub(crate) fn told(result: Dict, check: bool) -> Dict {
    if result.get("failed").is_some_and(Value::truthy) {
        return result;
    }
    let mut result = foreseen(result, check);
    let differences = match result.get("diff").cloned() {
        Some(list @ Value::List(_)) => list,
        Some(Value::Dict(one)) => vec![Value::Dict(one)].into(),
        _ => Value::list(),
    };
    result.insert("diff", differences);
    result
}

/// A file that is missing, in the reference's words.
fn unexpected(failure: Failure) -> Failure {
    match failure {
        Failure::Error(error) => {
            let error = Box::new(error.context("Unexpected AnsibleActionFail error", None));
            Failure::Raised { result: result([("msg", error.summary().into())]), error }
        }
        other => other,
    }
}

/// The arguments that were given, under their names, without the defaults of the controller's half.
fn given(context: &Context<'_>) -> Dict {
    let spec = context.runner.registry.spec("ansible.builtin.copy");
    let written = |name: &str| {
        let field = spec.and_then(|spec| spec.field(name));
        let names =
            field.map(|f| std::iter::once(f.name).chain(f.aliases.iter().copied()).collect::<Vec<_>>());
        names.unwrap_or_default().iter().any(|name| context.written.contains_key(name))
    };
    let kept =
        context.args.iter().filter(|(key, value)| !value.is_null() && key.as_str().is_some_and(written));
    kept.map(|(key, value)| (key.clone(), value.clone())).collect()
}

async fn write(context: &Context<'_>, args: Dict, attached: source::Attached) -> Result<Dict, Failure> {
    context.module("ansible.builtin.copy", args, vec![attached]).await
}

/// What the folders are given.
fn of_folders(given: &Dict) -> Dict {
    let mut dirs = Dict::new();
    dirs.insert("state", "directory");
    for (from, to) in [("directory_mode", "mode"), ("owner", "owner"), ("group", "group")] {
        if let Some(value) = given.get(from) {
            dirs.insert(to, value.clone());
        }
    }
    dirs
}

/// Whether the folder that a file goes to is not there.
fn lacks_folder(result: &Dict) -> bool {
    let told = result.get("msg").and_then(Value::as_str);
    told.is_some_and(|told| told.starts_with("Destination directory ") && told.ends_with(" does not exist"))
}

/// `mode: preserve` is the source's own mode.
fn preserve(args: &mut Dict, path: &Path) -> Result<(), Failure> {
    use std::os::unix::fs::PermissionsExt;
    if args.get("mode").and_then(Value::as_str) != Some("preserve") {
        return Ok(());
    }
    let meta = std::fs::metadata(path).map_err(|e| Failure::msg(format!("{}: {e}", path.display())))?;
    args.insert("mode", format!("0{:o}", meta.permissions().mode() & 0o7777));
    Ok(())
}

/// A folder: its folders are made, its files written one by one; with a slash at its end only what is in it.
async fn folder(
    context: &Context<'_>,
    given: &Dict,
    root: &Path,
    inside: bool,
    dest: &str,
) -> Result<Dict, Failure> {
    let name = root.file_name().map(PathBuf::from).unwrap_or_default();
    let base = if inside { PathBuf::from(dest) } else { PathBuf::from(dest).join(name) };
    let found = source::tree(root, context.flag("local_follow", true)?)
        .map_err(|e| Failure::msg(format!("{}: {e}", root.display())))?;
    let mut changed = false;
    let mut diffs: Vec<Value> = Vec::new();
    let mut last = Dict::new();
    let dirs = of_folders(given);
    for relative in std::iter::once(PathBuf::new()).chain(found.folders) {
        let mut args = dirs.clone();
        args.insert("path", base.join(&relative).display().to_string());
        let result = context.module("ansible.builtin.file", args, Vec::new()).await?;
        if result.get("failed").is_some_and(Value::truthy) {
            return Ok(result);
        }
        changed |= result.get("changed").is_some_and(Value::truthy);
    }
    let decrypt = context.flag("decrypt", true)?;
    let alone = found.files.len() == 1;
    for relative in found.files {
        let path = root.join(&relative);
        let mut args = without(given, &["src", "decrypt", "local_follow", "directory_mode"]);
        args.insert("dest", base.join(&relative).display().to_string());
        preserve(&mut args, &path)?;
        let attached = source::file(context, CONTENT, &path, decrypt)?;
        let result = write(context, args, attached).await?;
        if result.get("failed").is_some_and(Value::truthy) {
            // The folder is yet to be made, and the file with it.
            if context.check() && lacks_folder(&result) {
                changed = true;
                continue;
            }
            return Ok(result);
        }
        changed |= result.get("changed").is_some_and(Value::truthy);
        match result.get("diff") {
            Some(Value::List(list)) => diffs.extend(list.iter().cloned()),
            Some(diff) => diffs.push(diff.clone()),
            None => {}
        }
        last = foreseen(result, context.check());
    }
    for (relative, target) in found.links {
        let mut args = dirs.clone();
        args.remove("mode");
        args.insert("path", base.join(&relative).display().to_string());
        args.insert("src", target.display().to_string());
        args.insert("state", "link");
        args.insert("force", true);
        args.insert("follow", false);
        let result = context.module("ansible.builtin.file", args, Vec::new()).await?;
        if result.get("failed").is_some_and(Value::truthy) {
            return Ok(result);
        }
        changed |= result.get("changed").is_some_and(Value::truthy);
        last = result;
    }
    // What the module said is told of a single file only.
    if !alone {
        last = Dict::new();
        last.insert("dest", dest);
        last.insert("src", format!("{}{}", root.display(), if inside { "/" } else { "" }));
    }
    last.insert("changed", changed);
    if !diffs.is_empty() {
        last.insert("diff", diffs);
    }
    Ok(last)
}
