//! A request after authentication and validation, and the two ways to answer it.

use std::fmt::Display;

use indexmap::IndexMap;
use serde_json::Value;

/// The parameters of a request, path parameters included; lists keep their elements apart.
#[derive(Clone, Debug, Default)]
pub(super) struct Params(pub(super) IndexMap<String, Vec<String>>);

impl Params {
    pub(super) fn add(&mut self, name: &str, value: String) {
        self.0.entry(name.to_owned()).or_default().push(value);
    }

    pub(super) fn one(&self, name: &str) -> Option<&str> {
        self.0.get(name).and_then(|values| values.last()).map(String::as_str)
    }

    /// A parameter that validation has made sure of, or that has this default.
    pub(super) fn or<'a>(&'a self, name: &str, default: &'a str) -> &'a str {
        self.one(name).unwrap_or(default)
    }

    pub(super) fn flag(&self, name: &str) -> bool {
        self.one(name).is_some_and(truth)
    }

    pub(super) fn number(&self, name: &str) -> Option<u64> {
        self.one(name).and_then(|text| text.parse().ok())
    }

    pub(super) fn list(&self, name: &str) -> &[String] {
        self.0.get(name).map_or(&[], Vec::as_slice)
    }

    pub(super) fn without(&self, names: &[&str]) -> Self {
        Self(
            self.0
                .iter()
                .filter(|(name, _)| !names.contains(&name.as_str()))
                .map(|(name, values)| (name.clone(), values.clone()))
                .collect(),
        )
    }
}

/// Booleans as Proxmox reads them.
pub(super) fn truth(text: &str) -> bool {
    matches!(text.to_ascii_lowercase().as_str(), "1" | "on" | "yes" | "true")
}

/// A request that may be carried out.
pub(super) struct Ask {
    /// Method and path of the schema, `POST /nodes/{node}/qemu` for instance.
    pub(super) name: String,
    pub(super) params: Params,
    pub(super) user: String,
}

impl Ask {
    pub(super) fn node(&self) -> &str {
        self.params.or("node", "")
    }

    pub(super) fn vmid(&self) -> u32 {
        self.params.number("vmid").and_then(|number| u32::try_from(number).ok()).unwrap_or_default()
    }
}

/// Why a request is not carried out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Refusal {
    pub(super) status: u16,
    pub(super) message: String,
    pub(super) errors: IndexMap<String, String>,
}

/// The outcome of a request: the `data` of its answer.
pub(super) type Outcome = Result<Value, Refusal>;

impl Refusal {
    pub(super) fn new(status: u16, message: impl Display) -> Self {
        Self { status, message: message.to_string(), errors: IndexMap::new() }
    }

    /// Anything that Proxmox dies of: status 500 with the reason.
    pub(super) fn died(message: impl Display) -> Self {
        Self::new(500, message)
    }

    /// One bad parameter.
    pub(super) fn param(name: &str, message: impl Display) -> Self {
        Self::params(IndexMap::from([(name.to_owned(), message.to_string())]))
    }

    /// Bad parameters.
    pub(super) fn params(errors: IndexMap<String, String>) -> Self {
        Self { status: 400, message: "Parameter verification failed.".to_owned(), errors }
    }
}
