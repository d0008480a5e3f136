//! The lab: what the main job needs, on one machine.

pub mod doubles;
pub mod internet;
