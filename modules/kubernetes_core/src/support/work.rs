//! What is done about one wanted object.

use std::sync::Arc;

use rustible_sdk::{Dict, Failure, Host, Result, Value, dict, fail, json};

use super::{
    apply,
    auth::dict_of,
    client::{Answer, Ask, Cluster},
    compare::{Merge, changes, has, masked, without},
    definitions::{creatable, encoded, matches, with_hash},
    discovery::Resource,
    wait::{Condition, Patience, is_ready},
};
use crate::k8s::State;

/// How an object is brought to what is wanted.
pub(crate) enum Write {
    /// By a patch of the first of these types that the server takes; its own choice without any.
    Patch(Option<Vec<String>>),
    /// As a whole.
    Replace,
    /// By comparing with what was applied last.
    Apply,
    /// The server applies.
    ServerSide {
        /// Who owns the fields.
        manager: String,
        /// Take them away from others.
        force: bool,
    },
}

/// What holds for all objects of a call.
pub(crate) struct Work {
    pub(crate) cluster: Arc<Cluster>,
    pub(crate) state: State,
    pub(crate) write: Write,
    pub(crate) append_hash: bool,
    pub(crate) delete_all: bool,
    pub(crate) delete_options: Option<Dict>,
    pub(crate) hidden: Vec<String>,
    pub(crate) selectors: Vec<String>,
    pub(crate) wait: Option<Patience>,
    pub(crate) condition: Option<Condition>,
}

/// A wanted object and where it is.
struct Target {
    resource: Resource,
    wanted: Dict,
    name: Option<String>,
    namespace: Option<String>,
}

impl Target {
    fn path(&self) -> String {
        self.resource.path(self.namespace.as_deref(), self.name.as_deref())
    }
    /// The path of its kind, for creating it.
    fn folder(&self) -> Result<String> {
        if self.resource.namespaced && self.namespace.is_none() {
            fail!("Namespace is required for {}.{}", self.resource.api_version, self.resource.kind);
        }
        Ok(self.resource.path(self.namespace.as_deref(), None))
    }
    fn about(&self) -> String {
        let name = self.name.as_deref().unwrap_or_default();
        format!("\"{}\" \"{name}\"", self.resource.kind)
    }
    /// Lists of built-in kinds are merged by key; of others they are replaced.
    fn merge(&self) -> Merge {
        const GROUPS: [&str; 20] = [
            "apps",
            "batch",
            "autoscaling",
            "policy",
            "admissionregistration.k8s.io",
            "apiextensions.k8s.io",
            "apiregistration.k8s.io",
            "authentication.k8s.io",
            "authorization.k8s.io",
            "certificates.k8s.io",
            "coordination.k8s.io",
            "discovery.k8s.io",
            "events.k8s.io",
            "flowcontrol.apiserver.k8s.io",
            "networking.k8s.io",
            "node.k8s.io",
            "rbac.authorization.k8s.io",
            "resource.k8s.io",
            "scheduling.k8s.io",
            "storage.k8s.io",
        ];
        match self.resource.api_version.split_once('/') {
            Some((group, _)) if !GROUPS.contains(&group) => Merge::Plain,
            _ => Merge::Strategic,
        }
    }
}

