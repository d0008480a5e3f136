//! What stands before `ansible.builtin.user`: an account cannot go while agents of ours run as it.

use async_trait::async_trait;
use rustible_executor::{Context, Failure, Preparation, Prepared};

/// Ends agents of a user who is to be removed.
pub(crate) struct User;

#[async_trait]
impl Preparation for User {
    fn modules(&self) -> &'static [&'static str] {
        &["ansible.builtin.user"]
    }

    async fn prepare(&self, context: &mut Context<'_>) -> Result<Prepared, Failure> {
        let absent = context.text("state").is_some_and(|state| state.as_str() == "absent");
        if let Some(name) = context.text("name").filter(|_| absent && !context.check()) {
            context.runner.pool.release(&context.target, &name).await;
        }
        Ok(Prepared::Call(context.args.clone()))
    }
}
