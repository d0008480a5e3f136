//! The only thing a module sees.
//!
//! A module is one file with two items, `struct Args` and `fn run`; its crate lists it twice: `mod slurp;` and in
//! `rustible_sdk::modules!["ansible.builtin": slurp];`. A complete one:
//!
//! ```
//! # mod example {
//! use rustible_sdk::prelude::*;
//!
//! /// Put one word into a file.
//! #[derive(Args)]
//! #[args(check = full, diff = full, required_if(state = "present" => word))]
//! pub struct Args {
//!     /// The file.
//!     #[arg(alias("dest"))]
//!     path: PathBuf,
//!     /// The word.
//!     word: Option<String>,
//!     /// Whether the file should be there.
//!     #[arg(default = "present")]
//!     state: State,
//!     #[arg(flatten)]
//!     file: FileAttrs,
//! }
//!
//! #[derive(Choice, Clone, Copy, PartialEq)]
//! pub enum State {
//!     Present,
//!     Absent,
//! }
//!
//! pub fn run(args: Args, host: &mut Host) -> Result<Outcome> {
//!     let before = host.read_text(&args.path)?;
//!     match (&args.word, args.state) {
//!         (Some(word), State::Present) => {
//!             host.edit(&args.path, before.as_deref(), word, &Edit::default())?;
//!             host.apply_attributes(&args.path, &args.file, true)?;
//!         }
//!         _ => host.remove(&args.path)?,
//!     }
//!     Ok(Outcome::msg("done").with("path", args.path.to_string_lossy()))
//! }
//! # }
//! ```
//!
//! [`Host`] is the one door to the target: what changes it does nothing in check mode but recording that it would
//! ([`Host::mark_changed`] is for modules that change things elsewhere, over HTTP for instance). `changed`, `diff`,
//! `warnings` and `invocation` of the result come from there; an [`Outcome`] that names `changed` itself is believed.
//! A module that fails says `fail!("text {x}")` or `fail!(rc = 2, stderr = text; "text")`.

// The derive macros name this crate as modules do.
extern crate self as rustible_sdk;

pub mod args;
pub mod attributes;
mod entry;
mod expand;
pub mod glob;
pub mod host;
mod outcome;
mod secrecy;
pub mod testing;
pub mod text;

pub use args::{Arguments, FromArg, Json};
pub use attributes::FileAttrs;
pub use entry::{Entry, call, check_names};
pub use host::{
    Attached, Host, HostContext, NoAttachments,
    command::{Command, Output},
    files::{Edit, Stat},
    http::{Http, Request, Response},
    users::{Group, User},
};
pub use outcome::{Failure, Outcome, Result, errno_text};
pub use rustible_macros::{Args, Choice};
pub use rustible_protocol::{
    ArgError, Attachment, Blob, Call, Cancel, CheckMode, Dict, Field, Kind, List, Reply, Rule, Spec, Text,
    Value, coerce, json, repr, validate,
};
pub use text::{Anchor, Lines, Pattern};

/// What a module file needs.
pub mod prelude {
    pub use std::path::{Path, PathBuf};

    pub use crate::{
        Anchor, Args, Arguments, Choice, Command, Dict, Edit, Failure, FileAttrs, Host, Json, Lines, List,
        Outcome, Output, Pattern, Result, Value, dict, fail,
    };
}

/// A mapping: `dict! { "a" => 1, "b" => "x" }`.
#[macro_export]
macro_rules! dict {
    ($($key:expr => $value:expr),* $(,)?) => {{
        #[allow(unused_mut, reason = "an empty one is not changed")]
        let mut dict = $crate::Dict::new();
        $(dict.insert($key, $crate::Value::from($value));)*
        dict
    }};
}

/// A number nobody can guess.
#[must_use]
pub fn random() -> u64 {
    rand::random()
}

/// Bytes as base64.
#[must_use]
pub fn base64(bytes: &[u8]) -> String {
    use base64::Engine;
    base64::engine::general_purpose::STANDARD.encode(bytes)
}

/// Base64 as bytes.
///
/// # Errors
/// When it is none.
pub fn from_base64(text: &str) -> Result<Vec<u8>> {
    use base64::Engine;
    let read = base64::engine::general_purpose::STANDARD.decode(text);
    read.map_err(|e| Failure::new(format!("invalid base64: {e}")))
}
