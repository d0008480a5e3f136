//! Modules and plugins that are no part of rustible: found in the user's tree, in collections and in an installed ansible-core,
//! and packed for their way to the target, where the agent runs them.
//!
//! Nothing is looked for before a name is met that rustible does not know, or that a `library` folder may answer.

mod collections;
mod core;
mod folders;
mod gather;
mod groups;
mod imports;
mod payload;
mod places;
mod plugins;
mod routing;
mod style;
mod tree;
mod zip;

pub use payload::Payload;
pub use places::Places;
pub use plugins::PluginFile;
pub use tree::{Lookup, Tree};
