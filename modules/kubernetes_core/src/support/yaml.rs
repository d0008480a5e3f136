//! Manifests: YAML text with YAML 1.1's meaning of plain words (`yes` is true, `0644` is 420), as many documents as it has.

use std::{collections::HashMap, panic::catch_unwind};

use libyaml_safer::{Event, EventData, Parser, ScalarStyle};
use rustible_sdk::{Dict, Value};

/// How deep containers may be in each other.
const DEPTH: usize = 200;
/// How many values there may be, aliases counted each time.
const VALUES: usize = 2_000_000;

/// The documents of a text; empty ones are null.
///
/// # Errors
/// What is wrong with the text.
pub(crate) fn documents(text: &str) -> Result<Vec<Value>, String> {
    let text = format!("{text}\n");
    // The parser has defects that end in a panic; those texts are no YAML either.
    catch_unwind(|| read(&text))
        .unwrap_or_else(|_| Err("the parser could not understand this text".to_string()))
}

fn read(text: &str) -> Result<Vec<Value>, String> {
    let mut bytes = text.as_bytes();
    let mut parser = Parser::new();
    parser.set_input_string(&mut bytes);
    let mut reader = Reader { parser, anchors: HashMap::new(), made: 0 };
    let mut documents = Vec::new();
    loop {
        match reader.next()?.data {
            EventData::StreamEnd => return Ok(documents),
            EventData::DocumentStart { .. } => {
                let event = reader.next()?;
                documents.push(reader.value(event, 0)?);
                reader.anchors.clear();
            }
            _ => {}
        }
    }
}

struct Reader<'b, 'r> {
    parser: Parser<&'b mut &'r [u8]>,
    anchors: HashMap<String, Value>,
    made: usize,
}

impl Reader<'_, '_> {
    fn next(&mut self) -> Result<Event, String> {
        self.parser.parse().map_err(|e| e.to_string())
    }

    fn value(&mut self, event: Event, depth: usize) -> Result<Value, String> {
        if depth > DEPTH {
            return Err(format!("containers are more than {DEPTH} deep in each other"));
        }
        self.made += 1;
        if self.made > VALUES {
            return Err(format!("there are more than {VALUES} values"));
        }
        let (anchor, value) = match event.data {
            EventData::Alias { anchor } => {
                let known = self.anchors.get(&anchor).cloned();
                return known.ok_or_else(|| format!("found undefined alias '{anchor}'"));
            }
            EventData::Scalar { anchor, tag, value, style, .. } => {
                (anchor, scalar(tag.as_deref(), value, style)?)
            }
            EventData::SequenceStart { anchor, .. } => {
                let mut items = Vec::new();
                loop {
                    let event = self.next()?;
                    if matches!(event.data, EventData::SequenceEnd) {
                        break;
                    }
                    items.push(self.value(event, depth + 1)?);
                }
                (anchor, Value::from(items))
            }
            EventData::MappingStart { anchor, .. } => (anchor, self.mapping(depth)?),
            other => return Err(format!("unexpected {other:?}")),
        };
        if let Some(anchor) = anchor {
            self.anchors.insert(anchor, value.clone());
        }
        Ok(value)
    }

    fn mapping(&mut self, depth: usize) -> Result<Value, String> {
        let (mut own, mut merged) = (Dict::new(), Dict::new());
        loop {
            let event = self.next()?;
            if matches!(event.data, EventData::MappingEnd) {
                break;
            }
            let merges = matches!(&event.data,
                EventData::Scalar { value, style: ScalarStyle::Plain, .. } if value == "<<");
            let key = self.value(event, depth + 1)?;
            let event = self.next()?;
            let value = self.value(event, depth + 1)?;
            if merges {
                merge(&mut merged, &value)?;
            } else {
                own.insert(key, value);
            }
        }
        merged.extend(&own);
        Ok(Value::Dict(merged))
    }
}

/// Earlier ones of several mappings win.
fn merge(into: &mut Dict, value: &Value) -> Result<(), String> {
    match value {
        Value::Dict(dict) => {
            for (key, value) in dict {
                if into.get_value(key).is_none() {
                    into.insert(key.clone(), value.clone());
                }
            }
            Ok(())
        }
        Value::List(list) => list.iter().try_for_each(|item| merge(into, item)),
        _ => Err("expected a mapping or list of mappings for merging".to_string()),
    }
}

fn scalar(tag: Option<&str>, text: String, style: ScalarStyle) -> Result<Value, String> {
    match tag {
        None | Some("?") if style == ScalarStyle::Plain => Ok(plain(text)),
        None | Some("!" | "tag:yaml.org,2002:str" | "tag:yaml.org,2002:binary") => Ok(Value::from(text)),
        Some(tag) if tag.starts_with("tag:yaml.org,2002:") => Ok(plain(text)),
        Some(tag) => Err(format!("could not determine a constructor for the tag '{tag}'")),
    }
}

