//! `csvfile`: a column of the row whose key column holds the term.

use super::Call;
use crate::rt::{Res, Rt, fail};

pub(super) fn run(call: Call) -> Res<Vec<Rt>> {
    let mut out = Vec::new();
    for term in call.texts()? {
        let (key, inline) = Call::term_options(&term);
        let option = |name: &str, default: &str| -> Res<String> {
            match inline.iter().find(|(k, _)| k == name) {
                Some((_, value)) => Ok(value.clone()),
                None => call.text(name, default),
            }
        };
        let name = option("file", "ansible.csv")?;
        let delimiter = match option("delimiter", "TAB")?.as_str() {
            "TAB" | "\\t" => '\t',
            other => other.chars().next().unwrap_or('\t'),
        };
        let number = |name: &str, default: &str| -> Res<usize> {
            option(name, default)?.parse().map_err(|_| fail(format!("the option '{name}' must be a number")))
        };
        let (col, keycol) = (number("col", "1")?, number("keycol", "0")?);
        let default = option("default", "")?;
        let path = call.ctx.env.find("files", &name);
        let Some(path) = path else {
            return Err(fail(format!("csvfile: could not find the file '{name}'")));
        };
        let text = std::fs::read_to_string(&path).map_err(|e| fail(format!("csvfile: {e}")))?;
        let row = rows(&text, delimiter).into_iter().find(|r| r.get(keycol).is_some_and(|k| *k == key));
        match row {
            Some(row) => match row.get(col) {
                Some(value) => out.push(Rt::str(value.as_str())),
                None => return Err(fail("csvfile: list index out of range")),
            },
            None if inline.iter().any(|(k, _)| k == "default") || call.option("default").is_some() => {
                out.push(Rt::from(default));
            }
            None => {}
        }
    }
    Ok(out)
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
