//! Controller halves of actions, one file each, named like the action.

mod add_host;
mod assemble;
mod assert;
mod async_status;
mod copy;
mod debug;
mod evaluate;
mod fail;
mod fetch;
mod gather_facts;
mod group_by;
mod include_vars;
mod kubernetes;
mod manager;
mod pause;
mod raw;
mod reboot;
mod rendering;
mod script;
mod set_fact;
mod set_stats;
mod shell;
mod source;
mod spec;
mod template;
mod unarchive;
mod user;
mod validate_argument_spec;
mod wait_for_connection;

use std::sync::Arc;

use rustible_executor::{Action, Preparation};

/// Every action.
#[must_use]
pub fn actions() -> Vec<Arc<dyn Action>> {
    vec![
        Arc::new(add_host::AddHost::default()),
        Arc::new(assemble::Assemble::default()),
        Arc::new(assert::Assert::default()),
        Arc::new(async_status::AsyncStatus::default()),
        Arc::new(copy::Copy::default()),
        Arc::new(debug::Debug::default()),
        Arc::new(evaluate::Evaluate::default()),
        Arc::new(fail::Fail::default()),
        Arc::new(fetch::Fetch::default()),
        Arc::new(gather_facts::GatherFacts::default()),
        Arc::new(group_by::GroupBy::default()),
        Arc::new(include_vars::IncludeVars::default()),
        Arc::new(pause::Pause::default()),
        Arc::new(raw::Raw::default()),
        Arc::new(reboot::Reboot::default()),
        Arc::new(script::Script::default()),
        Arc::new(set_fact::SetFact::default()),
        Arc::new(set_stats::SetStats::default()),
        Arc::new(template::Template::default()),
        Arc::new(unarchive::Unarchive::default()),
        Arc::new(validate_argument_spec::ValidateArgumentSpec::default()),
        Arc::new(wait_for_connection::WaitForConnection::default()),
    ]
}

/// Everything that stands before modules.
#[must_use]
pub fn preparations() -> Vec<Arc<dyn Preparation>> {
    vec![
        Arc::new(kubernetes::Kubernetes),
        Arc::new(manager::Dnf),
        Arc::new(manager::Package),
        Arc::new(manager::Service),
        Arc::new(shell::Shell),
        Arc::new(user::User),
    ]
}
