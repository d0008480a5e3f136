//! The tables of filters, tests and lookups; `ansible.builtin.x` is `x`.

use std::{collections::HashMap, rc::Rc, sync::LazyLock};

use crate::{
    context::Ctx,
    filters, lookups,
    rt::{Args, Res, Rt},
    tests,
};

/// What runs a filter: context, input, arguments.
pub(crate) type FilterRun = fn(&Rc<Ctx>, Rt, Args) -> Res<Rt>;
/// What runs a test.
pub(crate) type TestRun = fn(&Rc<Ctx>, &Rt, Args) -> Res<bool>;

/// A filter or test; `markers`: it takes undefined arguments itself.
pub(crate) struct Entry<F> {
    pub(crate) run: F,
    pub(crate) markers: bool,
}

static FILTERS: LazyLock<HashMap<&'static str, Entry<FilterRun>>> = LazyLock::new(|| {
    let all = filters::TABLES.iter().flat_map(|t| t.iter());
    all.map(|(name, run)| (*name, Entry { run: *run, markers: filters::MARKERS.contains(name) })).collect()
});
static TESTS: LazyLock<HashMap<&'static str, Entry<TestRun>>> = LazyLock::new(|| {
    let all = tests::TABLES.iter().flat_map(|t| t.iter());
    all.map(|(name, run)| (*name, Entry { run: *run, markers: tests::MARKERS.contains(name) })).collect()
});

/// The builtin name behind a full one.
fn short(name: &str) -> &str {
    name.strip_prefix("ansible.builtin.").or_else(|| name.strip_prefix("ansible.legacy.")).unwrap_or(name)
}

pub(crate) fn filter(name: &str) -> Option<&'static Entry<FilterRun>> {
    FILTERS.get(short(name))
}
pub(crate) fn test(name: &str) -> Option<&'static Entry<TestRun>> {
    TESTS.get(short(name))
}

/// Whether a filter of that name is built in.
#[must_use]
pub fn filter_exists(name: &str) -> bool {
    filter(name).is_some()
}
/// Whether a test of that name is built in.
#[must_use]
pub fn test_exists(name: &str) -> bool {
    test(name).is_some()
}
/// Whether a lookup of that name is built in.
#[must_use]
pub fn lookup_exists(name: &str) -> bool {
    lookups::find(short(name)).is_some()
}
pub(crate) fn lookup(name: &str) -> Option<lookups::Run> {
    lookups::find(short(name))
}

/// All built-in names of a kind (`filter`, `test` or `lookup`), sorted.
#[must_use]
pub fn names(kind: &str) -> Vec<&'static str> {
    let mut names: Vec<&'static str> = match kind {
        "filter" => FILTERS.keys().copied().collect(),
        "test" => TESTS.keys().copied().collect(),
        _ => lookups::NAMES.iter().map(|(n, _)| *n).collect(),
    };
    names.sort_unstable();
    names
}
