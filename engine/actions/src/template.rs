//! `ansible.builtin.template`: a rendered file to the target; the `copy` module writes it.

use rustible_executor::{Context, Failure};
use rustible_protocol::{Dict, Kind, Origin, Spec, Text, Value};
use rustible_source::Files;
use rustible_template::FileOptions;

use crate::{
    copy::CONTENT,
    source::{self, basename, without},
    spec::{With, action, field, file_attributes, spec},
};

/// Arguments that are for the rendering, not for the module.
const RENDERING: [&str; 12] = [
    "src",
    "trim_blocks",
    "lstrip_blocks",
    "newline_sequence",
    "block_start_string",
    "block_end_string",
    "variable_start_string",
    "variable_end_string",
    "comment_start_string",
    "comment_end_string",
    "output_encoding",
    "decrypt",
];

action!(
    Template,
    Spec {
        diff: true,
        fields: [
            vec![
                field("src", Kind::Path, "The template on the controller.").required(),
                field("dest", Kind::Path, "Where to, on the target.").required(),
                field("backup", Kind::Bool, "Keep what was there under another name.").or(false),
                field("force", Kind::Bool, "Replace a file that differs.").or(true),
                field("follow", Kind::Bool, "Follow symbolic links on the target.").or(false),
                field("validate", Kind::Str, "Command that checks the new file at `%s`."),
                field("trim_blocks", Kind::Bool, "Remove the newline behind a statement.").or(true),
                field("lstrip_blocks", Kind::Bool, "Remove blanks in front of a statement.").or(false),
                field("newline_sequence", Kind::Str, "What ends a line.").or("\n"),
                field("block_start_string", Kind::Str, "Opens a statement.").or("{%"),
                field("block_end_string", Kind::Str, "Closes a statement.").or("%}"),
                field("variable_start_string", Kind::Str, "Opens an expression.").or("{{"),
                field("variable_end_string", Kind::Str, "Closes an expression.").or("}}"),
                field("comment_start_string", Kind::Str, "Opens a comment."),
                field("comment_end_string", Kind::Str, "Closes a comment."),
                field("output_encoding", Kind::Str, "Encoding of the file written.").or("utf-8"),
            ],
            file_attributes(),
        ]
        .concat(),
        ..spec("ansible.builtin.template", "Render a file to the target.", Vec::new())
    },
    |context| template(context).await
);

async fn template(context: &mut Context<'_>) -> Result<Dict, Failure> {
    let src = context.text("src").unwrap_or_else(|| "".into());
    let encoding = context.text("output_encoding").unwrap_or_else(|| "utf-8".into());
    if !matches!(encoding.to_lowercase().as_str(), "utf-8" | "utf8") {
        return Err(Failure::msg(format!(
            "template: output_encoding '{encoding}' is not supported by rustible"
        )));
    }
    let path = context.find_file("templates", &src)?;
    let bytes = context.runner.files.bytes(&path)?;
    let text = String::from_utf8(bytes).map_err(|_| {
        Failure::msg(format!("Template source files must be utf-8 encoded: {}", path.display()))
    })?;
    let name: std::sync::Arc<str> = path.display().to_string().into();
    Files::global().add(&name, &text.as_str().into());
    let rendered = {
        let options = options(context)?;
        let vars = about(context, &path, &src);
        let mut env = context.templar.env().clone();
        let folder = path.parent().map(std::path::Path::to_path_buf).unwrap_or_default();
        env.search = std::iter::once(folder).chain(env.search.iter().cloned()).collect();
        let templar = context.templar.with_env(env).with_vars(vars);
        templar.template_file(&Text::trusted(text, Some(Origin::new(&name, 1, 1))), &options)?
    };
    let spec = context.runner.registry.spec("ansible.builtin.template");
    let written = |name: &str| {
        let field = spec.and_then(|spec| spec.field(name));
        field.is_some_and(|f| {
            context.written.contains_key(f.name)
                || f.aliases.iter().any(|alias| context.written.contains_key(alias))
        })
    };
    let given: Dict = context
        .args
        .iter()
        .filter(|(key, value)| !value.is_null() && key.as_str().is_some_and(written))
        .map(|(key, value)| (key.clone(), value.clone()))
        .collect();
    let mut args = without(&given, &RENDERING);
    args.insert("_original_basename", basename(&src));
    if args.get("mode").and_then(Value::as_str) == Some("preserve") {
        use std::os::unix::fs::PermissionsExt;
        let meta = std::fs::metadata(&path).map_err(|e| Failure::msg(format!("{}: {e}", path.display())))?;
        args.insert("mode", format!("0{:o}", meta.permissions().mode() & 0o7777));
    }
    context.module("ansible.builtin.copy", args, vec![source::bytes(CONTENT, rendered.into_bytes())]).await
}

fn options(context: &Context<'_>) -> Result<FileOptions, Failure> {
    let text =
        |name: &str, default: &str| context.text(name).map_or_else(|| default.to_string(), |t| t.to_string());
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
        trim_blocks: context.flag("trim_blocks", true)?,
        lstrip_blocks: context.flag("lstrip_blocks", false)?,
        newline_sequence: newline.to_string(),
        block: pair("block", &defaults.block),
        variable: pair("variable", &defaults.variable),
        comment: pair("comment", &defaults.comment),
        ..defaults
    })
}

/// What a template may say of itself: `ansible_managed`, `template_path` and their like.
fn about(context: &Context<'_>, path: &std::path::Path, src: &str) -> Dict {
    use std::os::unix::fs::MetadataExt;
    let mut vars = Dict::new();
    let full = std::path::absolute(path).unwrap_or_else(|_| path.to_path_buf()).display().to_string();
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
    vars.insert("template_destpath", context.args.get("dest").cloned().unwrap_or_default());
    vars.insert("template_src", src);
    if rustible_template::Scope::get(&**context.templar.scope(), "ansible_managed").is_none() {
        vars.insert("ansible_managed", context.runner.options.ansible_managed.as_str());
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
