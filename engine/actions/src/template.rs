//! `ansible.builtin.template`: a rendered file to the target; the `copy` module writes it.

use rustible_executor::{Context, Failure};
use rustible_protocol::{Dict, Kind, Spec, Value};

use crate::{
    copy::{CONTENT, told},
    rendering,
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
    let path = context.find_file("templates", &src).map_err(Failure::relayed)?;
    let options = rendering::options(&context.args)?;
    let dest = context.args.get("dest").cloned().unwrap_or_default();
    let rendered = rendering::render(context, &path, &src, &options, dest)?;
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
    let rendered = source::bytes(CONTENT, encoded(rendered, &encoding)?);
    let result = context.module("ansible.builtin.copy", args, vec![rendered]).await?;
    let check = context.check();
    Ok(told(result, check))
}

/// The text in another encoding.
fn encoded(text: String, name: &str) -> Result<Vec<u8>, Failure> {
    if matches!(name.to_lowercase().as_str(), "" | "utf-8" | "utf8" | "ascii" | "us-ascii") {
        return Ok(text.into_bytes());
    }
    let label = name.to_lowercase().replace('_', "-");
    let known = encoding_rs::Encoding::for_label(label.as_bytes());
    let Some(encoding) = known.filter(|encoding| encoding.output_encoding() == *encoding) else {
        return Err(Failure::msg(format!("template: output_encoding '{name}' is not supported by rustible")));
    };
    let (bytes, _, lossy) = encoding.encode(&text);
    if lossy {
        return Err(Failure::msg(format!("template: the text has characters that '{name}' cannot encode")));
    }
    Ok(bytes.into_owned())
}
