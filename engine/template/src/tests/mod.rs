//! All tests (`x is name`), one file a theme.

pub(crate) mod compare;
pub(crate) mod files;
pub(crate) mod internal;
pub(crate) mod matching;
pub(crate) mod results;
pub(crate) mod types;
pub(crate) mod version;

use crate::registry::TestRun;

/// Names and what runs them.
pub(crate) type Table = &'static [(&'static str, TestRun)];

/// The tables of all themes.
pub(crate) const TABLES: &[Table] = &[
    compare::TABLE,
    files::TABLE,
    internal::TABLE,
    matching::TABLE,
    results::TABLE,
    types::TABLE,
    version::TABLE,
];

/// Tests that take undefined values themselves.
pub(crate) const MARKERS: &[&str] = &["defined", "undefined", "vault_encrypted"];
