//! Data-driven tests of the house: rules, module cases, playbooks; and what they and other tests share.

mod program;
mod python;

pub use program::program;
pub use python::{environment, python};
