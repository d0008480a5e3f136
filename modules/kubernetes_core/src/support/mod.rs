//! What the modules of the collection share.

pub(crate) mod apply;
pub(crate) mod auth;
pub(crate) mod client;
pub(crate) mod compare;
pub(crate) mod definitions;
pub(crate) mod discovery;
pub(crate) mod helm;
pub(crate) mod helm_diff;
pub(crate) mod wait;
pub(crate) mod work;
pub(crate) mod yaml;
