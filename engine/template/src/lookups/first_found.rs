//! `first_found`: the first of several files that is there.

use rustible_protocol::Text;
use rustible_source::Diagnostic;

use super::Call;
use crate::{
    Deprecation, repr,
    rt::{MarkerKind, Res, Rt, fail, fault},
};

/// An option that is a list of names: a list, or text with separators, which goes away.
fn names(call: &Call, options: &[(String, Rt)], name: &str, separators: &[char]) -> Res<Vec<String>> {
    let value = options.iter().find(|(key, _)| key == name).map(|(_, value)| value.clone());
    let target = if name == "files" { "the 'files' option" } else { "the \"paths\" option" };
    let mut out = Vec::new();
    for item in listed(name, value)? {
        match item {
            // To a loop a name that cannot be made is a name that is not there.
            Rt::Undef(fault) if call.as_loop && fault.kind == MarkerKind::Undefined => {}
            Rt::Undef(fault) => return Err(fault),
            Rt::Str(text) => out.extend(split(call, target, &text, separators)),
            other => return Err(fail(format!("'{}' object is not iterable", other.type_name()))),
        }
    }
    Ok(out)
}

/// The items of an option; text without a list around it is taken apart at commas.
fn listed(name: &str, value: Option<Rt>) -> Res<Vec<Rt>> {
    let part = |text: &str| Rt::from(text.trim().to_string());
    match value {
        None | Some(Rt::Null) => Ok(Vec::new()),
        Some(fault @ Rt::Undef(_)) => Ok(vec![fault]),
        Some(list @ (Rt::List(_) | Rt::Tuple(_))) => list.iterate(),
        Some(Rt::Str(text)) if text.contains(',') => Ok(text.split(',').map(part).collect()),
        Some(text @ Rt::Str(_)) => Ok(vec![text]),
        Some(other) => Err(fail(format!(
            "Config '{name}' for 'first_found' lookup plugin from 'Direct' has an invalid value: Invalid value provided for 'list': {}",
            repr::repr(&other)?
        ))),
    }
}

/// Text with names in it.
fn split(call: &Call, target: &str, text: &Text, separators: &[char]) -> Vec<String> {
    if !text.contains(separators) {
        return vec![text.to_string()];
    }
    let shown: String = separators.iter().collect();
    let what = Diagnostic::new(format!("Automatic splitting of {target} on '{shown}' is deprecated."))
        .at(text.origin())
        .help(format!("Provide a list of paths for {target} instead."));
    let deprecation = Deprecation { lookup: Some("first_found"), ..Deprecation::new(what, "2.23") };
    call.ctx.env.deprecated(&deprecation);
    text.split(separators).map(String::from).collect()
}

#[derive(Default)]
struct Search {
    candidates: Vec<String>,
    skip: bool,
}

fn collect(call: &Call, terms: &[Rt], options: &[(String, Rt)], search: &mut Search) -> Res<()> {
    for term in terms {
        match term {
            Rt::Str(text) => search.candidates.extend({
                let files = split(call, "files", text, &[',', ';']);
                expand(call, options, &files)?
            }),
            Rt::List(_) | Rt::Tuple(_) => collect(call, &term.iterate()?, options, search)?,
            Rt::Dict(dict) => {
                let mut inner: Vec<(String, Rt)> = options.to_vec();
                inner.retain(|(k, _)| dict.get_str(k).is_none());
                inner.extend(
                    dict.entries().into_iter().map(|(k, v)| (k.as_str().unwrap_or_default().to_string(), v)),
                );
                if let Some((_, skip)) = inner.iter().find(|(k, _)| k == "skip") {
                    search.skip = crate::filters::common::truth(skip).unwrap_or(false);
                }
                let files = names(call, &inner, "files", &[',', ';'])?;
                search.candidates.extend(expand(call, &inner, &files)?);
            }
            Rt::Undef(f) if call.as_loop && f.kind == MarkerKind::Undefined => {}
            Rt::Undef(f) => return Err(f.clone()),
            other => {
                return Err(fail(format!(
                    "Invalid term supplied. A string, dict or list is required, not '{}').",
                    other.type_name()
                )));
            }
        }
    }
    Ok(())
}

fn expand(call: &Call, options: &[(String, Rt)], files: &[String]) -> Res<Vec<String>> {
    let paths = names(call, options, "paths", &[',', ':', ';'])?;
    if paths.is_empty() {
        return Ok(files.to_vec());
    }
    Ok(paths
        .iter()
        .flat_map(|p| files.iter().map(move |f| format!("{}/{f}", p.trim_end_matches('/'))))
        .collect())
}

/// The folder of a role or playbook that the task's action reads from.
fn section(action: &str) -> &'static str {
    match action {
        _ if action.contains("template") => "templates",
        _ if action.contains("var") => "vars",
        _ => "files",
    }
}

pub(super) fn run(call: Call) -> Res<Vec<Rt>> {
    let mut search = Search { skip: call.flag("skip", false)?, ..Search::default() };
    if call.terms.is_empty() {
        let files = names(&call, &call.options, "files", &[',', ';'])?;
        search.candidates = expand(&call, &call.options, &files)?;
    } else {
        collect(&call, &call.terms, &call.options, &mut search)?;
    }
    let section = section(&call.ctx.env.action);
    let found = search.candidates.iter().find_map(|name| call.ctx.env.find(section, name));
    if let Some(path) = found {
        return Ok(vec![Rt::from(path.display().to_string())]);
    }
    if search.skip {
        return Ok(Vec::new());
    }
    let error = Diagnostic::new("No file was found when using first_found.");
    Err(fault(MarkerKind::Failed, error))
}
