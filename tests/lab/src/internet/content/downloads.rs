//! Single files for download: release archives, manifests, version texts.

use std::fs;
use std::path::Path;

use anyhow::Result;
use flate2::Compression;
use flate2::write::GzEncoder;
use sha2::{Digest, Sha256};

use super::Content;
use super::archive::hex;
use super::script::{self, versioned};

const CILIUM_CLI: &str = "v0.18.7";
const HUBBLE: &str = "v1.18.0";
const ARGOCD: &str = include_str!("../../../data/manifests/argocd.yaml");
const GATEWAY_API: &str = include_str!("../../../data/manifests/gateway-api.yaml");

/// Writes all downloads.
pub(super) fn write(content: &Content) -> Result<()> {
    let github = content.folder("github.com")?;
    release(&github, "cilium", &versioned(script::CILIUM, CILIUM_CLI))?;
    release(&github, "hubble", &versioned(script::HUBBLE, HUBBLE))?;
    fs::write(github.join("gateway-api.yaml"), GATEWAY_API)?;
    let anywhere = [
        "/cilium/cilium-cli/releases/download/*/cilium-linux-amd64.tar.gz\tcilium-linux-amd64.tar.gz",
        "/cilium/cilium-cli/releases/download/*/cilium-linux-amd64.tar.gz.sha256sum\tcilium-linux-amd64.tar.gz.sha256sum",
        "/cilium/hubble/releases/download/*/hubble-linux-amd64.tar.gz\thubble-linux-amd64.tar.gz",
        "/cilium/hubble/releases/download/*/hubble-linux-amd64.tar.gz.sha256sum\thubble-linux-amd64.tar.gz.sha256sum",
        "/kubernetes-sigs/gateway-api/releases/download/*/standard-install.yaml\tgateway-api.yaml",
        "/kubernetes-sigs/gateway-api/releases/download/*/experimental-install.yaml\tgateway-api.yaml",
    ];
    fs::write(github.join(".anywhere"), anywhere.join("\n"))?;

    let raw = content.folder("raw.githubusercontent.com")?;
    for branch in ["main", "master"] {
        text(&raw.join(format!("cilium/cilium-cli/{branch}/stable.txt")), &format!("{CILIUM_CLI}\n"))?;
        text(&raw.join(format!("cilium/hubble/{branch}/stable.txt")), &format!("{HUBBLE}\n"))?;
    }
    fs::write(raw.join("argocd.yaml"), ARGOCD)?;
    fs::write(raw.join(".anywhere"), "/argoproj/argo-cd/*/manifests/install.yaml\targocd.yaml\n")?;

    let known = &content.versions.kubernetes;
    let kubernetes = content.folder("dl.k8s.io")?.join("release");
    text(&kubernetes.join("stable.txt"), &format!("v{known}"))?;
    text(&kubernetes.join("stable-1.txt"), &format!("v{known}"))?;
    text(&kubernetes.join(format!("stable-{}.txt", super::minor(known))), &format!("v{known}"))
}

fn text(path: &Path, text: &str) -> Result<()> {
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder)?;
    }
    Ok(fs::write(path, text)?)
}

/// A release archive with one program in it, and its checksum.
fn release(folder: &Path, name: &str, program: &str) -> Result<()> {
    let file = format!("{name}-linux-amd64.tar.gz");
    let mut archive = tar::Builder::new(GzEncoder::new(Vec::new(), Compression::default()));
    add(&mut archive, name, program.as_bytes(), 0o755)?;
    let data = archive.into_inner()?.finish()?;
    fs::write(folder.join(&file), &data)?;
    fs::write(
        folder.join(format!("{file}.sha256sum")),
        format!("{}  {file}\n", hex(&Sha256::digest(&data))),
    )?;
    Ok(())
}

/// Adds a file to an archive, without times and owners so that the same input gives the same archive.
pub(super) fn add<W: std::io::Write>(
    archive: &mut tar::Builder<W>,
    path: &str,
    data: &[u8],
    mode: u32,
) -> Result<()> {
    let mut header = tar::Header::new_gnu();
    header.set_size(data.len() as u64);
    header.set_mode(mode);
    header.set_cksum();
    Ok(archive.append_data(&mut header, path, data)?)
}
