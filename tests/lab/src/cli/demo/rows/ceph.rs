//! Rows about CephFS, seen by kubectl, helm and ssh.

use anyhow::{Context, Result};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use super::super::check::{Table, Verdict, same};
use super::super::look::Look;
use super::super::settings::{FSID, MONITORS, ceph_key};
use super::super::wish::Wish;
use super::cluster::items;

const SPACE: &str = "--namespace ceph-csi";

pub(super) fn rows(table: &mut Table, look: &Look, wish: &Wish) {
    for node in wish.nodes() {
        let text = "{ dpkg-query --show --showformat '${db:Status-Status}\\n' ceph-common; \
            cat /etc/modules-load.d/ceph.conf; modprobe --dry-run ceph && echo known; } 2>&1 || true";
        let seen = look.node(node.last, text);
        let wanted = "installed\nceph\nknown".to_owned();
        let what = format!("{}: client package and kernel module", node.name);
        table.look("ceph", what, seen.map(|seen| same(&seen.trim().to_owned(), &wanted)));
    }
    table.look("ceph", "Secret's bytes decode to the plain names and keys", accounts(look));
    table.look("ceph", "one provisioner with one worker, two with more", provisioners(look, wish));
    table.look("ceph", "monitors in ceph.conf and the CSI settings", monitors(look));
    table.look("ceph", "two storage classes, one of them the default", classes(look));
}

fn accounts(look: &Look) -> Result<Verdict> {
    let secret = look.kubectl(&format!("secret csi-cephfs-secret {SPACE}"))?;
    let plain = |key: &str| -> Result<String> {
        let encoded = secret["data"][key].as_str().with_context(|| format!("no {key} in the Secret"))?;
        Ok(String::from_utf8(STANDARD.decode(encoded)?)?)
    };
    if [plain("userID")?, plain("adminID")?] != ["k8s", "admin"] {
        return Ok(Verdict::No(format!("users {:?} and {:?}", plain("userID")?, plain("adminID")?)));
    }
    // What was seen is a key: it is not told.
    let right = plain("userKey")? == ceph_key(&look.state, "k8s")?
        && plain("adminKey")? == ceph_key(&look.state, "admin")?;
    Ok(if right { Verdict::Yes } else { Verdict::No("other keys than those of the settings".to_owned()) })
}

fn provisioners(look: &Look, wish: &Wish) -> Result<Verdict> {
    let wanted = if wish.workers >= 2 { 2 } else { 1 };
    let text = look.controller("helm get values ceph-csi-cephfs --namespace ceph-csi --output json")?;
    let values: Value = serde_json::from_str(&text)?;
    let one = look.kubectl(&format!("deployment ceph-csi-cephfs-provisioner {SPACE}"))?;
    let seen = [
        values["provisioner"]["replicaCount"].clone(),
        one["spec"]["replicas"].clone(),
        one["status"]["readyReplicas"].clone(),
    ];
    Ok(same(&seen, &[json!(wanted), json!(wanted), json!(wanted)]))
}

fn monitors(look: &Look) -> Result<Verdict> {
    let config = look.kubectl(&format!("configmap ceph-config {SPACE}"))?;
    let text = config["data"]["ceph.conf"].as_str().context("no ceph.conf")?;
    let hosts: Vec<&str> =
        text.lines().filter_map(|line| line.trim().strip_prefix("mon_host = ")).map(str::trim).collect();
    let settings = look.kubectl(&format!("configmap ceph-csi-config {SPACE}"))?;
    let settings: Value =
        serde_json::from_str(settings["data"]["config.json"].as_str().context("no config.json")?)?;
    let wanted = json!([{"clusterID": FSID, "monitors": MONITORS}]);
    Ok(same(&(hosts.join(" "), settings), &(MONITORS.join(","), wanted)))
}

fn classes(look: &Look) -> Result<Verdict> {
    let seen: Vec<String> = items(look, "storageclasses")?
        .iter()
        .map(|one| {
            let default = &one["metadata"]["annotations"]["storageclass.kubernetes.io/is-default-class"];
            let parts =
                [&one["metadata"]["name"], &one["reclaimPolicy"], &one["parameters"]["clusterID"], default];
            parts.map(|part| part.as_str().unwrap_or_default()).join(" ")
        })
        .collect();
    let wanted = [format!("cephfs Delete {FSID} true"), format!("cephfs-retain Retain {FSID} false")];
    Ok(same(&seen, &wanted.to_vec()))
}
