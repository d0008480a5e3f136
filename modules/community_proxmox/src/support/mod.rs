//! What the modules of the collection share.

pub(crate) mod client;
pub(crate) mod config;
pub(crate) mod guest;
pub(crate) mod settings;
pub(crate) mod storage;
pub(crate) mod task;
pub(crate) mod vm;
