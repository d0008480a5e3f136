//! What is secret in a lab.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;

use super::super::look::Look;
use crate::machine::folder;

/// Endings of the names whose values are secret in `.env`.
const ENDINGS: &[&str] = &["_PASSWORD", "_TOKEN", "_SECRET", "_KEY", "_PASS"];
/// How many characters of a long secret are looked for: whole lines of a key, never less than a chance match.
const LENGTH: usize = 48;

/// What stands in the first and last line of every private key.
pub(super) const MARK: &str = "PRIVATE KEY-----";

/// The secrets, each with the name that it is told by.
pub(in crate::cli) struct Secrets(Vec<(String, String)>);

impl Secrets {
    /// Those of the settings, of the keys on the controller, of the cluster. Errors when one cannot be read.
    pub(in crate::cli) fn of(look: &Look) -> Result<Self> {
        let mut all = Self::of_settings(&look.state)?;
        let config = look.controller("cat /etc/kubernetes/new_cluster_admin.conf")?;
        let key = config.lines().find_map(|line| line.trim().strip_prefix("client-key-data: "));
        all.add_encoded("the cluster's admin key", key.context("the kubeconfig has no key")?)?;
        let repository = look.kubectl("secret argocd-repo-ssh-key --namespace argocd")?;
        let key = repository["data"]["sshPrivateKey"].as_str().context("ArgoCD has no private key")?;
        all.add_encoded("ArgoCD's private key", key)?;
        all.add_tokens(&look.kubectl("secrets --namespace kube-system")?)?;
        Ok(all)
    }

    /// Those that are there before a cluster is. Errors when a file cannot be read.
    pub(in crate::cli) fn of_settings(state: &Path) -> Result<Self> {
        let tree = folder(state, "controller").join("tree");
        let settings = fs::read_to_string(tree.join("root/rustible/.env")).context("no .env")?;
        let mut all = Self(Vec::new());
        for line in settings.lines() {
            let Some((name, value)) = line.split_once('=') else { continue };
            let value = value.split(" #").next().unwrap_or_default().trim().trim_matches(['"', '\'']);
            let secret = ENDINGS.iter().any(|ending| name.ends_with(ending)) && !name.ends_with("_PUB_KEY");
            // A key may be named by its path.
            if secret && value.len() >= 8 && !value.starts_with(['~', '/']) {
                all.0.push((name.to_owned(), value.to_owned()));
            }
        }
        let key = fs::read_to_string(tree.join("root/.ssh/id_ed25519")).context("no ssh key")?;
        all.add_lines("the ssh key", &key);
        Ok(all)
    }

    /// The names of the secrets that stand in a text.
    pub(in crate::cli) fn within(&self, text: &str) -> Vec<&str> {
        let known = self.0.iter().map(|(name, secret)| (name.as_str(), secret.as_str()));
        let all = known.chain([("a private key", MARK)]);
        all.filter(|(_, secret)| text.contains(secret)).map(|(name, _)| name).collect()
    }

    /// All secrets, a line each, as `grep -F -f` reads them.
    pub(super) fn patterns(&self) -> String {
        self.0.iter().map(|(_, secret)| format!("{secret}\n")).collect()
    }

    /// A line from the middle of a PEM text, which no other key has.
    fn add_lines(&mut self, name: &str, pem: &str) {
        let body: Vec<&str> = pem.lines().filter(|line| !line.starts_with("-----")).collect();
        if let Some(line) = body.get(body.len() / 2) {
            self.0.push((name.to_owned(), line.chars().take(LENGTH).collect()));
        }
    }

    /// A PEM text under base64, as it is and in plain.
    fn add_encoded(&mut self, name: &str, encoded: &str) -> Result<()> {
        let middle: String = encoded.chars().skip(encoded.len() / 2).take(LENGTH).collect();
        self.0.push((format!("{name} (base64)"), middle));
        self.add_lines(name, &String::from_utf8(STANDARD.decode(encoded)?)?);
        Ok(())
    }

    /// The secret halves of the tokens that machines join with.
    fn add_tokens(&mut self, secrets: &Value) -> Result<()> {
        for one in secrets["items"].as_array().into_iter().flatten() {
            if one["type"] != "bootstrap.kubernetes.io/token" {
                continue;
            }
            let encoded = one["data"]["token-secret"].as_str().context("a token without its secret")?;
            self.0.push(("a join token".to_owned(), String::from_utf8(STANDARD.decode(encoded)?)?));
        }
        Ok(())
    }
}
