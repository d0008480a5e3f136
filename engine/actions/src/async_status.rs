//! `ansible.builtin.async_status`: look at a background job, or remove what is known of it.

use rustible_executor::{Context, Failure, looked_at};
use rustible_protocol::{Dict, Kind, Value};

use crate::spec::{With, action, field, spec};

action!(
    AsyncStatus,
    spec(
        "ansible.builtin.async_status",
        "Obtain status of asynchronous task.",
        vec![
            field("jid", Kind::Str, "The job's id (`ansible_job_id`).").required(),
            field("mode", Kind::Str, "Look at the job, or remove what is known of it.")
                .one_of(&["status", "cleanup"])
                .or("status"),
        ],
    ),
    validated = true,
    |context| look(context).await
);

async fn look(context: &mut Context<'_>) -> Result<Dict, Failure> {
    let id = context.text("jid").map(|id| id.to_string()).unwrap_or_default();
    let cleanup = context.text("mode").is_some_and(|mode| mode.as_str() == "cleanup");
    let folder = match context.templar.scope().get("ansible_async_dir") {
        Some(folder) => context.render(&folder)?.filter(Value::truthy),
        None => None,
    };
    let folder = folder.unwrap_or_else(|| Value::str(context.runner.options.async_dir.as_str()));
    let mut args = context.args.clone();
    args.insert("_async_dir", folder);
    let found = context.module("ansible.builtin.async_status", args, Vec::new()).await?;
    Ok(looked_at(&id, cleanup, &found))
}
