//! `ansible-galaxy`: roles and collections, made, built, fetched, installed, listed and verified.
//!
//! Nothing here writes to the terminal: what is said goes through [`Say`].

mod api;
mod archive;
mod collection;
mod context;
mod fault;
mod git;
mod init;
pub mod options;
mod paths;
mod requirements;
mod role;
mod skeleton;
mod version;

pub use context::{Context, Render, Say, Server};
use options::{Area, CollectionAction, Options, RoleAction};
use rustible_source::{Diagnostic, Kind};

/// Run the command; the exit status.
///
/// # Errors
/// What the command fails with; its kind tells the exit status.
pub fn run(options: &Options, context: &Context<'_>) -> Result<u8, Diagnostic> {
    match &options.area {
        Area::Collection { action } => match action {
            CollectionAction::Init(args) => init::collection(args, context),
            CollectionAction::Build(args) => collection::build::run(args, context),
            CollectionAction::Install(args) => collection::install::run(args, context),
            CollectionAction::List(args) => collection::list::run(args, context),
            CollectionAction::Verify(args) => collection::verify::run(args, context),
            CollectionAction::Download(args) => collection::download::run(args, context),
            CollectionAction::Publish(_) => Err(refused("collection publish")),
        },
        Area::Role { action } => match action {
            RoleAction::Init(args) => init::role(args, context),
            RoleAction::Install(args) => role::install::run(args, context, options.implicit_role),
            RoleAction::List(args) => role::list::run(args, context),
            RoleAction::Info(args) => role::info::run(args, context),
            RoleAction::Remove(args) => role::remove::run(args, context),
            RoleAction::Search(args) => role::search::run(args, context),
            RoleAction::Import(_) => Err(refused("role import")),
            RoleAction::Delete(_) => Err(refused("role delete")),
            RoleAction::Setup(_) => Err(refused("role setup")),
        },
    }
}

/// An action that changes what a server holds.
fn refused(action: &str) -> Diagnostic {
    Diagnostic::new(format!("ansible-galaxy {action} is not supported by rustible")).of_kind(Kind::Usage)
}
