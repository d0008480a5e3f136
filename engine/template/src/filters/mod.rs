//! All filters, one file a theme; each file ends in the table of its names.

pub(crate) mod common;
pub(crate) mod crypt;
pub(crate) mod crypto;
pub(crate) mod data;
pub(crate) mod dict;
pub(crate) mod general;
pub(crate) mod html;
pub(crate) mod internal;
pub(crate) mod list;
pub(crate) mod math;
pub(crate) mod net;
pub(crate) mod path;
pub(crate) mod pick;
pub(crate) mod regex;
pub(crate) mod sets;
pub(crate) mod text;
pub(crate) mod time;
pub(crate) mod url;
pub(crate) mod vault;
pub(crate) mod wrap;

use crate::registry::FilterRun;

/// Names and what runs them.
pub(crate) type Table = &'static [(&'static str, FilterRun)];

/// The tables of all themes.
pub(crate) const TABLES: &[Table] = &[
    common::TABLE,
    crypto::TABLE,
    data::TABLE,
    dict::TABLE,
    general::TABLE,
    html::TABLE,
    internal::TABLE,
    list::TABLE,
    math::TABLE,
    net::TABLE,
    path::TABLE,
    pick::TABLE,
    regex::TABLE,
    sets::TABLE,
    text::TABLE,
    time::TABLE,
    url::TABLE,
    vault::TABLE,
    wrap::TABLE,
];

/// Filters that take undefined values themselves.
pub(crate) const MARKERS: &[&str] = &[
    "unvault",
    "default",
    "d",
    "mandatory",
    "type_debug",
    "ternary",
    "ansible._protomatter.dump_object",
    "ansible._protomatter.true_type",
];
