//! `ansible-config validate`: whether the file, or the environment, sets only what there is.

use rustible_output::Sink;
use rustible_protocol::{Dict, Value};
use rustible_source::Diagnostic;

use super::{Looked, Validate, Work};
use crate::definitions::{sources, text};

/// The exit status.
///
/// # Errors
/// When the options of a plugin cannot be read.
pub(super) fn run(work: &Work<'_>, how: &Validate) -> Result<u8, Diagnostic> {
    let (mut settings, kinds) = work.entries()?;
    let servers = settings.remove("GALAXY_SERVERS").unwrap_or_default();
    let servers = servers.as_dict().cloned().unwrap_or_default();
    let plugins = kinds.values().filter_map(Value::as_dict).flat_map(Dict::values).filter_map(Value::as_dict);
    let servers = servers.values().filter_map(Value::as_dict).filter(|_| how.format == Looked::Ini);
    let definitions: Vec<&Dict> = std::iter::once(&settings)
        .chain(plugins)
        .chain(servers)
        .flat_map(Dict::values)
        .filter_map(Value::as_dict)
        .collect();
    let errors = match how.format {
        Looked::Ini => of_file(work, &definitions),
        Looked::Env => of_environment(&definitions),
    };
    for error in &errors {
        work.display.error(Sink::Err, error);
    }
    if errors.is_empty() {
        work.line("All configurations seem valid!", None);
    }
    Ok(u8::from(!errors.is_empty()))
}

fn of_file(work: &Work<'_>, definitions: &[&Dict]) -> Vec<String> {
    let Some(file) = &work.config.file else { return Vec::new() };
    let places = || {
        definitions
            .iter()
            .flat_map(|definition| sources(definition, "ini"))
            .filter_map(|place| Some((text(place, "section")?, text(place, "key")?.to_lowercase())))
    };
    let mut errors = Vec::new();
    for section in work.config.sections() {
        let mut keys = places().filter(|(known, _)| *known == section).map(|(_, key)| key).peekable();
        if keys.peek().is_none() {
            errors.push(format!("Found unknown section '{section}' in '{}.", file.display()));
            continue;
        }
        let keys: Vec<String> = keys.collect();
        for key in work.config.keys(section).filter(|key| !keys.iter().any(|known| known == key)) {
            let place = format!("in section '{section}' in '{}.", file.display());
            errors.push(format!("Found unknown key '{key}' {place}"));
        }
    }
    errors
}

fn of_environment(definitions: &[&Dict]) -> Vec<String> {
    let known: Vec<&str> = definitions
        .iter()
        .flat_map(|definition| sources(definition, "env"))
        .filter_map(|place| text(place, "name"))
        .collect();
    let set = std::env::vars_os().filter_map(|(name, _)| name.into_string().ok());
    set.filter(|name| {
        name.starts_with("ANSIBLE_")
            && !name.starts_with("ANSIBLE_TEST_")
            && !name.starts_with("ANSIBLE_LINT_")
            && !matches!(name.as_str(), "ANSIBLE_CONFIG" | "ANSIBLE_DEV_HOME")
            && !known.contains(&name.as_str())
    })
    .map(|name| format!("Found unknown environment variable '{name}'."))
    .collect()
}
