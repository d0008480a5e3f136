//! The collection `kubernetes.core`: each module is one file of its name.

mod helm;
mod helm_info;
mod helm_repository;
mod k8s;
mod k8s_info;
mod support;

rustible_sdk::modules!["kubernetes.core": helm, helm_info, helm_repository, k8s, k8s_info];
