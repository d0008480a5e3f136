//! The collection `community.general`: each module is one file of its name.

rustible_sdk::modules!["community.general":];
