//! What stands before `ansible.builtin.package`: which manager a variable says the host has.

use async_trait::async_trait;
use rustible_executor::{Context, Failure, Preparation, Prepared};
use rustible_protocol::Value;

/// Sets `use` from `ansible_package_use`.
pub(crate) struct Package;

#[async_trait]
impl Preparation for Package {
    fn modules(&self) -> &'static [&'static str] {
        &["ansible.builtin.package"]
    }

    async fn prepare(&self, context: &mut Context<'_>) -> Result<Prepared, Failure> {
        let mut args = context.args.clone();
        if context.text("use").is_some_and(|manager| manager.as_str() != "auto") {
            return Ok(Prepared::Call(args));
        }
        let scope = context.templar.scope();
        if let Some(wanted) = scope.get("ansible_package_use")
            && let Some(wanted) = context.render(&wanted)?.filter(Value::truthy)
        {
            args.insert("use", wanted);
        }
        Ok(Prepared::Call(args))
    }
}
