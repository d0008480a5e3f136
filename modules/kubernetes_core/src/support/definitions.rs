//! Wanted objects: from arguments, text, files and addresses.

use rustible_sdk::{Dict, Failure, Host, Http, Request, Result, Value, dict, host::files::checksum_of, json};

use super::{auth::dict_of, yaml};

/// What fills the gaps of objects.
#[derive(Debug, Clone, Default)]
pub(crate) struct Defaults<'a> {
    /// `apiVersion`.
    pub(crate) api_version: &'a str,
    /// `kind`.
    pub(crate) kind: Option<&'a str>,
    /// `metadata.name`.
    pub(crate) name: Option<&'a str>,
    /// `metadata.namespace`.
    pub(crate) namespace: Option<&'a str>,
    /// `metadata.generateName`.
    pub(crate) generate_name: Option<&'a str>,
}

impl Defaults<'_> {
    /// The object with its gaps filled.
    fn fill(&self, object: &Dict) -> Dict {
        let mut filled = Dict::new();
        let fill = |value: Option<&str>, object: &Dict, key: &str| match object.get(key) {
            None | Some(Value::Null) => value.map(Value::from),
            Some(there) => Some(there.clone()),
        };
        filled.extend(object);
        if let Some(version) = fill(Some(self.api_version), object, "apiVersion") {
            filled.insert("apiVersion", version);
        }
        if let Some(kind) = fill(self.kind, object, "kind") {
            filled.insert("kind", kind);
        }
        let own = dict_of(object.get("metadata"));
        let mut metadata = own.clone();
        for (key, value) in [("name", self.name), ("namespace", self.namespace)] {
            if let Some(value) = fill(value, &own, key) {
                metadata.insert(key, value);
            }
        }
        if let Some(prefix) = self.generate_name.filter(|_| !metadata.contains_key("name")) {
            metadata.insert("generateName", prefix);
        }
        filled.insert("metadata", metadata);
        filled
    }
}

/// The objects of a value: a mapping, YAML text, or a list of both; lists of Kubernetes (`kind: ...List`) become their items.
pub(crate) fn objects(value: &Value, defaults: &Defaults<'_>) -> Result<Vec<Dict>> {
    let mut all = Vec::new();
    collect(value, &mut all)?;
    let mut objects = Vec::new();
    for object in all {
        let kind = object.get("kind").and_then(Value::as_str).unwrap_or_default();
        match object.get("items").and_then(Value::as_list).filter(|_| kind.ends_with("List")) {
            Some(items) => {
                for item in items {
                    let item = item.as_dict().ok_or_else(|| bad("an item of a list is no mapping"))?;
                    objects.push(defaults.fill(item));
                }
            }
            None => objects.push(defaults.fill(&object)),
        }
    }
    Ok(objects)
}

fn collect(value: &Value, into: &mut Vec<Dict>) -> Result<()> {
    match value {
        Value::Null => {}
        Value::Dict(dict) if dict.is_empty() => {}
        Value::Dict(dict) => into.push(dict.clone()),
        Value::List(list) => {
            for item in list {
                collect(item, into)?;
            }
        }
        Value::Str(text) => {
            for document in yaml::documents(text.as_str()).map_err(|e| bad(&e))? {
                if matches!(document, Value::Str(_)) {
                    return Err(bad("the text is no mapping"));
                }
                collect(&document, into)?;
            }
        }
        other => return Err(bad(&format!("{} is no mapping", other.type_name()))),
    }
    Ok(())
}

fn bad(text: &str) -> Failure {
    Failure::new(format!("Failed to load resource definition: {text}"))
}

/// The text at a path of the target, or an address.
pub(crate) fn source(host: &Host, src: &str) -> Result<Value> {
    if src.starts_with("http://") || src.starts_with("https://") {
        let how = Http { timeout: 30, ..Http::default() };
        let answer = host.http(&how, &Request { url: src.to_string(), ..Request::default() });
        let answer = answer.map_err(|e| bad(&format!("Failed to download {src}: {}", e.msg)))?;
        if answer.status != 200 {
            return Err(bad(&format!("Failed to download {src}: status {}", answer.status)));
        }
        return Ok(Value::from(String::from_utf8_lossy(&answer.bytes()?).into_owned()));
    }
    if src.contains("://") {
        return Err(
            bad(&format!("src: only http and https addresses are supported, not {src}")).of_arg("src")
        );
    }
    match host.read_text(src).map_err(|e| bad(&e.msg))? {
        Some(text) => Ok(Value::from(text)),
        None => Err(bad(&format!("[Errno 2] No such file or directory: '{src}'"))),
    }
}

