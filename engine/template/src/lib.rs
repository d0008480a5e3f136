//! Templates as the reference means them: minijinja's parser, our own evaluator over the house's one value.
//!
//! A [`Templar`] renders values against a [`Scope`]; nested templates in variables are rendered when they are touched.

mod args;
mod bytes;
mod chance;
mod check;
mod children;
mod context;
pub mod deprecation;
mod depth;
mod engine;
mod env;
mod eval;
mod explain;
mod filters;
mod foreign;
mod format;
mod globals;
mod ir;
mod lipsum;
mod literal;
mod lookups;
mod managed;
mod methods;
mod moments;
mod ops;
mod options;
mod outside;
mod parse;
mod regex;
mod regex_fault;
mod registry;
mod repair;
mod repr;
mod rt;
mod secret;
mod syntax_text;
mod templar;
mod tests;

pub use check::{Unknown, check_names, variables};
pub use children::end_children;
pub use engine::Engine;
pub use env::{
    Config, Decrypt, Deprecate, Deprecation, Env, Fetch, Found, Hear, HostVars, Outgoing, Outside, Patterns,
    Plugins, Scope, Wanted, Warn,
};
pub use filters::{crypt::hashed, time::stamp};
pub use managed::managed;
pub use options::FileOptions;
pub use regex::Pattern;
pub use registry::{filter_exists, lookup_exists, names, test_exists};
pub use templar::{Rendered, Templar};

#[cfg(test)]
mod behaviour;
