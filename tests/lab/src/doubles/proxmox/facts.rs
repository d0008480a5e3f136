//! The published schema of the API: which methods there are and what they accept.

use std::collections::HashMap;
use std::sync::OnceLock;

use anyhow::{Context, Result};
use indexmap::IndexMap;
use serde::Deserialize;
use serde_json::Value;

use crate::doubles::web::decode;

const DATA: &str = include_str!("../../../data/proxmox-api-9.1.json");

/// The whole schema.
#[derive(Deserialize)]
pub(super) struct Facts {
    endpoints: IndexMap<String, HashMap<String, Method>>,
    pub(super) formats: HashMap<String, IndexMap<String, Field>>,
}

/// One method of one path.
#[derive(Deserialize)]
pub(super) struct Method {
    #[serde(default)]
    pub(super) params: IndexMap<String, Field>,
    #[serde(default)]
    pub(super) strict: bool,
    /// Whether a token may call it.
    #[serde(default)]
    pub(super) token: bool,
    #[serde(default)]
    pub(super) privileges: Vec<String>,
    #[serde(default)]
    pub(super) who: Option<String>,
}

/// What is known of a parameter, or of a part of a compound value.
#[derive(Deserialize, Default)]
pub(super) struct Field {
    #[serde(default, alias = "type")]
    t: Option<String>,
    #[serde(default, alias = "optional")]
    opt: Value,
    #[serde(default)]
    pub(super) minimum: Option<f64>,
    #[serde(default)]
    pub(super) maximum: Option<f64>,
    #[serde(default, rename = "minLength")]
    pub(super) min_length: Option<usize>,
    #[serde(default, rename = "maxLength")]
    pub(super) max_length: Option<usize>,
    #[serde(default)]
    pub(super) pattern: Option<String>,
    #[serde(default, rename = "enum")]
    pub(super) choices: Option<Vec<Value>>,
    #[serde(default)]
    pub(super) format: Option<String>,
    #[serde(default)]
    pub(super) requires: Option<String>,
    #[serde(default)]
    default_key: Value,
    #[serde(default)]
    pub(super) alias: Option<String>,
    #[serde(default, rename = "keyAlias")]
    pub(super) key_alias: Option<String>,
}

impl Field {
    pub(super) fn kind(&self) -> &str {
        self.t.as_deref().unwrap_or("string")
    }

    pub(super) fn optional(&self) -> bool {
        is_set(&self.opt)
    }

    pub(super) fn is_default_key(&self) -> bool {
        is_set(&self.default_key)
    }
}

fn is_set(value: &Value) -> bool {
    value.as_bool().unwrap_or(false) || value.as_u64() == Some(1)
}

/// A path of the schema that fits a request.
pub(super) struct Route<'a> {
    /// The path with its named parts in braces.
    pub(super) template: &'a str,
    methods: &'a HashMap<String, Method>,
    /// The values in the path, decoded.
    pub(super) values: Vec<(String, String)>,
}

impl<'a> Route<'a> {
    pub(super) fn method(&self, name: &str) -> Option<&'a Method> {
        self.methods.get(name)
    }
}

impl Facts {
    /// The schema, read once. Errors when the data file is damaged.
    pub(super) fn get() -> Result<&'static Self> {
        static FACTS: OnceLock<Result<Facts, String>> = OnceLock::new();
        FACTS
            .get_or_init(|| serde_json::from_str(DATA).map_err(|error| error.to_string()))
            .as_ref()
            .map_err(|error| anyhow::anyhow!("{error}"))
            .context("data/proxmox-api-9.1.json")
    }

    /// The schema's path for `path` (without `/api2/json`, still encoded). Literal parts win over named ones.
    pub(super) fn route(&self, path: &str) -> Option<Route<'_>> {
        self.endpoints
            .iter()
            .filter_map(|(template, methods)| Some(Route { template, methods, values: fit(template, path)? }))
            .min_by_key(|route| route.values.len())
    }

    /// What is known of the parameter `name` of a method: `net0` is described by `net[n]`.
    pub(super) fn field<'a>(method: &'a Method, name: &str) -> Option<&'a Field> {
        if let Some(field) = method.params.get(name) {
            return Some(field);
        }
        let stem = name.trim_end_matches(|letter: char| letter.is_ascii_digit());
        if stem.len() == name.len() { None } else { method.params.get(&format!("{stem}[n]")) }
    }
}

/// The values of the named parts, if the template fits. The last named part of a volume takes the rest of the path.
fn fit(template: &str, path: &str) -> Option<Vec<(String, String)>> {
    let mut values = Vec::new();
    let mut parts = path.trim_matches('/').split('/').peekable();
    for piece in template.trim_matches('/').split('/') {
        let part = parts.next()?;
        match piece.strip_prefix('{').and_then(|piece| piece.strip_suffix('}')) {
            Some("volume") => {
                let rest: Vec<&str> = std::iter::once(part).chain(parts.by_ref()).collect();
                values.push(("volume".to_owned(), decode(&rest.join("/"))));
            }
            Some(name) => values.push((name.to_owned(), decode(part))),
            None if piece == part => {}
            None => return None,
        }
    }
    parts.next().is_none().then_some(values)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_volume_keeps_its_slashes_and_a_literal_part_wins() {
        let facts = Facts::get().expect("the schema");
        let route = facts.route("/nodes/pve/storage/local/content/local:iso/a.iso").expect("a route");
        assert!(route.values.contains(&("volume".to_owned(), "local:iso/a.iso".to_owned())));
        let route = facts.route("/nodes/pve/qemu/100/status/current").expect("a route");
        assert_eq!(route.template, "/nodes/{node}/qemu/{vmid}/status/current");
    }
}
