//! Rows about the cluster and ArgoCD, seen by kubectl, helm and GitLab's own store.

use std::collections::BTreeMap;

use anyhow::{Context, Result};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use super::super::Story;
use super::super::check::{Table, Verdict, none, same};
use super::super::look::Look;
use crate::network::address;

pub(super) fn rows(table: &mut Table, look: &Look, story: &Story) {
    table.look("cluster", "both nodes Ready, at their addresses", ready(look));
    table.look("cluster", "labels exactly as wanted, protected ones there", labels(look));
    table.look("cluster", "Helm release cilium deployed at the version", release(look));
    table.look("cluster", "address pool", pool(look));
    table.look("cluster", "one announcement policy for the worker", policy(look));
    table.look("cluster", "ingress of Hubble's UI", ingresses(look, "kube-system", "hubble-ui"));
    table.look("cluster", "all pods run", pods(look));
    table.look("cluster", "no kube-proxy", proxies(look));
    table.look("cluster", "no object written in the second run", Ok(none(&story.second_changes)));
    table.look("ArgoCD", "ingresses", ingresses(look, "argocd", "argocd-server-http argocd-server-https"));
    table.look("ArgoCD", "project and applications", applications(look));
    table.look("ArgoCD", "ConfigMap and Secret hold one key pair", pair(look));
    table.look("ArgoCD", "one deploy key at GitLab, with that text", deploy_key(look));
}

fn items(look: &Look, what: &str) -> Result<Vec<Value>> {
    Ok(look.kubectl(what)?["items"].as_array().context("kubectl gave no list")?.clone())
}

fn names(all: &[Value]) -> String {
    let names = all.iter().filter_map(|one| one["metadata"]["name"].as_str());
    names.collect::<Vec<_>>().join(" ")
}

fn ready(look: &Look) -> Result<Verdict> {
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
    let wanted =
        vec![format!("k8s-control-1 {} True", address(11)), format!("k8s-node-1 {} True", address(21))];
    Ok(same(&seen, &wanted))
}

fn labels(look: &Look) -> Result<Verdict> {
    let wanted = [
        ("k8s-control-1", json!({"compute": "none", "environment": "homelab", "role": "control-plane"})),
        ("k8s-node-1", json!({"compute": "cpu", "environment": "homelab", "role": "worker"})),
    ];
    let mut wrong = Vec::new();
    for (name, own) in wanted {
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

fn release(look: &Look) -> Result<Verdict> {
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
    Ok(same(&seen, &vec!["cilium kube-system deployed cilium-1.18.1".to_owned()]))
}

fn pool(look: &Look) -> Result<Verdict> {
    let seen: Vec<Value> =
        items(look, "ciliumloadbalancerippools")?.iter().map(|one| one["spec"]["blocks"].clone()).collect();
    let block = json!([{"start": address(240).to_string(), "stop": address(250).to_string()}]);
    Ok(same(&seen, &vec![block]))
}

fn policy(look: &Look) -> Result<Verdict> {
    let seen: Vec<String> = items(look, "ciliuml2announcementpolicies")?
        .iter()
        .map(|one| {
            let host = &one["spec"]["nodeSelector"]["matchLabels"]["kubernetes.io/hostname"];
            format!("{} {}", host.as_str().unwrap_or_default(), one["spec"]["interfaces"])
        })
        .collect();
    Ok(same(&seen, &vec!["k8s-node-1 [\"^host0$\"]".to_owned()]))
}

fn ingresses(look: &Look, namespace: &str, wanted: &str) -> Result<Verdict> {
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

fn applications(look: &Look) -> Result<Verdict> {
    let seen = [
        names(&items(look, "appprojects --namespace argocd")?),
        names(&items(look, "applications.argoproj.io --namespace argocd")?),
    ];
    Ok(same(&seen, &["homelab".to_owned(), "hello limits".to_owned()]))
}

/// The first two words of a public key: kind and key, without the remark.
fn key(text: &str) -> String {
    text.split_whitespace().take(2).collect::<Vec<_>>().join(" ")
}

fn public(look: &Look) -> Result<String> {
    let map = look.kubectl("configmap argocd-ssh-public-key --namespace argocd")?;
    Ok(key(map["data"]["ssh-publickey"].as_str().context("the ConfigMap holds no key")?))
}

fn pair(look: &Look) -> Result<Verdict> {
    let secret = look.kubectl("secret argocd-repo-ssh-key --namespace argocd")?;
    if secret["metadata"]["labels"]["argocd.argoproj.io/secret-type"] != "repository" {
        return Ok(Verdict::No("the Secret is not labelled as a repository's".to_owned()));
    }
    let private = STANDARD.decode(secret["data"]["sshPrivateKey"].as_str().context("no private key")?)?;
    let text = format!(
        "umask 077; cat > /run/lab-key <<'END'\n{}\nEND\nssh-keygen -y -f /run/lab-key; s=$?; rm /run/lab-key; exit $s\n",
        String::from_utf8_lossy(&private).trim_end()
    );
    Ok(same(&key(&look.controller(&text)?), &public(look)?))
}

fn deploy_key(look: &Look) -> Result<Verdict> {
    let all = look.json("gitlab-keys.json")?;
    let seen: Vec<String> = all["homelab/cluster"]
        .as_array()
        .into_iter()
        .flatten()
        .map(|one| key(one["key"].as_str().unwrap_or_default()))
        .collect();
    Ok(same(&seen, &vec![public(look)?]))
}
