//! Facts that the host's own files and programs say (`facts.d/*.fact`).

use rustible_sdk::{json, prelude::*};

use super::{Args, Facts};

pub(super) fn local(args: &Args, host: &mut Host, facts: &mut Facts) -> Result<()> {
    let mut all = Dict::new();
    for path in host.glob(&args.fact_path, "*.fact")? {
        let name = path.file_stem().map(|n| n.to_string_lossy().into_owned()).unwrap_or_default();
        let shown = path.to_string_lossy().into_owned();
        let program = host.may(&path, 1) && host.stat(&path, true)?.is_some_and(|s| s.is_file());
        let text = if program {
            let output = host.query(&Command::new([shown.as_str()]))?;
            if !output.ok() {
                let why = format!(
                    "Failure executing fact script ({shown}), rc: {}, err: {}",
                    output.rc, output.stderr
                );
                host.warn(why.as_str());
                all.insert(name, why);
                continue;
            }
            output.stdout
        } else {
            host.read(&path)?.map(|bytes| String::from_utf8_lossy(&bytes).into_owned()).unwrap_or_default()
        };
        let value = json::read(&text).ok().or_else(|| ini(&text).map(Value::Dict));
        let value = value.unwrap_or_else(|| {
            let why = format!("error loading facts as JSON or ini - please check content: {shown}");
            host.warn(why.as_str());
            Value::from(why)
        });
        all.insert(name, value);
    }
    facts.insert("local", all);
    Ok(())
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
