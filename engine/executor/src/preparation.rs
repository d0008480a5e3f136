//! The controller's part in front of a module: what it settles about the arguments before they are sent.

use async_trait::async_trait;
use rustible_protocol::Dict;

use crate::action::{Context, Failure};

/// Code that runs on the controller before a module is called. Unlike an [`Action`](crate::Action) it has no interface of its
/// own: the module's holds, and the module runs in the background and in check mode as if nothing stood before it.
#[async_trait]
pub trait Preparation: Send + Sync {
    /// Full names of the modules it stands before.
    fn modules(&self) -> &'static [&'static str];

    /// Whether it takes the arguments as they are given, because another module's interface may hold.
    fn open(&self) -> bool {
        false
    }

    /// The arguments to send. `context.args` are the given ones by their main names, types settled, defaults not filled in.
    ///
    /// # Errors
    /// When the task has failed before its module was called.
    async fn prepare(&self, context: &mut Context<'_>) -> Result<Prepared, Failure>;
}

/// What a [`Preparation`] comes to.
pub enum Prepared {
    /// Call the module with these.
    Call(Dict),
    /// Call another module instead: its full name and its arguments.
    Instead(String, Dict),
    /// There is nothing to do on the target; this is the result.
    Done(Dict),
}
