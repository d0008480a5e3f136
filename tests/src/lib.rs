//! Data-driven tests of the house: rules, module cases, playbooks; and what they and other tests share.

mod computer;
mod program;
mod python;

pub use computer::{is_program, is_root};
pub use program::program;
pub use python::{environment, python};
