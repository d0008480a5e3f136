//! What a request sends, in the form its author wants.

use rustible_sdk::{base64, json, prelude::*, repr};

/// Header lines.
type Headers = Vec<(String, String)>;

/// The bytes of a body; its type of content is added to the headers that name none.
pub(super) fn written(host: &Host, body: &Value, format: &str, headers: &mut Headers) -> Result<Vec<u8>> {
    match (format, body) {
        ("json", _) => {
            typed(headers, "application/json");
            Ok(body.as_str().map_or_else(|| json::dumps(body), str::to_string).into_bytes())
        }
        ("form-urlencoded", _) => {
            typed(headers, "application/x-www-form-urlencoded");
            form(body).map(String::into_bytes)
        }
        ("form-multipart", Value::Dict(fields)) => {
            let boundary = format!("==============={:016x}==", rustible_sdk::random());
            let bytes = multipart(host, fields, &boundary)?;
            headers.retain(|(name, _)| !name.eq_ignore_ascii_case("content-type"));
            headers
                .push(("Content-Type".to_string(), format!("multipart/form-data; boundary=\"{boundary}\"")));
            Ok(bytes)
        }
        ("form-multipart", other) => {
            fail!(
                "failed to parse body as form-multipart: Mapping is required, cannot be type {}",
                other.type_name()
            )
        }
        (_, Value::Str(text)) => Ok(text.as_bytes().to_vec()),
        (_, Value::Null) => Ok(Vec::new()),
        (_, other) => fail!("the body must be text when body_format is raw, not {}", other.type_name()),
    }
}

/// Name the type of content unless it is named.
pub(super) fn typed(headers: &mut Headers, kind: &str) {
    if !headers.iter().any(|(name, _)| name.eq_ignore_ascii_case("content-type")) {
        headers.push(("Content-Type".to_string(), kind.to_string()));
    }
}

fn form(body: &Value) -> Result<String> {
    let pairs: Vec<(Value, Value)> = match body {
        Value::Str(text) => return Ok(text.to_string()),
        Value::Dict(dict) => dict.iter().map(|(k, v)| (k.clone(), v.clone())).collect(),
        Value::List(items) => {
            let pair = |item: &Value| match item.as_list().map(|list| &**list) {
                Some([key, value]) => Ok((key.clone(), value.clone())),
                _ => Err(Failure::new("failed to parse body as form_urlencoded: a list of pairs is needed")),
            };
            items.iter().map(pair).collect::<Result<_>>()?
        }
        _ => {
            fail!("failed to parse body as form_urlencoded: cannot form-urlencode body, expect list or dict")
        }
    };
    let mut out = Vec::new();
    for (key, value) in pairs {
        let values = match value {
            Value::List(items) => items.to_vec(),
            Value::Dict(dict) => dict.keys().cloned().collect(),
            other => vec![other],
        };
        let texts = values.iter().filter(|value| !value.is_null()).map(repr::str);
        out.extend(texts.map(|text| format!("{}={}", quoted(&repr::str(&key)), quoted(&text))));
    }
    Ok(out.join("&"))
}

/// As Python's `quote_plus`.
fn quoted(text: &str) -> String {
    let mut out = String::new();
    for byte in text.bytes() {
        match byte {
            b' ' => out.push('+'),
            b if b.is_ascii_alphanumeric() || b"_.-~".contains(&b) => out.push(char::from(b)),
            b => out.push_str(&format!("%{b:02X}")),
        }
    }
    out
}

fn multipart(host: &Host, fields: &Dict, boundary: &str) -> Result<Vec<u8>> {
    let mut out = Vec::new();
    for (name, field) in fields {
        let name = repr::str(name);
        let (mut head, content) = match field {
            Value::Dict(part) => file_part(host, &name, part)?,
            Value::Str(text) => {
                (format!("Content-Disposition: form-data; name=\"{name}\""), text.as_bytes().to_vec())
            }
            other => fail!(
                "failed to parse body as form-multipart: value must be a string, or mapping, cannot be type {}",
                other.type_name()
            ),
        };
        head = format!("--{boundary}\r\n{head}\r\n\r\n");
        out.extend(head.into_bytes());
        out.extend(content);
        out.extend(b"\r\n");
    }
    out.extend(format!("--{boundary}--\r\n").into_bytes());
    Ok(out)
}

fn file_part(host: &Host, name: &str, part: &Dict) -> Result<(String, Vec<u8>)> {
    let text = |key: &str| part.get(key).filter(|value| !value.is_null()).map(repr::str);
    let (filename, content) = (text("filename"), text("content"));
    let kind = text("mime_type").unwrap_or_else(|| "application/octet-stream".to_string());
    let encoding = text("multipart_encoding").unwrap_or_else(|| "base64".to_string());
    let shown = filename.as_deref().map(|path| path.rsplit('/').next().unwrap_or_default().to_string());
    let mut head = format!("Content-Disposition: form-data; name=\"{name}\"");
    if let Some(shown) = &shown {
        head.push_str(&format!("; filename=\"{shown}\""));
    }
    head.push_str(&format!("\r\nContent-Type: {kind}"));
    let bytes = match (content, &filename) {
        (Some(content), _) => return Ok((head, content.into_bytes())),
        (None, Some(path)) => host
            .read(path)?
            .ok_or_else(|| Failure::new(format!("[Errno 2] No such file or directory: '{path}'")))?,
        (None, None) => fail!(
            "failed to parse body as form-multipart: at least one of filename or content must be provided"
        ),
    };
    match encoding.as_str() {
        "base64" => {
            head.push_str("\r\nContent-Transfer-Encoding: base64");
            Ok((head, base64(&bytes).into_bytes()))
        }
        "7or8bit" => Ok((head, bytes)),
        other => fail!(
            "failed to parse body as form-multipart: multipart_encoding must be one of ['base64', '7or8bit'], not {other}"
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn forms_are_written_as_python_does() {
        let body =
            dict! { "a" => "x y&", "b" => vec![Value::Int(1), Value::Null, Value::Int(2)], "ü" => true };
        assert_eq!(form(&Value::Dict(body)).unwrap(), "a=x+y%26&b=1&b=2&%C3%BC=True");
    }
}
