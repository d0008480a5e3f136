//! What modules of the collection share or have as their own data.

pub(crate) mod gitlab;
pub(crate) mod ufw;
