//! `.env`: `NAME=value` lines that become environment variables, never over one that is set.

use std::{
    collections::BTreeMap,
    env,
    os::unix::fs::MetadataExt,
    path::{Path, PathBuf},
    sync::Arc,
};

use rustible_protocol::Origin;
use rustible_source::{Diagnostic, Files, Kind};

/// The variables of a file, in order; of one that is given twice the last counts.
pub(crate) fn parse(file: &Path, text: &str) -> Result<Vec<(String, String)>, Diagnostic> {
    let name: Arc<str> = file.display().to_string().into();
    Files::global().add(&name, &text.into());
    let mut found: BTreeMap<String, (usize, String)> = BTreeMap::new();
    for (number, line) in text.lines().enumerate() {
        let trimmed = line.trim();
        if trimmed.is_empty() || trimmed.starts_with('#') {
            continue;
        }
        let assignment = trimmed.strip_prefix("export ").map_or(trimmed, str::trim_start);
        let error = || {
            let line = u32::try_from(number).unwrap_or(u32::MAX).saturating_add(1);
            Diagnostic::new("a line of an environment file must be NAME=value")
                .at(Some(&Origin::new(&name, line, 1)))
        };
        let (key, value) = assignment.split_once('=').ok_or_else(error)?;
        let key = key.trim();
        let plain = !key.is_empty()
            && key.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
            && !key.starts_with(|c: char| c.is_ascii_digit());
        if !plain {
            return Err(error());
        }
        let known = |name: &str| found.get(name).map(|(_, value)| value.clone());
        let value = value_of(value.trim_start(), &known);
        found.insert(key.to_string(), (number, value));
    }
    let mut all: Vec<(usize, String, String)> =
        found.into_iter().map(|(key, (number, value))| (number, key, value)).collect();
    all.sort();
    Ok(all.into_iter().map(|(_, key, value)| (key, value)).collect())
}

/// A value: `'literal'`, `"with \n and ${VAR}"`, or plain up to ` #`.
fn value_of(text: &str, known: &dyn Fn(&str) -> Option<String>) -> String {
    if let Some(rest) = text.strip_prefix('\'')
        && let Some((value, _)) = rest.split_once('\'')
    {
        return value.to_string();
    }
    if let Some(rest) = text.strip_prefix('"')
        && let Some(value) = quoted(rest)
    {
        return expand(&value, known);
    }
    if text.starts_with('#') {
        return String::new();
    }
    let end = text
        .match_indices('#')
        .find(|(i, _)| text[..*i].ends_with([' ', '\t']))
        .map_or(text.len(), |(i, _)| i);
    expand(text[..end].trim_end(), known)
}

fn quoted(text: &str) -> Option<String> {
    let mut value = String::new();
    let mut chars = text.chars();
    while let Some(c) = chars.next() {
        match c {
            '"' => return Some(value),
            '\\' => match chars.next()? {
                'n' => value.push('\n'),
                't' => value.push('\t'),
                'r' => value.push('\r'),
                '$' => value.push('\u{0}'),
                other => value.push(other),
            },
            other => value.push(other),
        }
    }
    None
}

/// `${VAR}` replaced; a dollar sign that was escaped stays one.
fn expand(text: &str, known: &dyn Fn(&str) -> Option<String>) -> String {
    let mut out = String::new();
    let mut rest = text;
    while let Some(at) = rest.find("${") {
        out.push_str(&rest[..at]);
        let Some((name, behind)) = rest[at + 2..].split_once('}') else {
            out.push_str(&rest[at..]);
            return out.replace('\u{0}', "$");
        };
        out.push_str(&known(name).or_else(|| env::var(name).ok()).unwrap_or_default());
        rest = behind;
    }
    out.push_str(rest);
    out.replace('\u{0}', "$")
}

/// `$VAR` and `${VAR}` of the environment; unknown ones stay as they are when `keep`.
pub(crate) fn variables(text: &str, keep: bool) -> String {
    let mut out = String::new();
    let mut rest = text;
    while let Some(at) = rest.find('$') {
        out.push_str(&rest[..at]);
        let behind = &rest[at + 1..];
        let (name, after) = match behind.strip_prefix('{').and_then(|b| b.split_once('}')) {
            Some(found) => found,
            None => {
                let end =
                    behind.find(|c: char| !(c.is_ascii_alphanumeric() || c == '_')).unwrap_or(behind.len());
                behind.split_at(end)
            }
        };
        let whole = &rest[at..rest.len() - after.len()];
        match env::var(name) {
            Ok(value) if !name.is_empty() => out.push_str(&value),
            _ if keep => out.push_str(whole),
            _ => {}
        }
        rest = after;
    }
    out.push_str(rest);
    out
}

/// Which variables the files set that were not set before.
pub(crate) fn load(files: &[PathBuf], required: bool) -> Result<Vec<(String, String)>, Diagnostic> {
    let mut all = Vec::new();
    for file in files {
        let meta = match std::fs::metadata(file) {
            Ok(meta) => meta,
            Err(_) if !required => continue,
            Err(error) => return Err(Diagnostic::new(format!("{}: {error}", file.display()))),
        };
        let own = rustix::process::geteuid().as_raw();
        if meta.mode() & 0o022 != 0 && meta.uid() != own {
            return Err(Diagnostic::new(format!(
                "{} can be written by others and belongs to somebody else; it is not loaded",
                file.display()
            ))
            .of_kind(Kind::General)
            .help("Take it over and remove the others' write permission, or run with --no-env-file."));
        }
        let text = std::fs::read_to_string(file)
            .map_err(|error| Diagnostic::new(format!("{}: {error}", file.display())))?;
        all.extend(parse(file, &text)?.into_iter().filter(|(name, _)| env::var_os(name).is_none()));
    }
    Ok(all)
}

/// Whether a variable of that name holds a secret.
pub(crate) fn is_secret(name: &str) -> bool {
    ["_PASSWORD", "_TOKEN", "_SECRET", "_KEY", "_PASS"].iter().any(|end| name.to_uppercase().ends_with(end))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_read_as_shells_and_people_write_them() {
        let text = "A=1 # one\nexport B='x # y'\nC=\"a\\nb ${A}\"\nD=\nE=#none\nF=a#b\nA=2\n";
        let all: BTreeMap<String, String> = parse(Path::new(".env"), text).unwrap().into_iter().collect();
        let get = |name: &str| all.get(name).map(String::as_str).unwrap();
        assert_eq!((get("A"), get("B"), get("C")), ("2", "x # y", "a\nb 1"));
        assert_eq!((get("D"), get("E"), get("F")), ("", "", "a#b"));
        assert!(parse(Path::new(".env"), "no assignment\n").is_err());
        assert!(is_secret("PROXMOX_API_PASSWORD") && !is_secret("K8S_VERSION"));
    }
}