impl Work {
    /// Bring one object to what is wanted; the result of it.
    ///
    /// # Errors
    /// What the server refuses, or a wait that ends too late.
    pub(crate) fn perform(&self, host: &mut Host, definition: &Dict) -> Result<Dict> {
        let target = self.target(host, definition)?;
        if self.state == State::Absent {
            return self.delete(host, &target);
        }
        let labels = dict_of(dict_of(target.wanted.get("metadata")).get("labels"));
        if !self.selectors.is_empty() && !matches(&labels, &self.selectors) {
            let msg = format!(
                "resource 'kind={},name={},namespace={}' filtered by label_selectors.",
                target.resource.kind,
                target.name.as_deref().unwrap_or("None"),
                target.namespace.as_deref().unwrap_or("None")
            );
            return Ok(dict! { "changed" => false, "result" => Dict::new(), "msg" => msg });
        }
        let existing = if target.name.is_some() { self.get(host, &target)? } else { None };
        let (method, before, after) = match (existing, &self.write) {
            (before, Write::ServerSide { manager, force }) => {
                let after = self.server_side(host, &target, manager, *force)?;
                ("apply", before, after)
            }
            (None, _) if self.state == State::Patched => {
                host.warn(format!(
                    "resource 'kind={},name={}' was not found but will not be created as 'state' parameter has been \
                     set to 'patched'",
                    target.resource.kind,
                    target.name.as_deref().unwrap_or_default()
                ));
                return Ok(dict! { "changed" => false, "result" => Dict::new() });
            }
            (None, write) => {
                let applies = matches!(write, Write::Apply);
                match self.create(host, &target, applies)? {
                    Some(made) => (if applies { "apply" } else { "create" }, None, made),
                    None => {
                        return Ok(
                            dict! { "changed" => false, "result" => Dict::new(), "method" => "create" },
                        );
                    }
                }
            }
            (Some(before), Write::Apply) => {
                let after = self.apply(host, &target, &before)?;
                ("apply", Some(before), after)
            }
            (Some(before), Write::Replace) => {
                let after = self.replace(host, &target, &before)?;
                ("replace", Some(before), after)
            }
            (Some(before), Write::Patch(types)) => {
                let after = self.patch(host, &target, &before, types.as_deref())?;
                ("update", Some(before), after)
            }
        };
        self.report(host, &target, method, before.as_ref(), after)
    }

    fn target(&self, host: &Host, definition: &Dict) -> Result<Target> {
        let text = |key: &str| definition.get(key).and_then(Value::as_str).unwrap_or_default();
        let (version, kind) = (text("apiVersion"), text("kind"));
        let Some(resource) = self.cluster.find(host, version, kind)? else {
            fail!(
                "Failed to find exact match for {version}.{kind} by [kind, name, singularName, shortNames]"
            );
        };
        let mut wanted = definition.clone();
        wanted.insert("kind", resource.kind.as_str());
        wanted.insert("apiVersion", resource.api_version.as_str());
        if self.append_hash && matches!(resource.kind.as_str(), "ConfigMap" | "Secret") {
            wanted = with_hash(&wanted, &resource.kind)?;
        }
        let metadata = dict_of(wanted.get("metadata"));
        let text = |key: &str| metadata.get(key).map(rustible_sdk::repr::str).filter(|text| !text.is_empty());
        Ok(Target { name: text("name"), namespace: text("namespace"), resource, wanted })
    }

    fn get(&self, host: &Host, target: &Target) -> Result<Option<Dict>> {
        let answer = self.cluster.ask(host, &Ask::get(target.path()))?;
        match answer.status {
            404 | 405 => Ok(None),
            _ if answer.ok() => answer.object().map(Some),
            _ => Err(answer.failure(format!("Failed to retrieve requested object: {}", answer.body))),
        }
    }

    /// Ask for a change; in check mode the server only says what would come of it.
    fn change(&self, host: &mut Host, mut ask: Ask) -> Result<Answer> {
        if host.check_mode() {
            let sign = if ask.path.contains('?') { '&' } else { '?' };
            ask.path = format!("{}{sign}dryRun=All", ask.path);
        }
        let answer = self.cluster.ask(host, &ask)?;
        for warning in &answer.warnings {
            host.warn(warning.as_str());
        }
        Ok(answer)
    }

    fn create(&self, host: &mut Host, target: &Target, applies: bool) -> Result<Option<Dict>> {
        let wanted = creatable(&target.wanted);
        let wanted = if applies { apply::annotated(&wanted) } else { wanted };
        let ask = Ask::send("POST", target.folder()?, "application/json", text_of(&wanted));
        let answer = self.change(host, ask)?;
        match answer.status {
            409 => {
                let name = target.name.as_deref().unwrap_or_default();
                host.warn(format!(
                    "{name} was not found, but creating it returned a 409 Conflict error. This can happen if the \
                     resource you are creating does not directly create a resource of the same kind."
                ));
                Ok(None)
            }
            404 if host.check_mode() => {
                // The namespace may come from an earlier task, which made nothing in check mode.
                host.warn(format!("The server could not check it: {}", answer.message()));
                Ok(Some(wanted))
            }
            _ if answer.ok() => answer.object().map(Some),
            _ => Err(answer.failure(format!("Failed to create object: {}", answer.body))),
        }
    }

