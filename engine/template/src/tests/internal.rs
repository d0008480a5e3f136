//! `ansible._protomatter.*`: the marks of a value.

use super::Table;
use crate::{
    filters::internal::{tagged_with, tags},
    rt::fail,
};

pub(crate) const TABLE: Table = &[
    ("ansible._protomatter.tagged", |_, value, _| Ok(!tags(value).is_empty())),
    ("ansible._protomatter.tagged_with", |_, value, args| {
        let name = args.pos.first().or_else(|| args.kw.first().map(|(_, v)| v));
        let name = name.and_then(|v| v.as_str()).ok_or_else(|| fail("the name of a tag is required"))?;
        tagged_with(value, name)
    }),
];
