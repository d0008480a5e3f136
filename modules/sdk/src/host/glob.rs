//! Paths by pattern: `*`, `?`, `[a-z]`, as Python's `glob` and `fnmatch` have them.

use std::path::{Path, PathBuf};

use crate::{Host, Result};

/// Whether a name matches a pattern of `*`, `?` and `[...]`.
#[must_use]
pub fn fnmatch(pattern: &str, name: &str) -> bool {
    let (p, n): (Vec<char>, Vec<char>) = (pattern.chars().collect(), name.chars().collect());
    matches(&p, &n)
}

fn matches(pattern: &[char], name: &[char]) -> bool {
    match pattern.split_first() {
        None => name.is_empty(),
        Some(('*', rest)) => {
            (0..=name.len()).any(|skip| name.get(skip..).is_some_and(|tail| matches(rest, tail)))
        }
        Some((first, rest)) => {
            let Some((c, tail)) = name.split_first() else { return false };
            match (first, class(pattern)) {
                ('?', _) => matches(rest, tail),
                ('[', Some((len, yes))) => {
                    yes(*c) && pattern.get(len..).is_some_and(|after| matches(after, tail))
                }
                (literal, _) => literal == c && matches(rest, tail),
            }
        }
    }
}

type Class<'a> = Box<dyn Fn(char) -> bool + 'a>;

/// The class at the beginning of a pattern and how long it is.
fn class(pattern: &[char]) -> Option<(usize, Class<'_>)> {
    let not = matches!(pattern.get(1), Some('!' | '^'));
    let from = 1 + usize::from(not);
    let close = pattern.iter().enumerate().skip(from + 1).find(|(_, c)| **c == ']')?.0;
    let inner = pattern.get(from..close)?;
    let yes = move |c: char| {
        let mut i = 0;
        let mut found = false;
        while let Some(low) = inner.get(i) {
            match (inner.get(i + 1), inner.get(i + 2)) {
                (Some('-'), Some(high)) => {
                    found |= (*low..=*high).contains(&c);
                    i += 3;
                }
                _ => {
                    found |= *low == c;
                    i += 1;
                }
            }
        }
        found != not
    };
    Some((close + 1, Box::new(yes)))
}

impl Host {
    /// Paths that match a pattern, sorted; a pattern without `*?[` is a path that is there or not. Relative ones are below
    /// `base`.
    ///
    /// # Errors
    /// When a folder cannot be read.
    pub fn glob(&self, base: &Path, pattern: &str) -> Result<Vec<PathBuf>> {
        let full = base.join(pattern);
        if !pattern.contains(['*', '?', '[']) {
            return Ok(if self.exists(&full)? { vec![full] } else { Vec::new() });
        }
        let mut found = vec![PathBuf::new()];
        for part in full.components() {
            let name = part.as_os_str().to_string_lossy();
            let mut next = Vec::new();
            for path in found {
                if !name.contains(['*', '?', '[']) {
                    let path = path.join(&*name);
                    if self.exists(&path)? {
                        next.push(path);
                    }
                    continue;
                }
                let folder = if path.as_os_str().is_empty() { Path::new(".") } else { &path };
                if !self.is_dir(folder)? {
                    continue;
                }
                let names =
                    self.list(folder)?.into_iter().filter(|n| !n.starts_with('.') || name.starts_with('.'));
                next.extend(names.filter(|n| fnmatch(&name, n)).map(|n| path.join(n)));
            }
            found = next;
        }
        Ok(found)
    }
}
