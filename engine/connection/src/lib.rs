//! One byte stream to each machine and user, and calls over it.
//!
//! A [`Pool`] opens a connection when the first call needs it, puts the agent there when it is missing and shares the
//! stream between all tasks. What the stream is made of (a pipe, our own SSH, the system's `ssh`) is known here only.

mod agent;
mod args;
mod askpass;
mod batch;
mod binary;
mod bootstrap;
mod call;
mod error;
mod escalate;
mod local;
mod pool;
mod raw;
mod secret;
mod ssh;
mod stream;
mod system_ssh;
mod target;
mod tell;
mod transfer;

pub use batch::{Doing, Doors};
pub use binary::{AgentBinary, Binaries};
pub use call::SourceFile;
pub use error::ConnectionError;
pub use pool::{Pool, Stats};
pub use raw::Output;
pub use secret::Secret;
pub use target::{Become, Method, Plugin, SshOptions, Target, Transport};
pub use tell::Tell;
