//! Facts that the host's own files and programs say (`facts.d/*.fact`).

use std::os::unix::fs::PermissionsExt;

use rustible_sdk::{json, prelude::*};

use super::{Args, Facts};

pub(super) fn local(args: &Args, host: &mut Host, facts: &mut Facts) -> Result<()> {
    let mut all = Dict::new();
    for path in host.glob(&args.fact_path, "*.fact")? {
        let name = path.file_stem().map(|n| n.to_string_lossy().into_owned()).unwrap_or_default();
        let shown = path.to_string_lossy().into_owned();
        // What is in the folder and cannot be looked at is a link to nowhere.
        let Ok(Some(stat)) = host.stat(&path, true) else {
            let why =
                format!("Could not stat fact ({shown}): [Errno 2] No such file or directory: '{shown}'");
            host.warn(why.as_str());
            all.insert(name, why);
            continue;
        };
        let text = match content(&path, stat.permissions().mode() & 0o100 != 0, host) {
            Ok(text) => text,
            Err(why) => {
                host.warn(why.as_str());
                all.insert(name, why);
                continue;
            }
        };
        let value = match (json::read(&text), ini(&text)) {
            (Ok(value), _) => value,
            (Err(_), Some(sections)) => match plain(&sections) {
                Ok(sections) => Value::Dict(sections),
                Err(why) => {
                    let why = format!("error loading facts as ini - please check content: {shown} ({why})");
                    host.warn(why.as_str());
                    Value::from(why)
                }
            },
            (Err(_), None) => {
                let why = format!("error loading facts as JSON or ini - please check content: {shown}");
                host.warn(why.as_str());
                Value::from(why)
            }
        };
        all.insert(name, value);
    }
    facts.insert("local", all);
    Ok(())
}

/// What a program says or a file holds; a file that cannot be read holds nothing.
fn content(path: &Path, program: bool, host: &Host) -> Result<String, String> {
    let shown = path.to_string_lossy();
    if !program {
        let bytes = host.read(path).ok().flatten().unwrap_or_default();
        return String::from_utf8(bytes)
            .map_err(|_| format!("error loading fact - output of running \"{shown}\" was not utf-8"));
    }
    let output = host
        .query(&Command::new([shown.as_ref()]))
        .map_err(|e| format!("Could not execute fact script ({shown}): {}", e.msg))?;
    if output.ok() {
        return Ok(output.stdout);
    }
    Err(format!("Failure executing fact script ({shown}), rc: {}, err: {}", output.rc, output.stderr))
}

/// Values with `%(name)s` put in from their section or `DEFAULT`, and `%%` as one.
fn plain(sections: &Dict) -> Result<Dict, String> {
    let none = Dict::new();
    let defaults = sections.get("DEFAULT").and_then(Value::as_dict).unwrap_or(&none);
    let mut all = Dict::new();
    for (name, entries) in sections.iter().filter(|(name, _)| name.as_str() != Some("DEFAULT")) {
        let mut seen = defaults.clone();
        seen.extend(entries.as_dict().unwrap_or(&none));
        let mut out = Dict::new();
        for (key, value) in &seen {
            out.insert(key.clone(), filled(value.as_str().unwrap_or_default(), &seen, 0)?);
        }
        all.insert(name.clone(), out);
    }
    Ok(all)
}

fn filled(text: &str, seen: &Dict, depth: u8) -> Result<String, String> {
    let mut out = String::new();
    let mut rest = text;
    while let Some(at) = rest.find('%') {
        out.push_str(&rest[..at]);
        let behind = &rest[at + 1..];
        if let Some(more) = behind.strip_prefix('%') {
            out.push('%');
            rest = more;
            continue;
        }
        let reference = behind.strip_prefix('(').and_then(|name| name.split_once(")s"));
        let Some((name, more)) = reference else {
            return Err(format!("'%' must be followed by '%' or '(', found: '%{behind}'"));
        };
        let value = seen.get(&name.to_lowercase()).and_then(Value::as_str).filter(|_| depth < 10);
        let Some(value) = value else {
            return Err(format!("Bad value substitution: the key '{name}' cannot be put in"));
        };
        out.push_str(&filled(value, seen, depth + 1)?);
        rest = more;
    }
    Ok(out + rest)
}

/// Sections of `key = value`, keys in lower case.
fn ini(text: &str) -> Option<Dict> {
    let (mut all, mut section) = (Dict::new(), None::<String>);
    for line in text.lines().map(str::trim).filter(|l| !l.is_empty() && !l.starts_with(['#', ';'])) {
        if let Some(name) = line.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
            all.insert(name, Dict::new());
            section = Some(name.to_string());
            continue;
        }
        let at = line.find(['=', ':'])?;
        let (key, value) = (line.get(..at)?.trim().to_lowercase(), line.get(at + 1..)?.trim());
        let name = section.as_deref()?;
        let mut entries = all.get(name)?.as_dict()?.clone();
        entries.insert(key, value);
        all.insert(name, entries);
    }
    Some(all)
}
