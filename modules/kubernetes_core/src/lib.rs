//! The collection `kubernetes.core`: each module is one file of its name.

mod k8s;
mod k8s_info;
mod support;

rustible_sdk::modules!["kubernetes.core": k8s, k8s_info];
