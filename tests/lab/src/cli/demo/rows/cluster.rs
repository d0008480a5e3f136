//! Rows about the cluster, seen by kubectl and helm.

use std::collections::BTreeMap;

use anyhow::{Context, Result};
use serde_json::{Value, json};

use super::super::Story;
use super::super::check::{Table, Verdict, none, same};
use super::super::look::Look;
use super::super::wish::{Node, Wish};
use crate::network::address;

pub(super) fn rows(table: &mut Table, look: &Look, story: &Story) {
    let wish = &story.wish;
    table.look("cluster", "all nodes Ready, at their addresses", ready(look, wish));
    table.look("cluster", "labels exactly as wanted, protected ones there", labels(look, wish));
    table.look("cluster", "Helm releases deployed at their versions", release(look, wish));
    table.look("cluster", "address pool", pool(look));
    table.look("cluster", "one announcement policy for each worker", policy(look, wish));
    if !wish.gateway {
        table.look("cluster", "ingress of Hubble's UI", ingresses(look, "kube-system", "hubble-ui"));
    }
    table.look("cluster", "all pods run", pods(look));
    table.look("cluster", "no kube-proxy", proxies(look));
    table.look("cluster", "no object written in the second run", Ok(none(&story.second_changes)));
}

pub(super) fn items(look: &Look, what: &str) -> Result<Vec<Value>> {
    Ok(look.kubectl(what)?["items"].as_array().context("kubectl gave no list")?.clone())
}

pub(super) fn names(all: &[Value]) -> String {
    let names = all.iter().filter_map(|one| one["metadata"]["name"].as_str());
    names.collect::<Vec<_>>().join(" ")
}

fn ready(look: &Look, wish: &Wish) -> Result<Verdict> {
    let seen: Vec<String> = items(look, "nodes")?
        .iter()
        .map(|node| {
            let of = |list: &str, value: &str, kind: &str| {
                let all = node["status"][list].as_array().into_iter().flatten();
                all.filter(|one| one["type"] == kind)
                    .filter_map(|one| one[value].as_str())
                    .collect::<String>()
            };
            let name = node["metadata"]["name"].as_str().unwrap_or_default();
            format!(
                "{name} {} {}",
                of("addresses", "address", "InternalIP"),
                of("conditions", "status", "Ready")
            )
        })
        .collect();
    let wanted: Vec<String> =
        wish.nodes().iter().map(|node| format!("{} {} True", node.name, address(node.last))).collect();
    Ok(same(&seen, &wanted))
}

/// The labels of a node that are not protected, and the GPU's.
fn wanted_labels(node: &Node) -> Value {
    match (node.worker, node.gpu) {
        (false, _) => json!({"compute": "none", "environment": "homelab", "role": "control-plane"}),
        (true, false) => json!({"compute": "cpu", "environment": "homelab", "role": "worker"}),
        (true, true) => json!({"compute": "cuda", "environment": "homelab", "role": "worker",
            "accelerator": "nvidia-gpu", "gpu-type": "nvidia"}),
    }
}

fn labels(look: &Look, wish: &Wish) -> Result<Verdict> {
    let mut wrong = Vec::new();
    for wanted in wish.nodes() {
        let (name, own) = (&wanted.name, wanted_labels(&wanted));
        let node = look.kubectl(&format!("node {name}"))?;
        let all = node["metadata"]["labels"].as_object().context("a node has labels")?;
        let (protected, free): (BTreeMap<_, _>, BTreeMap<_, _>) =
            all.iter().partition(|(key, _)| key.contains("kubernetes.io") || key.contains("k8s.io"));
        if json!(free) != own {
            wrong.push(format!("{name}: {}", json!(free)));
        }
        for key in ["kubernetes.io/hostname", "kubernetes.io/arch", "kubernetes.io/os"] {
            if !protected.contains_key(&key.to_owned()) {
                wrong.push(format!("{name}: no {key}"));
            }
        }
    }
    Ok(none(&wrong))
}

fn release(look: &Look, wish: &Wish) -> Result<Verdict> {
    let all: Value =
        serde_json::from_str(&look.controller("helm list --all --all-namespaces --output json")?)?;
    let seen: Vec<String> = all
        .as_array()
        .into_iter()
        .flatten()
        .map(|one| {
            ["name", "namespace", "status", "chart"]
                .map(|key| one[key].as_str().unwrap_or_default())
                .join(" ")
        })
        .collect();
    let ceph = wish.ceph.then_some("ceph-csi-cephfs ceph-csi deployed ceph-csi-cephfs-3.15.0");
    let cilium = "cilium kube-system deployed cilium-1.18.1";
    Ok(same(&seen.join(", "), &ceph.into_iter().chain([cilium]).collect::<Vec<_>>().join(", ")))
}

fn pool(look: &Look) -> Result<Verdict> {
    let seen: Vec<Value> =
        items(look, "ciliumloadbalancerippools")?.iter().map(|one| one["spec"]["blocks"].clone()).collect();
    let block = json!([{"start": address(240).to_string(), "stop": address(250).to_string()}]);
    Ok(same(&seen, &vec![block]))
}

fn policy(look: &Look, wish: &Wish) -> Result<Verdict> {
    let seen: Vec<String> = items(look, "ciliuml2announcementpolicies")?
        .iter()
        .map(|one| {
            let host = &one["spec"]["nodeSelector"]["matchLabels"]["kubernetes.io/hostname"];
            format!("{} {}", host.as_str().unwrap_or_default(), one["spec"]["interfaces"])
        })
        .collect();
    let nodes = wish.nodes();
    let workers = nodes.iter().filter(|node| node.worker);
    Ok(same(&seen, &workers.map(|node| format!("{} [\"^host0$\"]", node.name)).collect()))
}

pub(super) fn ingresses(look: &Look, namespace: &str, wanted: &str) -> Result<Verdict> {
    let all = items(look, &format!("ingresses --namespace {namespace}"))?;
    let other: Vec<String> = all
        .iter()
        .filter(|one| one["spec"]["ingressClassName"] != "cilium")
        .map(|one| format!("{} has another class", one["metadata"]["name"]))
        .collect();
    if !other.is_empty() {
        return Ok(none(&other));
    }
    Ok(same(&names(&all), &wanted.to_owned()))
}

fn pods(look: &Look) -> Result<Verdict> {
    let all = items(look, "pods --all-namespaces")?;
    if all.is_empty() {
        return Ok(Verdict::No("there are none".to_owned()));
    }
    let waiting: Vec<String> = all
        .iter()
        .filter(|pod| {
            let mut told = pod["status"]["conditions"].as_array().into_iter().flatten();
            !told.any(|one| one["type"] == "Ready" && one["status"] == "True")
        })
        .map(|pod| pod["metadata"]["name"].to_string())
        .collect();
    Ok(none(&waiting))
}

fn proxies(look: &Look) -> Result<Verdict> {
    let all = names(&items(look, "daemonsets --namespace kube-system")?);
    let found: Vec<String> = all.split(' ').filter(|name| *name == "kube-proxy").map(str::to_owned).collect();
    Ok(none(&found))
}
