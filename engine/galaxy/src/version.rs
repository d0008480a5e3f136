//! Semantic versions and ranges of them.

use std::cmp::Ordering;

/// A version by semver.org.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct SemVer {
    core: [u64; 3],
    pre: Vec<String>,
}

impl SemVer {
    /// The version, when it is one.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let (text, build) = match text.split_once('+') {
            Some((text, build)) => (text, Some(build)),
            None => (text, None),
        };
        if build.is_some_and(|build| !build.split('.').all(is_identifier)) {
            return None;
        }
        let (core, pre) = match text.split_once('-') {
            Some((core, pre)) => (core, pre.split('.').map(str::to_string).collect()),
            None => (text, Vec::new()),
        };
        let numbers: Vec<u64> = core.split('.').map(number).collect::<Option<_>>()?;
        let core: [u64; 3] = numbers.try_into().ok()?;
        let good = |part: &String| is_identifier(part) && (!is_number(part) || number(part).is_some());
        pre.iter().all(good).then_some(Self { core, pre })
    }

    /// The version, where numbers may be missing: `1` is `1.0.0`.
    fn loose(text: &str) -> Option<Self> {
        if let Some(version) = Self::parse(text) {
            return Some(version);
        }
        let text = text.trim().trim_start_matches('v');
        let end = text.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(text.len());
        let (core, rest) = text.split_at(end);
        let mut numbers: Vec<&str> = core.trim_matches('.').split('.').collect();
        numbers.truncate(3);
        numbers.resize(3, "0");
        let plain: Vec<String> =
            numbers.iter().map(|n| n.parse::<u64>().map(|n| n.to_string())).collect::<Result<_, _>>().ok()?;
        let rest = if rest.is_empty() || rest.starts_with(['-', '+']) {
            rest.to_string()
        } else {
            format!("-{rest}")
        };
        Self::parse(&format!("{}{rest}", plain.join(".")))
    }

    /// Whether it comes before a release.
    pub(crate) fn is_pre(&self) -> bool {
        !self.pre.is_empty()
    }
}

impl PartialOrd for SemVer {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for SemVer {
    fn cmp(&self, other: &Self) -> Ordering {
        let by_pre = || match (self.pre.is_empty(), other.pre.is_empty()) {
            (true, true) => Ordering::Equal,
            (true, false) => Ordering::Greater,
            (false, true) => Ordering::Less,
            (false, false) => {
                let pairs = self.pre.iter().zip(&other.pre).map(|(a, b)| of_parts(a, b));
                pairs.into_iter().find(|order| order.is_ne()).unwrap_or(self.pre.len().cmp(&other.pre.len()))
            }
        };
        self.core.cmp(&other.core).then_with(by_pre)
    }
}

fn of_parts(a: &str, b: &str) -> Ordering {
    match (a.parse::<u64>(), b.parse::<u64>()) {
        (Ok(a), Ok(b)) => a.cmp(&b),
        (Ok(_), Err(_)) => Ordering::Less,
        (Err(_), Ok(_)) => Ordering::Greater,
        (Err(_), Err(_)) => a.cmp(b),
    }
}

fn is_identifier(part: &str) -> bool {
    !part.is_empty() && part.chars().all(|c| c.is_ascii_alphanumeric() || c == '-')
}

fn is_number(part: &str) -> bool {
    part.chars().all(|c| c.is_ascii_digit())
}

fn number(part: &str) -> Option<u64> {
    let plain = is_number(part) && (part == "0" || !part.starts_with('0'));
    plain.then(|| part.parse().ok()).flatten()
}

/// Whether a version is in a range such as `>=1.0.0,<2`; an error names what is no version.
pub(crate) fn meets(version: &str, ranges: &str) -> Result<bool, String> {
    for range in ranges.split(',') {
        let operators = ["!=", "==", ">=", "<=", "=", ">", "<"];
        let operator = operators.into_iter().find(|operator| range.starts_with(operator));
        let wanted = operator.map_or(range, |operator| &range[operator.len()..]);
        if wanted == "*" || version == "*" {
            continue;
        }
        let own = SemVer::parse(version).ok_or_else(|| format!("invalid semantic version '{version}'"))?;
        let wanted = SemVer::loose(wanted)
            .ok_or_else(|| format!("Non integer values in LooseVersion ('{wanted}')"))?;
        let order = own.cmp(&wanted);
        let good = match operator {
            Some("!=") => order.is_ne(),
            Some(">=") => order.is_ge(),
            Some("<=") => order.is_le(),
            Some(">") => order.is_gt(),
            Some("<") => order.is_lt(),
            _ => order.is_eq(),
        };
        if !good {
            return Ok(false);
        }
    }
    Ok(true)
}

/// Whether a release of ansible-core is in a range of Python's kind (`>=2.15.0,!=2.16.1`).
pub(crate) fn supports_core(ranges: &str, core: &str) -> bool {
    let numbers = |text: &str| -> Vec<u64> {
        let end = text.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(text.len());
        let mut parts: Vec<u64> = text[..end].split('.').filter_map(|part| part.parse().ok()).collect();
        while parts.last() == Some(&0) {
            parts.pop();
        }
        parts
    };
    let own = numbers(core);
    ranges.split(',').map(str::trim).filter(|range| !range.is_empty()).all(|range| {
        let operators = ["~=", "!=", "==", ">=", "<=", ">", "<"];
        let operator = operators.into_iter().find(|operator| range.starts_with(operator));
        let text = operator.map_or(range, |operator| &range[operator.len()..]).trim();
        let wanted = numbers(text.trim_end_matches(".*"));
        let begins = own.starts_with(&wanted);
        match operator {
            Some("!=") if text.ends_with(".*") => !begins,
            Some("==") if text.ends_with(".*") => begins,
            Some("!=") => own != wanted,
            Some(">=") => own >= wanted,
            Some("<=") => own <= wanted,
            Some(">") => own > wanted,
            Some("<") => own < wanted,
            Some("~=") => {
                let parts = text.split('.').count().saturating_sub(1);
                let head: Vec<u64> = text.split('.').take(parts).filter_map(|p| p.parse().ok()).collect();
                own >= wanted && own.starts_with(&head)
            }
            _ => own == wanted,
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_ordered_as_semver_orders_them() {
        let ordered =
            ["1.0.0-alpha", "1.0.0-alpha.1", "1.0.0-beta.2", "1.0.0-beta.11", "1.0.0", "1.10.0", "2.0.0"];
        let parsed: Vec<SemVer> = ordered.iter().map(|text| SemVer::parse(text).unwrap()).collect();
        assert!(parsed.is_sorted());
        assert!(["1.0", "1.0.01", "v1.0.0", "1.0.0-", "a"].iter().all(|text| SemVer::parse(text).is_none()));
    }

    #[test]
    fn ranges_take_short_versions_and_several_bounds() {
        assert_eq!(meets("1.2.3", ">=1,<2"), Ok(true));
        assert_eq!(meets("2.0.0", ">=1,<2"), Ok(false));
        assert_eq!(meets("1.2.3", "1.2.3"), Ok(true));
        assert_eq!(meets("1.2.3", "!=1.2.3"), Ok(false));
        assert!(supports_core(">=2.15.0,!=2.21.1", "2.21.5") && !supports_core("<2.21", "2.21.5"));
        assert!(supports_core("~=2.20", "2.21.5") && !supports_core("~=2.20.0", "2.21.5"));
    }
}
