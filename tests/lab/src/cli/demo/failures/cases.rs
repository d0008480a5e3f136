//! What is broken, and how it is repaired.

use anyhow::{Context, Result};

use super::super::wish::CONTROL;
use super::bench::Bench;
use super::{Case, Expected};

const CLUSTER: &str = "setup_cluster.yaml";
const APPLICATIONS: &str = "setup_applications.yaml";
const PROXMOX: &str = "https://proxmox.lab.test:8006";
const GITLAB: &str = "https://gitlab.lab.test/api/v4/projects";
const ISO: &str = "local:iso/ubuntu-24.04.3-live-server-amd64-autoinstall.iso";

/// All cases. Errors when a setting is missing.
pub(super) fn all(bench: &Bench) -> Result<Vec<Case>> {
    Ok([machines(), cluster(), repository(bench)?].into_iter().flatten().collect())
}

/// A case in which only settings are wrong.
fn wrong(name: &'static str, settings: Vec<(&'static str, Option<String>)>, expected: Expected) -> Case {
    Case {
        name,
        playbook: CLUSTER,
        options: "",
        settings,
        break_it: |_| Ok(()),
        when: None,
        repair: |_| Ok(()),
        kept: Vec::new(),
        status: 2,
        expected,
    }
}

fn machines() -> Vec<Case> {
    let text = |text: &str| Some(text.to_owned());
    let name = wrong(
        "a name is missing in .env",
        vec![("K8S_CONTROL_1_IP", None)],
        Expected {
            cause: "K8S_CONTROL_1_IP is not set",
            host: "localhost",
            file: "roles/setup_localhost/tasks/main.yaml",
            next_step: "Put it into .env",
        },
    );
    let password = vec![("PROXMOX_API_PASSWORD", text("not-the-password"))];
    let refused = wrong(
        "wrong Proxmox password",
        password.clone(),
        Expected {
            cause: "401",
            host: "localhost",
            file: "roles/setup_localhost/tasks/installation_iso.yaml",
            next_step: "Check PROXMOX_API_HOST, PROXMOX_API_USER and PROXMOX_API_PASSWORD",
        },
    );
    let module = wrong(
        "wrong Proxmox password, at a machine",
        password,
        Expected {
            cause: "Failed to connect to Proxmox as root@pam: 401",
            host: "k8s-control-1",
            file: "roles/provision_infra/tasks/main.yaml",
            next_step: "Check api_user (name@realm) and api_password",
        },
    );
    let full = wrong(
        "full storage",
        Vec::new(),
        Expected {
            cause: "No space left on device",
            host: "localhost",
            file: "roles/setup_localhost/tasks/remaster_iso.yaml",
            next_step: "free space in it",
        },
    );
    let key = wrong(
        "refused ssh key",
        vec![("K8S_SSH_KEY", text("/root/.ssh/nobodys_key"))],
        Expected {
            cause: "Permission denied (publickey)",
            host: "k8s-control-1",
            file: "roles/provision_infra/tasks/lock_down.yaml",
            next_step: "its public half must stand in the user's ~/.ssh/authorized_keys",
        },
    );
    vec![
        name,
        refused,
        Case { options: "--skip-tags localhost", ..module },
        Case { break_it: fill_storage, repair: empty_storage, ..full },
        Case { break_it: make_key, repair: remove_key, status: 4, ..key },
    ]
}

fn cluster() -> Vec<Case> {
    let text = |text: &str| Some(text.to_owned());
    let ceph = vec![
        ("WAIT_TIMEOUT", text("5")),
        ("ENABLE_CEPH", text("true")),
        ("CEPH_MONITOR", text("10.209.0.1:6789")),
        ("CEPH_FSID", text("9b7a3b0e-2f5c-4a39-8a3e-1d0c5e8f7a61")),
        ("CEPH_K8S_KEY", text("bm90IGEga2V5IG9mIGFueSBjbHVzdGVyLCBidXQgb2YgdGhlIGxhYg==")),
        ("CEPH_ADMIN_KEY", text("bm90IHRoZSBrZXkgb2YgYW55IGFkbWluLCBidXQgb2YgdGhlIGxhYg==")),
    ];
    let helm = wrong(
        "helm time-out",
        ceph,
        Expected {
            cause: "context deadline exceeded",
            host: "localhost",
            file: "roles/bootstrap_cephfs_storage_class/tasks/main.yaml",
            next_step: "if they only need longer, give a longer timeout, then run again",
        },
    );
    let down = wrong(
        "API server down in the middle",
        vec![("WAIT_TIMEOUT", text("10"))],
        Expected {
            cause: "10.209.0.11:6443",
            host: "k8s-control-1",
            file: "roles/bootstrap_cillium/tasks/main.yaml",
            next_step: "Check that the control plane is up",
        },
    );
    vec![
        Case {
            break_it: cordon,
            repair: uncordon,
            kept: vec!["ENABLE_CEPH", "CEPH_MONITOR", "CEPH_FSID", "CEPH_K8S_KEY", "CEPH_ADMIN_KEY"],
            ..helm
        },
        Case {
            break_it: stop_server,
            when: Some("TASK [bootstrap_cillium : Chart repository]"),
            repair: start_server,
            ..down
        },
    ]
}

