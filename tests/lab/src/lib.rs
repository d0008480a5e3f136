//! The lab: what the main job needs, on one machine.

pub mod build;
pub mod cache;
pub mod cli;
pub mod command;
pub mod doubles;
pub mod images;
pub mod internet;
pub mod machine;
pub mod network;
pub mod tree;