/// A name with a hash of the content behind it, for ConfigMaps and Secrets.
pub(crate) fn with_hash(object: &Dict, kind: &str) -> Result<Dict> {
    let mut metadata = dict_of(object.get("metadata"));
    let name = metadata.get("name").and_then(Value::as_str).unwrap_or_default().to_string();
    let data = object.get("data").cloned().unwrap_or_else(|| Value::Dict(Dict::new()));
    let mut content = dict! { "data" => sorted(&data), "kind" => kind, "name" => name.as_str() };
    if kind == "Secret" {
        content.insert("type", object.get("type").cloned().unwrap_or_else(|| Value::str("")));
    }
    let text = json::write(
        &Value::Dict(content),
        json::Style { ascii: true, tight: true, ..json::Style::default() },
    );
    let digest = checksum_of(&mut text.as_bytes(), "sha256")?;
    let safe = |c: char| match c {
        '0' => 'g',
        '1' => 'h',
        '3' => 'k',
        'a' => 'm',
        'e' => 't',
        other => other,
    };
    let hash: String = digest.chars().take(10).map(safe).collect();
    metadata.insert("name", format!("{name}-{hash}"));
    let mut object = object.clone();
    object.insert("metadata", metadata);
    Ok(object)
}

fn sorted(value: &Value) -> Value {
    let Some(dict) = value.as_dict() else { return value.clone() };
    let mut entries: Vec<(String, Value)> =
        dict.iter().map(|(k, v)| (json::key_text(k), sorted(v))).collect();
    entries.sort_by(|a, b| a.0.cmp(&b.0));
    Value::Dict(entries.into_iter().collect())
}

/// The object as it is created: a label or annotation that should be away is not sent at all.
pub(crate) fn creatable(object: &Dict) -> Dict {
    let mut object = object.clone();
    let mut metadata = dict_of(object.get("metadata"));
    for part in ["labels", "annotations"] {
        if let Some(entries) = metadata.get(part).and_then(Value::as_dict) {
            let kept: Dict =
                entries.iter().filter(|(_, v)| !v.is_null()).map(|(k, v)| (k.clone(), v.clone())).collect();
            metadata.insert(part, kept);
        }
    }
    object.insert("metadata", metadata);
    object
}

/// Whether labels match selectors (`a=b`, `a!=b`, `a in (b, c)`, `a notin (b)`, `a`, `!a`).
pub(crate) fn matches(labels: &Dict, selectors: &[String]) -> bool {
    selectors.iter().all(|selector| {
        let label = |key: &str| labels.get(key.trim()).and_then(Value::as_str);
        let listed = |list: &str, value: Option<&str>| {
            let inner = list.trim().trim_start_matches('(').trim_end_matches(')');
            value.is_some_and(|value| inner.split(',').any(|word| word.trim() == value))
        };
        if let Some((key, list)) = selector.split_once(" notin ") {
            !listed(list, label(key))
        } else if let Some((key, list)) = selector.split_once(" in ") {
            listed(list, label(key))
        } else if let Some((key, value)) = selector.split_once("!=") {
            label(key) != Some(value.trim())
        } else if let Some((key, value)) = selector.split_once('=') {
            label(key) == Some(value.trim_start_matches('=').trim())
        } else if let Some(key) = selector.strip_prefix('!') {
            label(key).is_none()
        } else {
            label(selector).is_some()
        }
    })
}

/// Text for a query.
pub(crate) fn encoded(text: &str) -> String {
    let plain = |b: u8| b.is_ascii_alphanumeric() || b"-_.~".contains(&b);
    text.bytes().map(|b| if plain(b) { char::from(b).to_string() } else { format!("%{b:02X}") }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn objects_come_from_text_lists_and_lists_of_lists() {
        let defaults = Defaults {
            api_version: "v1",
            kind: Some("ConfigMap"),
            namespace: Some("n"),
            ..Defaults::default()
        };
        let text = "kind: List\nitems:\n- {kind: Secret, metadata: {name: a, namespace: own}}\n---\n---\nmetadata: {name: b}\n";
        let found = objects(&Value::from(vec![Value::from(text), Value::Null]), &defaults).unwrap();
        let json: Vec<String> = found.into_iter().map(|o| json::dumps(&Value::Dict(o))).collect();
        assert_eq!(
            json,
            [
                r#"{"kind": "Secret", "metadata": {"name": "a", "namespace": "own"}, "apiVersion": "v1"}"#,
                r#"{"metadata": {"name": "b", "namespace": "n"}, "apiVersion": "v1", "kind": "ConfigMap"}"#
            ]
        );
        assert!(objects(&Value::from("just text"), &defaults).is_err());
    }

    #[test]
    fn selectors_are_understood() {
        let labels = dict! { "app" => "web", "tier" => "front" };
        let all = |s: &str| matches(&labels, &[s.to_string()]);
        assert!(all("app=web") && all("app in (db, web)") && all("!gone") && all("tier") && all("app != db"));
        assert!(!all("app==db") && !all("app notin (web)"));
    }
}