    fn replace(&self, host: &mut Host, target: &Target, before: &Dict) -> Result<Dict> {
        let mut wanted = target.wanted.clone();
        let mut metadata = dict_of(wanted.get("metadata"));
        if let Some(version) = dict_of(before.get("metadata")).get("resourceVersion") {
            metadata.insert("resourceVersion", version.clone());
        }
        wanted.insert("metadata", metadata);
        let ask = Ask::send("PUT", target.path(), "application/json", text_of(&wanted));
        let answer = self.change(host, ask)?;
        if answer.ok() {
            return answer.object();
        }
        Err(answer.failure(format!("Failed to replace object: {}", answer.body)))
    }

    fn patch(
        &self,
        host: &mut Host,
        target: &Target,
        before: &Dict,
        types: Option<&[String]>,
    ) -> Result<Dict> {
        let merge = target.merge();
        let chosen: Vec<&str> = match (types, merge) {
            (Some(types), _) => types.iter().map(String::as_str).collect(),
            (None, Merge::Strategic) => vec!["strategic-merge", "merge"],
            (None, Merge::Plain) => vec!["merge"],
        };
        // The first type is the one that counts, unless the server does not know it.
        let first = if chosen.first() == Some(&"merge") { Merge::Plain } else { merge };
        if has(before, &target.wanted, &target.resource.kind, first) {
            return Ok(before.clone());
        }
        let mut last = None;
        for kind in chosen {
            let kind = format!("application/{kind}-patch+json");
            let kind = if kind.contains("strategic") {
                "application/strategic-merge-patch+json"
            } else {
                "application/merge-patch+json"
            };
            let answer =
                self.change(host, Ask::send("PATCH", target.path(), kind, text_of(&target.wanted)))?;
            if answer.ok() {
                return answer.object();
            }
            last = Some(answer.failure(format!("Failed to patch object: {}", answer.body)));
        }
        Err(last.unwrap_or_else(|| {
            Failure::new("Failed to patch object: merge_type is empty").of_arg("merge_type")
        }))
    }

    fn apply(&self, host: &mut Host, target: &Target, before: &Dict) -> Result<Dict> {
        let patch = apply::patch(before, &target.wanted, &target.resource.kind);
        if patch.is_empty() {
            return Ok(before.clone());
        }
        let ask = Ask::send("PATCH", target.path(), "application/merge-patch+json", text_of(&patch));
        let answer = self.change(host, ask)?;
        if answer.ok() {
            return answer.object();
        }
        Err(answer.failure(format!("Failed to apply object: {}", answer.body)))
    }

    fn server_side(&self, host: &mut Host, target: &Target, manager: &str, force: bool) -> Result<Dict> {
        target.folder()?;
        let path = format!("{}?fieldManager={}&force={force}", target.path(), encoded(manager));
        let ask = Ask::send("PATCH", path, "application/apply-patch+yaml", text_of(&target.wanted));
        let answer = self.change(host, ask)?;
        if answer.ok() {
            return answer.object();
        }
        Err(answer.failure(format!("Failed to apply object: {}", answer.body)))
    }

