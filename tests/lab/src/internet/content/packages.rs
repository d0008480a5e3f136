//! The lab's packages and the archives that offer them.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Result, bail};

use super::archive::{Key, flat, suite};
use super::deb::Content::{Binary, Config, Link, Script, Text};
use super::deb::Package;
use super::script::{self, versioned};
use super::{Content, minor};

const RELOAD: &str = "if [ -d /run/systemd/system ]; then systemctl daemon-reload; fi";

/// The machines share this computer's disk: how full it is says nothing about them.
const KUBELET_DEFAULTS: &str =
    "KUBELET_EXTRA_ARGS=--eviction-hard=nodefs.available<1%,imagefs.available<1%,memory.available<50Mi\n";

/// GPU drivers on offer, with the versions that they report.
const DRIVERS: &[(&str, &str)] = &[("535", "535.261.03"), ("570", "570.172.08"), ("580", "580.65.06")];

const TOOLKIT: &str = "1.18.0";
const CEPH: &str = "19.2.3";
const CRI_TOOLS: &str = "1.34.0";

/// Makes all archives.
pub(super) fn write(content: &Content, key: &Key) -> Result<()> {
    let missing: Vec<&str> = ["kubeadm", "kubelet", "kubectl", "crio", "pinns", "helm"]
        .into_iter()
        .filter(|name| !content.binaries.join(name).is_file())
        .collect();
    if !missing.is_empty() {
        bail!("{} lacks {}", content.binaries.display(), missing.join(", "));
    }
    kubernetes(content, key)?;
    crio(content, key)?;
    helm(content, key)?;
    toolkit(content, key)?;
    lab(content, key)
}

fn fresh(folder: PathBuf) -> Result<PathBuf> {
    if folder.exists() {
        fs::remove_dir_all(&folder)?;
    }
    fs::create_dir_all(&folder)?;
    Ok(folder)
}

fn simple<'a>(name: &'a str, version: &'a str, files: Vec<(String, super::deb::Content<'a>)>) -> Package<'a> {
    Package { name, version, depends: "", fields: &[], files, after: "" }
}

fn at(path: &str) -> String {
    path.to_owned()
}

fn kubernetes(content: &Content, key: &Key) -> Result<()> {
    let known = &content.versions.kubernetes;
    let root = fresh(content.folder("pkgs.k8s.io")?.join(format!("core:/stable:/v{}/deb", minor(known))))?;
    let pool = root.join("amd64");
    let version = format!("{known}-1.1");
    let binary = |name: &str| Binary(content.binaries.join(name));
    let crictl = versioned(script::CRICTL, CRI_TOOLS);
    let crictl_file = content.binaries.join("crictl");
    let packages = [
        Package {
            depends: "cri-tools (>= 1.30.0)",
            ..simple(
                "kubeadm",
                &version,
                vec![
                    (at("usr/bin/kubeadm"), binary("kubeadm")),
                    (
                        at("usr/lib/systemd/system/kubelet.service.d/10-kubeadm.conf"),
                        Text(script::KUBEADM_DROPIN),
                    ),
                ],
            )
        },
        Package {
            depends: "iptables, kubernetes-cni (>= 1.2.0), iproute2, mount, util-linux, ethtool, conntrack",
            after: RELOAD,
            ..simple(
                "kubelet",
                &version,
                vec![
                    (at("usr/bin/kubelet"), binary("kubelet")),
                    (at("usr/lib/systemd/system/kubelet.service"), Text(script::KUBELET_SERVICE)),
                    (at("etc/default/kubelet"), Config(KUBELET_DEFAULTS)),
                    (at("etc/kubernetes/manifests/.keep"), Text("")),
                ],
            )
        },
        simple("kubectl", &version, vec![(at("usr/bin/kubectl"), binary("kubectl"))]),
        Package {
            depends: "containernetworking-plugins",
            ..simple("kubernetes-cni", "1.7.1-1.1", cni_links())
        },
        simple(
            "cri-tools",
            "1.34.0-1.1",
            vec![(
                at("usr/bin/crictl"),
                if crictl_file.is_file() { Binary(crictl_file) } else { Script(&crictl) },
            )],
        ),
    ];
    publish(&root, &pool, &packages, key)
}

/// The plugins of Debian's package under the names and in the folder where kubelets look for them.
fn cni_links() -> Vec<(String, super::deb::Content<'static>)> {
    let plugins = [
        ("bandwidth", "/usr/lib/cni/bandwidth"),
        ("bridge", "/usr/lib/cni/bridge"),
        ("firewall", "/usr/lib/cni/firewall"),
        ("host-local", "/usr/lib/cni/host-local"),
        ("loopback", "/usr/lib/cni/loopback"),
        ("portmap", "/usr/lib/cni/portmap"),
        ("tuning", "/usr/lib/cni/tuning"),
    ];
    plugins.iter().map(|(name, target)| (format!("opt/cni/bin/{name}"), Link(target))).collect()
}

