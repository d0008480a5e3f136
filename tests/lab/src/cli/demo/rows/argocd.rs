//! Rows about ArgoCD, seen by kubectl and in GitLab's own store.

use anyhow::{Context, Result};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use super::super::check::{Table, Verdict, same};
use super::super::look::Look;
use super::cluster::{ingresses, items, names};

pub(super) fn rows(table: &mut Table, look: &Look) {
    table.look("ArgoCD", "ingresses", ingresses(look, "argocd", "argocd-server-http argocd-server-https"));
    table.look("ArgoCD", "project and applications", applications(look));
    table.look("ArgoCD", "ConfigMap and Secret hold one key pair", pair(look));
    table.look("ArgoCD", "one deploy key at GitLab, with that text", deploy_key(look));
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
