//! Roles.

pub(crate) mod info;
pub(crate) mod install;
pub(crate) mod list;
pub(crate) mod remove;
pub(crate) mod requirement;
pub(crate) mod search;
pub(crate) mod there;
pub(crate) mod unpack;