fn plain(text: String) -> Value {
    match text.as_str() {
        "" | "~" | "null" | "Null" | "NULL" => return Value::Null,
        "yes" | "Yes" | "YES" | "true" | "True" | "TRUE" | "on" | "On" | "ON" => return Value::Bool(true),
        "no" | "No" | "NO" | "false" | "False" | "FALSE" | "off" | "Off" | "OFF" => {
            return Value::Bool(false);
        }
        _ => {}
    }
    integer(&text).or_else(|| float(&text)).unwrap_or_else(|| Value::from(text))
}

fn integer(text: &str) -> Option<Value> {
    let (negative, digits) = match text.as_bytes().first()? {
        b'-' => (true, text.get(1..)?),
        b'+' => (false, text.get(1..)?),
        _ => (false, text),
    };
    if !digits.as_bytes().first()?.is_ascii_digit() {
        return None;
    }
    let clean = digits.replace('_', "");
    let number = if let Some(hex) = clean.strip_prefix("0x") {
        i64::from_str_radix(hex, 16).ok()?
    } else if let Some(binary) = clean.strip_prefix("0b") {
        i64::from_str_radix(binary, 2).ok()?
    } else if clean.contains(':') {
        sixties(&clean)?
    } else if clean.len() > 1 && clean.starts_with('0') {
        i64::from_str_radix(&clean, 8).ok()?
    } else {
        clean.parse().ok()?
    };
    Some(Value::Int(if negative { -number } else { number }))
}

/// `1:30` is 90.
fn sixties(text: &str) -> Option<i64> {
    let mut parts = text.split(':');
    let first = parts.next().filter(|p| !p.starts_with('0') || *p == "0")?.parse::<i64>().ok()?;
    parts.try_fold(first, |sum, part| {
        let digits = !part.is_empty() && part.len() <= 2 && part.bytes().all(|b| b.is_ascii_digit());
        let number = part.parse::<i64>().ok().filter(|n| digits && *n < 60)?;
        sum.checked_mul(60)?.checked_add(number)
    })
}

fn float(text: &str) -> Option<Value> {
    match text.trim_start_matches(['-', '+']) {
        ".inf" | ".Inf" | ".INF" => {
            return Some(Value::Float(if text.starts_with('-') { f64::NEG_INFINITY } else { f64::INFINITY }));
        }
        ".nan" | ".NaN" | ".NAN" => return Some(Value::Float(f64::NAN)),
        _ => {}
    }
    // An exponent counts only with a dot before it and a sign in it.
    let (number, exponent) = text.split_once(['e', 'E']).unwrap_or((text, "+0"));
    let digits = number.trim_start_matches(['-', '+']);
    let starts = digits.starts_with(|c: char| c.is_ascii_digit() || c == '.');
    let shape = digits.contains('.') && digits.chars().any(|c| c.is_ascii_digit()) && starts;
    if !shape || !exponent.starts_with(['-', '+']) {
        return None;
    }
    text.replace('_', "").parse().ok().map(Value::Float)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_words_mean_what_yaml_1_1_says() {
        let text = "a: yes\nb: 'yes'\nc: 0644\nd: 1.5\ne: 1e3\nf: ~\ng: 1:30\nh: v1.0\ni: 1.2.3\nj: !!str 5\nk: 10_0\nl: -1\n";
        let docs = documents(text).unwrap();
        let json = rustible_sdk::json::dumps(docs.first().unwrap());
        assert_eq!(
            json,
            r#"{"a": true, "b": "yes", "c": 420, "d": 1.5, "e": "1e3", "f": null, "g": 90, "h": "v1.0", "i": "1.2.3", "j": "5", "k": 100, "l": -1}"#
        );
    }

    #[test]
    fn documents_anchors_and_merge_keys_are_read() {
        let docs = documents("a: &x {k: 1, l: 2}\nb: {<<: *x, k: 3}\n---\n---\n- |\n  t\n").unwrap();
        assert_eq!(rustible_sdk::json::dumps(&docs[0]), r#"{"a": {"k": 1, "l": 2}, "b": {"k": 3, "l": 2}}"#);
        assert_eq!(
            (docs[1].is_null(), rustible_sdk::json::dumps(&docs[2])),
            (true, r#"["t\n"]"#.to_string())
        );
        assert!(documents("a: [").is_err() && documents("a: *nope").is_err());
    }
}
