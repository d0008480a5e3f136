//! The settings of the main job in a lab: `.env`, and an inventory file for further workers.

use std::fmt::Write;
use std::fs;
use std::path::Path;

use anyhow::{Context, Result};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use super::project;
use super::wish::{Node, Wish};
use crate::cli::lab::secret;
use crate::network::{address, outside};

/// Where the GPU sits in the Proxmox double.
pub(super) const GPU: &str = "0000:01:00.0";
/// Monitors and identity of a Ceph cluster that nobody asks: the lab's Ceph charts mount nothing.
pub(super) const MONITORS: [&str; 2] = ["10.209.0.31:6789", "10.209.0.32:6789"];
pub(super) const FSID: &str = "3f2a6c1e-5b0d-4b7e-9f53-0c6a4e5d9b11";

/// Every name of `example.env` that the lab has another value for and the names that it lacks; the others keep the example's.
pub(super) fn environment(state: &Path, wish: &Wish) -> Result<String> {
    let example = fs::read_to_string(project::root().join("example.env")).context("no example.env")?;
    let mut own = values(state)?;
    own.extend(asked(state, wish)?);
    let mut text = String::new();
    for line in example.lines() {
        let at = line.split_once('=').and_then(|(name, _)| own.iter().position(|(known, _)| known == name));
        match at {
            Some(at) => {
                let (name, value) = own.remove(at);
                writeln!(text, "{name}={value}")?;
            }
            None => writeln!(text, "{line}")?,
        }
    }
    for (name, value) in own {
        writeln!(text, "{name}={value}")?;
    }
    Ok(text)
}

/// Those of every lab.
fn values(state: &Path) -> Result<Vec<(String, String)>> {
    let lab = outside().to_string();
    let own = [
        ("PROXMOX_API_HOST", "proxmox.lab.test".to_owned()),
        ("PROXMOX_API_PASSWORD", secret(state, "proxmox-password")?),
        ("VM_GATEWAY", lab.clone()),
        ("VM_NAMESERVER", lab),
        ("CILIUM_LOADBALANCER_IPPOOL", format!("{}-{}", address(240), address(250))),
        ("HUBBLE_HOSTNAME", "hubble.lab.test".to_owned()),
        ("REPOSITORY_SSH_URL", "git@gitlab.lab.test:homelab/cluster.git".to_owned()),
        ("REPOSITORY_TOKEN", secret(state, "gitlab-token")?),
        ("ARGOCD_HOSTNAME", "argocd.lab.test".to_owned()),
    ];
    Ok(own.into_iter().map(|(name, value)| (name.to_owned(), value)).collect())
}

/// Those of the options and the nodes.
fn asked(state: &Path, wish: &Wish) -> Result<Vec<(String, String)>> {
    let mut own: Vec<(String, String)> = wish
        .nodes()
        .iter()
        .map(|node| (format!("{}_IP", variable(node)), address(node.last).to_string()))
        .collect();
    let mut add = |name: &str, value: &str| own.push((name.to_owned(), value.to_owned()));
    if wish.gateway {
        add("ENABLE_GATEWAY_API", "true");
    }
    if wish.cuda {
        add("ENABLE_CUDA", "true");
        add("GPU_PCI_ADDRESS", GPU);
    }
    if wish.ceph {
        add("ENABLE_CEPH", "true");
        add("CEPH_MONITOR", &MONITORS.join(","));
        add("CEPH_FSID", FSID);
        add("CEPH_K8S_KEY", &STANDARD.encode(ceph_key(state, "k8s")?));
        add("CEPH_ADMIN_KEY", &STANDARD.encode(ceph_key(state, "admin")?));
    }
    Ok(own)
}

/// The key of a user at Ceph, as Ceph writes it: base64 already. Errors when it cannot be kept.
pub(super) fn ceph_key(state: &Path, user: &str) -> Result<String> {
    Ok(STANDARD.encode(secret(state, &format!("ceph-{user}-key"))?))
}

/// How a node's names in the environment begin.
fn variable(node: &Node) -> String {
    node.name.replace('-', "_").to_uppercase()
}

/// What a user writes beside `inventory/k8s.yaml` for workers after the first one; nothing when there is none.
pub(super) fn more_workers(wish: &Wish) -> Option<String> {
    let nodes = wish.nodes();
    let more: Vec<&Node> =
        nodes.iter().filter(|node| node.worker && node.last > super::wish::WORKER).collect();
    if more.is_empty() {
        return None;
    }
    let names: String = more.iter().map(|node| format!("    {}:\n", node.name)).collect();
    let entries: String = more.iter().map(|node| entry(node)).collect();
    Some(format!("---\nproxmox:\n  hosts:\n{names}\nk8s-nodes:\n  hosts:\n{entries}"))
}

fn entry(node: &Node) -> String {
    let value = |part: &str, default: &str| {
        format!("\"{{{{ lookup('env', '{}_{part}') | default('{default}', true) }}}}\"", variable(node))
    };
    format!(
        "    {}:\n      labels:\n        compute: cpu\n      vm_provision:\n        ip: {}\n        cpu: {}\n        \
         memory_mb: {}\n        disk_gb: {}\n        ssh_user: \"{{{{ lookup('env', 'K8S_SSH_USER') }}}}\"\n        \
         ssh_key: \"{{{{ lookup('env', 'K8S_SSH_PUB_KEY') }}}}\"\n",
        node.name,
        value("IP", ""),
        value("CPU", "4"),
        value("MEM_MB", "8192"),
        value("DISK_GB", "80"),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_the_environment_come_from_the_nodes_names() {
        let wish = Wish { workers: 2, ..Wish::default() };
        let names: Vec<String> = wish.nodes().iter().map(variable).collect();
        assert_eq!(names, ["K8S_CONTROL_1", "K8S_NODE_1", "K8S_NODE_2"]);
        let text = more_workers(&wish).unwrap();
        assert!(text.contains("lookup('env', 'K8S_NODE_2_MEM_MB') | default('8192', true)"), "{text}");
        assert!(!text.contains("k8s-node-1"));
    }
}
