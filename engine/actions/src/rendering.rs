//! Template files of the controller, rendered as a task sees them.

use std::{
    path::{self, Path},
    sync::Arc,
};

use rustible_executor::{Context, Failure, to_bool};
use rustible_protocol::{Dict, Origin, Text, Value, json::key_text};
use rustible_source::Files;
use rustible_template::FileOptions;

/// The file's text rendered; `src` is its name as the task wrote it, `dest` where the result goes.
///
/// # Errors
/// When the file cannot be read, is no UTF-8, or a template in it fails.
pub(crate) fn render(
    context: &Context<'_>,
    path: &Path,
    src: &str,
    options: &FileOptions,
    dest: Value,
) -> Result<String, Failure> {
    let bytes = context.runner.files.bytes(path)?;
    let text = String::from_utf8(bytes).map_err(|_| {
        Failure::msg(format!("Template source files must be utf-8 encoded: {}", path.display()))
    })?;
    let name: Arc<str> = path.display().to_string().into();
    Files::global().add(&name, &text.as_str().into());
    let vars = about(context, path, src, dest);
    let mut env = context.templar.env().clone();
    let folder = path.parent().map(Path::to_path_buf).unwrap_or_default();
    env.search = std::iter::once(folder).chain(env.search.iter().cloned()).collect();
    let templar = context.templar.with_env(env).with_vars(vars);
    Ok(templar.template_file(&Text::trusted(text, Some(Origin::new(&name, 0, 0))), options)?)
}

/// How a file is rendered: the reference's arguments for that, by their names in `args`.
///
/// # Errors
/// When one of them has no meaning.
pub(crate) fn options(args: &Dict) -> Result<FileOptions, Failure> {
    let given = |name: &str| args.get(name).filter(|value| !value.is_null());
    let text = |name: &str, default: &str| given(name).map_or_else(|| default.to_string(), key_text);
    let flag = |name: &str, default: bool| match given(name) {
        None => Ok(default),
        Some(value) => to_bool(value)
            .ok_or_else(|| Failure::msg(format!("The argument '{name}' is no boolean: {}", key_text(value)))),
    };
    let newline = match text("newline_sequence", "\n").as_str() {
        "\n" | "\\n" => "\n",
        "\r" | "\\r" => "\r",
        "\r\n" | "\\r\\n" => "\r\n",
        _ => return Err(Failure::msg("newline_sequence needs to be one of: \n, \r or \r\n")),
    };
    let defaults = FileOptions::default();
    let pair = |what: &str, default: &(String, String)| {
        (text(&format!("{what}_start_string"), &default.0), text(&format!("{what}_end_string"), &default.1))
    };
    Ok(FileOptions {
        trim_blocks: flag("trim_blocks", true)?,
        lstrip_blocks: flag("lstrip_blocks", false)?,
        newline_sequence: newline.to_string(),
        block: pair("block", &defaults.block),
        variable: pair("variable", &defaults.variable),
        comment: pair("comment", &defaults.comment),
        ..defaults
    })
}

/// What a template may say of itself: `ansible_managed`, `template_path` and their like.
fn about(context: &Context<'_>, path: &Path, src: &str, dest: Value) -> Dict {
    use std::os::unix::fs::MetadataExt;
    let mut vars = Dict::new();
    let full = path::absolute(path).unwrap_or_else(|_| path.to_path_buf()).display().to_string();
    let meta = std::fs::metadata(path).ok();
    let owner = meta.as_ref().map(MetadataExt::uid).map_or_else(String::new, user_name);
    if let Some(time) = meta.as_ref().and_then(|m| m.modified().ok()) {
        vars.insert("template_mtime", crate::pause::stamp(time));
    }
    let host = std::fs::read_to_string("/proc/sys/kernel/hostname").unwrap_or_default().trim().to_string();
    vars.insert("template_host", host);
    vars.insert("template_path", path.display().to_string());
    vars.insert("template_fullpath", full);
    vars.insert("template_uid", owner);
    vars.insert("template_run_date", crate::pause::stamp(std::time::SystemTime::now()));
    vars.insert("template_destpath", dest);
    vars.insert("template_src", src);
    if rustible_template::Scope::get(&**context.templar.scope(), "ansible_managed").is_none() {
        let modified = meta.and_then(|m| m.modified().ok());
        let managed = rustible_template::managed(&context.runner.options.ansible_managed, modified);
        vars.insert("ansible_managed", Value::Str(managed));
    }
    vars
}

/// The user's name in `/etc/passwd`, the number when it has none.
fn user_name(uid: u32) -> String {
    let passwd = std::fs::read_to_string("/etc/passwd").unwrap_or_default();
    let of = |line: &str| {
        let mut fields = line.split(':');
        let name = fields.next()?;
        (fields.nth(1)? == uid.to_string()).then(|| name.to_string())
    };
    passwd.lines().find_map(of).unwrap_or_else(|| uid.to_string())
}
