//! The collection `community.general`: each module is one file of its name.

mod gitlab_deploy_key;
mod modprobe;
mod support;
mod ufw;

rustible_sdk::modules!["community.general": gitlab_deploy_key, modprobe, ufw];
