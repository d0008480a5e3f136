//! Names of Python packages as they are asked for and as they are listed.

use rustible_sdk::prelude::*;

const COMPARISONS: [&str; 7] = [">=", "<=", "==", "!=", "~=", ">", "<"];

/// A package that is asked for.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Wanted {
    /// As it is given to pip.
    pub(super) text: String,
    /// The name as it is compared; `None` for addresses and paths.
    pub(super) name: Option<String>,
    /// The conditions on the version, empty for any.
    pub(super) conditions: String,
}

impl Wanted {
    pub(super) fn of(text: &str) -> Self {
        let text = text.trim();
        let end = text.find(|c: char| !(c.is_alphanumeric() || "-_.".contains(c))).unwrap_or(text.len());
        let (name, rest) = text.split_at(end);
        let rest = rest.trim_start();
        let rest = match rest.strip_prefix('[') {
            Some(extras) => extras.split_once(']').map_or("?", |(_, rest)| rest.trim_start()),
            None => rest,
        };
        // What comes behind a semicolon says where the package is wanted, not which.
        let conditions = rest.split(';').next().unwrap_or_default().trim();
        let bare = conditions.trim_start_matches('(').trim_end_matches(')');
        let plain = bare.is_empty()
            || bare.split(',').all(|one| COMPARISONS.iter().any(|c| one.trim().starts_with(c)));
        let plain = plain && !name.is_empty() && name.starts_with(char::is_alphanumeric);
        Self {
            text: text.to_string(),
            name: plain.then(|| canonical(name)),
            conditions: if plain { bare.to_string() } else { String::new() },
        }
    }

    /// The package in that version.
    pub(super) fn with_version(&self, version: &str) -> Self {
        let version = version.trim_start();
        let equals = if version.starts_with(|c: char| c.is_ascii_digit()) { "==" } else { " " };
        Self::of(&format!("{}{equals}{version}", self.text))
    }
}

/// The list as it was meant: `a>1` and `<2` are one package, as is what stands in brackets.
pub(super) fn recovered(names: &[String]) -> Vec<Wanted> {
    let (mut all, mut parts, mut inside): (Vec<String>, Vec<&str>, bool) = (Vec::new(), Vec::new(), false);
    for name in names.iter().flat_map(|line| line.split(',')) {
        let is_name = !COMPARISONS.iter().any(|c| name.trim_start().starts_with(c));
        if is_name && !inside && !parts.is_empty() {
            all.push(parts.join(","));
            parts.clear();
        }
        inside = (inside || name.contains('[')) && !name.contains(']');
        parts.push(name);
    }
    all.push(parts.join(","));
    all.iter().map(|text| Wanted::of(text)).collect()
}

/// A name as all its spellings are compared.
pub(super) fn canonical(name: &str) -> String {
    let words = name.split(['-', '_', '.']).filter(|word| !word.is_empty());
    words.collect::<Vec<_>>().join("-").to_lowercase()
}

/// Whether the source is kept by a version control system.
pub(super) fn is_repository(name: &str) -> bool {
    ["svn+", "git+", "hg+", "bzr+"].iter().any(|kind| name.starts_with(kind))
}

/// Asks the target's own Python whether each of `name conditions version` lines is satisfied: its rules of versions are
/// long, and pip brings them along. Prints 1 or 0 a line.
const SATISFIED: &str = "import sys
try:
    from packaging.specifiers import SpecifierSet
except ImportError:
    from pip._vendor.packaging.specifiers import SpecifierSet
for line in sys.stdin.read().splitlines():
    conditions, version = line.split('\\t')
    print(int(SpecifierSet(conditions).contains(version, prereleases=True)))";

/// Whether a package is among those that `pip list --format=freeze` prints.
///
/// # Errors
/// When Python cannot compare the versions.
pub(super) fn is_present(wanted: &Wanted, listed: &str, python: &[String], host: &Host) -> Result<bool> {
    let Some(name) = &wanted.name else { return Ok(false) };
    let pairs = listed.lines().filter_map(|line| line.split_once("=="));
    let Some((_, version)) = pairs.into_iter().find(|(listed, _)| canonical(listed) == *name) else {
        return Ok(false);
    };
    if wanted.conditions.is_empty() {
        return Ok(true);
    }
    let line = format!("{}\t{}\n", wanted.conditions, version.trim());
    let command = Command::new(python.iter().cloned()).args(["-c", SATISFIED]).stdin(line);
    let output = host.query(&command)?;
    let output = output.or_fail(|out| format!("Unable to compare versions: {}", out.stderr.trim_end()))?;
    Ok(output.stdout.trim() == "1")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn conditions_that_were_split_off_come_back_to_their_package() {
        let names =
            ["django>1.11.1".to_string(), "<1.11.3,ipaddress".to_string(), "requests[a,b]>2".to_string()];
        let all = recovered(&names);
        let texts: Vec<&str> = all.iter().map(|wanted| wanted.text.as_str()).collect();
        assert_eq!(texts, ["django>1.11.1,<1.11.3", "ipaddress", "requests[a,b]>2"]);
        assert_eq!(all.last().and_then(|wanted| wanted.name.as_deref()), Some("requests"));
    }

    #[test]
    fn addresses_and_paths_have_no_name() {
        for text in ["git+https://x/y#egg=z", "./wheel.whl", "/a/b", "https://x/y.tar.gz", "file:///x"] {
            assert_eq!(Wanted::of(text).name, None, "{text}");
        }
        assert_eq!(Wanted::of("Foo_Bar.baz (>=1.0)").name.as_deref(), Some("foo-bar-baz"));
        assert_eq!(Wanted::of("x").with_version(">1,<2").text, "x >1,<2");
    }
}
