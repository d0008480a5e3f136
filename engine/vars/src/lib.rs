//! Variables: where each comes from, and which one wins.
//!
//! Nothing is merged ahead of time: a scope holds its layers, highest first, and a name is looked up in them when a
//! template asks. So a task costs the handful of layers it has, not the number of variables times hosts.

mod cache;
mod facts;
mod hosts;
mod magic;
mod scope;
mod store;

pub use cache::{FactCache, Keeper};

pub use facts::{injected, namespaced};
pub use hosts::Hosts;
pub use magic::{LANGUAGE_VERSION, Magic, RunFacts, VarsRoot};
pub use scope::{PlayScope, TaskScope};
pub use store::{HostStore, Store};
