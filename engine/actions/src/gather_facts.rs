//! `ansible.builtin.gather_facts`: what a play does first on its hosts.

use rustible_executor::{Context, Failure};
use rustible_protocol::{Dict, Kind, Spec, Value};

use crate::spec::{action, field, spec};

action!(
    GatherFacts,
    Spec {
        open: true,
        ..spec(
            "ansible.builtin.gather_facts",
            "Gather facts of the host.",
            vec![field("parallel", Kind::Bool, "Run several fact modules at once.")],
        )
    },
    |context| gather(context).await
);

async fn gather(context: &mut Context<'_>) -> Result<Dict, Failure> {
    let mut args = context.args.clone();
    args.remove("parallel");
    let mut result = context.module("ansible.builtin.setup", args, Vec::new()).await?;
    if result.get("failed").is_some_and(Value::truthy) {
        return Ok(result);
    }
    // The result is the facts alone: what setup said besides is not shown.
    let facts = result.remove("ansible_facts").unwrap_or_default();
    let mut gathered = Dict::new();
    gathered.insert("ansible_facts", facts);
    gathered.insert("changed", false);
    if let Some(warnings) = result.remove("warnings") {
        gathered.insert("warnings", warnings);
    }
    gathered.insert("_ansible_verbose_override", true);
    Ok(gathered)
}
