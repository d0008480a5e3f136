//! A result's `diff` as text.

use rustible_protocol::{
    Dict, Value,
    json::{self, Style},
};

use crate::{
    difflib::unified,
    display::{Color, paint},
    result::{as_yaml, indented_by},
    settings::{ResultFormat, Settings},
};

/// The text of all differences in a result's `diff`.
pub(crate) fn text(diff: &Value, settings: &Settings, color: bool) -> String {
    let one = |diff: &Value| diff.as_dict().map(|diff| of(diff, settings, color)).unwrap_or_default();
    match diff {
        Value::List(list) => list.iter().map(one).collect(),
        other => one(other),
    }
}

fn of(diff: &Dict, settings: &Settings, color: bool) -> String {
    let mut out = String::new();
    for (key, words) in [
        ("dst_binary", "diff skipped: destination file appears to be binary\n"),
        ("src_binary", "diff skipped: source file appears to be binary\n"),
    ] {
        if diff.contains_key(key) {
            out.push_str(words);
        }
    }
    for (key, whose) in [("dst_larger", "destination"), ("src_larger", "source")] {
        if let Some(size) = diff.get(key) {
            let size = json::key_text(size);
            out.push_str(&format!("diff skipped: {whose} file size is greater than {size}\n"));
        }
    }
    if let (Some(before), Some(after)) = (diff.get("before"), diff.get("after")) {
        let header = |side: &str| match diff.get(&format!("{side}_header")) {
            Some(path) => format!("{side}: {}", json::key_text(path)),
            None => side.to_string(),
        };
        let (before, after) = (side(before, settings), side(after, settings));
        let (a, b) = (lines(&before), lines(&after));
        let a: Vec<&str> = a.iter().map(String::as_str).collect();
        let b: Vec<&str> = b.iter().map(String::as_str).collect();
        let difference = unified(&a, &b, (&header("before"), &header("after")), settings.diff_context);
        for line in &difference {
            out.push_str(&painted(line, color));
        }
        if !difference.is_empty() {
            out.push('\n');
        }
    }
    if let Some(prepared) = diff.get("prepared") {
        out.push_str(&json::key_text(prepared));
    }
    out
}

/// One side: text as it is, states as pretty text.
fn side(value: &Value, settings: &Settings) -> String {
    match value {
        Value::Null => String::new(),
        Value::Str(text) => text.to_string(),
        Value::Dict(_) if settings.format == ResultFormat::Yaml => {
            indented_by(&as_yaml(value, Some(settings.indentation), settings), 4) + "\n"
        }
        Value::Dict(_) => {
            let style =
                Style { indent: Some(settings.indentation), sort_keys: true, ascii: true, tight: false };
            json::write(value, style) + "\n"
        }
        other => json::key_text(other),
    }
}

/// Lines with their breaks; the last one without a break says so.
fn lines(text: &str) -> Vec<String> {
    let mut lines: Vec<String> = text.split_inclusive('\n').map(str::to_string).collect();
    if let Some(last) = lines.last_mut()
        && !last.ends_with('\n')
    {
        last.push_str("\n\\ No newline at end of file\n");
    }
    lines
}

fn painted(line: &str, color: bool) -> String {
    let hue = match line.as_bytes().first() {
        Some(b'+') => Color::Ok,
        Some(b'-') => Color::Error,
        Some(b'@') if line.starts_with("@@") => Color::Skip,
        _ => return line.to_string(),
    };
    if color { paint(line, hue) } else { line.to_string() }
}
