//! INI files as Python's `configparser` reads them: sections, options of one or more lines, nothing twice.

use indexmap::IndexMap;

/// Options by section; one without a value is `None`.
pub(super) struct Ini(IndexMap<String, IndexMap<String, Option<String>>>);

/// How a file is read.
#[derive(Clone, Copy)]
pub(super) struct Manner {
    /// Options without a value are no error.
    pub(super) bare: bool,
    /// Options that differ in case are different.
    pub(super) case: bool,
}

/// Its options count for every section.
const DEFAULT: &str = "DEFAULT";

impl Ini {
    /// Read a text; `name` is the file's as messages have it. Lines before the first section belong to `first`, where
    /// there is one.
    pub(super) fn read(text: &str, name: &str, first: Option<&str>, how: Manner) -> Result<Self, String> {
        let mut sections: IndexMap<String, IndexMap<String, Option<String>>> = IndexMap::new();
        let mut section = first.map(str::to_string);
        if let Some(first) = first {
            sections.insert(first.to_string(), IndexMap::new());
        }
        let mut last: Option<(String, usize)> = None;
        let mut empty = 0;
        for (number, line) in (1..).zip(text.lines()) {
            let trimmed = line.trim();
            if trimmed.is_empty() {
                empty += 1;
                continue;
            }
            if trimmed.starts_with(['#', ';']) {
                continue;
            }
            let indent = line.len() - line.trim_start().len();
            let options = section.as_ref().and_then(|section| sections.get_mut(section));
            if let (Some((option, own)), Some(options)) = (&last, options)
                && indent > *own
                && let Some(Some(value)) = options.get_mut(option)
            {
                value.push_str(&"\n".repeat(empty + 1));
                value.push_str(trimmed);
                empty = 0;
                continue;
            }
            empty = 0;
            if let Some(title) =
                trimmed.strip_prefix('[').and_then(|rest| rest.rsplit_once(']')).map(|(t, _)| t)
            {
                if title != DEFAULT && sections.contains_key(title) {
                    return Err(format!(
                        "While reading from '<???>' [line {number:>2}]: section '{title}' already exists"
                    ));
                }
                sections.entry(title.to_string()).or_default();
                section = Some(title.to_string());
                last = None;
                continue;
            }
            let Some(options) = section.as_ref().and_then(|section| sections.get_mut(section)) else {
                return Err(format!(
                    "File contains no section headers.\nfile: '<???>', line: {number}\n'{line}\\n'"
                ));
            };
            let (option, value) = match trimmed.split_once(['=', ':']) {
                Some((option, value)) => (option.trim(), Some(value.trim().to_string())),
                None => (trimmed, None),
            };
            if option.is_empty() || value.is_none() && !how.bare {
                return Err(format!(
                    "Source contains parsing errors: '<???>'\n\t[line {number:>2}]: '{line}\\n'"
                ));
            }
            let option = if how.case { option.to_string() } else { option.to_lowercase() };
            if options.contains_key(&option) {
                let section = section.unwrap_or_default();
                return Err(format!(
                    "Duplicate option in '{name}': While reading from '<???>' [line {number:>2}]: option '{option}' in section '{section}' already exists"
                ));
            }
            last = Some((option.clone(), indent));
            options.insert(option, value);
        }
        Ok(Self(sections))
    }

    /// The options of a section with those that count for every one; `None` when there is no such section.
    pub(super) fn section(&self, name: &str) -> Option<IndexMap<&str, Option<&str>>> {
        let own = match self.0.get(name) {
            None if name != DEFAULT => return None,
            own => own,
        };
        let default = self.0.get(DEFAULT).filter(|_| name != DEFAULT);
        let all = default.into_iter().chain(own).flatten();
        Some(all.map(|(option, value)| (option.as_str(), value.as_deref())).collect())
    }
}

/// `%(name)s` replaced by the options around, `%%` by a percent sign.
pub(super) fn interpolate(
    (section, option): (&str, &str),
    value: &str,
    options: &IndexMap<&str, Option<&str>>,
    depth: u8,
) -> Result<String, String> {
    if depth > 10 {
        return Err(format!(
            "Recursion limit exceeded in value substitution: option '{option}' in section '{section}' contains an interpolation key which cannot be substituted in 10 steps. Raw value: '{value}'"
        ));
    }
    let mut out = String::new();
    let mut rest = value;
    while let Some(at) = rest.find('%') {
        out.push_str(&rest[..at]);
        let special = &rest[at..];
        if let Some(behind) = special.strip_prefix("%%") {
            out.push('%');
            rest = behind;
        } else if let Some(named) = special.strip_prefix("%(") {
            let Some((name, behind)) = named.split_once(")s") else {
                return Err(format!("bad interpolation variable reference '{special}'"));
            };
            let name = name.to_lowercase();
            let Some(inner) = options.get(name.as_str()) else {
                return Err(format!(
                    "Bad value substitution: option '{option}' in section '{section}' contains an interpolation key '{name}' which is not a valid option name. Raw value: '{value}'"
                ));
            };
            out.push_str(&interpolate((section, option), inner.unwrap_or_default(), options, depth + 1)?);
            rest = behind;
        } else {
            return Err(format!("'%' must be followed by '%' or '(', found: '{special}'"));
        }
    }
    out.push_str(rest);
    Ok(out)
}
