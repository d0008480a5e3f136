//! The collection `community.crypto`: each module is one file of its name.

rustible_sdk::modules!["community.crypto":];
