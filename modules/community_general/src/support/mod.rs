//! What modules of the collection share or have as their own data.

pub(crate) mod ufw;
