//! Rows about the Gateway API, seen by kubectl and helm.

use anyhow::Result;
use serde_json::Value;

use super::super::check::{Table, Verdict, none, same};
use super::super::look::Look;
use super::cluster::{items, names};

/// The definitions of the standard channel.
const DEFINITIONS: &[&str] = &["gatewayclasses", "gateways", "grpcroutes", "httproutes", "referencegrants"];

pub(super) fn rows(table: &mut Table, look: &Look) {
    table.look("gateway", "definitions served", definitions(look));
    table.look("gateway", "release has the Gateway API and no ingress controller", values(look));
    table.look("gateway", "no ingress of Hubble's UI", hubble(look));
}

fn definitions(look: &Look) -> Result<Verdict> {
    let all = items(look, "customresourcedefinitions")?;
    let served = |wanted: &str| {
        let name = format!("{wanted}.gateway.networking.k8s.io");
        let mut conditions = all
            .iter()
            .filter(|one| one["metadata"]["name"] == name.as_str())
            .flat_map(|one| one["status"]["conditions"].as_array().into_iter().flatten());
        conditions.any(|one| one["type"] == "Established" && one["status"] == "True")
    };
    let missing: Vec<String> =
        DEFINITIONS.iter().filter(|name| !served(name)).map(|name| (*name).to_owned()).collect();
    Ok(none(&missing))
}

fn values(look: &Look) -> Result<Verdict> {
    let text = look.controller("helm get values cilium --namespace kube-system --output json")?;
    let values: Value = serde_json::from_str(&text)?;
    let seen = (values["gatewayAPI"]["enabled"].clone(), values["ingressController"].clone());
    Ok(same(&seen, &(Value::Bool(true), Value::Null)))
}

fn hubble(look: &Look) -> Result<Verdict> {
    Ok(same(&names(&items(look, "ingresses --namespace kube-system")?), &String::new()))
}
