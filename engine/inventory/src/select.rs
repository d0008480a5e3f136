//! Which hosts a pattern means, with the limit, in the reference's order.

use std::{
    collections::HashSet,
    hash::{BuildHasher, RandomState},
    path::Path,
    sync::Arc,
};

use rustible_source::{Diagnostic, Kind};

use crate::{
    model::Inventory,
    names::LOCALHOST,
    pattern::{self, Matcher},
    settings::Mismatch,
};

/// The hosts that a pattern means.
#[derive(Debug, Clone, Default)]
pub struct Selection {
    /// Names, each once, in the order the pattern gives.
    pub hosts: Vec<Arc<str>>,
    /// Patterns that matched nothing, old spellings.
    pub warnings: Vec<Diagnostic>,
}

impl Inventory {
    /// Set what `--limit` says: patterns, `@FILE` for a file with one pattern a line. `None` takes the limit away.
    ///
    /// # Errors
    /// A file that is not there.
    pub fn set_limit(&mut self, limit: Option<&str>) -> Result<(), Diagnostic> {
        let Some(limit) = limit else {
            self.limit = None;
            return Ok(());
        };
        let mut patterns = Vec::new();
        for part in pattern::split(limit) {
            let Some(file) = part.strip_prefix('@') else {
                patterns.push(part);
                continue;
            };
            let path = Path::new(file);
            if !path.exists() {
                return Err(Diagnostic::new(format!("Unable to find limit file b'{file}'")));
            }
            if !path.is_file() {
                let text = format!("Limit starting with \"@\" must be a file, not a directory: b'{file}'");
                return Err(Diagnostic::new(text));
            }
            let text = std::fs::read_to_string(path).map_err(|e| Diagnostic::new(format!("{file}: {e}")))?;
            patterns.extend(text.lines().map(|line| line.trim().to_string()).filter(|line| !line.is_empty()));
        }
        self.limit = Some(patterns);
        Ok(())
    }

    /// The hosts that a pattern means and the limit leaves.
    ///
    /// # Errors
    /// A pattern that cannot be understood, an index that is not there.
    pub fn select(&self, text: &str) -> Result<Selection, Diagnostic> {
        self.select_list(&[text.to_string()])
    }

    /// As [`Self::select`], for a list of patterns (a play's `hosts` may be one).
    ///
    /// # Errors
    /// As [`Self::select`].
    pub fn select_list(&self, texts: &[String]) -> Result<Selection, Diagnostic> {
        let mut selection = self.select_unlimited(texts)?;
        if let Some(limit) = self.limit.as_ref().filter(|limit| !limit.is_empty()) {
            let allowed = self.evaluate(limit.clone(), &mut selection.warnings)?;
            let allowed: HashSet<&Arc<str>> = allowed.iter().collect();
            selection.hosts.retain(|host| allowed.contains(host));
        }
        Ok(selection)
    }

    /// The hosts that patterns mean, whatever the limit.
    ///
    /// # Errors
    /// As [`Self::select`].
    pub fn select_unlimited(&self, texts: &[String]) -> Result<Selection, Diagnostic> {
        let mut warnings = Vec::new();
        let patterns = texts.iter().flat_map(|text| pattern::split(text)).collect();
        let hosts = self.evaluate(patterns, &mut warnings)?;
        Ok(Selection { hosts, warnings })
    }

    fn evaluate(
        &self,
        patterns: Vec<String>,
        warnings: &mut Vec<Diagnostic>,
    ) -> Result<Vec<Arc<str>>, Diagnostic> {
        let mut hosts: Vec<Arc<str>> = Vec::new();
        for pattern in pattern::ordered(patterns) {
            if let Some((name, _)) = self.hosts.get_key_value(pattern.as_str()) {
                hosts.push(name.clone());
                continue;
            }
            let bare = pattern.strip_prefix(['!', '&']).unwrap_or(&pattern);
            let found = self.one(bare, warnings)?;
            let set: HashSet<&Arc<str>> = found.iter().collect();
            match pattern.as_bytes().first() {
                Some(b'!') => hosts.retain(|host| !set.contains(host)),
                Some(b'&') => hosts.retain(|host| set.contains(host)),
                _ => hosts.extend(found),
            }
        }
        let mut seen = HashSet::new();
        hosts.retain(|host| seen.insert(host.clone()));
        Ok(hosts)
    }

    /// A single pattern: groups of that name first, hosts when there is none or the pattern has wildcards.
    fn one(&self, pattern: &str, warnings: &mut Vec<Diagnostic>) -> Result<Vec<Arc<str>>, Diagnostic> {
        let (expression, subscript, dashed) = pattern::subscript(pattern);
        if dashed {
            warnings.push(Diagnostic::new(
                "Use [x:y] inclusive subscripts instead of [x-y] which has been removed",
            ));
        }
        if expression.is_empty() {
            return Err(Diagnostic::new("string index out of range"));
        }
        let matcher = Matcher::new(expression)?;
        let groups: Vec<usize> = if let Matcher::Exact(name) = &matcher {
            self.groups.get_index_of(name.as_str()).into_iter().collect()
        } else {
            (0..self.groups.len()).filter(|id| matcher.matches(self.group_name(*id))).collect()
        };
        let mut found: Vec<Arc<str>> = Vec::new();
        for id in &groups {
            found.extend(self.names_below(*id));
        }
        if groups.is_empty() || expression.starts_with('~') || expression.contains(['.', '?', '*', '[']) {
            if let Matcher::Exact(name) = &matcher {
                found.extend(self.hosts.get_key_value(name.as_str()).map(|(name, _)| name.clone()));
            } else {
                found.extend(self.hosts.keys().filter(|name| matcher.matches(name)).cloned());
            }
        }
        if found.is_empty() && LOCALHOST.contains(&expression) {
            found.push(self.implicit_localhost(expression));
        }
        if found.is_empty() && groups.is_empty() && expression != "all" {
            let text = format!("Could not match supplied host pattern, ignoring: {expression}");
            match self.settings.mismatch {
                Mismatch::Error => return Err(Diagnostic::new(text)),
                Mismatch::Warning => warnings.push(Diagnostic::new(text)),
                Mismatch::Ignore => {}
            }
        }
        pattern::apply(found, subscript, pattern)
    }

    /// The hosts in the order that a play's `order` asks for.
    ///
    /// # Errors
    /// A word that is no order.
    pub fn arrange(mut hosts: Vec<Arc<str>>, order: &str) -> Result<Vec<Arc<str>>, Diagnostic> {
        match order {
            "" | "inventory" => {}
            "sorted" => hosts.sort(),
            "reverse_sorted" => {
                hosts.sort();
                hosts.reverse();
            }
            "reverse_inventory" => hosts.reverse(),
            "shuffle" => {
                let random = RandomState::new();
                hosts.sort_by_key(|host| random.hash_one(host));
            }
            other => {
                let text = format!("Invalid 'order' specified for inventory hosts: {other}");
                return Err(Diagnostic::new(text).of_kind(Kind::Options));
            }
        }
        Ok(hosts)
    }
}
