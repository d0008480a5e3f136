//! What stands before `ansible.builtin.shell`: an option of `command` that it does not have.

use async_trait::async_trait;
use rustible_executor::{Context, Failure, Preparation, Prepared};

/// Refuses `expand_argument_vars`: a shell always expands.
pub(crate) struct Shell;

#[async_trait]
impl Preparation for Shell {
    fn modules(&self) -> &'static [&'static str] {
        &["ansible.builtin.shell"]
    }

    fn open(&self) -> bool {
        true
    }

    async fn prepare(&self, context: &mut Context<'_>) -> Result<Prepared, Failure> {
        if context.args.contains_key("expand_argument_vars") {
            return Err(Failure::msg("Unsupported parameters for (shell) module: expand_argument_vars"));
        }
        Ok(Prepared::Call(context.args.clone()))
    }
}
