//! `ansible.builtin.assemble`: fragments put together; those of the controller here, those of the target by the module.

use rustible_executor::{Context, Failure};
use rustible_protocol::{Dict, Kind, Spec};

use crate::{
    copy::CONTENT,
    source::{self, without},
    spec::{With, action, field, file_attributes, spec},
};

action!(
    Assemble,
    Spec {
        diff: true,
        fields: [
            vec![
                field("src", Kind::Path, "Folder with the fragments.").required(),
                field("dest", Kind::Path, "The file they become.").required(),
                field("remote_src", Kind::Bool, "The folder is on the target.").or(true),
                field("regexp", Kind::Str, "Only fragments whose name matches."),
                field("delimiter", Kind::Str, "Text between two fragments."),
                field("ignore_hidden", Kind::Bool, "Pass over names that begin with a dot.").or(false),
                field("decrypt", Kind::Bool, "Decrypt vaults.").or(true),
                field("backup", Kind::Bool, "Keep what was there under another name.").or(false),
                field("validate", Kind::Str, "Command that checks the new file at `%s`."),
            ],
            file_attributes(),
        ]
        .concat(),
        ..spec("ansible.builtin.assemble", "Assemble a file out of fragments.", Vec::new())
    },
    |context| assemble(context).await
);

async fn assemble(context: &mut Context<'_>) -> Result<Dict, Failure> {
    if context.flag("remote_src", true)? {
        return context
            .module("ansible.builtin.assemble", without(&context.args, &["decrypt"]), Vec::new())
            .await;
    }
    let src = context.text("src").unwrap_or_else(|| "".into());
    let folder = context.find_file("files", &src)?;
    if !folder.is_dir() {
        return Err(Failure::msg(format!("Source ({src}) is not a directory")));
    }
    let content = joined(context, &folder)?;
    const OWN: [&str; 6] = ["src", "remote_src", "regexp", "delimiter", "ignore_hidden", "decrypt"];
    let args = without(&context.args, &OWN);
    context.module("ansible.builtin.copy", args, vec![source::bytes(CONTENT, content)]).await
}

/// The fragments one after the other in the order of their names, a delimiter on a line of its own between them.
fn joined(context: &Context<'_>, folder: &std::path::Path) -> Result<Vec<u8>, Failure> {
    let failed = |error: std::io::Error| Failure::msg(format!("{}: {error}", folder.display()));
    let pattern = match context.text("regexp") {
        Some(text) => Some(
            rustible_template::Pattern::new(&text, false, false)
                .map_err(|error| Failure::msg(format!("Invalid Regexp ({error}) in \"{text}\"")))?,
        ),
        None => None,
    };
    let hidden = context.flag("ignore_hidden", false)?;
    let delimiter = context.text("delimiter").map(|text| text.replace("\\n", "\n"));
    let mut names: Vec<String> = std::fs::read_dir(folder)
        .map_err(failed)?
        .map(|entry| entry.map(|entry| entry.file_name().to_string_lossy().into_owned()))
        .collect::<Result<_, _>>()
        .map_err(failed)?;
    names.sort();
    let mut content: Vec<u8> = Vec::new();
    let mut first = true;
    for name in names {
        let path = folder.join(&name);
        let wanted = pattern.as_ref().is_none_or(|p| p.search(&name, 0).is_some())
            && !(hidden && name.starts_with('.'));
        if !wanted || !path.is_file() {
            continue;
        }
        if !first && !content.ends_with(b"\n") && !content.is_empty() {
            content.push(b'\n');
        }
        if let Some(delimiter) = delimiter.as_ref().filter(|_| !first) {
            content.extend(delimiter.bytes());
            if !delimiter.ends_with('\n') {
                content.push(b'\n');
            }
        }
        content.extend(if context.flag("decrypt", true)? {
            context.runner.files.bytes(&path)?
        } else {
            std::fs::read(&path).map_err(failed)?
        });
        first = false;
    }
    Ok(content)
}