    /// The result of a written object, waited for when that is wanted.
    fn report(
        &self,
        host: &mut Host,
        target: &Target,
        method: &str,
        before: Option<&Dict>,
        after: Dict,
    ) -> Result<Dict> {
        let differences = match before {
            None => None,
            Some(before) => changes(before, &after),
        };
        let changed = before.is_none() || differences.is_some();
        let mut after = after;
        let mut result = dict! { "changed" => changed, "method" => method };
        if let Some(patience) = self.wait.as_ref().filter(|_| !host.check_mode()) {
            let named = Target {
                name: dict_of(after.get("metadata")).get("name").and_then(Value::as_str).map(str::to_string),
                resource: target.resource.clone(),
                wanted: Dict::new(),
                namespace: target.namespace.clone(),
            };
            let ready =
                |object: &Dict| self.condition.as_ref().map_or_else(|| is_ready(object), |c| c.holds(object));
            let (seen, took) = {
                let host: &Host = host;
                let mut latest = None;
                let (seen, took) = patience.until(host, || {
                    latest = self.get(host, &named)?;
                    Ok(latest.clone().filter(&ready))
                })?;
                after = latest.unwrap_or(after);
                (seen, took)
            };
            result.insert("duration", took);
            if seen.is_none() {
                result.insert("result", without(&after, &self.hidden));
                let mut failure = Failure::new(format!("{}: Timed out waiting on resource", named.about()));
                failure.data.extend(&result);
                return Err(failure);
            }
        }
        if host.wants_diff() && changed {
            let is_secret = target.resource.kind == "Secret";
            let mut hidden = self.hidden.clone();
            hidden.push("metadata.managedFields".to_string());
            let show = |object: &Dict| masked(&without(object, &hidden), is_secret);
            let (left, right) = differences.unwrap_or_else(|| (Dict::new(), after.clone()));
            result.insert("diff", dict! { "before" => show(&left), "after" => show(&right) });
        }
        result.insert("result", without(&after, &self.hidden));
        Ok(result)
    }

    fn delete(&self, host: &mut Host, target: &Target) -> Result<Dict> {
        let mut result = dict! { "changed" => false, "method" => "delete", "result" => Dict::new() };
        let many = target.name.is_none() && (self.delete_all || !self.selectors.is_empty());
        let mut paths = Vec::new();
        if many {
            let query = format!("{}?labelSelector={}", target.path(), encoded(&self.selectors.join(",")));
            let answer = self.cluster.ask(host, &Ask::get(query))?;
            if !answer.ok() && answer.status != 404 {
                return Err(answer.failure(format!("Failed to retrieve requested object: {}", answer.body)));
            }
            let list = if answer.ok() { answer.object()? } else { Dict::new() };
            for item in list.get("items").and_then(Value::as_list).cloned().unwrap_or_default().iter() {
                let metadata = dict_of(item.get("metadata"));
                let text = |key: &str| metadata.get(key).and_then(Value::as_str);
                paths.push(target.resource.path(text("namespace"), text("name")));
            }
        } else if target.name.is_some() && self.get(host, target)?.is_some() {
            paths.push(target.path());
        }
        for path in &paths {
            let body = self.delete_options.as_ref().map(|options| ("application/json", text_of(options)));
            let answer =
                self.change(host, Ask { method: "DELETE", path: path.clone(), body, accept: None })?;
            if !answer.ok() && answer.status != 404 {
                return Err(answer.failure(format!("Failed to delete object: {}", answer.body)));
            }
            result.insert("changed", true);
            if answer.ok() {
                result.insert("result", without(&answer.object()?, &self.hidden));
            }
        }
        if let Some(patience) = self.wait.as_ref().filter(|_| !host.check_mode() && !paths.is_empty()) {
            let host: &Host = host;
            let (gone, took) = patience.until(host, || {
                for path in &paths {
                    if self.cluster.ask(host, &Ask::get(path.as_str()))?.status != 404 {
                        return Ok(None);
                    }
                }
                Ok(Some(()))
            })?;
            result.insert("duration", took);
            if gone.is_none() {
                let mut failure = Failure::new(format!("{}: Timed out waiting on resource", target.about()));
                failure.data.extend(&result);
                return Err(failure);
            }
        }
        Ok(result)
    }
}

fn text_of(object: &Dict) -> String {
    json::write(&Value::Dict(object.clone()), json::Style { tight: true, ..json::Style::default() })
}
