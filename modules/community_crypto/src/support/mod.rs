//! What modules of the collection share.

pub(crate) mod sshkey;
