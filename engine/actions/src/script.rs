//! `ansible.builtin.script`: a script of the controller, run on the target.

use rustible_executor::{Context, Failure};
use rustible_protocol::{CheckMode, Dict, Kind, Spec, Value};

use crate::{
    raw::quote,
    source,
    spec::{action, field, result, spec},
};

action!(
    Script,
    Spec {
        check: CheckMode::Partial,
        free_form: true,
        ..spec(
            "ansible.builtin.script",
            "Run a script of the controller on the target.",
            vec![
                field("_raw_params", Kind::Str, "The script and its arguments."),
                field("cmd", Kind::Str, "The script and its arguments."),
                field("chdir", Kind::Str, "Folder to run it in."),
                field("creates", Kind::Str, "Do nothing when this is there."),
                field("removes", Kind::Str, "Do nothing when this is not there."),
                field("executable", Kind::Str, "Interpreter to run it with."),
            ],
        )
    },
    validated = true,
    |context| script(context).await
);

async fn script(context: &mut Context<'_>) -> Result<Dict, Failure> {
    let Some(line) = context.text("_raw_params").or_else(|| context.text("cmd")) else {
        return Err(Failure::msg("one of the following is required: _raw_params, cmd"));
    };
    if let Some(skipped) = guard(context).await? {
        return Ok(skipped);
    }
    let (name, arguments) = cut(line.trim());
    let path = context.find_file("files", &name).map_err(Failure::relayed)?;
    if context.check() {
        // With `creates` or `removes` it is known that it would run.
        if ["creates", "removes"].iter().any(|name| context.text(name).is_some()) {
            return Ok(result([("changed", true.into())]));
        }
        return Ok(result([
            ("changed", false.into()),
            ("skipped", true.into()),
            ("msg", "Check mode is not supported for this task.".into()),
        ]));
    }
    let folder = context
        .module("ansible.builtin.tempfile", result([("state", "directory".into())]), Vec::new())
        .await?;
    let Some(folder) = folder.get("path").and_then(Value::as_str).map(str::to_string) else {
        return Ok(folder);
    };
    let basename = path.file_name().map(|n| n.to_string_lossy().into_owned()).unwrap_or_default();
    let remote = format!("{folder}/{basename}");
    let args = result([("dest", remote.as_str().into()), ("mode", "0700".into())]);
    let attached = source::file(context, crate::copy::CONTENT, &path, true)?;
    let put = context.module("ansible.builtin.copy", args, vec![attached]).await?;
    if put.get("failed").is_some_and(Value::truthy) {
        return Ok(put);
    }
    let command = match context.text("executable") {
        Some(program) => format!("{program} {} {arguments}", quote(&remote)),
        None => format!("{} {arguments}", quote(&remote)),
    };
    let mut args = result([("_raw_params", command.trim_end().into()), ("strip_empty_ends", false.into())]);
    if let Some(chdir) = context.text("chdir") {
        args.insert("chdir", chdir);
    }
    let ran = context.module("ansible.builtin.shell", args, Vec::new()).await;
    let cleanup = result([("path", folder.as_str().into()), ("state", "absent".into())]);
    context.module("ansible.builtin.file", cleanup, Vec::new()).await?;
    let ran = ran?;
    let mut done = Dict::new();
    done.insert("changed", true);
    for key in ["rc", "stdout", "stdout_lines", "stderr", "stderr_lines"] {
        if let Some(value) = ran.get(key) {
            done.insert(key, value.clone());
        }
    }
    if ran.get("failed").is_some_and(Value::truthy) {
        done.insert("msg", "non-zero return code");
        done.insert("failed", true);
    }
    Ok(done)
}

/// `creates` and `removes`.
async fn guard(context: &Context<'_>) -> Result<Option<Dict>, Failure> {
    for (argument, wanted) in [("creates", true), ("removes", false)] {
        let Some(path) = context.text(argument) else { continue };
        let stat = context
            .module("ansible.builtin.stat", result([("path", Value::Str(path.clone()))]), Vec::new())
            .await?;
        let exists = stat.get("stat").and_then(|s| s.get("exists")).is_some_and(Value::truthy);
        if exists == wanted {
            let text = if wanted {
                format!("{path} exists, matching creates option")
            } else {
                format!("{path} does not exist, matching removes option")
            };
            return Ok(Some(result([
                ("changed", false.into()),
                ("skipped", true.into()),
                ("msg", text.into()),
            ])));
        }
    }
    Ok(None)
}

/// The script's name, which may be quoted, and the rest of the line.
fn cut(line: &str) -> (String, String) {
    for quote in ['\'', '"'] {
        if let Some(rest) = line.strip_prefix(quote)
            && let Some((name, arguments)) = rest.split_once(quote)
        {
            return (name.to_string(), arguments.trim_start().to_string());
        }
    }
    let (name, arguments) = line.split_once(char::is_whitespace).unwrap_or((line, ""));
    (name.to_string(), arguments.trim_start().to_string())
}