fn repository(bench: &Bench) -> Result<Vec<Case>> {
    let token = format!("{}-read", bench.value("REPOSITORY_TOKEN")?);
    let file = "roles/bootstrap_argocd/tasks/deploy_key.yaml";
    let scope = wrong(
        "token without the scope api",
        vec![("REPOSITORY_TOKEN", Some(token))],
        Expected {
            cause: "insufficient_scope",
            host: "localhost",
            file,
            next_step: "The token lacks the scope `api`: make one that has it",
        },
    );
    let taken = wrong(
        "key already taken",
        Vec::new(),
        Expected {
            cause: "has already been taken",
            host: "localhost",
            file,
            next_step: "The key is registered in another project of this server. Enable it for this one",
        },
    );
    Ok(vec![
        Case { playbook: APPLICATIONS, break_it: forget_key, ..scope },
        Case { playbook: APPLICATIONS, break_it: give_key_away, repair: take_key_back, ..taken },
    ])
}

fn conditions(bench: &Bench, json: &str) -> Result<()> {
    let script = format!("curl -sSf -X PUT -d '{json}' {PROXMOX}/.lab/conditions");
    bench.look.controller(&script).map(drop)
}

/// The ISO is gone, and there is no room for another one.
fn fill_storage(bench: &Bench) -> Result<()> {
    let password =
        std::fs::read_to_string(bench.look.state.join("proxmox-password")).context("no password")?;
    bench.look.controller(&format!(
        "set -e\n\
api={PROXMOX}/api2/json\n\
printf %s '{password}' | curl -sSf --data-urlencode username=root@pam --data-urlencode password@- $api/access/ticket > /run/lab-ticket\n\
curl -sSf -X DELETE -H \"CSRFPreventionToken: $(jq -r .data.CSRFPreventionToken /run/lab-ticket)\" \\\n\
  -H \"Cookie: PVEAuthCookie=$(jq -r .data.ticket /run/lab-ticket)\" $api/nodes/pve/storage/local/content/{ISO}\n\
rm /run/lab-ticket\n\
sleep 1\n"
    ))?;
    conditions(bench, "{\"full\": [\"local\"]}")
}

fn empty_storage(bench: &Bench) -> Result<()> {
    conditions(bench, "{}")
}

fn make_key(bench: &Bench) -> Result<()> {
    remove_key(bench)?;
    bench.look.controller("ssh-keygen -q -t ed25519 -N '' -f /root/.ssh/nobodys_key").map(drop)
}

fn remove_key(bench: &Bench) -> Result<()> {
    bench.look.controller("rm -f /root/.ssh/nobodys_key /root/.ssh/nobodys_key.pub").map(drop)
}

/// No node takes new pods; what an earlier case or run installed is gone.
fn cordon(bench: &Bench) -> Result<()> {
    bench
        .look
        .controller(
            "set -e\n\
helm list --all --all-namespaces --output json | jq -r '.[] | select(.name == \"ceph-csi-cephfs\") | .namespace' |\n\
  while read -r space; do helm uninstall ceph-csi-cephfs --wait --namespace \"$space\"; done\n\
kubectl get storageclass --output json | jq -r '.items[] | select(.provisioner == \"cephfs.csi.ceph.com\").metadata.name' |\n\
  while read -r class; do kubectl delete storageclass \"$class\"; done\n\
kubectl cordon k8s-node-1\n",
        )
        .map(drop)
}

fn uncordon(bench: &Bench) -> Result<()> {
    bench.look.controller("kubectl uncordon k8s-node-1").map(drop)
}

fn stop_server(bench: &Bench) -> Result<()> {
    let script = "mv /etc/kubernetes/manifests/kube-apiserver.yaml /root/ && pkill -KILL -x kube-apiserver";
    bench.look.node(CONTROL, script).map(drop)
}

fn start_server(bench: &Bench) -> Result<()> {
    bench.look.node(CONTROL, "mv /root/kube-apiserver.yaml /etc/kubernetes/manifests/")?;
    let wait = "for i in $(seq 120); do kubectl get --raw /readyz && exit 0; sleep 1; done; exit 1";
    bench.look.controller(wait).map(drop)
}

/// A call of GitLab as the token's owner; the token comes by standard input.
fn gitlab(bench: &Bench, script: &str) -> Result<()> {
    let token = std::fs::read_to_string(bench.look.state.join("gitlab-token")).context("no token")?;
    let text = format!(
        "set -e\n\
printf 'header = \"PRIVATE-TOKEN: %s\"\\n' '{token}' > /run/lab-curl\n\
call() {{ curl -sSf -K /run/lab-curl \"$@\"; }}\n\
forget() {{ call {GITLAB}/$1/deploy_keys | jq -r '.[].id' | while read -r id; do call -X DELETE {GITLAB}/$1/deploy_keys/$id; done; }}\n\
{script}\n\
rm /run/lab-curl\n"
    );
    bench.look.controller(&text).map(drop)
}

fn forget_key(bench: &Bench) -> Result<()> {
    gitlab(bench, "forget 1")
}

/// The key is another project's.
fn give_key_away(bench: &Bench) -> Result<()> {
    let script = format!(
        "forget 1\n\
key=$(kubectl get configmap argocd-ssh-public-key -n argocd -o 'jsonpath={{.data.ssh-publickey}}')\n\
call --data-urlencode title=other --data-urlencode \"key=$key\" {GITLAB}/2/deploy_keys"
    );
    gitlab(bench, &script)
}

fn take_key_back(bench: &Bench) -> Result<()> {
    gitlab(bench, "forget 2")
}
