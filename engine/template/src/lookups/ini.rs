//! `ini`: a key of an INI or properties file.

use super::Call;
use crate::{
    Pattern,
    rt::{Res, Rt, fail},
};

type Entries = Vec<(String, String, String)>;

/// Section, key and value of each line; a deeper line continues the value before it.
fn parse(text: &str, properties: bool, case_sensitive: bool) -> Entries {
    let mut out: Entries = Vec::new();
    let mut section = if properties { "java_properties".to_string() } else { String::new() };
    for line in text.lines() {
        let trimmed = line.trim();
        if trimmed.is_empty() || trimmed.starts_with(['#', ';']) {
            continue;
        }
        if !properties && let Some(name) = trimmed.strip_prefix('[').and_then(|t| t.strip_suffix(']')) {
            section = name.to_string();
            continue;
        }
        if line.starts_with([' ', '\t'])
            && let Some((_, _, value)) = out.last_mut()
        {
            value.push('\n');
            value.push_str(trimmed);
            continue;
        }
        let (key, value) = trimmed.split_once(['=', ':']).unwrap_or((trimmed, ""));
        let key = key.trim();
        let key = if case_sensitive { key.to_string() } else { key.to_lowercase() };
        out.push((section.clone(), key, value.trim().to_string()));
    }
    out
}

pub(super) fn run(call: Call) -> Res<Vec<Rt>> {
    call.known(&[
        "type",
        "file",
        "section",
        "re",
        "encoding",
        "default",
        "case_sensitive",
        "allow_no_value",
        "interpolation",
    ])?;
    let mut out = Vec::new();
    for term in call.texts()? {
        let (key, inline) = Call::term_options(&term);
        let option = |name: &str, default: &str| match inline.iter().find(|(k, _)| k == name) {
            Some((_, value)) => Ok(value.clone()),
            None => call.text(name, default),
        };
        let name = option("file", "ansible.ini")?;
        let Some(path) = call.ctx.env.find("files", &name) else {
            return Err(fail(format!("Unable to find the file '{name}'")));
        };
        let text = super::file::read(&call, &path)?;
        let properties = option("type", "ini")? == "properties";
        let case = call.flag("case_sensitive", false)?;
        let entries = parse(&text, properties, case);
        let section = if properties { "java_properties".into() } else { option("section", "global")? };
        let key = if case { key } else { key.to_lowercase() };
        let value = |section: &str, key: &str| {
            let own = entries.iter().rfind(|(s, k, _)| s == section && k == key);
            own.or_else(|| entries.iter().rfind(|(s, k, _)| s == "DEFAULT" && k == key))
                .map(|(_, _, v)| v.clone())
        };
        if call.flag("re", false)? || inline.iter().any(|(k, v)| k == "re" && v.eq_ignore_ascii_case("true"))
        {
            let pattern = Pattern::new(&key, false, false).map_err(fail)?;
            let found = entries.iter().filter(|(s, k, _)| *s == section && pattern.at_start(k).is_some());
            out.extend(found.map(|(_, _, v)| Rt::str(v.as_str())));
            continue;
        }
        if !properties && section != "DEFAULT" && !entries.iter().any(|(s, ..)| *s == section) {
            return Err(fail(format!("No section '{section}' in '{name}'.")));
        }
        match value(&section, &key) {
            Some(found) => out.push(Rt::from(found)),
            None => out.push(Rt::from(option("default", "")?)),
        }
    }
    Ok(out)
}
