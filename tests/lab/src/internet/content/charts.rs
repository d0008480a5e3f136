//! Chart repositories with the lab's own charts `cilium` and `ceph-csi-cephfs`.

use std::fs;
use std::path::Path;

use anyhow::Result;
use flate2::Compression;
use flate2::write::GzEncoder;
use sha2::{Digest, Sha256};

use super::Content;
use super::archive::hex;
use super::downloads::add;

macro_rules! chart {
    ($chart:literal: $($file:literal),+ $(,)?) => {
        &[$(($file, include_str!(concat!("../../../data/charts/", $chart, "/", $file)))),+]
    };
}

type Files = &'static [(&'static str, &'static str)];

const CILIUM: Files = chart!("cilium":
    "Chart.yaml", "values.yaml", "crds/loadbalancer.yaml", "crds/policies.yaml", "crds/nodes.yaml",
    "templates/agent.yaml", "templates/agent.sh.yaml", "templates/proxy.yaml",
    "templates/operator.sh.yaml", "templates/operator.yaml",
    "templates/hubble.yaml", "templates/ingress.yaml", "templates/access.yaml", "templates/config.yaml",
);

const CEPH_CSI: Files = chart!("ceph-csi-cephfs":
    "Chart.yaml", "values.yaml", "templates/settings.yaml", "templates/provisioner.yaml", "templates/nodeplugin.yaml",
    "templates/access.yaml", "templates/class.yaml",
);

/// Writes both repositories.
pub(super) fn write(content: &Content) -> Result<()> {
    let versions = &content.versions;
    repository(
        &content.folder("helm.cilium.io")?,
        "https://helm.cilium.io",
        "cilium",
        CILIUM,
        &versions.cilium,
    )?;
    let folder = content.folder("ceph.github.io")?.join("csi-charts");
    fs::create_dir_all(&folder)?;
    let url = "https://ceph.github.io/csi-charts";
    repository(&folder, url, "ceph-csi-cephfs", CEPH_CSI, &versions.ceph_csi)
}

fn repository(folder: &Path, url: &str, name: &str, files: Files, versions: &[String]) -> Result<()> {
    let mut index = format!("apiVersion: v1\nentries:\n  {name}:\n");
    for version in versions {
        let data = pack(name, files, version)?;
        let file = format!("cephfs/{name}-{version}.tgz");
        let file = if name == "cilium" { format!("{name}-{version}.tgz") } else { file };
        if let Some(parent) = folder.join(&file).parent() {
            fs::create_dir_all(parent)?;
        }
        fs::write(folder.join(&file), &data)?;
        let sum = hex(&Sha256::digest(&data));
        index.push_str(&format!(
            "  - apiVersion: v2\n    name: {name}\n    version: {version}\n    appVersion: {version}\n    \
             description: made by the rustible lab\n    created: \"2026-01-01T00:00:00Z\"\n    digest: {sum}\n    \
             urls:\n    - {url}/{file}\n"
        ));
    }
    index.push_str("generated: \"2026-01-01T00:00:00Z\"\n");
    Ok(fs::write(folder.join("index.yaml"), index)?)
}

fn pack(name: &str, files: Files, version: &str) -> Result<Vec<u8>> {
    let mut archive = tar::Builder::new(GzEncoder::new(Vec::new(), Compression::default()));
    for (file, text) in files {
        let text = text.replace("@VERSION@", version);
        add(&mut archive, &format!("{name}/{file}"), text.as_bytes(), 0o644)?;
    }
    Ok(archive.into_inner()?.finish()?)
}
