//! The collection `community.crypto`: each module is one file of its name.

mod openssh_keypair;
mod support;

rustible_sdk::modules!["community.crypto": openssh_keypair];
