//! `ansible.builtin.unarchive`: an archive of the controller unpacked on the target; the module of the same name unpacks.

use rustible_executor::{Context, Failure};
use rustible_protocol::{CheckMode, Dict, Kind, Spec, Value};

use crate::{
    source::{self, without},
    spec::{With, action, field, file_attributes, result, spec},
};

action!(
    Unarchive,
    Spec {
        diff: true,
        check: CheckMode::Partial,
        fields: [
            vec![
                field("src", Kind::Path, "The archive: a file of the controller, of the target, or a URL.")
                    .required(),
                field("dest", Kind::Path, "Folder of the target it is unpacked into.").required(),
                field("remote_src", Kind::Bool, "`src` is on the target, or a URL.").or(false),
                field("copy", Kind::Bool, "The opposite of `remote_src`."),
                field("creates", Kind::Path, "Do nothing when this is there."),
                field("list_files", Kind::Bool, "Return the names of the files.").or(false),
                field("exclude", Kind::List, "What is not unpacked.").of(Kind::Str),
                field("include", Kind::List, "All that is unpacked.").of(Kind::Str),
                field("keep_newer", Kind::Bool, "Keep files that are newer.").or(false),
                field("extra_opts", Kind::List, "More options for the unpacking program.").of(Kind::Str),
                field("io_buffer_size", Kind::Int, "Bytes read at once.").or(65536),
                field("decrypt", Kind::Bool, "Decrypt vaults.").or(true),
                field("validate_certs", Kind::Bool, "Check certificates of a URL.").or(true),
            ],
            file_attributes(),
        ]
        .concat(),
        ..spec("ansible.builtin.unarchive", "Unpack an archive on the target.", Vec::new())
    },
    |context| unpack(context).await
);

async fn unpack(context: &mut Context<'_>) -> Result<Dict, Failure> {
    let Some(src) = context.text("src") else {
        return Err(Failure::msg("src (or content) and dest are required"));
    };
    if context.written.contains_key("copy") && context.written.contains_key("remote_src") {
        return Err(Failure::msg("parameters are mutually exclusive: ('copy', 'remote_src')"));
    }
    let copy = context.flag("copy", true)?;
    let remote = context.flag("remote_src", false)? || !copy || src.contains("://");
    if let Some(path) = context.text("creates") {
        let stat = context
            .module("ansible.builtin.stat", result([("path", Value::Str(path.clone()))]), Vec::new())
            .await?;
        if stat.get("stat").and_then(|s| s.get("exists")).is_some_and(Value::truthy) {
            let text = format!("skipped, since {path} exists");
            return Ok(result([("changed", false.into()), ("skipped", true.into()), ("msg", text.into())]));
        }
    }
    let written = |key: &Value| {
        key.as_str().is_some_and(|k| {
            context.written.contains_key(k) || k == "attributes" && context.written.contains_key("attr")
        })
    };
    let given: Dict = context
        .args
        .iter()
        .filter(|(key, value)| !value.is_null() && written(key))
        .map(|(key, value)| (key.clone(), value.clone()))
        .collect();
    let mut args = without(&given, &["copy", "creates", "decrypt", "remote_src"]);
    args.insert("remote_src", remote);
    if remote {
        return context.module("ansible.builtin.unarchive", args, Vec::new()).await;
    }
    let path = context.find_file("files", &src)?;
    let decrypt = context.flag("decrypt", true)?;
    let attached = source::file(context, "src", &path, decrypt)?;
    context.module("ansible.builtin.unarchive", args, vec![attached]).await
}
