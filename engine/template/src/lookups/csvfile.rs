//! `csvfile`: a column of the row whose key column holds the term.

use super::Call;
use crate::{
    repr,
    rt::{Res, Rt, fail},
};

const OPTIONS: [&str; 6] = ["col", "default", "delimiter", "encoding", "file", "keycol"];

pub(super) fn run(call: Call) -> Res<Vec<Rt>> {
    if call.terms.is_empty() {
        return Err(fail("Search key is required but was not found"));
    }
    // What a term sets holds for those behind it.
    let mut options: Vec<(String, Rt)> = call.options.clone();
    let mut out = Vec::new();
    for term in call.texts()? {
        let (key, inline) = Call::term_options(&term);
        if key.is_empty() {
            return Err(fail("Search key is required but was not found"));
        }
        for (name, value) in inline {
            if !OPTIONS.contains(&name.as_str()) {
                return Err(fail(format!("'{name}' is not a valid option")));
            }
            options.retain(|(known, _)| *known != name);
            options.push((name, Rt::from(value)));
        }
        match search(&call, &options, &key)? {
            list @ Rt::List(_) => out.extend(list.iterate()?),
            Rt::Null => {}
            found => out.push(found),
        }
    }
    Ok(out)
}

/// The column of the first row with the key, the default when there is none.
fn search(call: &Call, options: &[(String, Rt)], key: &str) -> Res<Rt> {
    let option = |name: &str| options.iter().find(|(known, _)| known == name).map(|(_, value)| value);
    let text = |name: &str, default: &str| option(name).map_or_else(|| Ok(default.to_string()), repr::text);
    let number = |name: &str, default: usize| -> Res<usize> {
        let Some(value) = option(name) else { return Ok(default) };
        let text = repr::text(value)?;
        text.trim().parse().map_err(|_| {
            fail(format!(
                "Config '{name}' for 'csvfile' lookup plugin from 'Direct' has an invalid value: Invalid value provided for 'int': '{text}'"
            ))
        })
    };
    let (col, keycol) = (number("col", 1)?, number("keycol", 0)?);
    let delimiter = match text("delimiter", "TAB")?.as_str() {
        "TAB" | "\\t" => '\t',
        other => other.chars().next().unwrap_or('\t'),
    };
    let Some(path) = call.ctx.env.find("files", &text("file", "ansible.csv")?) else {
        return Err(fail("expected str, bytes or os.PathLike object, not NoneType"));
    };
    let bytes = std::fs::read(&path).map_err(|e| fail(format!("{}: {e}", path.display())))?;
    let content = super::encoding::decode(&text("encoding", "utf-8")?, bytes)?;
    for row in rows(&content, delimiter) {
        // An empty line is no row.
        if row.len() == 1 && row[0].is_empty() {
            continue;
        }
        let cell = |at: usize| row.get(at).ok_or_else(|| fail("list index out of range"));
        if cell(keycol)? == key {
            return cell(col).map(|found| Rt::str(found.as_str()));
        }
    }
    Ok(option("default").cloned().unwrap_or(Rt::Null))
}

/// Rows and fields; `"` quotes a field and `""` in it is one.
fn rows(text: &str, delimiter: char) -> Vec<Vec<String>> {
    let mut rows = vec![vec![String::new()]];
    let mut quoted = false;
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        let Some(row) = rows.last_mut() else { break };
        let Some(field) = row.last_mut() else { break };
        match c {
            '"' if quoted && chars.peek() == Some(&'"') => {
                chars.next();
                field.push('"');
            }
            '"' if quoted || field.is_empty() => quoted = !quoted,
            c if quoted => field.push(c),
            '\r' => {}
            '\n' => rows.push(vec![String::new()]),
            c if c == delimiter => row.push(String::new()),
            c => field.push(c),
        }
    }
    rows
}
