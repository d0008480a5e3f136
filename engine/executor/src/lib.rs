//! Plays, tasks and results: what is done, where, in which order, and what comes of it. Nothing here prints.

mod action;
mod cursor;
mod deprecation;
mod emitter;
mod files;
mod hosts;
mod jobs;
mod keyword;
mod listing;
mod module;
mod opening;
mod options;
mod play;
mod plays;
mod preparation;
mod registry;
mod reserved;
mod run;
mod strategy;
mod tags;
mod target;
mod task;
mod vars_files;

pub use action::{Action, Context, Effect, Failure, skipped_in_check};
pub use emitter::Emitter;
pub use files::{FileVault, Files};
pub use jobs::looked_at;
pub use keyword::to_bool;
pub use listing::{ListedPlay, ListedTask, Listing};
pub use options::{ConnectionOptions, ForeignOptions, Options};
pub use preparation::{Preparation, Prepared};
pub use registry::Registry;
pub use run::{Asker, Pause, Refresh, Runner, Setup, Step};
pub use rustible_playbook::{check_variable_name, reserved_names};
pub use rustible_vars::FactCache;
pub use task::Settled;
