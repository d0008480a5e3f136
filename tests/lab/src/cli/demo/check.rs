//! The table of what was checked.

use anyhow::Result;

use crate::cli::say;

/// What a look at a row gave.
pub(super) enum Verdict {
    /// Looked at, and as it should be.
    Yes,
    /// Looked at, and otherwise: what was seen.
    No(String),
}

/// All rows.
#[derive(Default)]
pub(super) struct Table(Vec<(&'static str, String, Verdict)>);

impl Table {
    /// Adds a row; a look that fails is a no with its error.
    pub(super) fn look(&mut self, area: &'static str, what: impl Into<String>, seen: Result<Verdict>) {
        let verdict = seen.unwrap_or_else(|error| Verdict::No(format!("{error:#}")));
        self.0.push((area, what.into(), verdict));
    }

    /// Whether a row says no.
    pub(super) fn has_no(&self) -> bool {
        self.0.iter().any(|(_, _, verdict)| matches!(verdict, Verdict::No(_)))
    }

    /// Shows it.
    pub(super) fn print(&self) {
        for (area, what, verdict) in &self.0 {
            let (word, remark) = match verdict {
                Verdict::Yes => ("yes", String::new()),
                Verdict::No(seen) => ("NO", format!(": {seen}")),
            };
            say(&format!("{word:<5}{area:<12}{what}{remark}"));
        }
        let yes = self.0.iter().filter(|row| matches!(row.2, Verdict::Yes)).count();
        say(&format!("{yes} yes, {} no", self.0.len() - yes));
    }
}

/// Yes when both are the same, else no with what was seen.
pub(super) fn same<T: PartialEq + std::fmt::Debug>(seen: &T, wanted: &T) -> Verdict {
    if seen == wanted { Verdict::Yes } else { Verdict::No(format!("{seen:?}, wanted {wanted:?}")) }
}

/// Yes when nothing is in the list, else no with it.
pub(super) fn none(seen: &[String]) -> Verdict {
    if seen.is_empty() { Verdict::Yes } else { Verdict::No(seen.join(", ")) }
}
