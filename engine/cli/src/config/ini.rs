//! `ansible.cfg`: sections, `key = value` or `key: value`, values that go on in indented lines, `;` comments.

use std::{collections::BTreeMap, path::Path, sync::Arc};

use rustible_protocol::Origin;
use rustible_source::{Diagnostic, Files, Kind};

/// Values by section and lower-case key.
pub(super) fn parse(file: &Path, text: &str) -> Result<BTreeMap<(String, String), String>, Diagnostic> {
    let name: Arc<str> = file.display().to_string().into();
    Files::global().add(&name, &text.into());
    let mut values: BTreeMap<(String, String), String> = BTreeMap::new();
    let mut section = String::new();
    let mut last: Option<(String, String)> = None;
    for (number, line) in text.lines().enumerate() {
        let line_number = u32::try_from(number).unwrap_or(u32::MAX).saturating_add(1);
        let error = |message: &str| {
            Diagnostic::new(format!("Error reading config file ({}): {message}", file.display()))
                .of_kind(Kind::Options)
                .at(Some(&Origin::new(&name, line_number, 1)))
        };
        let trimmed = line.trim();
        if trimmed.is_empty() || trimmed.starts_with(['#', ';']) {
            continue;
        }
        let plain = without_comment(line);
        if line.starts_with([' ', '\t'])
            && let Some(value) = last.as_ref().and_then(|key| values.get_mut(key))
        {
            value.push('\n');
            value.push_str(plain.trim());
            continue;
        }
        if let Some(rest) = trimmed.strip_prefix('[') {
            let Some((title, _)) = rest.split_once(']') else {
                return Err(error("a section's name must end in ']'"));
            };
            section = title.to_string();
            last = None;
            continue;
        }
        let Some(at) = plain.find(['=', ':']) else {
            return Err(error("a line must be 'key = value'"));
        };
        if section.is_empty() {
            return Err(error("File contains no section headers."));
        }
        let key = (section.clone(), plain[..at].trim().to_lowercase());
        values.insert(key.clone(), plain[at + 1..].trim().to_string());
        last = Some(key);
    }
    Ok(values)
}

/// The line without ` ; comment`.
fn without_comment(line: &str) -> &str {
    line.match_indices(';').find(|(i, _)| line[..*i].ends_with([' ', '\t'])).map_or(line, |(i, _)| &line[..i])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn comments_and_lines_that_go_on_are_read_as_the_reference_does() {
        let text = "# c\n[defaults]\nForks = 7 ; many\nroles_path: a:b\ncallbacks = x,\n  y\n[ssh_connection]\nssh_args = -o A=b#c\n";
        let values = parse(Path::new("x.cfg"), text).unwrap();
        let get = |section: &str, key: &str| values.get(&(section.into(), key.into())).cloned().unwrap();
        assert_eq!((get("defaults", "forks"), get("defaults", "roles_path")), ("7".into(), "a:b".into()));
        assert_eq!(
            (get("defaults", "callbacks"), get("ssh_connection", "ssh_args")),
            ("x,\ny".into(), "-o A=b#c".into())
        );
        assert!(parse(Path::new("x.cfg"), "forks = 1\n").is_err());
    }
}
