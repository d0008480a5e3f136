//! Data as TOML, as `ansible-inventory --toml` lays it out.

use rustible_protocol::{Dict, Value, repr};
use rustible_source::Diagnostic;

const INDENT: &str = "    ";
/// Tables in a list stay in their lines up to so many characters.
const INLINE: usize = 100;

/// The mapping as text.
///
/// # Errors
/// When there is something in it that TOML has no word for.
pub(super) fn write(data: &Dict) -> Result<String, Diagnostic> {
    let mut out = String::new();
    table(data, "", false, &mut out)?;
    Ok(out)
}

fn table(data: &Dict, name: &str, in_list: bool, out: &mut String) -> Result<bool, Diagnostic> {
    let (mut literals, mut tables) = (Vec::new(), Vec::new());
    for (key, value) in data {
        match value {
            Value::Dict(inner) => tables.push((key, inner, false)),
            Value::List(items) if is_tables(items) && !all_inline(items)? => {
                tables.extend(items.iter().filter_map(Value::as_dict).map(|inner| (key, inner, true)));
            }
            other => literals.push((key, other)),
        }
    }
    let mut written = false;
    if in_list || !name.is_empty() && (!literals.is_empty() || tables.is_empty()) {
        written = true;
        out.push_str(&if in_list { format!("[[{name}]]\n") } else { format!("[{name}]\n") });
    }
    for (word, value) in literals {
        written = true;
        out.push_str(&format!("{} = {}\n", key(word), literal(value, 0)?));
    }
    for (word, inner, list) in tables {
        if written {
            out.push('\n');
        }
        written = true;
        let name = if name.is_empty() { key(word) } else { format!("{name}.{}", key(word)) };
        table(inner, &name, list, out)?;
    }
    Ok(written)
}

fn is_tables(items: &[Value]) -> bool {
    !items.is_empty() && items.iter().all(|item| matches!(item, Value::Dict(_)))
}

fn all_inline(items: &[Value]) -> Result<bool, Diagnostic> {
    for item in items {
        let text = format!("{INDENT}{},", literal(item, 0)?);
        if text.chars().count() > INLINE || text.contains('\n') {
            return Ok(false);
        }
    }
    Ok(true)
}

fn literal(value: &Value, level: usize) -> Result<String, Diagnostic> {
    Ok(match value {
        Value::Bool(flag) => flag.to_string(),
        Value::Str(text) => quoted(text),
        Value::Null => {
            return Err(Diagnostic::new("Object of type 'NoneType' is not TOML serializable"));
        }
        Value::List(items) if items.is_empty() => "[]".into(),
        Value::List(items) => {
            let (inner, outer) = (INDENT.repeat(level + 1), INDENT.repeat(level));
            let lines: Vec<String> = items
                .iter()
                .map(|item| literal(item, level + 1).map(|text| format!("{inner}{text}")))
                .collect::<Result<_, _>>()?;
            format!("[\n{},\n{outer}]", lines.join(",\n"))
        }
        Value::Dict(inner) if inner.is_empty() => "{}".into(),
        Value::Dict(inner) => {
            let parts: Vec<String> = inner
                .iter()
                .map(|(word, value)| literal(value, level).map(|text| format!("{} = {text}", key(word))))
                .collect::<Result<_, _>>()?;
            format!("{{ {} }}", parts.join(", "))
        }
        number => repr::str(number),
    })
}

fn key(word: &Value) -> String {
    let text = repr::str(word);
    let bare = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_');
    if !text.is_empty() && text.chars().all(bare) { text } else { quoted(&text) }
}

fn quoted(text: &str) -> String {
    let mut out = String::from("\"");
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\u{8}' => out.push_str("\\b"),
            '\u{c}' => out.push_str("\\f"),
            '\t' => out.push('\t'),
            c if c.is_ascii_control() => out.push_str(&format!("\\u{:04x}", u32::from(c))),
            c => out.push(c),
        }
    }
    out.push('"');
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tables_stand_behind_what_is_in_a_line() {
        let text = "{\"g\": {\"hosts\": {\"a.b\": {}, \"c\": {\"x\": [1, \"y\\n\"], \"t\": {\"k\": 1.5}}}}}";
        let data = rustible_yaml::load(&"x".into(), text).unwrap();
        let shown = write(data.as_dict().unwrap()).unwrap();
        let expected =
            "[g.hosts.\"a.b\"]\n\n[g.hosts.c]\nx = [\n    1,\n    \"y\\n\",\n]\n\n[g.hosts.c.t]\nk = 1.5\n";
        assert_eq!(shown, expected);
    }
}
