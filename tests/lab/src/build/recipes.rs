//! What is built, and how.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::Result;

use super::{go, module, toolchain};
use crate::cache::Cache;
use crate::command::output;

/// The version of the Kubernetes programs.
pub const KUBERNETES: &str = "1.34.4";
/// The version of CRI-O: the only one of its series that the module proxy has.
pub const CRIO: &str = "1.34.0";
/// The version of CoreDNS: 1.12.1, which kubeadm asks for, does not compile against this client.
pub const COREDNS: &str = "1.12.4";
/// The version of etcd.
pub const ETCD: &str = "3.6.4";
/// The version of helm.
pub const HELM: &str = "3.19.0";

const COREDNS_MAIN: &str = include_str!("../../go/coredns/main.go");
const CRIO_TAGS: &str = "containers_image_openpgp exclude_graphdriver_btrfs containers_image_ostree_stub";
const PROGRAMS: &[&str] = &[
    "kubectl",
    "kubeadm",
    "kubelet",
    "kube-apiserver",
    "kube-controller-manager",
    "kube-scheduler",
    "kube-proxy",
];

/// One build: its cache entry's name, what the entry depends on, and how to fill it.
pub(super) struct Recipe {
    pub name: &'static str,
    pub version: &'static str,
    pub settings: &'static str,
    pub build: fn(&Path) -> Result<()>,
}

impl Recipe {
    /// The folder of its programs, from the cache or built now.
    pub(super) fn made(&self, cache: &Cache) -> Result<PathBuf> {
        cache.entry(self.name, &format!("{}{}", self.version, self.settings), |place| {
            toolchain()?;
            (self.build)(place)
        })
    }
}

pub(super) const ALL: &[Recipe] = &[
    Recipe { name: "kubernetes", version: KUBERNETES, settings: "", build: kubernetes },
    Recipe { name: "crio", version: CRIO, settings: CRIO_TAGS, build: crio },
    Recipe { name: "etcd", version: ETCD, settings: "", build: etcd },
    Recipe { name: "coredns", version: COREDNS, settings: COREDNS_MAIN, build: coredns },
    Recipe { name: "helm", version: HELM, settings: "", build: helm },
];

/// What all of it depends on.
pub(super) fn key() -> String {
    ALL.iter().map(|recipe| format!("{} {} {}\n", recipe.name, recipe.version, recipe.settings)).collect()
}

/// A folder for a build with its `go.mod`.
fn workshop(content: &str) -> Result<tempfile::TempDir> {
    let folder = tempfile::tempdir()?;
    fs::write(folder.path().join("go.mod"), content)?;
    Ok(folder)
}

/// Kubernetes' own `go.mod` replaces its parts by folders that its module does not contain: here they are modules.
fn kubernetes(place: &Path) -> Result<()> {
    let own = fs::read_to_string(module("k8s.io/kubernetes", &format!("v{KUBERNETES}"))?.go_mod)?;
    let parts = KUBERNETES.replacen("1.", "v0.", 1);
    let replaced: String = own
        .lines()
        .filter_map(|line| line.trim().split_once(" => ./staging/"))
        .map(|(name, _)| format!("replace {name} => {name} {parts}\n"))
        .collect();
    let folder = workshop(&format!(
        "module lab.test/cluster\n\ngo 1.24.0\n\nrequire k8s.io/kubernetes v{KUBERNETES}\n\n{replaced}"
    ))?;
    let setting = "-X k8s.io/component-base/version.";
    let flags = format!(
        "-s -w {setting}gitVersion=v{KUBERNETES} {setting}gitMajor=1 {setting}gitMinor=34 {setting}gitTreeState=clean"
    );
    let mut command = go(folder.path());
    command.args(["build", "-trimpath", "-ldflags", &flags, "-o"]).arg(format!("{}/", place.display()));
    output(command.args(PROGRAMS.iter().map(|name| format!("k8s.io/kubernetes/cmd/{name}"))))?;
    Ok(())
}

/// CRI-O is built in a copy of its module, whose `go.mod` replaces what it needs replaced.
fn crio(place: &Path) -> Result<()> {
    let source = module("github.com/cri-o/cri-o", &format!("v{CRIO}"))?.dir;
    let folder = tempfile::tempdir()?;
    let copy = folder.path().join("cri-o");
    output(Command::new("cp").arg("-r").arg(&source).arg(&copy))?;
    output(Command::new("chmod").args(["-R", "u+w"]).arg(&copy))?;
    output(Command::new("make").arg("-C").arg(copy.join("pinns")))?;
    fs::copy(copy.join("bin/pinns"), place.join("pinns"))?;
    let mut command = go(&copy);
    command.args(["build", "-trimpath", "-tags", CRIO_TAGS, "-ldflags", "-s -w", "-o"]);
    output(command.arg(place.join("crio")).arg("./cmd/crio"))?;
    Ok(())
}

fn etcd(place: &Path) -> Result<()> {
    let name = "go.etcd.io/etcd/server/v3";
    let folder = workshop(&format!("module lab.test/etcd\n\ngo 1.24.0\n\nrequire {name} v{ETCD}\n"))?;
    let mut command = go(folder.path());
    command.args(["build", "-trimpath", "-ldflags", "-s -w", "-o"]);
    output(command.arg(place.join("etcd")).arg(name))?;
    Ok(())
}

fn coredns(place: &Path) -> Result<()> {
    let name = "github.com/coredns/coredns";
    let folder = workshop(&format!("module lab.test/coredns\n\ngo 1.24.0\n\nrequire {name} v{COREDNS}\n"))?;
    fs::write(folder.path().join("main.go"), COREDNS_MAIN)?;
    let mut command = go(folder.path());
    command.args(["build", "-trimpath", "-ldflags", "-s -w", "-o"]);
    output(command.arg(place.join("coredns")).arg("."))?;
    Ok(())
}

fn helm(place: &Path) -> Result<()> {
    let folder = tempfile::tempdir()?;
    let mut command = go(folder.path());
    command.env("GOBIN", place).env_remove("GOFLAGS").args(["install", "-trimpath", "-ldflags", "-s -w"]);
    output(command.arg(format!("helm.sh/helm/v3/cmd/helm@v{HELM}")))?;
    Ok(())
}
