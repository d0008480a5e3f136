//! The collection `kubernetes.core`: each module is one file of its name.

rustible_sdk::modules!["kubernetes.core":];
