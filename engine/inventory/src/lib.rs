//! Hosts and groups, where they come from, and which of them a pattern means.
//!
//! An [`Inventory`] is read from sources (files in YAML, INI or TOML, directories, scripts, host lists) and may be
//! added to while a play runs. Variables are kept in layers, lowest precedence first, so that whoever composes the
//! whole order of precedence can put other things between them: see [`Inventory::layers`].

mod address;
#[cfg(test)]
mod any_input;
mod change;
mod group_vars;
mod ini;
mod layers;
mod literal;
mod model;
mod names;
mod outer;
mod pattern;
mod plugin;
mod python;
mod refresh;
mod script;
mod select;
mod settings;
mod source;
mod split;
mod state;
mod toml;
mod view;
mod yaml;

pub use group_vars::combine;
pub use layers::Layer;
pub use model::Inventory;
pub use outer::{Outer, Parsed, Stage, VarsPlugin};
pub use plugin::Evaluate;
pub use python::controller_python;
pub use select::Selection;
pub use settings::{Decrypt, Mismatch, Settings, Transform};
pub use view::Form;
