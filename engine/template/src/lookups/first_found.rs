//! `first_found`: the first of several files that is there.

use super::Call;
use crate::{
    repr,
    rt::{MarkerKind, Res, Rt, fail, fault},
};

/// A list of names: a list, or text with separators.
fn names(value: Option<Rt>, separators: &[char]) -> Res<Vec<String>> {
    let Some(value) = value else { return Ok(Vec::new()) };
    let mut out = Vec::new();
    let items = match &value {
        Rt::List(_) | Rt::Tuple(_) => value.iterate()?,
        other => vec![other.clone()],
    };
    for item in items {
        // A name that cannot be made is a name that is not there.
        if let Rt::Undef(_) = item {
            continue;
        }
        let text = repr::text(&item)?;
        out.extend(text.split(separators).filter(|t| !t.is_empty()).map(String::from));
    }
    Ok(out)
}

#[derive(Default)]
struct Search {
    candidates: Vec<String>,
    skip: bool,
}

fn collect(terms: &[Rt], options: &[(String, Rt)], search: &mut Search) -> Res<()> {
    for term in terms {
        match term {
            Rt::Str(text) => search.candidates.extend(expand(options, &[text.to_string()])?),
            Rt::List(_) | Rt::Tuple(_) => collect(&term.iterate()?, options, search)?,
            Rt::Dict(dict) => {
                let mut inner: Vec<(String, Rt)> = options.to_vec();
                inner.retain(|(k, _)| dict.get_str(k).is_none());
                inner.extend(
                    dict.entries().into_iter().map(|(k, v)| (k.as_str().unwrap_or_default().to_string(), v)),
                );
                if let Some((_, skip)) = inner.iter().find(|(k, _)| k == "skip") {
                    search.skip = crate::filters::common::truth(skip).unwrap_or(false);
                }
                let files = inner.iter().find(|(k, _)| k == "files").map(|(_, v)| v.clone());
                let files = names(files, &[',', ';'])?;
                search.candidates.extend(expand(&inner, &files)?);
            }
            Rt::Undef(f) if f.kind == MarkerKind::Undefined => {}
            Rt::Undef(f) => return Err(f.clone()),
            other => {
                return Err(fail(format!(
                    "Invalid term supplied, can handle string, mapping or list of strings but got: {} for {}",
                    other.type_name(),
                    repr::text(other)?
                )));
            }
        }
    }
    Ok(())
}

fn expand(options: &[(String, Rt)], files: &[String]) -> Res<Vec<String>> {
    let paths = options.iter().find(|(k, _)| k == "paths").map(|(_, v)| v.clone());
    let paths = names(paths, &[',', ':', ';'])?;
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
    call.known(&["files", "paths", "skip"])?;
    let mut search = Search { skip: call.flag("skip", false)?, ..Search::default() };
    if call.terms.is_empty() {
        let files = names(call.option("files").cloned(), &[',', ';'])?;
        search.candidates = expand(&call.options, &files)?;
    } else {
        collect(&call.terms, &call.options, &mut search)?;
    }
    let section = section(&call.ctx.env.action);
    let found = search.candidates.iter().find_map(|name| call.ctx.env.find(section, name));
    if let Some(path) = found {
        return Ok(vec![Rt::from(path.display().to_string())]);
    }
    if search.skip {
        return Ok(Vec::new());
    }
    let error = rustible_source::Diagnostic::new("No file was found when using first_found.");
    Err(fault(MarkerKind::Failed, error))
}
