//! Collections.

pub(crate) mod artifacts;
pub(crate) mod build;
pub(crate) mod directives;
pub(crate) mod download;
pub(crate) mod install;
pub(crate) mod installed;
pub(crate) mod list;
pub(crate) mod manifest;
pub(crate) mod meta;
pub(crate) mod requirement;
pub(crate) mod resolve;
pub(crate) mod unpack;
pub(crate) mod verify;