fn publish(root: &Path, pool: &Path, packages: &[Package<'_>], key: &Key) -> Result<()> {
    for package in packages {
        package.build(pool)?;
    }
    flat(root, key)?;
    fs::write(root.join("Release.key"), &key.public)?;
    Ok(())
}

fn crio(content: &Content, key: &Key) -> Result<()> {
    let known = &content.versions.crio;
    let host = content.folder("download.opensuse.org")?;
    let root = fresh(host.join(format!("repositories/isv:/cri-o:/stable:/v{}/deb", minor(known))))?;
    let version = format!("{known}-1.1");
    let package = Package {
        depends: "conmon, crun, curl, jq, iproute2, iptables, containernetworking-plugins",
        after: RELOAD,
        ..simple(
            "cri-o",
            &version,
            vec![
                (at("usr/bin/crio"), Binary(content.binaries.join("crio"))),
                (at("usr/bin/pinns"), Binary(content.binaries.join("pinns"))),
                (at("usr/libexec/crio/crun"), Script(script::CRUN)),
                (at("usr/libexec/crio/runc"), Link("crun")),
                (at("usr/libexec/crio/conmon"), Link("/usr/bin/conmon")),
                (at("usr/lib/systemd/system/crio.service"), Text(script::CRIO_SERVICE)),
                (at("etc/crio/crio.conf.d/10-crio.conf"), Config(script::CRIO_SETTINGS)),
                (at("etc/crio/policy.json"), Config(script::POLICY)),
            ],
        )
    };
    publish(&root, &root.join("amd64"), &[package], key)?;
    // The key is asked for beside the archive and inside it.
    if let Some(above) = root.parent() {
        fs::write(above.join("Release.key"), &key.public)?;
    }
    Ok(())
}

fn helm(content: &Content, key: &Key) -> Result<()> {
    let host = content.folder("packages.buildkite.com")?.join("helm-linux/helm-debian");
    let root = fresh(host.join("any"))?;
    let version = format!("{}-1", content.versions.helm);
    let package = simple("helm", &version, vec![(at("usr/bin/helm"), Binary(content.binaries.join("helm")))]);
    package.build(&root.join("pool/main/h/helm"))?;
    suite(&root, "any", key)?;
    fs::write(host.join("gpgkey"), &key.public)?;
    Ok(())
}

fn toolkit(content: &Content, key: &Key) -> Result<()> {
    let host = content.folder("nvidia.github.io")?.join("libnvidia-container");
    let root = fresh(host.join("stable/deb/amd64"))?;
    let version = format!("{TOOLKIT}-1");
    let ctk = versioned(script::NVIDIA_CTK, TOOLKIT);
    let hook = "#!/bin/sh\n# The lab's hook: there is no device to hand in.\nexit 0\n";
    let packages = [
        Package {
            depends: "nvidia-container-toolkit-base",
            ..simple(
                "nvidia-container-toolkit",
                &version,
                vec![(at("usr/bin/nvidia-container-runtime-hook"), Script(hook))],
            )
        },
        simple(
            "nvidia-container-toolkit-base",
            &version,
            vec![
                (at("usr/bin/nvidia-container-runtime"), Script(script::NVIDIA_RUNTIME)),
                (at("usr/bin/nvidia-ctk"), Script(&ctk)),
                (at("etc/nvidia-container-runtime/config.toml"), Config(script::NVIDIA_RUNTIME_SETTINGS)),
            ],
        ),
    ];
    publish(&root, &root, &packages, key)?;
    fs::write(host.join("gpgkey"), &key.public)?;
    let list = "deb https://nvidia.github.io/libnvidia-container/stable/deb/$(ARCH) /\n";
    fs::write(host.join("stable/deb/nvidia-container-toolkit.list"), list)?;
    Ok(())
}

/// What a machine's distribution offers and the lab's own archive offers in its place: `deb https://packages.lab.test/ /`.
fn lab(content: &Content, key: &Key) -> Result<()> {
    let root = fresh(content.folder("packages.lab.test")?)?;
    let ceph = versioned(script::CEPH, CEPH);
    let ceph_version = format!("{CEPH}+lab");
    let mount =
        "#!/bin/sh\necho \"mount.ceph (rustible lab): there is no Ceph cluster in a lab\" >&2\nexit 1\n";
    let mut packages = vec![
        simple("pciutils", "99:1.0+lab", vec![(at("usr/bin/lspci"), Script(script::LSPCI))]),
        simple(
            "ubuntu-drivers-common",
            "99:1.0+lab",
            vec![(at("usr/bin/ubuntu-drivers"), Script(script::UBUNTU_DRIVERS))],
        ),
        simple(
            "ceph-common",
            &ceph_version,
            vec![(at("usr/bin/ceph"), Script(&ceph)), (at("usr/sbin/mount.ceph"), Script(mount))],
        ),
    ];
    let drivers: Vec<[String; 4]> = DRIVERS
        .iter()
        .flat_map(|(number, version)| {
            ["", "-server"].map(|kind| {
                [
                    format!("nvidia-driver-{number}{kind}"),
                    format!("{version}-0lab1"),
                    script::NVIDIA_SMI.replace("@DRIVER@", version),
                    "Conflicts: nvidia-driver-lab\nProvides: nvidia-driver-lab\nReplaces: nvidia-driver-lab"
                        .to_owned(),
                ]
            })
        })
        .collect();
    let fields: Vec<[&str; 1]> = drivers.iter().map(|[_, _, _, fields]| [fields.as_str()]).collect();
    for ([name, version, answer, _], fields) in drivers.iter().zip(&fields) {
        packages.push(Package {
            name,
            version,
            depends: "",
            fields,
            files: vec![(at("usr/bin/nvidia-smi"), Script(answer))],
            after: script::NVIDIA_AFTER,
        });
    }
    publish(&root, &root.join("pool"), &packages, key)
}
