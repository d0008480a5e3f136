//! Kinds of objects a server has: asked once per cluster and process, and once more when a kind is not known.

use std::{
    collections::HashMap,
    sync::{Arc, PoisonError},
};

use rustible_sdk::{Dict, Host, List, Result, Value};

use super::client::{Ask, Cluster};

/// What is known of a cluster's API: resources by group and version.
pub(crate) type Known = HashMap<String, Arc<Vec<Resource>>>;

/// A kind of objects.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Resource {
    /// `v1`, `apps/v1`.
    pub(crate) api_version: String,
    /// `Deployment`.
    pub(crate) kind: String,
    /// `deployments`.
    pub(crate) plural: String,
    singular: String,
    short: Vec<String>,
    /// Whether its objects are in namespaces.
    pub(crate) namespaced: bool,
}

impl Resource {
    /// The path of one object, or of all of them; a namespace is left out where there are none.
    pub(crate) fn path(&self, namespace: Option<&str>, name: Option<&str>) -> String {
        let root = if self.api_version.contains('/') { "apis" } else { "api" };
        let mut path = format!("/{root}/{}", self.api_version);
        if let Some(namespace) = namespace.filter(|n| self.namespaced && !n.is_empty()) {
            path = format!("{path}/namespaces/{namespace}");
        }
        path = format!("{path}/{}", self.plural);
        match name {
            Some(name) => format!("{path}/{name}"),
            None => path,
        }
    }

    fn of(api_version: &str, said: &Value) -> Option<Self> {
        let text = |key: &str| said.get(key).and_then(Value::as_str).map(str::to_string);
        let plural = text("name").filter(|name| !name.contains('/'))?;
        let short = said.get("shortNames").and_then(Value::as_list).cloned().unwrap_or_default();
        Some(Self {
            api_version: api_version.to_string(),
            kind: text("kind")?,
            plural,
            singular: text("singularName").unwrap_or_default(),
            short: short.iter().filter_map(Value::as_str).map(str::to_string).collect(),
            namespaced: said.get("namespaced").and_then(Value::as_bool).unwrap_or(false),
        })
    }
}

/// The kind of that name: as kind, plural, singular or short name, in that order.
fn pick(resources: &[Resource], kind: &str) -> Option<Resource> {
    let by = |is: &dyn Fn(&Resource) -> bool| resources.iter().find(|r| is(r)).cloned();
    by(&|r| r.kind == kind)
        .or_else(|| by(&|r| r.plural == kind))
        .or_else(|| by(&|r| r.singular == kind))
        .or_else(|| by(&|r| r.short.iter().any(|short| short == kind)))
}

impl Cluster {
    /// The kind of that name in a version of an API; a version without a group is looked for in all groups when the
    /// core has no such kind. `None` when there is none.
    ///
    /// # Errors
    /// When the server cannot be asked.
    pub(crate) fn find(&self, host: &Host, api_version: &str, kind: &str) -> Result<Option<Resource>> {
        let known = self.known.lock().unwrap_or_else(PoisonError::into_inner).get(api_version).cloned();
        if let Some(found) = known.as_ref().and_then(|resources| pick(resources, kind)) {
            return Ok(Some(found));
        }
        // What was not there may be there by now.
        let resources = Arc::new(self.resources(host, api_version)?);
        self.known
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .insert(api_version.to_string(), resources.clone());
        if let Some(found) = pick(&resources, kind) {
            return Ok(Some(found));
        }
        if api_version.contains('/') {
            return Ok(None);
        }
        for group in &self.groups(host)? {
            let versions = group.get("versions").and_then(Value::as_list).cloned().unwrap_or_default();
            for version in &versions {
                if version.get("version").and_then(Value::as_str) != Some(api_version) {
                    continue;
                }
                let Some(name) = version.get("groupVersion").and_then(Value::as_str) else { continue };
                if let Some(found) = pick(&self.resources(host, name)?, kind) {
                    return Ok(Some(found));
                }
            }
        }
        Ok(None)
    }

    fn groups(&self, host: &Host) -> Result<List> {
        let answer = self.ask(host, &Ask::get("/apis"))?;
        if !answer.ok() {
            return Err(answer.failure(format!("Failed to list the API's groups: {}", answer.message())));
        }
        Ok(answer.object()?.get("groups").and_then(Value::as_list).cloned().unwrap_or_default())
    }

    fn resources(&self, host: &Host, api_version: &str) -> Result<Vec<Resource>> {
        let root = if api_version.contains('/') { "apis" } else { "api" };
        let answer = self.ask(host, &Ask::get(format!("/{root}/{api_version}")))?;
        if answer.status == 404 {
            return Ok(Vec::new());
        }
        if !answer.ok() {
            return Err(
                answer.failure(format!("Failed to look at the API {api_version}: {}", answer.message()))
            );
        }
        let list: Dict = answer.object()?;
        let resources = list.get("resources").and_then(Value::as_list).cloned().unwrap_or_default();
        Ok(resources.iter().filter_map(|said| Resource::of(api_version, said)).collect())
    }
}
